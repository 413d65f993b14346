"""The last seven days of markets as the read tables have them: what a feed begins with."""

from collections.abc import Sequence

import msgspec

from api.day import WEEK_MS, Minute
from xyk.storage.history import History

Windows = dict[str, tuple[str | None, list[Minute]]]


async def last_week(history: History, markets: Sequence[str], now_ms: int) -> tuple[int, Windows]:
    """The seq that the read tables show, and of every market the last price and the minutes as of
    that entry."""
    while True:
        seq, _ = await history.cursor()
        found: Windows = {}
        for symbol in markets:
            ticker = await history.ticker_24h(symbol, now_ms)
            minutes = await history.minutes(symbol, now_ms, WEEK_MS)
            found[symbol] = (
                ticker.last if ticker is not None else None,
                [msgspec.convert(minute, Minute, from_attributes=True) for minute in minutes],
            )
        if (await history.cursor())[0] == seq:  # nothing was projected between the queries
            return seq, found
