"""What an owner did, page by page, and a pool's past."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.desk import Json, message_of, refusal
from tests.api.held import held_exchange
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum

PATIENCE_S = 60
KINDS = ("fills", "orders", "liquidity", "transfers")
ETHER, DOLLAR = 10**18, 10**6
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.fixture
async def maker(url: str) -> AsyncIterator[Client]:
    async with Client(url, Wallet.random()) as client:
        yield client


@pytest.fixture
async def venue(operator: Client, alice: Client, maker: Client) -> Venue:
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.fund(maker)
    return venue


async def history(http: httpx.AsyncClient, kind: str, owner: str, **params: Any) -> Json:
    return await complete_page(http, f"/api/v1/history/{kind}", owner=owner, **params)


async def complete_page(http: httpx.AsyncClient, path: str, **params: Any) -> Json:
    """The page, once it is complete: the server waits a second for its read tables, and then says
    that they trail."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await http.get(path, params=params)
            assert answer.status_code == 200, answer.text
            page: Json = answer.json()
            if page["complete"]:
                return page


async def test_fills_of_taker_maker_and_swap(
    http: httpx.AsyncClient, venue: Venue, alice: Client, maker: Client
) -> None:
    """Taker fee 5 bps and maker fee 2 bps of what each receives; the pool's 30 bps of the input."""
    await venue.place(maker, "Ask", "3", "2000")
    bought = await venue.place(alice, "Bid", "2", "2000", client_id=7)
    [fill] = (await history(http, "fills", alice.owner))["items"]
    assert fill == {
        "symbol": venue.market,
        "venue": "book",
        "side": "Bid",
        "tradeId": 1,
        "orderId": bought["id"],
        "clientId": 7,
        "isMaker": False,
        "price": "2000",
        "quantity": "2",
        "quoteQuantity": "4000",
        "fee": "0.001",
        "feeSymbol": venue.base,
        "timestamp": bought["timestamp"],
        "seq": bought["seq"],
    }
    page = await history(http, "fills", maker.owner)
    assert page["seq"] >= bought["seq"] and page["more"] is False
    [made] = page["items"]
    assert (made["side"], made["isMaker"], made["clientId"]) == ("Ask", True, None)
    assert (made["fee"], made["feeSymbol"], made["seq"]) == ("0.8", venue.quote, bought["seq"])
    assert made["orderId"] != bought["id"]
    await maker.act(venue.cancel_all(maker))
    await venue.add_pool(maker)
    swap = await alice.sell(venue.base, venue.quote, ETHER)
    [newest, older] = (await history(http, "fills", alice.owner, symbol=venue.market))["items"]
    assert older == fill
    assert (newest["orderId"], newest["clientId"], newest["venue"]) == (None, None, "pool")
    assert (newest["side"], newest["isMaker"], newest["seq"]) == ("Ask", False, swap["seq"])
    assert (newest["fee"], newest["feeSymbol"]) == ("0.003", venue.base)
    assert newest["quoteQuantity"] == "1974.316068"
    assert (await history(http, "fills", alice.owner, symbol="ETH_USDC"))["items"] == []


async def test_an_order_that_takes_from_the_pool_is_named(
    http: httpx.AsyncClient, venue: Venue, alice: Client, maker: Client
) -> None:
    """Its id is the seq of its entry, as a swap's would be."""
    await venue.add_pool(maker)
    taken = await venue.place(alice, "Bid", "0.5", "2500")
    [fill] = (await history(http, "fills", alice.owner))["items"]
    assert (fill["orderId"], fill["venue"]) == (taken["id"], "pool")
    assert fill["seq"] == taken["seq"] == int(taken["id"])


async def test_orders_of_every_state(
    http: httpx.AsyncClient, venue: Venue, alice: Client, maker: Client
) -> None:
    await venue.place(maker, "Ask", "1", "2000")
    rests = await venue.place(alice, "Bid", "1", "1900")
    filled = await venue.place(alice, "Bid", "1", "2000", client_id=3)
    gone = await venue.place(alice, "Bid", "1", "1901")
    await alice.act(venue.cancel(alice, gone["id"]))
    waits = await venue.place(
        alice, "Bid", "1", "3000", trigger_price=2_500_000_000, trigger_above=True
    )
    page = await history(http, "orders", alice.owner)
    ids = [waits["id"], gone["id"], filled["id"], rests["id"]]
    assert [one["id"] for one in page["items"]] == ids
    states = [one["status"] for one in page["items"]]
    assert states == ["TriggerPending", "Cancelled", "Filled", "New"]
    for one in page["items"]:
        by_id = (await http.get(f"/api/v1/order/{one['id']}")).json()
        assert {**one, "seq": by_id["seq"]} == by_id
    second = await history(http, "orders", alice.owner, limit="2", offset="1")
    assert [one["id"] for one in second["items"]] == ids[1:3] and second["more"] is True
    assert (await history(http, "orders", alice.owner, symbol="ETH_USDC"))["items"] == []


async def test_liquidity_added_and_removed(
    http: httpx.AsyncClient, venue: Venue, alice: Client, maker: Client
) -> None:
    await venue.add_pool(maker)
    added = await alice.add_liquidity(venue.base, venue.quote, 2 * ETHER, 4_000 * DOLLAR)
    removed = await alice.remove_liquidity(venue.base, venue.quote, int(added["liquidity"]) // 2)
    page = await history(http, "liquidity", alice.owner, symbol=venue.market)
    pool = (await http.get(f"/api/v1/pools/{venue.market}")).json()
    newest, older = page["items"]
    assert newest == {
        "pool": venue.market,
        "kind": "remove",
        "amounts": [removed["amountA"], removed["amountB"]],
        "shares": removed["liquidity"],
        "reserves": pool["reserves"],
        "totalSupply": pool["totalSupply"],
        "timestamp": removed["timestamp"],
        "seq": removed["seq"],
    }
    assert (older["kind"], older["shares"]) == ("add", added["liquidity"])
    assert older["amounts"] == [str(2 * ETHER), str(4_000 * DOLLAR)]
    assert older["reserves"] == [str(102 * ETHER), str(204_000 * DOLLAR)]
    assert (await history(http, "liquidity", alice.owner, symbol="ETH_USDC"))["items"] == []
    one = await history(http, "liquidity", alice.owner, limit="1", offset="1")
    assert one["items"] == [older] and one["more"] is False


async def test_transfers_of_both_sides(http: httpx.AsyncClient, bob: Client, alice: Client) -> None:
    got = await bob.faucet("USDC", 5 * DOLLAR)
    sent = await bob.transfer("USDC", 2 * DOLLAR, alice.owner)
    out = await bob.withdraw("USDC", DOLLAR, "0x" + "77" * 20)
    items = (await history(http, "transfers", bob.owner))["items"]
    assert [(one["kind"], one["amount"], one["seq"]) for one in items] == [
        ("withdrawal", str(DOLLAR), out["seq"]),
        ("out", str(2 * DOLLAR), sent["seq"]),
        ("deposit", str(5 * DOLLAR), got["seq"]),
    ]
    parties = [one["counterparty"] for one in items]
    assert parties == ["0x" + "77" * 20, checksum(alice.owner), None]
    assert {(one["symbol"], one["decimals"], one["token"].lower()) for one in items} == {
        ("USDC", 6, await bob.token("USDC"))
    }
    theirs = (await history(http, "transfers", alice.owner, asset="USDC"))["items"]
    assert (theirs[0]["kind"], theirs[0]["counterparty"]) == ("in", checksum(bob.owner))
    assert {one["symbol"] for one in theirs} == {"USDC"}
    assert (await history(http, "transfers", bob.owner, asset="ETH"))["items"] == []


async def test_shares_are_transfers_here(
    http: httpx.AsyncClient, venue: Venue, alice: Client, bob: Client
) -> None:
    await alice.add_liquidity(venue.base, venue.quote, ETHER, 2_000 * DOLLAR)
    await alice.transfer(f"LP:{venue.market}", 10**6, bob.owner)
    [got] = (await history(http, "transfers", bob.owner))["items"]
    assert (got["symbol"], got["decimals"]) == (f"LP:{venue.market}", 18)
    [left] = (await history(http, "transfers", alice.owner, asset=f"LP:{venue.market}"))["items"]
    assert (left["kind"], left["amount"]) == ("out", str(10**6))


@pytest.mark.parametrize("kind", ["fills", "orders", "transfers"])
async def test_pages_join_without_gap(
    http: httpx.AsyncClient, venue: Venue, alice: Client, maker: Client, kind: str
) -> None:
    """Two at a time over five, the last one with a single row."""
    await venue.place(maker, "Ask", "5", "2000")
    for _ in range(5):
        await venue.place(alice, "Bid", "0.5", "2000")
    if kind == "transfers":  # beside four deposits of the fixtures
        await alice.faucet(venue.base)
    whole = (await history(http, kind, alice.owner))["items"]
    assert len(whole) == 5
    assert [one["seq"] for one in whole] == sorted([one["seq"] for one in whole], reverse=True)
    pages = [await history(http, kind, alice.owner, limit="2", offset=str(n)) for n in (0, 2, 4, 6)]
    assert [one["more"] for one in pages] == [True, True, False, False]
    joined = [item for page in pages for item in page["items"]]
    if kind == "orders":  # `seq` there is up to which it tells
        joined, whole = [one["id"] for one in joined], [one["id"] for one in whole]
    assert joined == whole


@pytest.mark.parametrize(
    ("wrong", "expected", "place"),
    [
        ({"owner": "0x12"}, (400, "INVALID_CLIENT_REQUEST"), "owner"),
        ({"owner": None}, (400, "INVALID_CLIENT_REQUEST"), "owner"),
        ({"limit": "0"}, (400, "INVALID_CLIENT_REQUEST"), "limit"),
        ({"limit": "ten"}, (400, "INVALID_CLIENT_REQUEST"), "limit"),
        ({"limit": "-1"}, (400, "INVALID_CLIENT_REQUEST"), "limit"),
        ({"offset": "-1"}, (400, "INVALID_CLIENT_REQUEST"), "offset"),
        ({"offset": "100001"}, (400, "INVALID_CLIENT_REQUEST"), "offset"),
        ({"offset": "9" * 30}, (400, "INVALID_CLIENT_REQUEST"), "offset"),
        ({"symbol": "NO_SUCH"}, (404, "INVALID_MARKET"), "NO_SUCH"),
        ({"asset": "NONE"}, (404, "INVALID_ASSET"), "NONE"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    http: httpx.AsyncClient, wrong: Json, expected: tuple[int, str], place: str
) -> None:
    params = {"owner": "0x" + "11" * 20, **wrong}
    asked = {name: value for name, value in params.items() if value is not None}
    for kind in KINDS:
        if ("symbol" in wrong and kind == "transfers") or (
            "asset" in wrong and kind != "transfers"
        ):
            continue
        answer = await http.get(f"/api/v1/history/{kind}", params=asked)
        assert refusal(answer) == expected, kind
        assert place in message_of(answer), kind


async def test_a_stranger_has_none_and_a_large_limit_is_cut(http: httpx.AsyncClient) -> None:
    for kind in KINDS:
        page = await history(http, kind, "0x" + "11" * 20, limit="100000")
        assert (page["items"], page["more"]) == ([], False)


async def test_what_the_tables_lack_is_said(tmp_path: Path, database_url: str) -> None:
    """Here they stay empty for ever; orders are whole all the same."""
    async with (
        held_exchange(tmp_path, database_url) as held,
        Client(held.url, Wallet.random()) as alice,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=30) as http,
    ):
        await alice.faucet("ETH")
        await alice.faucet("USDC", 10**12)
        spot = Venue("ETH", "USDC", await alice.token("ETH"), await alice.token("USDC"))
        placed = await spot.place(alice, "Bid", "1", "1990")
        await alice.act(spot.cancel(alice, placed["id"]))
        asked = {"owner": alice.owner}
        for kind in ("fills", "liquidity", "transfers"):
            page = (await http.get(f"/api/v1/history/{kind}", params=asked)).json()
            assert page == {"items": [], "more": False, "seq": 0, "complete": False}, kind
        past = (await http.get("/api/v1/pools/ETH_USDC/history")).json()
        assert (past["items"], past["complete"]) == ([], False)
        orders = await history(http, "orders", alice.owner)
        assert [(one["id"], one["status"]) for one in orders["items"]] == [
            (placed["id"], "Cancelled")
        ]
        assert orders["seq"] == held.state.seq


async def past_of(http: httpx.AsyncClient, symbol: str, **params: str) -> Json:
    return await complete_page(http, f"/api/v1/pools/{symbol}/history", **params)


async def test_a_pools_present_interval(
    http: httpx.AsyncClient, venue: Venue, alice: Client, maker: Client
) -> None:
    assert (await past_of(http, venue.market))["items"] == []
    await venue.add_pool(maker)
    await alice.sell(venue.base, venue.quote, ETHER)
    for interval, length_ms in (("1h", HOUR_MS), ("1d", DAY_MS)):
        page = await past_of(http, venue.market, interval=interval, limit="168")
        pool = (await http.get(f"/api/v1/pools/{venue.market}")).json()
        *_, now = page["items"]
        assert (page["symbol"], page["interval"]) == (venue.market, interval)
        assert (now["end"] - now["start"], now["start"] % length_ms) == (length_ms, 0)
        assert (now["reserves"], now["totalSupply"]) == (pool["reserves"], pool["totalSupply"])
        assert now["tvl"] == pool["tvl"]
        assert sum(one["trades"] for one in page["items"]) == 1
        moved = next(one for one in page["items"] if one["trades"])
        assert (moved["baseVolume"], moved["quoteVolume"]) == ("1", "1974.316068")
        assert (moved["baseFees"], moved["quoteFees"]) == ("0.003", "0")


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"interval": "1m"}, "interval"),
        ({"interval": "hour"}, "interval"),
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
    ],
)
async def test_what_a_pool_has_no_past_of(http: httpx.AsyncClient, wrong: Json, place: str) -> None:
    answer = await http.get("/api/v1/pools/ETH_USDC/history", params=wrong)
    assert refusal(answer) == (400, "INVALID_CLIENT_REQUEST")
    assert f"`{place}`" in message_of(answer)
    nowhere = await http.get("/api/v1/pools/NO_SUCH/history")
    assert refusal(nowhere) == (404, "POOL_NOT_FOUND")
