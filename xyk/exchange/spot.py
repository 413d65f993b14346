"""Spot before a command, and the band around it that binds keys which are not the owner's own."""

from amm.price_target import marginal_price
from xyk.domain.market import Market
from xyk.domain.units import AGENT_BAND_BPS, BPS
from xyk.exchange.edge import Edge
from xyk.exchange.route import edge_of
from xyk.exchange.state import State
from xyk.exchange.taken import Taken

Price = tuple[int, int]  # quote base units, per base base units


def spot_of(state: State, market: Market) -> Price | None:
    """The awake pool's reserves, else the book's mid, else the last price; None where there is
    none."""
    edge = edge_of(state, market, sells_base=True)
    if edge.has_awake_pool:
        return edge.pool.reserve_quote, edge.pool.reserve_base
    book = edge.book
    if book is not None:
        bid, ask = book.best_bid, book.best_ask
        if bid is not None and ask is not None:
            return (bid + ask) * edge.lot_value, 2 * market.lot_size
    return state.last_fills.get(market.symbol)


def leaves_band(taken: Taken, spot: Price) -> bool:
    """Whether some marginal price of the hop is worse than spot by more than the band: the gross
    price of the last order that it fills, or of the pool's last unit with the pool's fee inside.

    With n/d = 1 - fee the pool's marginal price after x is (d*ri + n*x)^2 / (n*d*ri*ro) IN per OUT
    (facts/routing.md). A buyer of base pays at most spot * (1 + band); a seller gets at least
    spot * (1 - band). Exact integers, no rounding.
    """
    edge = taken.edge
    filled = [step for step in taken.steps if step.lots]
    if filled and _is_beyond(edge, spot, *edge.lot_amounts(filled[-1].order.price)):
        return True
    if not taken.pool_in:
        return False
    price = marginal_price(taken.pool_in, *edge.reserves, edge.pool.fee_bps)
    return _is_beyond(edge, spot, *price)


def rests_beyond_band(price: Price, is_bid: bool, spot: Price) -> bool:
    """Whether a resting price is worse for its owner than spot by more than the band."""
    quote, base = price
    spot_quote, spot_base = spot
    if is_bid:
        return quote * spot_base * BPS > spot_quote * base * (BPS + AGENT_BAND_BPS)
    return quote * spot_base * BPS < spot_quote * base * (BPS - AGENT_BAND_BPS)


def _is_beyond(edge: Edge, spot: Price, num: int, den: int) -> bool:
    """num/den: IN per OUT."""
    return rests_beyond_band(
        (den, num) if edge.sells_base else (num, den), not edge.sells_base, spot
    )
