"""The state of a venue that others run: blocks of a chain folded as entries are, without a ledger.

What `evolve` keeps of accounts, orders and nonces is the chain's affair here. A pool may be drained
to nothing, as V2's sync allows; time and block numbers grow, not by one.
"""

from collections.abc import Sequence

from pools.pool import Pool
from xyk.domain.chain_events import ReservesSynced
from xyk.domain.events import (
    AssetListed,
    Event,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    PoolSwapped,
)
from xyk.domain.market import Asset, Market
from xyk.exchange.state import State

_RESERVES = (PoolSwapped, LiquidityAdded, LiquidityRemoved, ReservesSynced)


def apply_block(state: State, number: int, now_ms: int, events: Sequence[Event]) -> None:
    """The block after which the events are true."""
    assert number >= state.seq and now_ms >= state.now_ms, "blocks only grow"
    state.seq, state.now_ms = number, now_ms
    take(state, now_ms, events)


def take(state: State, now_ms: int, events: Sequence[Event]) -> None:
    """Events of a block at `now_ms` that the state may be past: of markets that went back."""
    for event in events:
        if isinstance(event, _RESERVES):
            set_reserves(
                state.pools[event.market],
                event.reserve_base,
                event.reserve_quote,
                now_ms // 1000,
            )
            if not isinstance(event, PoolSwapped):
                pool = state.pools[event.market]
                is_told = event.total_supply or not isinstance(event, ReservesSynced)
                pool.total_supply = event.total_supply if is_told else pool.total_supply
        elif isinstance(event, AssetListed):
            _list_asset(state, event)
        else:
            assert isinstance(event, MarketListed), event
            _list_market(state, event, now_ms)


def go_back(state: State, market: str, earlier: State) -> None:
    """A market's pool as it is there; one that is not there yet stays listed, and is empty."""
    known = earlier.pools.get(market)
    if known is not None:
        state.pools[market] = Pool.load(known.dump())
    else:
        state.pools[market] = Pool.new(market, state.pools[market].fee_bps)


def set_reserves(pool: Pool, base: int, quote: int, now_s: int) -> None:
    """As the pool's own, but 0 is possible; no price stands while it is."""
    if base and quote:
        pool.set_reserves(base, quote, now_s)
        return
    if pool.reserve_base and pool.reserve_quote:
        pool.set_reserves(pool.reserve_base, pool.reserve_quote, now_s)
    pool.reserve_base, pool.reserve_quote, pool.last_s = base, quote, now_s


def restore_pool(
    pool: Pool, time_s: int, reserves: tuple[int, int], cumulatives: tuple[int, int]
) -> None:
    """As it was after its last change; the record of its price begins there."""
    pool.price_base_cumulative, pool.price_quote_cumulative = cumulatives
    pool.reserve_base = pool.reserve_quote = 0
    pool.observations.clear()
    pool.last_s = time_s
    set_reserves(pool, *reserves, time_s)


def _list_asset(state: State, event: AssetListed) -> None:
    known = state.assets.get(event.symbol)
    index = known.index if known is not None else len(state.assets)
    state.add_asset(
        Asset(symbol=event.symbol, token=event.token, decimals=event.decimals, index=index)
    )


def _list_market(state: State, event: MarketListed, now_ms: int) -> None:
    state.pools[event.market] = Pool.new(event.market, event.pool_fee_bps)
    state.add_market(
        Market(
            symbol=event.market,
            base=event.base,
            quote=event.quote,
            tick_size=event.tick_size,
            lot_size=event.lot_size,
            maker_fee_bps=event.maker_fee_bps,
            taker_fee_bps=event.taker_fee_bps,
            book=event.book,
            implicit=event.implicit,
            created_ms=now_ms,
        )
    )
