"""Fresh databases for tests, made on a PostgreSQL server and dropped again."""

import asyncio
import os
import secrets
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

POSTGRES_URL = os.environ.get(
    "XYK_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
)
POSTGRES_TIMEOUT_S = 60

# `with databases() as url` gives what `--database-url` would say, empty for SQLite.
Databases = Callable[[], AbstractContextManager[str]]


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` on a loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def on_postgres(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, timeout=POSTGRES_TIMEOUT_S)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def postgres_database(template: str = "") -> Iterator[str]:
    """The URL (postgresql://...) of a new database, dropped in the end: an empty one, or a copy of
    the one that the URL `template` names, which nobody may be connected to."""
    name = f"xyk_test_{secrets.token_hex(8)}"
    copied = f" TEMPLATE {template.rpartition('/')[2]}" if template else ""
    in_a_thread(on_postgres(POSTGRES_URL, f"CREATE DATABASE {name}{copied}"))
    try:
        yield POSTGRES_URL.rpartition("/")[0] + f"/{name}"
    finally:
        in_a_thread(on_postgres(POSTGRES_URL, f"DROP DATABASE {name} WITH (FORCE)"))
