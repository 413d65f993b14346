"""What a swap would do now, as a price: the same route as the swap itself, so the same amounts.

Prices are exact ratios (numerator, denominator) in whole tokens: quote per base where the route is
one hop, tokenOut per tokenIn where it is several. Nothing is rounded here but what is named so.
"""

import msgspec

from amm.liquidity import amounts_burned
from amm.price_target import marginal_price
from xyk.domain.market import Market
from xyk.domain.rejections import Rejected
from xyk.domain.units import BPS
from xyk.exchange.liquidity import protocol_shares
from xyk.exchange.route import Hop, Route, best_exact_in, best_exact_out, reserve_overflow
from xyk.exchange.state import State
from xyk.exchange.swaps import swap_pair

Ratio = tuple[int, int]


class Quote(msgspec.Struct, frozen=True):
    """`spot_price`: the reserves' ratio before the swap, without the fee. `execution_price`: net of
    all fees. `worst_price`: what the last unit costs with the fee, in quote base units per whole
    base token, rounded to the market's tick away from the taker; None on several hops, and where it
    rounds down to nothing. `impact_bps`: how far the average price without fees is from spot,
    rounded up.
    """

    route: Route
    asset_in: str
    asset_out: str
    execution_price: Ratio
    spot_price: Ratio
    worst_price: int | None
    impact_bps: int


def quote_exact_in(state: State, token_in: str, token_out: str, amount_in: int) -> Quote | Rejected:
    """What `amount_in` base units would buy; refused exactly where SwapExactIn would be."""
    pair = swap_pair(state, token_in, token_out, amount_in, "amountIn")
    if isinstance(pair, Rejected):
        return pair
    return _quote(state, best_exact_in(state, *pair, amount_in))


def quote_exact_out(
    state: State, token_in: str, token_out: str, amount_out: int
) -> Quote | Rejected:
    """What `amount_out` base units would cost; refused exactly where SwapExactOut would be."""
    pair = swap_pair(state, token_in, token_out, amount_out, "amountOut")
    if isinstance(pair, Rejected):
        return pair
    return _quote(state, best_exact_out(state, *pair, amount_out))


def min_amount_out(amount_out: int, slippage_bps: int) -> int:
    """floor(amountOut * (10^4 - s) / 10^4): the trader's minimum, not above what was asked for."""
    assert 0 <= slippage_bps <= BPS
    return amount_out * (BPS - slippage_bps) // BPS


def max_amount_in(amount_in: int, slippage_bps: int) -> int:
    """ceil(amountIn * (10^4 + s) / 10^4)."""
    assert 0 <= slippage_bps <= BPS
    return -(-amount_in * (BPS + slippage_bps) // BPS)


def spot_price(state: State, market: Market) -> Ratio | None:
    """Quote per base in whole tokens, without the fee; None for a pool without reserves."""
    pool = state.pools[market.symbol]
    if not pool.reserve_base:
        return None
    return _in_whole_tokens(state, pool.reserve_quote, market.quote, pool.reserve_base, market.base)


def burn_value(state: State, market: str, liquidity: int) -> tuple[int, int]:
    """(base, quote) that RemoveLiquidity of so many shares would pay now, each rounded down."""
    pool = state.pools[market]
    if not liquidity:
        return 0, 0
    supply = pool.total_supply + protocol_shares(state, pool)
    return amounts_burned(liquidity, pool.reserve_base, pool.reserve_quote, supply)


def _quote(state: State, route: Route | Rejected) -> Quote | Rejected:
    if isinstance(route, Rejected):
        return route
    if route.overflows:
        return reserve_overflow(route)
    first, last = route.hops[0], route.hops[-1]
    asset_in, asset_out = first.edge.asset_in, last.edge.asset_out
    execution = _in_whole_tokens(state, route.amount_out, asset_out, route.amount_in, asset_in)
    numerator = denominator = 1
    for hop in route.hops:
        reserve_in, reserve_out = _reserves(hop)
        numerator *= reserve_out
        denominator *= reserve_in
    spot = _in_whole_tokens(state, numerator, asset_out, denominator, asset_in)
    worst: int | None = None
    if len(route.hops) == 1:
        worst = _worst_price(state, first)
        if not first.edge.sells_base:
            execution, spot = execution[::-1], spot[::-1]
    return Quote(route, asset_in, asset_out, execution, spot, worst, _impact_bps(route))


def _impact_bps(route: Route) -> int:
    """ceil(10^4 * (1 - product over hops of (1 - out / reserve_out))).

    On the curve x * y = k out / reserve_out is by how much the average price without the fee is
    worse than spot; taken from `out` alone it is free of the rounding of the input.
    """
    kept = whole = 1
    for hop in route.hops:
        _, reserve_out = _reserves(hop)
        kept *= reserve_out - hop.amount_out
        whole *= reserve_out
    return -(-BPS * (whole - kept) // whole)


def _worst_price(state: State, hop: Hop) -> int | None:
    """The marginal price with fee after the swap, as quote base units per whole base token, on the
    tick.
    """
    market = hop.edge.market
    reserve_in, reserve_out = _reserves(hop)
    numerator, denominator = marginal_price(
        hop.amount_in, reserve_in, reserve_out, hop.edge.pool.fee_bps
    )
    whole_base = 10 ** state.assets[market.base].decimals
    tick = market.tick_size
    if hop.edge.sells_base:
        return denominator * whole_base // (numerator * tick) * tick or None
    ticks: int = -(-numerator * whole_base // (denominator * tick))
    return ticks * tick


def _reserves(hop: Hop) -> tuple[int, int]:
    """(in, out) before the swap."""
    pool = hop.edge.pool
    if hop.edge.sells_base:
        return pool.reserve_base, pool.reserve_quote
    return pool.reserve_quote, pool.reserve_base


def _in_whole_tokens(state: State, amount: int, asset: str, per: int, per_asset: str) -> Ratio:
    """`amount` of one asset per `per` of the other, both given in base units."""
    return (
        amount * 10 ** state.assets[per_asset].decimals,
        per * 10 ** state.assets[asset].decimals,
    )
