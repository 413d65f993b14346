"""Where a market maker takes its price from: a pool, another market, a file, or a random walk.

A reference that cannot say a price that is good now says None and why; the maker then takes its
quotes back.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from xyk.client.client import Client
from xyk.client.connection import Refused, Unanswered
from xyk.client.market_terms import MarketTerms
from xyk.client.stream import SUBSCRIBED, Stream
from xyk.domain.decimals import base_units
from xyk.maker.quoting import Price
from xyk.maker.walk import Walk

Json = dict[str, Any]

LOST_S = 5.0  # how long the last price of a connection that is lost stays good
FILE_BYTES_MAX = 200
PLACES = 36  # of a decimal in a file
STEP_S = 1.0  # of a walk


class Reference(Protocol):
    """`why`: what is wrong where there is no price. `changed` is called when there is a new one."""

    name: str
    why: str

    def price(self) -> Price | None: ...
    async def follow(self, changed: Callable[[], None]) -> None:
        """Until it is cancelled. Raises ValueError or Refused where it can never be followed."""
        ...


class PoolReference:
    """The market's own pool, which `pool` tells; whoever follows the market knows it."""

    def __init__(self, pool: Callable[[], Price | None]) -> None:
        self.name = "pool"
        self.why = "the pool is empty, or so small that it is asleep"
        self._pool = pool

    def price(self) -> Price | None:
        return self._pool()

    async def follow(self, changed: Callable[[], None]) -> None:
        """It is: with the orders."""


class WalkReference:
    """A random walk that steps once a second; until `start` says where it begins there is none. It
    stays around `anchor`, by default its start."""

    def __init__(
        self, seed: int | str, start: Callable[[], Price | None], anchor: Price | None = None
    ) -> None:
        self.name = f"walk of seed {seed}"
        self.why = "there is no price to start from: the pool is empty, or asleep"
        self._seed = seed
        self._start = start
        self._anchor = anchor
        self.walk: Walk | None = None

    def price(self) -> Price | None:
        if self.walk is None:
            start = self._start()
            if start is not None:
                self.walk = Walk(self._seed, self._anchor or start, start)
        return None if self.walk is None else self.walk.price()

    async def follow(self, changed: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            if self.walk is not None:
                self.walk.step()
                changed()


class FileReference:
    """One decimal in a file, quote per base, read again when the file changes."""

    def __init__(self, path: Path, terms: MarketTerms) -> None:
        self.name = f"file {path}"
        self.why = ""
        self._path = path
        self._terms = terms
        self._seen: tuple[int, int, int] | None = None
        self._price: Price | None = None

    def price(self) -> Price | None:
        try:
            found = self._path.stat()
            mark = (found.st_mtime_ns, found.st_size, found.st_ino)
            if mark != self._seen:
                self._price = None
                with self._path.open(encoding="utf-8") as file:
                    text = file.read(FILE_BYTES_MAX).strip()
                self._price = decimal_price(text, self._terms)
                self._seen = mark
        except (OSError, ValueError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else str(fault)
            self.why, self._price, self._seen = f"{self._path}: {why}", None, None
        return self._price

    async def follow(self, changed: Callable[[], None]) -> None:
        last = self._price
        while True:
            await asyncio.sleep(STEP_S / 4)
            if self.price() != last:
                last = self._price
                changed()


class MarketReference:
    """The middle of another market's best bid and ask, or its last price where a side is empty, on
    this exchange or on another. Both markets' quotes are taken as worth the same."""

    def __init__(
        self, symbol: str, url: str, terms: MarketTerms, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = f"market {symbol} of {url}"
        self.why = f"{url} does not answer"
        self._symbol = symbol
        self._url = url
        self._terms = terms
        self._now_s = now_s
        self._price: Price | None = None
        self._last: Price | None = None
        self._middle: Price | None = None
        self._stream = Stream(url, [f"bookTicker.{symbol}", f"trade.{symbol}"], announces=True)
        self._heard_s = -LOST_S

    def price(self) -> Price | None:
        if self._stream.subscribed.is_set():
            self._heard_s = self._now_s()
        elif self._now_s() - self._heard_s > LOST_S:
            self.why = f"the connection to {self._url} is lost"
            return None
        self.why = f"{self._symbol} of {self._url} has no price yet"
        return self._middle or self._last

    async def follow(self, changed: Callable[[], None]) -> None:
        try:
            async with Client(self._url) as client, self._stream:
                async for frame in self._stream:
                    await self._hear(client, frame)
                    changed()
        except Refused as refused:
            why = f"{self.name} cannot be followed: {refused.message}"
            raise Refused(refused.code, why, refused.status) from None

    async def _hear(self, client: Client, frame: Json) -> None:
        data = frame["data"]
        if frame["stream"] == SUBSCRIBED:
            self._middle = self._last = None  # of before the connection was lost
            try:
                await self._ask(client)
            except Unanswered:
                pass  # the stream will tell
            except Refused as refused:
                if refused.status < 500 and refused.status != 429:
                    raise
        elif data["e"] == "trade":
            self._last = decimal_price(data["p"], self._terms)
        else:
            self._middle = self._of(data.get("b"), data.get("a"))

    async def _ask(self, client: Client) -> None:
        best = await client.bbo(self._symbol)
        self._middle = self._of(best["bidPrice"], best["askPrice"])
        if self._middle is None:
            with suppress(Refused):  # before the first trade
                ticker = await client.get("/api/v1/ticker", {"symbol": self._symbol})
                self._last = decimal_price(ticker["lastPrice"], self._terms)

    def _of(self, bid: str | None, ask: str | None) -> Price | None:
        if bid is None or ask is None:
            return None
        low, high = decimal_price(bid, self._terms), decimal_price(ask, self._terms)
        return Price(low.quote + high.quote, 2 * low.base)


def decimal_price(text: str, terms: MarketTerms) -> Price:
    """Of a decimal in quote per base, exactly. Raises ValueError for none and for 0."""
    scaled = base_units(text, PLACES)
    if not scaled:
        raise ValueError("a price is above 0")
    return Price(scaled * 10**terms.quote_decimals, 10 ** (PLACES + terms.base_decimals))


def pool_price(reserves: list[str] | tuple[str, ...]) -> Price | None:
    """Of base units [base, quote]."""
    base, quote = (int(amount) for amount in reserves)
    return Price(quote, base) if base and quote else None
