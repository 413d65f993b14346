"""A bar for what takes long: on standard error, and only on a terminal; the answer alone goes to
standard output.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """`is_told`: where there is no terminal, a line now and then says how far it is."""

    def __init__(self, progress: Progress, description: str, total: int, is_told: bool) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total)
        self._description, self._total = description, total
        self._told = 0 if is_told and progress.disable else None

    def reach(self, seq: int) -> None:
        self._progress.update(self._task, completed=seq)
        tenths = 10 * seq // max(self._total, 1)
        if self._told is not None and tenths > self._told:
            self._told = tenths
            print(f"{self._description}: {seq} of {self._total}", file=sys.stderr, flush=True)


@contextmanager
def progress_bar(
    description: str, total: int, *, is_told: bool = False
) -> Generator[Bar, None, None]:
    """`total`: the seq at which it is full."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Bar(progress, description, total, is_told)
