"""A bar for what takes long: on standard error, and only on a terminal; the answer alone goes to
standard output.
"""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    def __init__(self, progress: Progress, description: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total)

    def reach(self, seq: int) -> None:
        self._progress.update(self._task, completed=seq)


@contextmanager
def progress_bar(description: str, total: int) -> Generator[Bar, None, None]:
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
        yield Bar(progress, description, total)
