"""The page computes a pool's levels itself (web/src/trade/curve.ts). Its tests read a file
of depths in which every number is the exchange's own; here it is held to what that says today.

Made anew by `PYTHONPATH=. python tests/exchange/test_page_curve.py`.
"""

import json
from pathlib import Path
from random import Random
from typing import Any

from amm.price_target import max_in_to_price, max_out_to_price
from xyk.domain.market import Market
from xyk.exchange.depth import Depth

FILE = Path(__file__).parents[2] / "web/src/trade/curve.vectors.json"
LIMIT = 1_000
# base, quote decimals, tick and lot in base units, book
TERMS = (
    (18, 6, 10**4, 10**14, True),
    (8, 6, 10**5, 10**3, True),
    (18, 8, 1, 10**12, False),
    (0, 6, 10**6, 1, True),
)


def depth_of(random: Random, number: int) -> Depth:
    """A pool with orders about it, some of which meet its curve."""
    decimals, _, tick, lot, book = TERMS[number % len(TERMS)]
    market = Market(
        symbol="A_B",
        base="A",
        quote="B",
        tick_size=tick,
        lot_size=lot,
        maker_fee_bps=0,
        taker_fee_bps=0,
        book=book,
        implicit=False,
        created_ms=0,
    )
    depth = Depth(market, random.choice((0, 1, 30, 100)), decimals)
    spot = random.randint(1, 10 ** random.randint(1, 6))  # ticks
    base = random.randint(1, 10**6) * lot * 10 ** random.randint(1, 6)
    depth.set_reserves(base, base * spot * tick // 10**decimals)
    if number % 9 == 8:
        depth.set_reserves(*random.choice(((0, 0), (base, 999_999), (lot, 10**6))))
    if book:
        _rest(depth, random, spot)
    return depth


def _rest(depth: Depth, random: Random, spot: int) -> None:
    """Bids below and asks above a price of their own, which is not always the pool's."""
    reach = max(3, spot // random.choice((20, 100, 1_000)))
    middle = max(2, spot + random.choice((0, -reach, reach)))
    for _ in range(random.choice((0, 3, 9))):
        away = random.randint(1, reach)
        if middle - away > 0:
            depth.add(True, middle - away, random.randint(1, 10**6))
        depth.add(False, middle + away, random.randint(1, 10**6))


def vector(depth: Depth) -> dict[str, Any]:
    """Prices in quote base units per whole base token, quantities in base units, as strings."""
    market, pool = depth.market, depth.pool
    sides = {}
    for name, is_bid in (("asks", False), ("bids", True)):
        sides[name] = [_text(market, level) for level in depth.side(is_bid, LIMIT)]
        sides[f"{name}Curve"] = [_text(market, level) for level in depth.curve(is_bid)]
        sides[f"{name}Pool"] = [_text(market, level) for level in depth.beside_book(is_bid)]
        sides[f"{name}Whole"] = [_text(market, level) for level in whole_curve(depth, is_bid)]
    return {
        "baseDecimals": depth.base_decimals,
        "tick": str(market.tick_size),
        "lot": str(market.lot_size),
        "poolFeeBps": pool.fee_bps,
        "hasBook": market.book,
        "reserves": [str(pool.reserve_base), str(pool.reserve_quote)],
        **sides,
    }


def whole_curve(depth: Depth, is_bid: bool) -> list[tuple[int, int]]:
    """What the pool trades until prices up to half of spot away: [price in ticks, lots in all]."""
    pool, market = depth.pool, depth.market
    if not depth.curve(is_bid):
        return []
    whole = 10**depth.base_decimals
    found = []
    for percent in (1, 3, 10, 30, 50):
        price = pool.reserve_quote * whole * (100 - percent if is_bid else 100 + percent)
        ticks = price // (pool.reserve_base * market.tick_size * 100)
        if ticks == 0:
            continue
        quote = ticks * market.tick_size
        if is_bid:
            base = max_in_to_price(
                pool.reserve_base, pool.reserve_quote, pool.fee_bps, whole, quote
            )
        else:
            base = max_out_to_price(
                pool.reserve_quote, pool.reserve_base, pool.fee_bps, quote, whole
            )
        found.append((ticks, base // market.lot_size))
    return found


def _text(market: Market, level: tuple[int, int]) -> list[str]:
    return [str(level[0] * market.tick_size), str(level[1] * market.lot_size)]


def document() -> str:
    random = Random(7)
    return json.dumps([vector(depth_of(random, number)) for number in range(48)]) + "\n"


def test_the_pages_vectors_are_what_the_exchange_says() -> None:
    assert FILE.read_text() == document()


def test_orders_that_meet_the_curve_are_among_them() -> None:
    sides = [
        (one[f"{side}Curve"], one[f"{side}Pool"])
        for one in json.loads(document())
        for side in ("asks", "bids")
    ]
    assert [pool for curve, pool in sides if curve != pool and len(pool) > 1]
    assert [pool for curve, pool in sides if len(curve) > len(pool) == 1]  # all at one price
    assert [pool for curve, pool in sides if not curve]  # dormant


if __name__ == "__main__":
    FILE.write_text(document())
