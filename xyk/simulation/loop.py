"""An event loop whose time is data: it jumps to the next timer when nothing is ready.

No thread, no socket, no real clock. A `Process` is whatever was begun under its name; when it is
dead none of its callbacks runs any more, not even those that clean up, as after a SIGKILL.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

from xyk.simulation.violation import Violation


class Process:
    """One life of a server. What it left behind is kept until the run ends: a task that were
    collected earlier would run its `finally`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.tasks: list[asyncio.Task[Any]] = []

    def step(self, callback: Callable[..., object], *args: object) -> None:
        if not self.is_dead:
            callback(*args)

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        context = copy_context()
        context.run(PROCESS.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class SimulatedLoop(asyncio.BaseEventLoop):
    """`time()` is in seconds since the run began."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._selector = self
        self._left: list[asyncio.Task[Any]] = []
        self.set_task_factory(self._task)
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        """Called by the base class where others wait for sockets."""
        if timeout is None:
            raise Violation("everybody waits for somebody else, and no timer is set")
        self._now_s += max(timeout, 0.0)
        return []

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        process = PROCESS.get() if context is None else context.get(PROCESS)
        if process is None:
            return super().call_soon(callback, *args, context=context)
        return super().call_soon(process.step, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        process = PROCESS.get() if context is None else context.get(PROCESS)
        if process is None:
            return super().call_at(when, callback, *args, context=context)
        return super().call_at(when, process.step, callback, *args, context=context)

    def bury(self) -> None:
        """At the end of a run: nobody complains about tasks that will never go on."""
        for task in self._left:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
        self._left.clear()

    def _task(self, _loop: Any, work: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=self, **options)
        self._left.append(task)
        return task

    def _process_events(self, _events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""


class MachineClock:
    """The wall clock of the machine, which may be set; every process of it sees the same."""

    def __init__(self, loop: SimulatedLoop, start_ms: int) -> None:
        self._loop = loop
        self._start_ms = start_ms
        self.offset_ms = 0  # by how much it is wrong

    def now_ms(self) -> int:
        return self.true_ms() + self.offset_ms

    def true_ms(self) -> int:
        return self._start_ms + int(self._loop.time() * 1000)

    def monotonic_ms(self) -> float:
        return self._loop.time() * 1000
