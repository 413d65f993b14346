"""Replicas of a deployment's markets as its read tables show them, after a start."""

from collections.abc import Mapping, Sequence

from api.chain_replica import ChainReplica, committed_block
from api.windows import last_week
from xyk.chain.market_events import listing_of
from xyk.chain.pair import Block, Pair
from xyk.chain.terms import Terms
from xyk.domain.chain_events import ReservesSynced
from xyk.exchange.mirrored import restore_pool
from xyk.storage.history import History, Standing


async def restore(
    replicas: Sequence[ChainReplica], history: History, pairs: Mapping[str, Pair], seq: int
) -> None:
    """As of block `seq`, each of the same; `pairs`, by symbol, are those that are still mirrored:
    what is kept of others is not shown. The average prices of pools begin anew."""
    standings = [one for one in await history.standings() if one.market in pairs]
    now_ms = max((one.time_ms for one in standings), default=0)
    last = max((one.seq for one in standings), default=0)
    _, windows = await last_week(history, [one.market for one in standings], now_ms)
    _, candles = await history.present_candles()
    for replica in replicas:
        for one in standings:
            _stand(replica, one, pairs[one.market], last)
        replica.state.now_ms = replica.feed.time_ms = now_ms
        replica.feed.days.restore(seq, windows, now_ms)
        replica.feed.candles.restore(seq, {name: one.copy() for name, one in candles.items()})


def _stand(replica: ChainReplica, standing: Standing, pair: Pair, seq: int) -> None:
    block = Block(seq, "", "", standing.created_ms // 1000)
    terms = Terms(standing.tick_size, standing.lot_size)  # those that it was given once
    reserves = ReservesSynced(
        market=standing.market,
        reserve_base=standing.reserve_base,
        reserve_quote=standing.reserve_quote,
        total_supply=standing.total_supply,
    )
    events = (*listing_of(pair, terms, replica.told.fee_bps), reserves)
    replica.take(committed_block(block, replica.state.now_ms, events))
    replica.told.trade_ids[standing.market] = standing.trade_id
    replica.feed.markets[standing.market].seq = standing.seq
    restore_pool(
        replica.state.pools[standing.market],
        standing.time_ms // 1000,
        (standing.reserve_base, standing.reserve_quote),
        (standing.price_base_cumulative, standing.price_quote_cumulative),
    )
