"""AddLiquidity and RemoveLiquidity, with Uniswap V2's router and pair semantics to the unit.

Order as V2: the protocol's shares are minted first, on the old reserves; then the owner's, rounded
against the owner; kLast is the product after, while the protocol fee is on.
"""

import msgspec

from amm.liquidity import (
    amounts_burned,
    first_liquidity,
    liquidity_minted,
    optimal_amounts,
    protocol_liquidity,
)
from pools.pool import Pool
from xyk.domain.commands import AddLiquidity, RemoveLiquidity
from xyk.domain.events import AnyEvent, LiquidityAdded, LiquidityRemoved
from xyk.domain.market import OPEN, shares_symbol
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import (
    AGENT_MINIMUM_BPS,
    BPS,
    MINIMUM_LIQUIDITY,
    POOL_FEE_BPS_DEFAULT,
    RESERVE_MAX,
    SUPPLY_MAX,
)
from xyk.exchange.crossing import allowed_quote, pool_crosses
from xyk.exchange.listings import asset_of, implicit_market, shares_fault
from xyk.exchange.route import is_paused_around
from xyk.exchange.state import State
from xyk.exchange.swaps import insufficient_funds


class _Sides(msgspec.Struct, frozen=True):
    """A pair of tokens as the action names them, and whether token A is the market's base."""

    asset_a: str
    asset_b: str
    market: str  # empty where the pair has none yet
    a_is_base: bool


def add_liquidity(
    state: State, request: Request, add: AddLiquidity
) -> tuple[AnyEvent, ...] | Rejected:
    """Deposits at the pool's ratio at most the desired amounts, at least the minimums.

    The first deposit takes both amounts as they are and locks MINIMUM_LIQUIDITY shares for ever; on
    a pair without a market it makes an implicit one in the same entry.
    """
    sides = _sides(state, add.token_a, add.token_b, creates=True)
    if isinstance(sides, Rejected):
        return sides
    if add.amount_a_desired == 0 or add.amount_b_desired == 0:
        return Rejected(Code.INVALID_QUANTITY, "Both desired amounts must be at least 1 base unit")
    listed: tuple[AnyEvent, ...] = ()
    if sides.market:
        symbol, pool = sides.market, state.pools[sides.market]
    else:
        market = implicit_market(state, sides.asset_a, sides.asset_b)
        taken = shares_fault(state, market.base, market.quote)
        if taken is not None:
            return taken
        symbol, pool = market.market, Pool.new(market.market, POOL_FEE_BPS_DEFAULT)
        listed = (market,)
    crossing = _crossing_fault(state, add, sides) if sides.market else None
    if crossing is not None:
        return crossing
    planned = _plan_deposit(state, add, sides, pool)
    if isinstance(planned, Rejected):
        return planned
    if request.signer != add.owner:
        fault = _agent_minimums_fault(add)
        if fault is not None:
            return fault
    return (*listed, _added(state, add.owner, symbol, pool, planned))


class _Deposit(msgspec.Struct, frozen=True):
    amount_base: int
    amount_quote: int
    liquidity: int
    locked: int
    protocol: int


def _plan_deposit(
    state: State, add: AddLiquidity, sides: _Sides, pool: Pool
) -> _Deposit | Rejected:
    reserve_a, reserve_b = _oriented(sides, pool.reserve_base, pool.reserve_quote)
    amount_a, amount_b = _amounts(add, sides, pool)
    for asset, amount in ((sides.asset_a, amount_a), (sides.asset_b, amount_b)):
        available = state.ledger.available(add.owner, asset)
        if available < amount:
            return insufficient_funds(asset, amount, available)
    protocol = protocol_shares(state, pool)
    supply = pool.total_supply + protocol
    if supply:
        liquidity, locked = liquidity_minted(amount_a, amount_b, reserve_a, reserve_b, supply), 0
    else:
        liquidity, locked = first_liquidity(amount_a, amount_b), MINIMUM_LIQUIDITY
    if liquidity <= 0:
        least = f"more than {MINIMUM_LIQUIDITY} shares (sqrt(a*b))" if locked else "one share"
        return Rejected(
            Code.INSUFFICIENT_LIQUIDITY, f"The deposit is too small to mint {least}; deposit more"
        )
    if reserve_a + amount_a > RESERVE_MAX or reserve_b + amount_b > RESERVE_MAX:
        return Rejected(
            Code.RESERVE_OVERFLOW, "A reserve would pass 2^112-1 base units; deposit less"
        )
    assert supply + liquidity + locked <= SUPPLY_MAX, (
        "shares never outgrow sqrt of the reserves' product"
    )
    for name, amount, minimum in (
        ("amountAMin", amount_a, add.amount_a_min),
        ("amountBMin", amount_b, add.amount_b_min),
    ):
        if amount < minimum:
            return Rejected(
                Code.SLIPPAGE_EXCEEDED,
                f"Would deposit {amount}, less than {name} {minimum}; sign a lower "
                "minimum with the same nonce",
            )
    amount_base, amount_quote = _oriented(sides, amount_a, amount_b)
    return _Deposit(amount_base, amount_quote, liquidity, locked, protocol)


def _crossing_fault(state: State, add: AddLiquidity, sides: _Sides) -> Rejected | None:
    """A deposit makes a new pool, wakes a dormant one, or turns a tolerated overlap of less than a
    lot into one of many: none of these may bring it beyond an order that rests.
    """
    book = state.books.get(sides.market)
    if book is None or not book.count:
        return None
    market, pool = state.markets[sides.market], state.pools[sides.market]
    amounts = _oriented(sides, *_amounts(add, sides, pool))
    base, quote = pool.reserve_base + amounts[0], pool.reserve_quote + amounts[1]
    lot_value = state.lot_values[market.symbol]
    if not pool_crosses(book, market, pool, base, quote, lot_value):
        return None
    allowed = allowed_quote(book, market, pool, base, lot_value)
    whole = 10 ** state.assets[market.base].decimals
    lowest = -(-allowed.lowest * whole // base)
    highest = "any" if allowed.highest is None else str(allowed.highest * whole // base)
    return Rejected(
        Code.INVALID_PRICE,
        f"The pool would cross orders that rest in {market.symbol}: beside {base} base units of "
        f"{market.base} it would hold {quote} of {market.quote}, a ratio of "
        f"{quote * whole // base} {market.quote} base units per whole {market.base}; the allowed "
        f"ratio is {lowest} to {highest}",
    )


def _agent_minimums_fault(add: AddLiquidity) -> Rejected | None:
    """An agent must insist on nearly the desired amounts: a skewed pool could drain its owner
    otherwise.
    """
    for desired, minimum in (
        (add.amount_a_desired, add.amount_a_min),
        (add.amount_b_desired, add.amount_b_min),
    ):
        if minimum * BPS < desired * AGENT_MINIMUM_BPS:
            return Rejected(
                Code.SLIPPAGE_EXCEEDED,
                f"An agent's minimums must be at least {AGENT_MINIMUM_BPS} bps of the "
                "desired amounts",
            )
    return None


def _added(state: State, owner: str, symbol: str, pool: Pool, deposit: _Deposit) -> LiquidityAdded:
    reserve_base = pool.reserve_base + deposit.amount_base
    reserve_quote = pool.reserve_quote + deposit.amount_quote
    return LiquidityAdded(
        owner=owner,
        market=symbol,
        amount_base=deposit.amount_base,
        amount_quote=deposit.amount_quote,
        liquidity=deposit.liquidity,
        locked=deposit.locked,
        protocol_recipient=state.protocol_recipient if deposit.protocol else "",
        protocol_liquidity=deposit.protocol,
        reserve_base=reserve_base,
        reserve_quote=reserve_quote,
        total_supply=pool.total_supply + deposit.protocol + deposit.locked + deposit.liquidity,
        k_last=reserve_base * reserve_quote if state.protocol_recipient else 0,
    )


def creates_pool(state: State, add: AddLiquidity) -> bool:
    """Whether this is a first deposit, if the tokens can have a pool at all."""
    sides = _sides(state, add.token_a, add.token_b, creates=False)
    if isinstance(sides, Rejected):
        return sides.code is Code.POOL_NOT_FOUND
    return not state.pools[sides.market].total_supply


def remove_liquidity(
    state: State, request: Request, remove: RemoveLiquidity
) -> tuple[AnyEvent, ...] | Rejected:
    """Burns shares for their part of both reserves, each rounded down. Works in every market
    status.
    """
    sides = _sides(state, remove.token_a, remove.token_b, creates=False)
    if isinstance(sides, Rejected):
        return sides
    if remove.liquidity == 0:
        return Rejected(Code.INVALID_QUANTITY, "liquidity is 0; it must be at least 1 share unit")
    pool = state.pools[sides.market]
    shares = shares_symbol(sides.market)
    available = state.ledger.available(remove.owner, shares)
    if available < remove.liquidity:
        return insufficient_funds(shares, remove.liquidity, available)
    protocol = protocol_shares(state, pool)
    supply = pool.total_supply + protocol
    base, quote = amounts_burned(remove.liquidity, pool.reserve_base, pool.reserve_quote, supply)
    if base == 0 or quote == 0:
        return Rejected(
            Code.INSUFFICIENT_LIQUIDITY,
            "These shares are worth less than one base unit; burn more at once",
        )
    amount_a, amount_b = _oriented(sides, base, quote)
    for name, amount, minimum in (
        ("amountAMin", amount_a, remove.amount_a_min),
        ("amountBMin", amount_b, remove.amount_b_min),
    ):
        if amount < minimum:
            return Rejected(
                Code.SLIPPAGE_EXCEEDED,
                f"Would return {amount}, less than {name} {minimum}; sign a lower minimum "
                "with the same nonce",
            )
    reserve_base, reserve_quote = pool.reserve_base - base, pool.reserve_quote - quote
    return (
        LiquidityRemoved(
            owner=remove.owner,
            market=sides.market,
            amount_base=base,
            amount_quote=quote,
            liquidity=remove.liquidity,
            protocol_recipient=state.protocol_recipient if protocol else "",
            protocol_liquidity=protocol,
            reserve_base=reserve_base,
            reserve_quote=reserve_quote,
            total_supply=supply - remove.liquidity,
            k_last=reserve_base * reserve_quote if state.protocol_recipient else 0,
        ),
    )


def _sides(state: State, token_a: str, token_b: str, *, creates: bool) -> _Sides | Rejected:
    """Who is who, or the first of INVALID_ASSET, POOL_NOT_FOUND, TRADING_PAUSED, SAME_TOKEN."""
    asset_a = asset_of(state, token_a)
    if isinstance(asset_a, Rejected):
        return asset_a
    asset_b = asset_of(state, token_b)
    if isinstance(asset_b, Rejected):
        return asset_b
    for asset in (asset_a, asset_b):
        if state.assets[asset].is_shares:
            return Rejected(
                Code.INVALID_ASSET, f"{asset} are pool shares; pools hold listed assets only"
            )
    if asset_a == asset_b:
        if creates and is_paused_around(state, asset_a):
            return Rejected(
                Code.TRADING_PAUSED, f"Every market of {asset_a} is paused; wait until one opens"
            )
        return Rejected(Code.SAME_TOKEN, f"Both tokens are {asset_a}; name two different ones")
    symbol = state.pairs.get((asset_a, asset_b), "")
    if not symbol:
        if not creates:
            return Rejected(Code.POOL_NOT_FOUND, f"{asset_a} and {asset_b} have no pool")
        return _Sides(
            asset_a, asset_b, "", state.assets[asset_a].index > state.assets[asset_b].index
        )
    market = state.markets[symbol]
    if creates and market.status != OPEN:
        return Rejected(
            Code.TRADING_PAUSED,
            f"{symbol} is {market.status}; RemoveLiquidity works, AddLiquidity has to wait",
        )
    return _Sides(asset_a, asset_b, symbol, market.base == asset_a)


def _amounts(add: AddLiquidity, sides: _Sides, pool: Pool) -> tuple[int, int]:
    """(a, b) that the pool takes. The router fits B to A first, so the order in which the action
    names its tokens decides which of them is rounded."""
    reserve_a, reserve_b = _oriented(sides, pool.reserve_base, pool.reserve_quote)
    return optimal_amounts(add.amount_a_desired, add.amount_b_desired, reserve_a, reserve_b)


def _oriented(sides: _Sides, one: int, other: int) -> tuple[int, int]:
    """(a, b) from (base, quote) and back."""
    return (one, other) if sides.a_is_base else (other, one)


def protocol_shares(state: State, pool: Pool) -> int:
    if not state.protocol_recipient or not pool.k_last:
        return 0
    return protocol_liquidity(pool.reserve_base, pool.reserve_quote, pool.total_supply, pool.k_last)
