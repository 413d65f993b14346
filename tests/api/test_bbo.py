"""The best bid and offer: the first level of each side of the pool's curve."""

import secrets

import httpx

from tests.api.desk import Json, refusal
from xyk.client.client import Client

NOTHING = {"bidPrice": None, "bidQuantity": None, "askPrice": None, "askQuantity": None}


async def fresh_market(operator: Client) -> tuple[str, str]:
    """Symbols of a new base and quote with the terms of the sandbox's ETH_USDC and no liquidity."""
    name = secrets.token_hex(5).upper()
    base, quote = f"E{name}", f"U{name}"
    await operator.list_asset(quote, 6)
    await operator.list_asset(base, 18)
    await operator.list_market(
        base,
        quote,
        tick_size=10**4,
        lot_size=10**14,
        maker_fee_bps=2,
        taker_fee_bps=5,
        book=True,
    )
    return base, quote


async def deposit(owner: Client, base: str, quote: str, in_base: int, in_quote: int) -> None:
    await owner.faucet(base, 2 * in_base)
    await owner.faucet(quote, 2 * in_quote)
    await owner.add_liquidity(base, quote, in_base, in_quote)


async def test_the_example_of_the_design(
    http: httpx.AsyncClient, operator: Client, alice: Client
) -> None:
    base, quote = await fresh_market(operator)
    market = f"{base}_{quote}"
    await deposit(alice, base, quote, 100 * 10**18, 200_000 * 10**6)
    response = await http.get(f"/api/v1/bbo/{market}")
    assert response.status_code == 200
    answer: Json = response.json()
    assert list(answer) == ["symbol", *NOTHING, "seq", "timestamp"]
    assert answer["symbol"] == market
    assert (answer["bidPrice"], answer["bidQuantity"]) == ("1993.55", "0.0113")
    assert (answer["askPrice"], answer["askQuantity"]) == ("2006.55", "0.0132")

    bought = await alice.buy(quote, base, 132 * 10**14)
    after = await alice.bbo(market)
    assert (after["askPrice"], after["askQuantity"]) == ("2007.2", "0.0162"), "the next level"
    assert after["seq"] >= bought["seq"]
    assert after["timestamp"] >= bought["timestamp"]


async def test_without_liquidity_both_sides_are_empty(alice: Client, operator: Client) -> None:
    base, quote = await fresh_market(operator)
    answer = await alice.bbo(f"{base}_{quote}")
    assert NOTHING.items() <= answer.items()


async def test_a_dormant_pool_shows_nothing(alice: Client, operator: Client) -> None:
    """Beside a book a pool sleeps below 10^6 base units of either asset, and below a lot."""
    base, quote = await fresh_market(operator)
    market = f"{base}_{quote}"
    await deposit(alice, base, quote, 10**15, 10**6 - 1)
    assert (await alice.pool(market))["dormant"] is True
    assert NOTHING.items() <= (await alice.bbo(market)).items()


async def test_a_market_that_is_none(http: httpx.AsyncClient) -> None:
    for symbol in ("X_Y", "USDC_ETH", "eth_usdc", "ETH"):
        assert refusal(await http.get(f"/api/v1/bbo/{symbol}")) == (404, "INVALID_MARKET")
    assert refusal(await http.get("/api/v1/bbo")) == (404, "RESOURCE_NOT_FOUND")
    assert refusal(await http.post("/api/v1/bbo/ETH_USDC"))[0] == 405
