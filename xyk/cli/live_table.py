"""What a terminal draws again in place while something runs, and once for good at its end."""

from collections.abc import Sequence
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live


class LiveTable:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def picture(self) -> RenderableType:
        """As it is now."""
        raise NotImplementedError

    def last(self) -> Sequence[RenderableType]:
        """What stays when it is over."""
        return [self.picture()]

    def show(self) -> None:
        self._live.update(self.picture(), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        for one in self.last():
            self._console.print(one)
