"""What a swap would do now, as a price: the same route as the swap itself, so the same amounts.

Prices are exact ratios (numerator, denominator) in whole tokens: quote per base where the route is
one hop, tokenOut per tokenIn where it is several. Nothing is rounded here but what is named so.
"""

from collections.abc import Iterable

import msgspec

from amm.liquidity import amounts_burned
from amm.price_target import marginal_price
from xyk.domain.market import Market
from xyk.domain.rejections import Rejected
from xyk.domain.units import BPS
from xyk.exchange.liquidity import protocol_shares
from xyk.exchange.route import Route, best_exact_in, best_exact_out, reserve_overflow
from xyk.exchange.spot import spot_of
from xyk.exchange.state import State
from xyk.exchange.swaps import swap_pair
from xyk.exchange.taken import Taken

Ratio = tuple[int, int]


class Quote(msgspec.Struct, frozen=True):
    """`spot_price`: before the swap, without fees: the awake pool's reserves, else the book's mid,
    else the best order. `execution_price`: net of all fees. `worst_price`: what the last unit costs
    with all fees, in quote base units per whole base token, rounded to the market's tick away from
    the taker; None on several hops, and where it rounds down to nothing. `impact_bps`: how far the
    average price without fees is from spot, rounded up, at least 0. `expires_s`: the first expiry
    of an order that it uses, in unix seconds, 0 = none.
    """

    route: Route
    asset_in: str
    asset_out: str
    execution_price: Ratio
    spot_price: Ratio
    worst_price: int | None
    impact_bps: int
    expires_s: int = 0


def quote_exact_in(
    state: State, token_in: str, token_out: str, amount_in: int, owner: str = ""
) -> Quote | Rejected:
    """What `amount_in` base units would buy `owner`, who does not fill his own orders; refused
    exactly where SwapExactIn would be."""
    pair = swap_pair(state, token_in, token_out, amount_in, "amountIn")
    if isinstance(pair, Rejected):
        return pair
    return _quote(state, best_exact_in(state, *pair, amount_in, owner))


def quote_exact_out(
    state: State, token_in: str, token_out: str, amount_out: int, owner: str = ""
) -> Quote | Rejected:
    """What `amount_out` base units would cost `owner`; refused exactly where SwapExactOut would
    be."""
    pair = swap_pair(state, token_in, token_out, amount_out, "amountOut")
    if isinstance(pair, Rejected):
        return pair
    return _quote(state, best_exact_out(state, *pair, amount_out, owner))


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
    if not (pool.reserve_base and pool.reserve_quote):
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
        spot_out, spot_in = _spot(state, hop)
        numerator *= spot_out
        denominator *= spot_in
    spot = _in_whole_tokens(state, numerator, asset_out, denominator, asset_in)
    worst: int | None = None
    if len(route.hops) == 1:
        worst = _worst_price(first)
        if not first.edge.sells_base:
            execution, spot = execution[::-1], spot[::-1]
    return Quote(
        route,
        asset_in,
        asset_out,
        execution,
        spot,
        worst,
        impact_bps(state, route.hops),
        first_expiry(route.hops),
    )


def _spot(state: State, hop: Taken) -> Ratio:
    """OUT per IN in base units, without fees."""
    edge = hop.edge
    found = spot_of(state, edge.market)
    if edge.has_awake_pool or (edge.book is not None and edge.book.is_two_sided):
        assert found is not None, "an awake pool and a mid are prices"
        quote, base = found
        return (quote, base) if edge.sells_base else (base, quote)
    lot_in, lot_out = edge.lot_amounts(hop.steps[0].order.price)
    return lot_out, lot_in


def first_expiry(hops: Iterable[Taken]) -> int:
    """Of the orders that are filled, in unix seconds; 0 where none of them expires."""
    steps = [step for hop in hops for step in hop.steps if step.lots]
    return min((step.order.expires for step in steps if step.order.expires), default=0)


def impact_bps(state: State, hops: Iterable[Taken]) -> int:
    """ceil(10^4 * (1 - product over hops of what is given without fees / what spot would give)).

    On the curve x * y = k out / reserve_out is by how much the average price without the fee is
    worse than spot, so that spot would give out * reserve_out / (reserve_out - out); taken from
    `out` alone it is free of the rounding of the input. Orders give their gross amount.
    """
    kept = whole = 1
    for hop in hops:
        _, reserve_out = hop.edge.reserves
        spot_out, spot_in = _spot(state, hop)
        gross = sum(step.lots * hop.edge.lot_amounts(step.order.price)[1] for step in hop.steps)
        rest = reserve_out - hop.pool_out if hop.pool_out else 1
        from_pool = hop.pool_out * reserve_out
        kept *= (gross + hop.pool_out) * rest * spot_in
        whole *= hop.book_in * spot_out * rest + from_pool * spot_in
    return max(0, -(-BPS * (whole - kept) // whole))


def _worst_price(hop: Taken) -> int | None:
    """The last unit's price with all fees inside, as quote base units per whole base token, on the
    tick."""
    edge = hop.edge
    tick, whole_base = edge.market.tick_size, edge.whole_base
    prices: list[Ratio] = []  # IN per OUT
    filled = [step for step in hop.steps if step.lots]
    if filled:
        lot_in, lot_out = edge.lot_amounts(filled[-1].order.price)
        prices.append((lot_in * BPS, lot_out * (BPS - edge.taker_fee_bps)))
    if hop.pool_in:
        prices.append(marginal_price(hop.pool_in, *edge.reserves, edge.pool.fee_bps))
    if edge.sells_base:
        worst = min(den * whole_base // (num * tick) for num, den in prices)
    else:
        worst = max(-(-num * whole_base // (den * tick)) for num, den in prices)
    return worst * tick or None


def _in_whole_tokens(state: State, amount: int, asset: str, per: int, per_asset: str) -> Ratio:
    """`amount` of one asset per `per` of the other, both given in base units."""
    return (
        amount * 10 ** state.assets[per_asset].decimals,
        per * 10 ** state.assets[asset].decimals,
    )
