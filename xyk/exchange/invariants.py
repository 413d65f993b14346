"""What must hold after every command: DESIGN section 9, each a function with a sentence for a name.

`check` looks only at what the events touched and runs after every command, in production too;
`check_all` looks at everything and runs after every command in tests, and at start-up; between them
stands the trial balance, after every group. A failure is an AssertionError and stops the process:
no answer is better than a wrong one.

Number 6 stands apart (`nothing_is_crossed`, incrementally `crossed`): no balance is wrong by it, so
tests fail on it and the writer only raises an alarm.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from xyk.book.level import Level
from xyk.domain.events import (
    AnyEvent,
    BookFilled,
    Deposited,
    LiquidityAdded,
    LiquidityRemoved,
    MarketUpdated,
    OrderRested,
    PoolSwapped,
    Transferred,
    Withdrawn,
)
from xyk.domain.market import LOCKED, OUTSIDE, pool_account, shares_symbol
from xyk.domain.units import MINIMUM_LIQUIDITY, RESERVE_MAX, SUPPLY_MAX
from xyk.exchange.crossing import crosses
from xyk.exchange.holds import held_asset, held_for
from xyk.exchange.state import State


def every_asset_sums_to_zero(state: State) -> None:
    for asset in state.ledger.assets():
        total = sum(available + held for _, available, held in state.ledger.balances(asset))
        assert total == 0, f"{asset} sums to {total}"


def no_account_but_the_outside_one_is_negative(state: State) -> None:
    for asset in state.ledger.assets():
        for account, available, held in state.ledger.balances(asset):
            assert account == OUTSIDE or available >= 0, f"{account} has {available} {asset}"
            assert held >= 0, f"{account} holds {held} {asset}"


def no_supply_passes_its_bound(state: State) -> None:
    for asset in state.ledger.assets():
        assert 0 <= state.ledger.supply(asset) <= SUPPLY_MAX, f"supply of {asset}"


def held_equals_what_open_orders_need(state: State) -> None:
    """To the unit, for every account and asset."""
    needed: dict[tuple[str, str], int] = {}
    for order in state.open_orders.by_id.values():
        key = held_asset(state, order), order.owner
        needed[key] = needed.get(key, 0) + held_for(state, order, order.quantity - order.filled)
    for asset in state.ledger.assets():
        for account, _, held in state.ledger.balances(asset):
            need = needed.pop((asset, account), 0)
            assert held == need, f"{account} holds {held} {asset}, its orders need {need}"
    assert not needed, f"nothing is held for {needed}"


def pool_reserves_equal_the_pools_account(state: State) -> None:
    for symbol in state.pools:
        _reserves_equal_account(state, symbol)


def shares_outstanding_equal_shares_held(state: State) -> None:
    for symbol in state.pools:
        _shares_equal_supply(state, symbol)


def every_level_is_the_sum_of_its_orders_in_order_of_arrival(state: State) -> None:
    for symbol, book in state.books.items():
        count = 0
        for side in (book.bids, book.asks):
            prices = [level.price for level in side]
            best_first = sorted(side.levels, reverse=side is book.bids)
            assert prices == best_first, f"{symbol}: prices out of order"
            assert side.best is (side.levels[prices[0]] if prices else None), f"{symbol}: best"
            for level in side:
                count += _count_level(symbol, level)
        assert count == book.count, f"{symbol}: {count} orders, counted {book.count}"


def every_open_order_rests_or_waits(state: State) -> None:
    """Exactly one of: in its level, waiting for its trigger, due. And every index has it."""
    orders = state.open_orders
    waiting: dict[int, None] = {}
    for each in orders.waiting.values():
        for places in (each.above, each.below):
            assert places == sorted(places), "triggers out of order"
            waiting.update((number, None) for _, number in places)
    resting = 0
    for number, order in orders.by_id.items():
        level = order.level
        assert (level is not None) + (number in waiting) + (number in orders.due) == 1, number
        assert level is None or level.price == order.price, f"{number} is in another's level"
        assert 0 <= order.filled < order.quantity, f"{number} has nothing left"
        assert orders.by_owner[order.owner][number] is order, number
        assert orders.by_digest[order.digest] is order, number
        resting += level is not None
    assert resting == sum(book.count for book in state.books.values()), "orders of nobody rest"
    assert resting + len(waiting) + len(orders.due) == len(orders.by_id), "triggers of nobody"
    assert sum(orders.count.values()) == len(orders.by_id) == len(orders.by_digest)
    assert sum(map(len, orders.by_owner.values())) == len(orders.by_id)


def nothing_is_crossed(state: State) -> None:
    """Number 6: an alarm in production, a failure in tests."""
    for symbol in state.books:
        assert not crosses(state, symbol), f"{symbol}: book and pool cross"


def crossed(state: State, events: Sequence[AnyEvent]) -> tuple[str, ...]:
    """The incremental form of number 6: the markets that `events` touched and that cross now."""
    touched: dict[str, None] = {}
    for event in events:
        kind = type(event)
        if kind is OrderRested:
            order = state.open_orders.by_id[cast(OrderRested, event).order_id]
            touched[order.market] = None
        elif kind in _MOVES_PRICES:
            touched[cast(PoolSwapped, event).market] = None
    return tuple(symbol for symbol in touched if crosses(state, symbol))


def used_nonces_lie_above_the_floor(state: State) -> None:
    assert all(second >= state.nonce_floor for second in state.nonces)


def every_key_stands_once_with_its_owner(state: State) -> None:
    for owner, keys in state.keys_of.items():
        assert all(state.api_keys[key].owner == owner for key in keys), f"{owner}: another's key"
    assert sum(map(len, state.keys_of.values())) == len(state.api_keys), "a key of nobody, or twice"


ALL: tuple[Callable[[State], None], ...] = (
    every_asset_sums_to_zero,
    no_account_but_the_outside_one_is_negative,
    no_supply_passes_its_bound,
    held_equals_what_open_orders_need,
    every_level_is_the_sum_of_its_orders_in_order_of_arrival,
    every_open_order_rests_or_waits,
    pool_reserves_equal_the_pools_account,
    shares_outstanding_equal_shares_held,
    used_nonces_lie_above_the_floor,
    every_key_stands_once_with_its_owner,
)


def check_all(state: State) -> None:
    for invariant in ALL:
        invariant(state)


def check(state: State, events: Sequence[AnyEvent]) -> None:
    """The cheap incremental form, after `evolve` folded `events`. Transfers conserve by
    construction.
    """
    for event in events:
        touched = _TOUCHED.get(type(event))
        if touched is not None:
            touched(state, event)


def _filled(state: State, event: BookFilled) -> None:
    """The maker paid for `quantity` lots what it held for them, at its own price; fees stay within
    what they are taken from.
    """
    market = state.markets[event.market]
    assert event.base_amount == event.quantity * market.lot_size
    value = event.quantity * event.price * state.lot_values[event.market]
    assert event.quote_amount == value, f"fill {event.trade_id} of {event.market} is off its price"
    assert 0 <= event.maker_rebate <= event.taker_fee
    if event.maker_remaining:
        order = state.open_orders.by_id[event.maker_order_id]
        assert order.price == event.price, f"{order.id} was filled at another price"
        assert order.quantity - order.filled == event.maker_remaining


def _rested(state: State, event: OrderRested) -> None:
    """Last in its level, with what it has left; its hold was checked as it was made."""
    order = state.open_orders.by_id[event.order_id]
    level, before = order.level, order.before
    assert level is not None and level.last is order and order.price == level.price
    assert order.quantity - order.filled == event.remaining > 0
    if before is None:
        assert level.first is order and level.lots == event.remaining
    else:
        assert before.priority < order.priority and level.lots > event.remaining


def _swapped(state: State, event: PoolSwapped) -> None:
    """k never falls in a swap; the account follows the reserves."""
    pool = state.pools[event.market]
    base, quote = pool.reserve_base, pool.reserve_quote
    if event.asset_in == state.markets[event.market].base:
        before = (base - event.amount_in) * (quote + event.amount_out)
    else:
        before = (base + event.amount_out) * (quote - event.amount_in)
    assert base * quote >= before, f"k of {event.market} fell in a swap"
    _reserves_equal_account(state, event.market)


def _added(state: State, event: LiquidityAdded) -> None:
    pool = state.pools[event.market]
    old_supply = pool.total_supply - event.liquidity - event.locked
    if old_supply:
        old_k = (pool.reserve_base - event.amount_base) * (pool.reserve_quote - event.amount_quote)
        _value_per_share_did_not_fall(state, event.market, old_k, old_supply)
    _reserves_equal_account(state, event.market)
    _shares_equal_supply(state, event.market)


def _removed(state: State, event: LiquidityRemoved) -> None:
    pool = state.pools[event.market]
    old_k = (pool.reserve_base + event.amount_base) * (pool.reserve_quote + event.amount_quote)
    _value_per_share_did_not_fall(state, event.market, old_k, pool.total_supply + event.liquidity)
    _reserves_equal_account(state, event.market)
    _shares_equal_supply(state, event.market)


def _moved(state: State, event: Deposited | Withdrawn | Transferred) -> None:
    assert state.ledger.available(event.owner, event.asset) >= 0
    assert 0 <= state.ledger.supply(event.asset) <= SUPPLY_MAX


_TOUCHED: Mapping[type, Callable[[State, Any], None]] = {
    BookFilled: _filled,
    OrderRested: _rested,
    PoolSwapped: _swapped,
    LiquidityAdded: _added,
    LiquidityRemoved: _removed,
    Deposited: _moved,
    Withdrawn: _moved,
    Transferred: _moved,
}


_MOVES_PRICES = frozenset(
    {BookFilled, PoolSwapped, LiquidityAdded, LiquidityRemoved, MarketUpdated}
)


def _count_level(symbol: str, level: Level) -> int:
    """How many orders it has, its sum and links checked."""
    count = lots = priority = 0
    before = None
    for order in level:
        assert order.before is before and order.level is level, f"{symbol}: a loose link"
        assert priority < order.priority, f"{symbol}: {order.id} overtook"
        before, priority = order, order.priority
        lots += order.quantity - order.filled
        count += 1
    assert count and level.last is before, f"{symbol}: a loose end"
    assert lots == level.lots, f"{symbol} at {level.price}: {lots} lots, summed {level.lots}"
    return count


def _value_per_share_did_not_fall(state: State, market: str, old_k: int, old_supply: int) -> None:
    """sqrt(k) per share, compared as k / supply^2; `old_supply` has the protocol's mint."""
    pool = state.pools[market]
    k = pool.reserve_base * pool.reserve_quote
    assert k * old_supply**2 >= old_k * pool.total_supply**2, f"shares of {market} lost value"


def _reserves_equal_account(state: State, market: str) -> None:
    pool, account, terms = state.pools[market], pool_account(market), state.markets[market]
    base = state.ledger.available(account, terms.base)
    quote = state.ledger.available(account, terms.quote)
    assert pool.reserve_base == base <= RESERVE_MAX, (
        f"{market}: reserve {pool.reserve_base}, account {base}"
    )
    assert pool.reserve_quote == quote <= RESERVE_MAX, (
        f"{market}: reserve {pool.reserve_quote}, account {quote}"
    )


def _shares_equal_supply(state: State, market: str) -> None:
    pool, shares = state.pools[market], shares_symbol(market)
    assert pool.total_supply == state.ledger.supply(shares), f"{market}: shares"
    assert not pool.total_supply or state.ledger.available(LOCKED, shares) >= MINIMUM_LIQUIDITY
