"""SwapExactIn and SwapExactOut: checks in the order of precedence, then the route, then the signed
limit.
"""

from xyk.domain.commands import SwapExactIn, SwapExactOut
from xyk.domain.events import AnyEvent, PoolSwapped
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import AGENT_BAND_BPS, BPS, MINIMUM_FILL_QUOTE
from xyk.exchange.listings import asset_of
from xyk.exchange.route import (
    Hop,
    Route,
    best_exact_in,
    best_exact_out,
    is_paused_around,
    open_paths,
    reserve_overflow,
)
from xyk.exchange.state import State


def swap_exact_in(
    state: State, request: Request, swap: SwapExactIn
) -> tuple[AnyEvent, ...] | Rejected:
    """All of `amount_in`, for at least `min_amount_out` net of all fees."""
    pair = swap_pair(state, swap.token_in, swap.token_out, swap.amount_in, "amountIn")
    if isinstance(pair, Rejected):
        return pair
    asset_in, asset_out = pair
    available = state.ledger.available(swap.owner, asset_in)
    if available < swap.amount_in:
        return insufficient_funds(asset_in, swap.amount_in, available)
    route = best_exact_in(state, asset_in, asset_out, swap.amount_in)
    if isinstance(route, Rejected):
        return route
    if route.overflows:
        return reserve_overflow(route)
    if route.amount_out < swap.min_amount_out:
        return Rejected(
            Code.SLIPPAGE_EXCEEDED,
            f"Would receive {route.amount_out} base units of {asset_out}, less than minAmountOut "
            f"{swap.min_amount_out}; sign a lower minimum with the same nonce",
        )
    return _execute(state, request, swap.owner, route)


def swap_exact_out(
    state: State, request: Request, swap: SwapExactOut
) -> tuple[AnyEvent, ...] | Rejected:
    """Exactly `amount_out`, for at most `max_amount_in` including all fees."""
    pair = swap_pair(state, swap.token_in, swap.token_out, swap.amount_out, "amountOut")
    if isinstance(pair, Rejected):
        return pair
    asset_in, asset_out = pair
    route = best_exact_out(state, asset_in, asset_out, swap.amount_out)
    if isinstance(route, Rejected):
        return route
    available = state.ledger.available(swap.owner, asset_in)
    if available < route.amount_in:
        return insufficient_funds(asset_in, route.amount_in, available)
    if route.overflows:
        return reserve_overflow(route)
    if route.amount_in > swap.max_amount_in:
        return Rejected(
            Code.SLIPPAGE_EXCEEDED,
            f"Would cost {route.amount_in} base units of {asset_in}, more than maxAmountIn "
            f"{swap.max_amount_in}; sign a higher maximum with the same nonce",
        )
    return _execute(state, request, swap.owner, route)


def insufficient_funds(asset: str, needed: int, available: int) -> Rejected:
    return Rejected(
        Code.INSUFFICIENT_FUNDS, f"Needs {needed} base units of {asset}, {available} are available"
    )


def swap_pair(
    state: State, token_in: str, token_out: str, amount: int, name: str
) -> tuple[str, str] | Rejected:
    asset_in = asset_of(state, token_in)
    if isinstance(asset_in, Rejected):
        return asset_in
    asset_out = asset_of(state, token_out)
    if isinstance(asset_out, Rejected):
        return asset_out
    if asset_in == asset_out:
        if is_paused_around(state, asset_in):
            return Rejected(
                Code.TRADING_PAUSED, f"Every market of {asset_in} is paused; wait until one opens"
            )
        return Rejected(Code.SAME_TOKEN, f"Both tokens are {asset_in}; name two different ones")
    paths = open_paths(state, asset_in, asset_out)
    if isinstance(paths, Rejected):
        return paths
    if amount == 0:
        return Rejected(Code.INVALID_QUANTITY, f"{name} is 0; it must be at least 1 base unit")
    return asset_in, asset_out


def _execute(
    state: State, request: Request, owner: str, route: Route
) -> tuple[AnyEvent, ...] | Rejected:
    if request.signer != owner:
        for hop in route.hops:
            if not _within_agent_band(hop):
                return Rejected(
                    Code.SLIPPAGE_EXCEEDED,
                    f"An agent may move the price of {hop.edge.market.symbol} by at most "
                    f"{AGENT_BAND_BPS} bps "
                    "from spot; swap less or let the owner sign",
                )
    return tuple([_swapped(state, owner, hop) for hop in route.hops])


def _swapped(state: State, owner: str, hop: Hop) -> PoolSwapped:
    edge = hop.edge
    market = edge.market
    base, quote = (
        (hop.amount_in, hop.amount_out) if edge.sells_base else (hop.amount_out, hop.amount_in)
    )
    return PoolSwapped(
        owner=owner,
        market=market.symbol,
        asset_in=edge.asset_in,
        asset_out=edge.asset_out,
        amount_in=hop.amount_in,
        amount_out=hop.amount_out,
        fee=hop.fee,
        reserve_base=hop.reserve_base,
        reserve_quote=hop.reserve_quote,
        trade_id=state.trade_ids[market.symbol] + 1,
        price_forming=base >= market.lot_size and quote >= MINIMUM_FILL_QUOTE,
    )


def _within_agent_band(hop: Hop) -> bool:
    """Whether the marginal price of the last unit, the pool's fee included, is within the band of
    spot.

    With n/d = 1 - fee the marginal price after x is (d*ri + n*x)^2 / (n*d*ri*ro) IN per OUT, spot
    ri/ro (facts/routing.md). A buyer of base pays at most spot * (1 + band); a seller of base gets
    at least spot * (1 - band), which is at most spot / (1 - band) IN per OUT. Exact integers, no
    rounding.
    """
    edge = hop.edge
    pool = edge.pool
    reserve_in = pool.reserve_base if edge.sells_base else pool.reserve_quote
    n, d = BPS - pool.fee_bps, BPS
    marginal = (d * reserve_in + n * hop.amount_in) ** 2
    spot = n * d * reserve_in**2
    if edge.sells_base:
        return marginal * (BPS - AGENT_BAND_BPS) <= spot * BPS
    return marginal * BPS <= spot * (BPS + AGENT_BAND_BPS)
