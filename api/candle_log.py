"""Candles as committed entries have them, so that an answer never trails behind a commit.

The present candles of every market are all here. Closed ones stay until the read tables show them;
older ones are read from there.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from xyk.engine.candles import Candle, Closed, MarketCandles
from xyk.engine.intervals import Interval


class Fill(NamedTuple):
    """`price` is None where it forms none; volumes in base units."""

    seq: int
    time_ms: int
    market: str
    base: int
    quote: int
    price: str | None


class CandleLog:
    """`projected`: up to which seq the read tables show closed candles."""

    def __init__(self, projected: Callable[[], int]) -> None:
        self._projected = projected
        self._markets: dict[str, MarketCandles] = {}
        self._closed: dict[tuple[str, Interval], deque[tuple[int, Candle]]] = {}
        self._early: list[Fill] | None = []  # fills that came before `restore`; None after it

    def restore(self, seq: int, markets: dict[str, MarketCandles]) -> None:
        """The candles of the read tables as of entry `seq`, once, before anything is asked."""
        early, self._early, self._markets = self._early, None, markets
        assert early is not None
        for fill in early:
            if fill.seq > seq:
                self.add(fill)

    def add(self, fill: Fill) -> Sequence[Closed]:
        """The next committed fill; the candles that it shows to be over."""
        if self._early is not None:
            self._early.append(fill)
            return ()
        candles = self._markets.get(fill.market)
        if candles is None:
            candles = self._markets[fill.market] = MarketCandles()
        closed = candles.add(fill.time_ms, fill.base, fill.quote, fill.price)
        for interval, candle in closed:
            kept = self._closed.setdefault((fill.market, interval), deque())
            kept.append((fill.seq, candle))
            self._forget_projected(kept)
        return closed

    def present(self, market: str, interval: Interval) -> Candle | None:
        """The one that the last fill is in; None before the first."""
        candles = self._markets.get(market)
        return candles.at_present(interval) if candles is not None else None

    def newest(self, market: str, interval: Interval) -> list[Candle]:
        """Those that the read tables may lack, ascending, the present one last."""
        kept = self._closed.get((market, interval), deque())
        self._forget_projected(kept)
        present = self.present(market, interval)
        return [*(candle for _, candle in kept), *([present] if present is not None else ())]

    def go_back(self, market: str, earlier: "CandleLog", seq: int) -> None:
        """To the candles that the market has there, as of entry `seq`."""
        candles = earlier._markets.get(market)
        if candles is None:
            self._markets.pop(market, None)
        else:
            self._markets[market] = candles.copy()
        for (name, _), kept in self._closed.items():
            if name == market:
                while kept and kept[-1][0] > seq:
                    kept.pop()

    def _forget_projected(self, kept: deque[tuple[int, Candle]]) -> None:
        projected = self._projected()
        while kept and kept[0][0] <= projected:
            kept.popleft()


def with_newest(stored: Iterable[Candle], newest: Iterable[Candle]) -> list[Candle]:
    """Both together, ascending. Of two candles of one interval the one with more fills is newer."""
    candles = {candle.start_ms: candle for candle in stored}
    for candle in newest:
        known = candles.get(candle.start_ms)
        if known is None or known.trades < candle.trades:
            candles[candle.start_ms] = candle
    return [candles[start_ms] for start_ms in sorted(candles)]
