"""The quote of a limit order: just what the order then does, and why it would be refused."""

import random
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.desk import ETH, USDC, Desk, Json, refusal
from tests.api.venue import BASE_UNIT, QUOTE_UNIT, Venue
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.domain.commands import PlaceOrder
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import message

MALFORMED = (400, "INVALID_CLIENT_REQUEST")
SAME = ("symbol", "side", "status", "expiryReason", "executedQuantity", "executedQuoteQuantity")


def query(order: PlaceOrder, **changes: Any) -> dict[str, str]:
    """The order's own fields, as far as a quote takes them."""
    unasked = {"nonce", "deadline", "clientId", "triggerPrice", "triggerAbove"}
    values = {name: value for name, value in message(order).items() if name not in unasked}
    values |= changes
    values["postOnly"] = "true" if values["postOnly"] else "false"
    return {name: str(value) for name, value in values.items() if value not in ("", None)}


async def quoted(http: httpx.AsyncClient, order: PlaceOrder, **changes: Any) -> Json:
    answer = await http.get("/api/v1/quote/order", params=query(order, **changes))
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert isinstance(document, dict)
    return document


async def total(client: Client, venue: Venue) -> dict[str, int]:
    """Available and locked together, base units."""
    account = await client.account()
    held = {
        one["symbol"]: int(one["available"]) + int(one["locked"]) for one in account["balances"]
    }
    return {symbol: held.get(symbol, 0) for symbol in (venue.base, venue.quote)}


async def does_so(http: httpx.AsyncClient, venue: Venue, taker: Client, order: PlaceOrder) -> Json:
    """Quotes the order and places it: both say the same, to the last unit. The quote."""
    told = await quoted(http, order)
    before = await total(taker, venue)
    if told["refusal"] is not None:
        with pytest.raises(Refused) as caught:
            await taker.act(order)
        assert told["refusal"] == {"code": caught.value.code, "message": caught.value.message}
        assert (told["status"], told["expiryReason"]) == (None, None)
        assert await total(taker, venue) == before
        return told
    receipt = await taker.act(order)
    assert {name: told[name] for name in SAME} == {name: receipt[name] for name in SAME}
    left = Decimal(receipt["quantity"]) - Decimal(receipt["executedQuantity"])
    assert Decimal(told["remainingQuantity"]) == left
    fills = receipt["fills"]
    for venue_name in ("book", "pool"):
        done = [fill for fill in fills if fill["venue"] == venue_name]
        hops = [hop for hop in told["route"] if hop["venue"] == venue_name]
        assert len(hops) == (1 if done else 0)
        for hop in hops:
            unit = QUOTE_UNIT if done[0]["feeSymbol"] == venue.quote else BASE_UNIT
            assert int(hop["fee"]) == sum(Decimal(fill["fee"]) for fill in done) * unit
    after = await total(taker, venue)
    sold, bought = (venue.quote, venue.base) if told["side"] == "Bid" else (venue.base, venue.quote)
    assert before[sold] - after[sold] == int(told["amountIn"])
    assert after[bought] - before[bought] == int(told["amountOut"])
    if fills:
        gross = Decimal(told["executedQuoteQuantity"]) / Decimal(told["executedQuantity"])
        assert abs(Decimal(told["averagePrice"]) - gross) < Decimal("1e-12")
    else:
        assert (told["averagePrice"], told["priceImpactBps"], told["route"]) == (None, None, [])
    return told


@pytest.fixture
async def venue(operator: Client, alice: Client, bob: Client) -> Venue:
    """100 base beside 200,000 quote, and alice's orders of one base at 1950, 1980 and 2030, 2060;
    bob has funds."""
    venue = await Venue.open(operator)
    for owner in (alice, bob):
        await venue.fund(owner)
    await venue.add_pool(alice)
    for side, price in (("Bid", "1950"), ("Bid", "1980"), ("Ask", "2030"), ("Ask", "2060")):
        await venue.place(alice, side, "1", price)
    return venue


@pytest.mark.parametrize(("side", "price"), [("Bid", "2040"), ("Ask", "1970")])
async def test_what_an_order_takes_at_once_and_what_becomes_of_the_rest(
    http: httpx.AsyncClient, venue: Venue, bob: Client, side: str, price: str
) -> None:
    """It crosses, and the market has less within the limit than is wanted: one base of alice's and
    what the pool has up to there."""
    wanted: dict[str, Any] = {"post_only": True}
    told = await does_so(http, venue, bob, venue.order(bob, side, "5", price, **wanted))
    assert told["refusal"]["code"] == "INVALID_ORDER"
    assert "would immediately match and take" in told["refusal"]["message"]
    assert {hop["venue"] for hop in told["route"]} == {"book", "pool"}, "what it would have taken"
    told = await does_so(http, venue, bob, venue.order(bob, side, "5", price, time_in_force="FOK"))
    assert told["refusal"]["code"] == "INSUFFICIENT_LIQUIDITY"
    assert 1 < Decimal(told["executedQuantity"]) < 5
    taken = told["executedQuantity"]
    told = await does_so(http, venue, bob, venue.order(bob, side, "2", price, time_in_force="IOC"))
    assert told["status"] == "Expired" and told["expiryReason"] == "ImmediateOrCancel"
    assert told["executedQuantity"] == taken
    told = await does_so(http, venue, bob, venue.order(bob, side, "2", price, time_in_force="IOC"))
    assert told["refusal"]["code"] == "INSUFFICIENT_LIQUIDITY", "nothing is left within the limit"


@pytest.mark.parametrize(("side", "price"), [("Bid", "2040"), ("Ask", "1970")])
async def test_one_that_crosses_in_part_rests_with_what_is_left(
    http: httpx.AsyncClient, venue: Venue, bob: Client, side: str, price: str
) -> None:
    told = await does_so(http, venue, bob, venue.order(bob, side, "5", price))
    assert told["status"] == "PartiallyFilled"
    assert told["priceImpactBps"] > 0 and told["fee"] is None, "fees in two tokens"
    found = await http.get("/api/v1/orders", params={"owner": bob.owner, "market": venue.market})
    [order] = found.json()
    left = Decimal(order["quantity"]) - Decimal(order["executedQuantity"])
    assert Decimal(told["remainingQuantity"]) == left > 0
    told = await does_so(http, venue, bob, venue.order(bob, side, "0.5", price, post_only=True))
    assert (told["status"], told["executedQuantity"]) == ("New", "0")
    assert told["remainingQuantity"] == "0.5"


async def test_any_order_does_what_its_quote_said(
    http: httpx.AsyncClient, venue: Venue, alice: Client, bob: Client
) -> None:
    rng = random.Random(20261121)
    seen: set[str] = set()
    for turn in range(60):
        taker = (bob, alice)[turn % 2]
        force = rng.choice(("GTC", "GTC", "IOC", "FOK"))
        changes = {
            "time_in_force": force,
            "post_only": force == "GTC" and rng.random() < 0.25,
            "self_trade_prevention": rng.choice(("", "RejectMaker", "RejectBoth")),
        }
        quantity = f"{rng.randint(1, 40_000) / 10_000:.4f}"
        price = f"{rng.randint(194_000, 207_000) / 100:.2f}"
        order = venue.order(taker, rng.choice(("Bid", "Ask")), quantity, price, **changes)
        told = await does_so(http, venue, taker, order)
        seen.add(told["status"] or told["refusal"]["code"])
    assert seen >= {"New", "PartiallyFilled", "Filled", "Expired", "INVALID_ORDER"}, seen
    assert "INSUFFICIENT_LIQUIDITY" in seen


@pytest.mark.parametrize("side", ["Bid", "Ask"])
async def test_of_a_pool_alone_it_is_the_quote_of_the_swap(
    http: httpx.AsyncClient, operator: Client, bob: Client, side: str
) -> None:
    """Of as many whole lots, where the limit binds nothing."""
    venue = await Venue.open(operator)
    await venue.fund(bob)
    await venue.add_pool(bob)
    told = await quoted(http, venue.order(bob, side, "2.5", {"Bid": "2200", "Ask": "1800"}[side]))
    base = 5 * BASE_UNIT // 2
    if side == "Bid":
        swap = await bob.quote(venue.quote, venue.base, amount_out=base)
    else:
        swap = await bob.quote(venue.base, venue.quote, amount_in=base)
    assert told["status"] == "Filled" and swap["priceImpactBps"] > 200
    for name in ("amountIn", "amountOut", "priceImpactBps", "fee", "fees", "route"):
        assert told[name] == swap[name], name


async def test_own_orders_and_funds_count_for_whoever_is_named(
    http: httpx.AsyncClient, venue: Venue, alice: Client
) -> None:
    order = venue.order(alice, "Bid", "5", "2040")
    told = await does_so(http, venue, alice, order)
    assert (told["status"], told["expiryReason"]) == ("Expired", "SelfTrade")
    nobodys = await quoted(http, order, owner=None)
    assert nobodys["refusal"] is None and nobodys["status"] == "PartiallyFilled"
    poor = await quoted(http, order, owner=Wallet.random().address)
    assert poor["refusal"]["code"] == "INSUFFICIENT_FUNDS"
    assert poor["executedQuantity"] == nobodys["executedQuantity"]


async def test_an_agent_is_held_against_the_band(
    http: httpx.AsyncClient, venue: Venue, bob: Client
) -> None:
    agent = Wallet.random().address
    far = venue.order(bob, "Bid", "10", "2400", time_in_force="IOC")
    assert (await quoted(http, far))["refusal"] is None
    told = await quoted(http, far, signer=agent)
    assert told["refusal"]["code"] == "INVALID_PRICE"
    near = venue.order(bob, "Bid", "1", "2040", time_in_force="IOC")
    assert (await quoted(http, near, signer=agent))["refusal"] is None


async def test_it_lives_until_the_first_order_that_it_fills_is_over(
    http: httpx.AsyncClient, operator: Client, alice: Client, bob: Client
) -> None:
    venue = await Venue.open(operator)
    for owner in (alice, bob):
        await venue.fund(owner)
    now_ms = int((await http.get("/api/v1/time")).text)
    expires = now_ms // 1000 + 20
    await venue.place(alice, "Ask", "1", "2000", time_in_force="GTD", expires=expires)
    told = await does_so(http, venue, bob, venue.order(bob, "Bid", "0.5", "2000"))
    assert told["expiresAt"] == expires * 1000
    assert [hop["venue"] for hop in told["route"]] == ["book"]
    assert told["priceImpactBps"] == 0 and told["fee"] == told["fees"][0]["amount"]


WRONG: list[tuple[dict[str, str], tuple[int, str]]] = [
    ({"sellAmount": "0"}, (422, "INVALID_QUANTITY")),
    ({"sellAmount": "2000000001"}, (422, "INVALID_PRICE")),
    ({"buyAmount": "1000000000000000001"}, (422, "INVALID_PRICE")),
    ({"buyToken": "NONE"}, (404, "INVALID_ASSET")),
    ({"buyToken": "0x12"}, MALFORMED),
    ({"buyToken": USDC}, (422, "SAME_TOKEN")),
    ({"sellAmount": "1.5"}, MALFORMED),
    ({"sellAmount": "-1"}, MALFORMED),
    ({"timeInForce": "DAY"}, (422, "INVALID_ORDER")),
    ({"timeInForce": "GTD"}, (422, "INVALID_ORDER")),
    ({"timeInForce": "IOC", "postOnly": "true"}, (422, "INVALID_ORDER")),
    ({"postOnly": "perhaps"}, MALFORMED),
    ({"owner": "0x12"}, MALFORMED),
    ({"signer": ETH}, MALFORMED),
    ({"triggerPrice": "1"}, MALFORMED),
    ({"limit": "1"}, MALFORMED),
]


@pytest.mark.parametrize(("changes", "wanted"), WRONG, ids=str)
async def test_what_is_no_order_is_refused(
    http: httpx.AsyncClient, changes: dict[str, str], wanted: tuple[int, str]
) -> None:
    good = {"sellToken": "USDC", "buyToken": "ETH"}
    good |= {"sellAmount": "2000000000", "buyAmount": "1000000000000000000"}
    assert (await http.get("/api/v1/quote/order", params=good)).status_code == 200
    assert refusal(await http.get("/api/v1/quote/order", params=good | changes)) == wanted


async def test_nothing_is_written(http: httpx.AsyncClient, desk: Desk) -> None:
    order = Venue("ETH", "USDC", ETH, USDC).order(desk.alice, "Bid", "0.01", "3000")
    before = (await http.get(f"/api/v1/accounts/{desk.alice.owner}")).json()
    assert (await quoted(http, order))["status"] == "Filled"
    after = (await http.get(f"/api/v1/accounts/{desk.alice.owner}")).json()
    assert {**before, "seq": 0} == {**after, "seq": 0}
    assert (await desk.alice.act(order))["status"] == "Filled", "its nonce is free"
