"""Hands a statement to its driver's thread in such a way that the thread really begins.

A thread that wakes wants the interpreter, and the event loop gives it up only where it waits or
after 5 ms. Busy with the next group it did neither, so that groups were decided and written one
after the other instead of side by side. Here the loop stands still until the thread has it, some
100 us a group; from then on SQLite works without it, on another core.
"""

import sqlite3
from collections.abc import Awaitable, Generator
from threading import Lock
from typing import Any, TypeVar

BEGIN_MAX_S = 0.005  # then the thread gets the interpreter anyway (sys.getswitchinterval)

T = TypeVar("T")


class Handover:
    """Of the statements of one connection, which are awaited one after the other."""

    def __init__(self) -> None:
        self._has_begun = Lock()
        self._has_begun.acquire()

    def connection(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        """A `factory` for sqlite3.connect."""
        return _Connection(self._has_begun, *arguments, **options)

    def __call__(self, statement: Awaitable[T]) -> "_Begun[T]":
        """Awaitable: `statement`, begun before anything else of the event loop goes on."""
        return _Begun(statement, self._has_begun)


class _Connection(sqlite3.Connection):
    def __init__(self, has_begun: Lock, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._has_begun = has_begun

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self._has_begun.locked():
            self._has_begun.release()  # whoever waits for it cannot go on before SQLite runs
        return super().execute(*arguments)


class _Begun(Awaitable[T]):
    __slots__ = ("_has_begun", "_statement")

    def __init__(self, statement: Awaitable[T], has_begun: Lock) -> None:
        self._statement = statement
        self._has_begun = has_begun

    def __await__(self) -> Generator[Any, Any, T]:
        self._has_begun.acquire(blocking=False)  # forgets one that nobody waited for
        steps = self._statement.__await__()
        future = next(steps)  # the driver's queue has it
        self._has_begun.acquire(timeout=BEGIN_MAX_S)
        yield future  # where the statement fails, its error is thrown in here
        return (yield from steps)
