"""After a reorg: some markets of a feed go back to what is final, and on from there by the blocks
that survived.

Depth, tickers, candles and trades are right when this returns; who follows a depth or a candle gets
the difference in the next frame, and who follows a pool or the best prices is told them again.
Trades that never were cannot be taken back: the frame `reorg` says of which markets there are such.
"""

from collections.abc import Collection, Sequence
from typing import Any

from api.feed import Feed
from xyk.domain.events import Event
from xyk.engine.entry import Entry


def rewind(
    feed: Feed,
    final: Feed,
    seq: int,
    survivors: Sequence[tuple[Entry, Sequence[Event]]],
    lost: Collection[str],
    since_ms: int,
) -> None:
    """`final` is as of entry `seq` and tells nobody; `survivors` are the entries after it with what
    happened in `lost`, the markets that something is undone in, the first of it at `since_ms`."""
    for symbol in lost:
        _go_back(feed, final, symbol, seq)
    for entry, events in survivors:
        feed.replay(entry, events)
    for symbol in lost:
        feed.klines.go_back(symbol, since_ms)
        feed.tell_again(feed.markets[symbol])


def _go_back(feed: Feed, final: Feed, symbol: str, seq: int) -> None:
    market, known = feed.markets[symbol], final.markets.get(symbol)
    market.day, market.week = feed.days.go_back(symbol, final.days)
    feed.candles.go_back(symbol, final.candles, seq)
    market.tail.go_back(seq)
    pool: Any = known.depth.depth.pool if known is not None else None
    base, quote = (pool.reserve_base, pool.reserve_quote) if pool is not None else (0, 0)
    market.depth.depth.set_reserves(base, quote)
    market.seq = known.seq if known is not None else 0
    market.total_supply = known.total_supply if known is not None else 0
