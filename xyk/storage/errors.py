"""What a failing disk or database raises, whichever driver the call went through."""

import sqlite3

import asyncpg
from sqlalchemy.exc import SQLAlchemyError


class NoJournal(FileNotFoundError):
    """Where a journal was named there is none."""


STORAGE_ERRORS: tuple[type[Exception], ...] = (
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    SQLAlchemyError,
    OSError,
)
