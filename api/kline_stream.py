"""The streams `kline.<interval>.S`, made of what is committed.

Once a second a stream that somebody follows says what changed in its present candle, at most one
frame, and says each candle for the last time, with X true, when its interval is over, whether or
not anything changed: then no entry can be stamped into it any more.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

import msgspec

from api.candle_log import CandleLog, Fill
from api.hub import Hub
from api.services import Reads
from api.views import naive_second
from xyk.domain.decimals import whole_tokens
from xyk.engine.candles import Candle
from xyk.engine.intervals import BY_NAME, SECOND_MS, Interval
from xyk.engine.writer import WriterStopped
from xyk.exchange.state import State

SPELLINGS = ("kline.", "kline@")
AFTER_MS = 5  # past the whole second, so that an interval which ends then is over
MISSED_MAX = 60  # candles that are still told of after the process stood still

_encode = msgspec.json.Encoder().encode
_Key = tuple[Interval, str]  # interval and market


class Followed:
    """One stream with readers, followed from the interval on that the last second began in: whoever
    subscribed since then hears its end. `next_ms`: where the first candle begins that was not told
    of for the last time; `close`: the price before it, None where it cannot be needed."""

    __slots__ = ("close", "interval", "market", "names", "next_ms", "over", "told")

    def __init__(self, key: _Key, now_ms: int, newest: Sequence[Candle]) -> None:
        """`newest`: the present candle, and before it those that were closed lately."""
        self.interval, self.market = key
        self.names = tuple(f"{begin}{key[0].name}.{key[1]}" for begin in SPELLINGS)
        self.next_ms = self.interval.start_of(now_ms - SECOND_MS)
        before = [candle for candle in newest if candle.start_ms < self.next_ms]
        self.close = before[-1].close if before else None
        # Closed by a later fill, and not told of.
        self.over = deque(one for one in newest[:-1] if one.start_ms >= self.next_ms)
        self.told = (0, 0)  # start and fills of the present candle when it was told of

    def ended(self, end_ms: int, present: Candle) -> Iterator[Candle | None]:
        """The candles that are over at `end_ms`, each once; None where there is no price yet."""
        interval = self.interval
        self._skip(interval.earlier(interval.start_of(end_ms), MISSED_MAX), present)
        while interval.end_of(self.next_ms) <= end_ms:
            start_ms = self.next_ms
            candle: Candle | None = None
            if self.over and self.over[0].start_ms == start_ms:
                candle = self.over.popleft()
            elif present.start_ms == start_ms:
                candle = present
            elif self.close is not None:
                candle = Candle(start_ms, self.close)
            self.close = candle.close if candle is not None else None
            self.next_ms = interval.end_of(start_ms)
            yield candle if self.close is not None else None

    def _skip(self, first_ms: int, present: Candle) -> None:
        if self.next_ms >= first_ms:
            return
        self.next_ms = first_ms
        while self.over and self.over[0].start_ms < first_ms:
            self.close = self.over.popleft().close
        if present.start_ms < first_ms:
            self.close = present.close


class KlineStream:
    def __init__(self, state: State, hub: Hub, log: CandleLog) -> None:
        self._state = state
        self._hub = hub
        self._log = log
        self._followed: dict[_Key, Followed] = {}

    def add(self, fill: Fill) -> None:
        """The next committed fill."""
        closed = self._log.add(fill)
        if closed and self._followed:
            for interval, candle in closed:
                followed = self._followed.get((interval, fill.market))
                if followed is not None and candle.start_ms >= followed.next_ms:
                    followed.over.append(candle)

    def go_back(self, market: str, since_ms: int) -> None:
        """The market's fills since then are other ones, which the log has: candles that were told
        of are told again."""
        for key, followed in self._followed.items():
            if key[1] == market and followed.next_ms > since_ms - SECOND_MS:
                newest = self._log.newest(market, key[0])
                self._followed[key] = Followed(key, since_ms + SECOND_MS, newest)

    @property
    def is_heard(self) -> bool:
        return bool(self._followed) or any(self._hub.followed(begin) for begin in SPELLINGS)

    def tick(self, now_ms: int) -> None:
        """Once a second: frames for whoever follows. Every entry of before `now_ms` is committed
        and was added."""
        names = (name for begin in SPELLINGS for name in self._hub.followed(begin))
        keys = {key: None for name in names if (key := _key(name)) is not None}
        for gone in self._followed.keys() - keys.keys():
            del self._followed[gone]
        for key in keys:
            interval, market = key
            present = self._log.present(market, interval)
            followed = self._followed.get(key)
            if followed is None:
                newest = self._log.newest(market, interval)
                followed = self._followed[key] = Followed(key, now_ms, newest)
            if present is not None:
                self._tell(followed, present, now_ms)

    def _tell(self, followed: Followed, present: Candle, now_ms: int) -> None:
        has_told = False
        for candle in followed.ended(now_ms, present):
            if candle is not None:
                self._push(followed, candle, now_ms, is_over=True)
                has_told = True
        now = (present.start_ms, present.trades)
        is_open = present.start_ms == followed.next_ms and present.close is not None
        if is_open and not has_told and now != followed.told:
            followed.told = now
            self._push(followed, present, now_ms, is_over=False)

    def _push(self, followed: Followed, candle: Candle, now_ms: int, *, is_over: bool) -> None:
        market = self._state.markets[followed.market]
        assets = self._state.assets
        frame: dict[str, Any] = {
            "e": "kline",
            "E": now_ms * 1000,
            "s": followed.market,
            "t": naive_second(candle.start_ms, "T"),
            "T": naive_second(followed.interval.end_of(candle.start_ms), "T"),
            "o": candle.open,
            "c": candle.close,
            "h": candle.high,
            "l": candle.low,
            "v": whole_tokens(candle.base_volume, assets[market.base].decimals),
            "V": whole_tokens(candle.quote_volume, assets[market.quote].decimals),
            "n": candle.trades,
            "X": is_over,
        }
        self._hub.push(followed.names, _encode(frame).decode(), replaceable=not is_over)


async def push_klines(
    klines: KlineStream, services: Reads, is_fresh: Callable[[], bool] = lambda: True
) -> None:
    """Just after every whole second of the venue's time, where what it knows is fresh. Runs until
    cancelled, or until the writer stopped."""
    while True:
        left_ms = SECOND_MS - services.now_ms() % SECOND_MS
        await asyncio.sleep((left_ms + AFTER_MS) / SECOND_MS)
        if not klines.is_heard or not is_fresh():
            continue
        now_ms = services.now_ms()
        try:
            await services.committed(None)  # what is decided from here on is stamped later
        except WriterStopped:
            return
        klines.tick(now_ms)


def is_kline_stream(name: str, markets: Container[str]) -> bool:
    key = _key(name)
    return key is not None and key[1] in markets


def _key(name: str) -> _Key | None:
    for begin in SPELLINGS:
        if name.startswith(begin):
            interval, _, market = name.removeprefix(begin).partition(".")
            known = BY_NAME.get(interval)
            return (known, market) if known is not None else None
    return None
