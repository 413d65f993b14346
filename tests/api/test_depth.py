"""Depth: the pool's curve as levels beside resting orders, over HTTP and as a stream."""

from decimal import Decimal
from itertools import pairwise

import httpx
import pytest

from tests.api.desk import Json, refusal
from tests.api.test_stream import Socket, listening
from tests.api.venue import Venue
from xyk.client.client import Client


@pytest.fixture
async def venue(operator: Client, alice: Client) -> Venue:
    """With the pool of the worked example: 100 base and 200,000 quote."""
    venue = await Venue.open(operator)
    await venue.fund(alice)
    await venue.add_pool(alice)
    return venue


async def depth(http: httpx.AsyncClient, venue: Venue, **params: str) -> Json:
    response = await http.get("/api/v1/depth", params={"symbol": venue.market, **params})
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    assert int(answer["lastUpdateId"]) > 0
    for side in ("asks", "bids"):
        prices = [Decimal(price) for price, _ in answer[side]]
        assert prices == sorted(prices)
        assert all(Decimal(quantity) > 0 for _, quantity in answer[side])
    return answer


async def test_the_worked_example(http: httpx.AsyncClient, venue: Venue) -> None:
    shown = await depth(http, venue)
    asks = [["2006.55", "0.0132"], ["2007.2", "0.0162"], ["2007.85", "0.0162"]]
    assert shown["asks"][:3] == asks
    assert shown["bids"][-2:] == [["1992.9", "0.0163"], ["1993.55", "0.0113"]]
    assert (len(shown["asks"]), len(shown["bids"])) == (20, 20)
    assert isinstance(shown["lastUpdateId"], str)
    assert isinstance(shown["timestamp"], int)
    assert (await depth(http, venue, source="pool"))["asks"] == shown["asks"]
    empty = await depth(http, venue, source="book")
    assert (empty["asks"], empty["bids"]) == ([], [])


async def test_resting_orders_stand_beside_the_curve(
    http: httpx.AsyncClient, alice: Client, venue: Venue
) -> None:
    """At the curve's own price they add up, elsewhere they are levels of their own; the limit cuts
    what is merged."""
    for side, quantity, price in (
        ("Ask", "0.5", "2006.55"),
        ("Ask", "0.25", "2006.55"),
        ("Ask", "1", "2007"),
        ("Ask", "2", "3000"),
        ("Bid", "0.1", "1993.5"),
        ("Bid", "0.2", "1992.9"),
    ):
        await venue.place(alice, side, quantity, price)
    shown = await depth(http, venue)
    assert shown["asks"][:3] == [["2006.55", "0.7632"], ["2007", "1"], ["2007.2", "0.0162"]]
    assert shown["asks"][-1] == ["3000", "2"]
    assert shown["bids"][-3:] == [["1992.9", "0.2163"], ["1993.5", "0.1"], ["1993.55", "0.0113"]]
    cut = await depth(http, venue, limit="2")
    assert cut["asks"] == [["2006.55", "0.7632"], ["2007", "1"]]
    assert cut["bids"] == [["1993.5", "0.1"], ["1993.55", "0.0113"]]
    book = await depth(http, venue, source="book")
    assert book["asks"] == [["2006.55", "0.75"], ["2007", "1"], ["3000", "2"]]
    assert book["bids"] == [["1992.9", "0.2"], ["1993.5", "0.1"]]
    curve = await depth(http, venue, source="pool")
    assert curve["asks"][:2] == [["2006.55", "0.0132"], ["2007.2", "0.0162"]]
    best = await alice.bbo(venue.market)
    assert (best["askPrice"], best["askQuantity"]) == ("2006.55", "0.7632")
    assert (best["bidPrice"], best["bidQuantity"]) == ("1993.55", "0.0113")

    await venue.place(alice, "Bid", "0.05", "1994")
    best = await alice.bbo(venue.market)
    assert (best["bidPrice"], best["bidQuantity"]) == ("1994", "0.05")


async def test_asking_wrongly(http: httpx.AsyncClient) -> None:
    async def asked(**params: str) -> tuple[int, str]:
        return refusal(await http.get("/api/v1/depth", params=params))

    assert await asked(symbol="NO_SUCH") == (404, "INVALID_MARKET")
    assert await asked() == (400, "INVALID_CLIENT_REQUEST")
    for wrong in ({"limit": "0"}, {"limit": "-1"}, {"limit": "x"}, {"source": "both"}):
        assert await asked(symbol="ETH_USDC", **wrong) == (400, "INVALID_CLIENT_REQUEST"), wrong


class Follower:
    """A client's copy of the depth: a snapshot, then what the frames say."""

    def __init__(self, snapshot: Json) -> None:
        self.sides = {"a": dict(snapshot["asks"]), "b": dict(snapshot["bids"])}
        self.id = int(snapshot["lastUpdateId"])

    def take(self, data: Json) -> None:
        """As the convention says: what the snapshot has already is left out, nothing is missing."""
        if data["u"] <= self.id:
            return
        assert data["U"] <= self.id + 1, "a gap"
        self.id = data["u"]
        for name, side in self.sides.items():
            for price, quantity in data[name]:
                if quantity == "0":
                    side.pop(price, None)  # came and went between two frames, perhaps
                else:
                    side[price] = quantity

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, dict)
        return self.sides == {"a": dict(other["asks"]), "b": dict(other["bids"])}


@pytest.mark.parametrize("pace", ["", "200ms."])
async def test_a_follower_has_what_the_server_has(
    http: httpx.AsyncClient, url: str, alice: Client, venue: Venue, pace: str
) -> None:
    stream = f"depth.{pace}{venue.market}"
    async with listening(url, stream) as socket:
        first = await socket.frame()
        assert first["stream"] == stream
        assert set(first["data"]) == {"e", "E", "T", "s", "a", "b", "U", "u"}
        before = await depth(http, venue)
        follower, last = Follower(before), first["data"]["u"]
        follower.take(first["data"])
        placed = [
            await venue.place(alice, "Ask", "0.5", "2006.55"),
            await venue.place(alice, "Bid", "0.5", "1950"),
            await venue.place(alice, "Ask", "1", "2020"),
        ]
        await alice.sell(venue.quote, venue.base, 100 * 10**6)
        await alice.act(venue.replacement(alice, placed[2]["order"], "0.7", "2020"))
        await alice.act(venue.replacement(alice, placed[1]["order"], "0.5", "1951"))
        await alice.act(venue.cancel(alice, placed[2]["id"]))
        await alice.remove_liquidity(venue.base, venue.quote, 10**13)
        after = await depth(http, venue)
        while follower.id < int(after["lastUpdateId"]):
            data = (await socket.frame())["data"]
            assert data["U"] == last + 1, "ids have no gap"
            last = data["u"]
            follower.take(data)
    assert follower == after
    assert follower != before
    assert follower.sides["b"]["1951"] == "0.5"


async def test_a_quiet_market_has_frames_without_changes(
    http: httpx.AsyncClient, url: str, venue: Venue
) -> None:
    """Eleven come, as clients wait for; the snapshot after them fits in between."""
    async with listening(url, f"depth@{venue.market}") as socket:
        frames = [frame["data"] for frame in await socket.frames(11)]
        snapshot = await depth(http, venue)
        follower = Follower(snapshot)
        last = frames[-1]
        while last["u"] <= follower.id:
            last = (await socket.frame())["data"]
        follower.take(last)
    for data in frames:
        assert (data["e"], data["s"], data["a"], data["b"]) == ("depth", venue.market, [], [])
        assert data["E"] == data["T"] and type(data["E"]) is int
    pairs = pairwise(frames)
    assert all(b["U"] == a["u"] + 1 <= b["u"] for a, b in pairs)
    assert follower == snapshot
    assert int(snapshot["lastUpdateId"]) >= frames[0]["U"] - 1


async def test_other_terms_are_seen_at_once(
    http: httpx.AsyncClient, url: str, operator: Client, venue: Venue
) -> None:
    """A tick of 0.05 and a lot of 0.001: floor(2000 / 0.05) ticks have a grid of 16, or 0.80."""
    async with listening(url, f"depth.{venue.market}") as socket:
        follower = Follower(await depth(http, venue))
        terms = {"tick_size": 5 * 10**4, "lot_size": 10**15, "pool_fee_bps": 30, "book": True}
        await operator.update_market(venue.market, maker_fee_bps=2, taker_fee_bps=5, **terms)
        after = await depth(http, venue)
        assert after["asks"][0][0] == "2006.4"
        assert {Decimal(price) % Decimal("0.8") for price, _ in after["asks"]} == {0}
        assert all(Decimal(quantity) % Decimal("0.001") == 0 for _, quantity in after["asks"])
        while follower.id < int(after["lastUpdateId"]):
            follower.take((await socket.frame())["data"])
    assert follower == after


async def test_the_best_prices_come_when_they_change(url: str, alice: Client, venue: Venue) -> None:
    async def tops(socket: Socket, count: int) -> list[Json]:
        return [frame["data"] for frame in await socket.frames(count)]

    async with listening(url, f"bookTicker.{venue.market}") as socket:
        ask = await venue.place(alice, "Ask", "0.5", "2006.55")
        await venue.place(alice, "Ask", "0.5", "2050")  # not the best
        await alice.act(venue.cancel(alice, ask["id"]))
        raised, back = await tops(socket, 2)
    assert set(raised) == set("eETsaAbBu")
    assert all(type(raised[name]) is int for name in "ETu")
    assert (raised["e"], raised["s"]) == ("bookTicker", venue.market)
    assert (raised["a"], raised["A"]) == ("2006.55", "0.5132")
    assert (raised["b"], raised["B"]) == ("1993.55", "0.0113")
    assert raised["T"] == ask["timestamp"] * 1000
    assert (back["a"], back["A"]) == ("2006.55", "0.0132")
    assert back["u"] > raised["u"]
