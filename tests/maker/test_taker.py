"""Over HTTP: the demo's taker moves a pool to where the price is, as whoever trades between two
places does. What it does around the price is left to chance."""

import asyncio
from decimal import Decimal

import pytest

from tests.maker.desk import WHOLE_BASE, WHOLE_QUOTE, Desk
from xyk.client.client import Client
from xyk.maker.market_view import MarketView
from xyk.maker.quoting import Price
from xyk.maker.taker import Taker

STEPS = 20  # each takes a thousandth of the pool's base


@pytest.mark.parametrize("price", [2_020, 1_980], ids=["it rose", "it fell"])
def test_the_pool_follows_the_price(desk: Desk, price: int) -> None:
    market = desk.market(2_000)
    wallet = desk.trader(market)

    async def run() -> list[Decimal]:
        prices = []
        async with Client(desk.server.url, wallet) as client:
            terms = await client.market_terms(market)
            view = MarketView(client, terms, lambda: None)
            there = Price(price * WHOLE_QUOTE, WHOLE_BASE)
            taker = Taker(client, view, lambda: there, "a seed")
            for _ in range(STEPS):
                view.is_fresh = False  # nobody follows the stream: it is read again
                assert await taker.step(0)
                prices.append(desk.pool_price(market))
                if abs(prices[-1] / price - 1) < Decimal("0.0035"):
                    break  # within the pool's fee and what is worth it
        return prices

    prices = asyncio.run(run())
    assert abs(prices[-1] / price - 1) < Decimal("0.0035")
    assert prices == sorted(prices, reverse=price < 2_000), "never away from it"
    assert len(prices) > 1
