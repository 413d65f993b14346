"""`xyk book`: one market's ladder, live on a terminal, once anywhere else."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from xyk.cli.exits import NO, Stop
from xyk.cli.ladder import ASK_STYLE, BID_STYLE, QUIET, Resting, ladder
from xyk.client.book_watch import BookWatch
from xyk.client.client import Client
from xyk.client.connection import Unanswered
from xyk.client.local_book import LocalBook
from xyk.client.signing import Json

PIPE_COLUMNS = 100  # where there is no terminal to ask
PACE_S = 0.25  # at most four pictures a second
SILENCE_S = 2.0  # depth frames come ten times a second
SAME_SEQ_TRIES = 5
TRADES = 100
UNBOUNDED = 1_000  # columns; wider than any picture
HEAD_LINES = 6  # title, header, middle, and room for the prompt
POOL_ORDER = "0"  # the id that the pool has as a maker


class Trade(NamedTuple):
    time: str
    price: str
    quantity: str
    is_buy: bool
    is_pool: bool

    @classmethod
    def of(cls, data: Json) -> "Trade":
        """The data of a frame of `trade.S`."""
        when = datetime.fromtimestamp(data["T"] // 1_000_000, UTC)
        return cls(
            time=f"{when:%H:%M:%S}",
            price=data["p"],
            quantity=data["q"],
            is_buy=not data["m"],
            is_pool=POOL_ORDER in (data["a"], data["b"]),
        )


async def show_book(url: str, market: str, levels: int, *, once: bool, patience_s: float) -> None:
    """Raises Stop for an unknown market, Unanswered where nobody answers."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_COLUMNS)
    async with Client(url, patience_s=patience_s) as client:
        try:
            await client.market_terms(market)
        except ValueError as fault:
            raise Stop(NO, str(fault)) from None
        if once or not console.is_terminal:
            await print_once(client, market, levels, console)
            return
    async with Client(url, patience_s=SILENCE_S) as client:
        await Screen(client, market, levels, console).run()


async def print_once(client: Client, market: str, levels: int, console: Console) -> None:
    """Both questions are asked until they are answered as of one entry, on a busy exchange a few
    times only: then an order more or less shows as the pool's."""
    book = LocalBook(market)
    for _ in range(SAME_SEQ_TRIES):
        depth = await client.depth(market)
        resting = await client.depth(market, source="book")
        if depth["seq"] == resting["seq"]:
            break
    book.reset(depth)
    console.print(Text(f"{market} as of entry {depth['seq']}", style="bold"))
    console.print(ladder(book, resting_of(resting), levels))


class Screen:
    """What is on the terminal, until it is cancelled."""

    def __init__(self, client: Client, market: str, levels: int, console: Console) -> None:
        self._client = client
        self._market = market
        self._levels = levels
        self._console = console
        self._resting: Resting = {}
        self._trades: deque[Trade] = deque(maxlen=TRADES)
        self._changed = asyncio.Event()
        self._heard = asyncio.Event()

    async def run(self) -> None:
        async with self._client.watch_book(self._market, f"trade.{self._market}") as watch:
            following = asyncio.create_task(self._follow(watch))
            try:
                with Live(console=self._console, screen=True, auto_refresh=False) as live:
                    while not following.done():
                        await self._draw(live, watch)
                await following  # it only ends with a fault
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following

    async def _follow(self, watch: BookWatch) -> None:
        async for frame in watch:
            self._heard.set()
            data = frame["data"]
            if frame["stream"].startswith("trade"):
                self._trades.appendleft(Trade.of(data))
                self._changed.set()
            elif "lastUpdateId" in data or data["a"] or data["b"]:
                self._changed.set()

    async def _draw(self, live: Live, watch: BookWatch) -> None:
        """Waits for a change, or for a silence, and shows it."""
        self._heard.clear()
        is_silent = not await happens(self._heard, SILENCE_S)
        if not self._changed.is_set() and not is_silent:
            return
        self._changed.clear()
        try:
            self._resting = resting_of(await self._client.depth(self._market, source="book"))
        except Unanswered:
            is_silent = True
        if is_silent:
            self._changed.set()  # for when it speaks again
        live.update(self._picture(watch, is_silent=is_silent), refresh=True)
        await asyncio.sleep(PACE_S)

    def _picture(self, watch: BookWatch, *, is_silent: bool) -> RenderableType:
        room = max((self._console.height - HEAD_LINES) // 2, 1)
        levels = min(self._levels, room)
        state = Text("  the exchange is silent, reconnecting", style="bold red")
        title = Text(self._market, style="bold") + (state if is_silent else Text())
        steps = ladder(watch.book, self._resting, levels)
        columns = Table.grid(padding=(0, 2))
        columns.add_row(steps, trades_table(self._trades, 2 * levels + 1))
        unbounded = self._console.options.update(width=UNBOUNDED)
        wanted = self._console.measure(columns, options=unbounded).maximum
        has_room = wanted <= self._console.width
        return Group(title, columns if has_room else steps)


async def happens(event: asyncio.Event, within_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()
            return True
    return False


def resting_of(depth: Json) -> Resting:
    """Of an answer of GET /depth?source=book. No price is on both sides: a book does not cross."""
    return {Decimal(price): Decimal(lots) for price, lots in (*depth["asks"], *depth["bids"])}


def trades_table(trades: deque[Trade], rows: int) -> Table:
    """Newest first."""
    table = Table(box=None, padding=(0, 1), header_style=QUIET)
    table.add_column("trades, UTC", no_wrap=True)
    table.add_column("price", justify="right", no_wrap=True)
    table.add_column("quantity", justify="right", no_wrap=True)
    table.add_column("with", no_wrap=True)
    if not trades:
        table.add_row(Text("none yet", style=QUIET))
    for trade in list(trades)[:rows]:
        style = BID_STYLE if trade.is_buy else ASK_STYLE
        table.add_row(
            trade.time,
            Text(trade.price, style=style),
            trade.quantity,
            "pool" if trade.is_pool else "order",
        )
    return table
