"""SwapExactIn and SwapExactOut: checks in the order of precedence, then the route, then the signed
limit.
"""

from xyk.domain.commands import SwapExactIn, SwapExactOut
from xyk.domain.events import AnyEvent
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import AGENT_BAND_BPS
from xyk.exchange.listings import asset_of
from xyk.exchange.route import (
    Route,
    best_exact_in,
    best_exact_out,
    is_paused_around,
    open_paths,
    reserve_overflow,
)
from xyk.exchange.spot import leaves_band, spot_of
from xyk.exchange.state import State
from xyk.exchange.taking import reached_events, taken_events


def swap_exact_in(
    state: State, request: Request, swap: SwapExactIn
) -> tuple[AnyEvent, ...] | Rejected:
    """All of `amount_in`, or as much of it as whole lots and pools can take, for at least
    `min_amount_out` net of all fees."""
    pair = swap_pair(state, swap.token_in, swap.token_out, swap.amount_in, "amountIn")
    if isinstance(pair, Rejected):
        return pair
    asset_in, asset_out = pair
    route = best_exact_in(state, asset_in, asset_out, swap.amount_in, swap.owner)
    fault = _spot_fault(state, request, swap.owner, route)
    if fault is not None:
        return fault
    available = state.ledger.available(swap.owner, asset_in)
    if available < swap.amount_in:
        return insufficient_funds(asset_in, swap.amount_in, available)
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
    """At least `amount_out` (more only by the surplus of a whole lot), for at most `max_amount_in`
    including all fees."""
    pair = swap_pair(state, swap.token_in, swap.token_out, swap.amount_out, "amountOut")
    if isinstance(pair, Rejected):
        return pair
    asset_in, asset_out = pair
    route = best_exact_out(state, asset_in, asset_out, swap.amount_out, swap.owner)
    if isinstance(route, Rejected):
        return route
    fault = _spot_fault(state, request, swap.owner, route)
    if fault is not None:
        return fault
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


def _spot_fault(
    state: State, request: Request, owner: str, route: Route | Rejected
) -> Rejected | None:
    """INVALID_PRICE, which comes before funds and slippage, where an agent's swap could not be held
    against any spot."""
    if request.signer == owner or isinstance(route, Rejected):
        return None
    for hop in route.hops:
        if spot_of(state, hop.edge.market) is None:
            return Rejected(
                Code.INVALID_PRICE,
                f"{hop.edge.market.symbol} has no spot price yet that an agent's swap could be "
                "held against; let the owner sign",
            )
    return None


def _execute(
    state: State, request: Request, owner: str, route: Route
) -> tuple[AnyEvent, ...] | Rejected:
    if request.signer != owner:
        for hop in route.hops:
            market = hop.edge.market
            spot = spot_of(state, market)
            assert spot is not None, "its absence was refused before"
            if leaves_band(hop, spot):
                return Rejected(
                    Code.SLIPPAGE_EXCEEDED,
                    f"An agent may move the price of {market.symbol} by at most "
                    f"{AGENT_BAND_BPS} bps "
                    "from spot; swap less or let the owner sign",
                )
    if len(route.hops) == 1:
        events = taken_events(state, route.hops[0], owner)
    else:
        events = [event for hop in route.hops for event in taken_events(state, hop, owner)]
    return (*events, *reached_events(state, events))
