"""How a demo looks: a table with the feed beside it on a terminal, plain lines anywhere else."""

import asyncio
from collections import deque
from typing import Self

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from xyk.cli.demo import Step
from xyk.cli.live_table import LiveTable

READING_S = 0.7  # a person reads a row
ROWS = 14
BalanceRows = list[tuple[str, str, str, str]]


class PlainScreen:
    """Each row and each price as a line when it happens, the whole table again at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps: list[Step] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._steps:
            self._console.print(steps_table(self._steps))

    def step(self, step: Step) -> None:
        self._steps.append(step)
        self._console.print(
            f"{step.who:6} {step.what:17} {step.result}", highlight=False, soft_wrap=True
        )

    def price(self, line: str) -> None:
        self._console.print(f"  feed {line}", highlight=False, soft_wrap=True)

    def balances(self, rows: BalanceRows) -> None:
        self._console.print(balances_table(rows))

    async def pause(self) -> None:
        return None


class LiveScreen(LiveTable):
    """Steps on the left, prices on the right while it runs; the tables stay at the end."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._steps: list[Step] = []
        self._prices: deque[str] = deque(maxlen=ROWS)
        self._balances: Table | None = None

    def step(self, step: Step) -> None:
        self._steps.append(step)
        self.show()

    def price(self, line: str) -> None:
        self._prices.append(line)
        self.show()

    def balances(self, rows: BalanceRows) -> None:
        self._balances = balances_table(rows)

    async def pause(self) -> None:
        await asyncio.sleep(READING_S)

    def picture(self) -> Table:
        grid = Table.grid(expand=True)
        grid.add_column(ratio=3)
        grid.add_column(ratio=2)
        prices = Text("\n".join(self._prices), no_wrap=True, overflow="ellipsis")
        grid.add_row(
            Panel(steps_table(self._steps[-ROWS:]), title="signed actions"),
            Panel(prices, title="price feed"),
        )
        return grid

    def last(self) -> list[RenderableType]:
        steps = steps_table(self._steps)
        return [steps] if self._balances is None else [steps, self._balances]


def screen_for(console: Console) -> PlainScreen | LiveScreen:
    return LiveScreen(console) if console.is_terminal else PlainScreen(console)


def steps_table(steps: list[Step]) -> Table:
    table = Table(title=None, expand=False)
    for name, justify in (("seq", "right"), ("who", "left"), ("what", "left"), ("result", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for step in steps:
        table.add_row(str(step.seq or ""), step.who, step.what, step.result)
    return table


def balances_table(rows: BalanceRows) -> Table:
    table = Table(title="balances")
    table.add_column("who")
    table.add_column("asset")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    for row in rows:
        table.add_row(*row)
    return table
