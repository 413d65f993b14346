"""What the streams say, built from committed entries alone, and the last 24 hours of every market.

Frames and letters are the Backpack convention's: E and T in microseconds, decimals as strings.
Every frame carries `seq`, the journal entry that it comes from. Of a pool's fill the pool is the
maker with the order id "0"; a swap has no order, so its entry's seq stands as the taker's order id.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.day import Day
from api.hub import Hub
from xyk.domain.decimals import significant, whole_tokens
from xyk.domain.events import LiquidityAdded, LiquidityRemoved, MarketListed, PoolSwapped
from xyk.domain.price import fill_price
from xyk.engine.entry import Entry
from xyk.engine.submission import Committed
from xyk.exchange.state import State

POOL_ORDER = "0"
# The channels and the spellings that name them; a stream is a spelling, a dot or an @, and a
# market.
SPELLINGS = {
    "pool": ("pool.", "pool@"),
    "trade": ("trade.", "trades@"),
    "ticker": ("ticker.", "ticker@"),
}

_encode = msgspec.json.Encoder().encode
_Change = PoolSwapped | LiquidityAdded | LiquidityRemoved


class MarketFeed:
    """What is committed of one market. The decimals are those of base and quote."""

    __slots__ = (
        "base",
        "base_decimals",
        "day",
        "names",
        "quote_decimals",
        "seq",
        "symbol",
        "total_supply",
    )

    def __init__(self, state: State, symbol: str) -> None:
        market = state.markets[symbol]
        self.symbol = symbol
        self.base = market.base
        self.base_decimals = state.assets[market.base].decimals
        self.quote_decimals = state.assets[market.quote].decimals
        self.names = {
            channel: tuple(spelling + symbol for spelling in spellings)
            for channel, spellings in SPELLINGS.items()
        }
        self.day = Day()
        self.seq = 0
        self.total_supply = 0


class Feed:
    """`publish` is a listener of the writer. Made before the writer runs: all of `state` is
    committed.
    """

    def __init__(self, state: State, hub: Hub) -> None:
        self._state = state
        self._hub = hub
        self.markets: dict[str, MarketFeed] = {}
        self.streams: set[str] = set()  # every name that can be subscribed to
        for symbol in state.markets:
            market = self._list(symbol)
            market.seq = state.seq
            market.total_supply = state.pools[symbol].total_supply

    def publish(self, group: Sequence[Committed]) -> None:
        for committed in group:
            for event in committed.events:
                if isinstance(event, PoolSwapped):
                    self._swapped(committed.entry, event)
                elif isinstance(event, LiquidityAdded | LiquidityRemoved):
                    self._changed(committed.entry, event, event.total_supply)
                elif isinstance(event, MarketListed) and event.market not in self.markets:
                    self._list(event.market)

    def push_tickers(self, now_ms: int) -> None:
        """One frame for each market that has a price and somebody who listens."""
        for market in self.markets.values():
            names = market.names["ticker"]
            if any(self._hub.has_readers(name) for name in names):
                frame = self._ticker(market, now_ms)
                if frame is not None:
                    self._hub.push(names, _text(frame), replaceable=True)

    def _list(self, symbol: str) -> MarketFeed:
        """Names of assets and decimals never change, so they may be read from the live state."""
        market = self.markets[symbol] = MarketFeed(self._state, symbol)
        for names in market.names.values():
            self.streams.update(names)
        return market

    def _swapped(self, entry: Entry, swap: PoolSwapped) -> None:
        market = self.markets[swap.market]
        sells_base = swap.asset_in == market.base
        base, quote = swap.amount_in, swap.amount_out
        if not sells_base:
            base, quote = quote, base
        price = None
        if swap.price_forming:
            price = fill_price(
                base_amount=base,
                quote_amount=quote,
                base_decimals=market.base_decimals,
                quote_decimals=market.quote_decimals,
            )
        market.day.add(
            entry.time,
            base=base,
            quote=quote,
            base_fee=swap.fee if sells_base else 0,
            quote_fee=0 if sells_base else swap.fee,
            price=price,
        )
        names = market.names["trade"]
        if price is not None and self._is_heard(names):
            taker = str(entry.seq)
            frame = {
                "e": "trade",
                "E": entry.time * 1000,
                "T": entry.time * 1000,
                "s": market.symbol,
                "p": price,
                "q": whole_tokens(base, market.base_decimals),
                "b": POOL_ORDER if sells_base else taker,
                "a": taker if sells_base else POOL_ORDER,
                "t": swap.trade_id,
                "m": sells_base,
                "seq": entry.seq,
            }
            self._hub.push(names, _text(frame), replaceable=False)
        self._changed(entry, swap, market.total_supply)

    def _changed(self, entry: Entry, change: _Change, total_supply: int) -> None:
        """The pool after a change of its reserves."""
        market = self.markets[change.market]
        market.seq = entry.seq
        market.total_supply = total_supply
        names = market.names["pool"]
        if not self._is_heard(names):
            return
        base, quote = change.reserve_base, change.reserve_quote
        frame = {
            "e": "pool",
            "E": entry.time * 1000,
            "T": entry.time * 1000,
            "s": market.symbol,
            "reserves": [str(base), str(quote)],
            "k": str(base * quote),
            "spotPrice": significant(
                quote * 10**market.base_decimals, base * 10**market.quote_decimals
            ),
            "totalSupply": str(total_supply),
            "seq": entry.seq,
        }
        self._hub.push(names, _text(frame), replaceable=True)

    def _ticker(self, market: MarketFeed, now_ms: int) -> dict[str, Any] | None:
        day = market.day
        day.expire(now_ms)
        ticker = day.ticker()
        if ticker is None:
            return None
        return {
            "e": "ticker",
            "E": now_ms * 1000,
            "s": market.symbol,
            "o": ticker.first,
            "c": ticker.last,
            "h": ticker.high,
            "l": ticker.low,
            "v": whole_tokens(day.base_volume, market.base_decimals),
            "V": whole_tokens(day.quote_volume, market.quote_decimals),
            "n": day.trades,
            "seq": market.seq,
        }

    def _is_heard(self, names: tuple[str, ...]) -> bool:
        return any(self._hub.has_readers(name) for name in names)


def _text(frame: dict[str, Any]) -> str:
    return _encode(frame).decode()
