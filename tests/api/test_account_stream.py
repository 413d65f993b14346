"""Private account streams through a real socket: who may listen, what is said, in which order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.api.desk import Json, encoded
from tests.api.key_user import KeyUser, limit, now_ms, placed
from tests.api.test_stream import Socket, listening
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

ORDERS, BALANCES = "account.orderUpdate", "account.balanceUpdate"
UNAUTHORIZED, INVALID_STREAM = 4001, 4006


class SignedSocket(Socket):
    async def ask_signed(
        self, signature: list[str], *streams: str, method: str = "SUBSCRIBE"
    ) -> list[Json]:
        """As `ask`, with a signature."""
        self._id += 1
        request = {
            "method": method,
            "params": list(streams),
            "signature": signature,
            "id": self._id,
        }
        await self.connection.send(encoded(request).decode())
        answers = []
        while (answer := await self.frame()) != {"id": self._id, "result": None}:
            answers.append(answer)
        return answers


@asynccontextmanager
async def socket_of(url: str, key: KeyUser, *streams: str) -> AsyncIterator[SignedSocket]:
    address = url.replace("http", "ws", 1) + "/"
    async with connect(address, compression=None, proxy=None) as connection:
        socket = SignedSocket(connection)
        if streams:
            assert await socket.ask_signed(key.subscription(), *streams) == []
        yield socket


@pytest.fixture
async def maker(url: str) -> AsyncIterator[Client]:
    async with Client(url, Wallet.random()) as client:
        yield client


@pytest.fixture
async def venue(operator: Client, alice: Client, maker: Client) -> Venue:
    """The last price is 2000: orders by a key are held against one."""
    venue = await Venue.open(operator)
    for owner in (alice, maker, operator):
        await venue.fund(owner)
    await venue.place(maker, "Ask", "0.1", "2000")
    await venue.place(operator, "Bid", "0.1", "2000")
    return venue


@pytest.fixture
async def key(http: httpx.AsyncClient, alice: Client) -> KeyUser:
    return await KeyUser(http).approved(alice)


async def test_a_takers_order_is_accepted_and_then_filled(
    url: str, key: KeyUser, venue: Venue, maker: Client
) -> None:
    """One fill for each maker; then the balances that the entry left. 5 bps of 2 are 0.001."""
    await venue.place(maker, "Ask", "1", "2000")
    await venue.place(maker, "Ask", "1", "2001")
    async with socket_of(url, key, ORDERS, BALANCES) as socket:
        order = await placed(key, limit(venue.market, "Bid", "3", "2002", clientId=8))
        frames = await socket.frames(5)
    orders, balances = frames[:3], frames[3:]
    assert {one["stream"] for one in orders} == {ORDERS}
    data = [one["data"] for one in orders]
    assert [(one["e"], one["X"], one["z"], one["Z"]) for one in data] == [
        ("orderAccepted", "New", "0", "0"),
        ("orderFill", "PartiallyFilled", "1", "2000"),
        ("orderFill", "PartiallyFilled", "2", "4001"),
    ]
    assert [(one.get("l"), one.get("L"), one.get("m")) for one in data] == [
        (None, None, None),
        ("1", "2000", False),
        ("1", "2001", False),
    ]
    assert {(one["i"], one["c"], one["S"], one["o"], one["q"], one["p"]) for one in data} == {
        (order["id"], 8, "Bid", "LIMIT", "3", "2002")
    }
    assert data[0]["T"] == order["createdAt"] * 1000
    said = {one["data"]["a"]: one["data"] for one in balances}
    assert {one["stream"] for one in balances} == {BALANCES}
    assert {(a, one["A"], one["L"], one["S"]) for a, one in said.items()} == {
        (venue.quote, "993997", "2002", "0"),
        (venue.base, "101.999", "0", "0"),
    }
    assert said[venue.base]["e"] == "balanceUpdate"
    assert said[venue.base]["E"] == order["createdAt"] * 1000


async def test_market_orders_and_rests_of_one_market(
    url: str, key: KeyUser, venue: Venue, maker: Client, alice: Client
) -> None:
    await venue.place(maker, "Ask", "1", "2000")
    name = f"{ORDERS}.{venue.market}"
    async with socket_of(url, key, name) as socket:
        await placed(key, limit("ETH_USDC", "Bid", "0.01", "1900"))  # of another market
        base = {"symbol": venue.market, "orderType": "Market", "side": "Bid"}
        order = await placed(key, {**base, "quoteQuantity": "1000"})
        accepted, filled = await socket.frames(2)
        await placed(key, {**base, "quantity": "2"})
        rest = await socket.frames(3)
    assert accepted["stream"] == filled["stream"] == name
    data = filled["data"]
    assert (data["e"], data["X"], data["o"], data["Q"]) == ("orderFill", "Filled", "MARKET", "1000")
    assert (data["i"], data["l"], data["L"], data["Z"]) == (order["id"], "0.5", "2000", "1000")
    assert "p" not in data and data["q"]
    assert (data["n"], data["N"], isinstance(data["t"], int)) == ("0.00025", venue.base, True)
    ends = [(one["data"]["e"], one["data"]["X"], one["data"].get("R")) for one in rest]
    assert ends == [
        ("orderAccepted", "New", None),
        ("orderFill", "PartiallyFilled", None),
        ("orderExpired", "Expired", "ImmediateOrCancel"),
    ]


async def test_every_change_of_a_balance_is_told(
    url: str, key: KeyUser, venue: Venue, alice: Client, maker: Client
) -> None:
    """By whoever it was made, and only what changed; pool shares have no name here."""
    async with socket_of(url, key, BALANCES) as socket:
        first = await venue.place(alice, "Bid", "1", "1900")
        held = await socket.frames(1)
        await alice.act(venue.cancel(alice, first["id"]))
        released = await socket.frames(1)
        await venue.place(alice, "Ask", "2", "2100")
        offered = await socket.frames(1)
        await venue.place(maker, "Bid", "1", "2100")
        filled = await socket.frames(2)
        await alice.add_liquidity(venue.base, venue.quote, 10**18, 2100 * 10**6)
        pooled = await socket.frames(2)
        await maker.transfer(venue.quote, 5 * 10**6, alice.owner)
        got = await socket.frames(1)
    seen = [
        {(one["data"]["a"], one["data"]["A"], one["data"]["L"]) for one in frames}
        for frames in (held, released, offered, filled, pooled, got)
    ]
    base, quote = venue.base, venue.quote
    assert seen == [
        {(quote, "998100", "1900")},
        {(quote, "1000000", "0")},
        {(base, "98", "2")},
        {(base, "98", "1"), (quote, "1002099.58", "0")},  # maker fee: 2 bps of 2100
        {(base, "97", "1"), (quote, "999999.58", "0")},
        {(quote, "1000004.58", "0")},
    ]
    seqs = [one["data"]["seq"] for one in (*held, *released, *offered, *filled, *pooled, *got)]
    assert seqs == sorted(seqs)


async def test_nobody_hears_of_another_owner(
    url: str, key: KeyUser, venue: Venue, maker: Client, http: httpx.AsyncClient
) -> None:
    other = await KeyUser(http).approved(maker)
    async with (
        socket_of(url, key, ORDERS, BALANCES) as mine,
        socket_of(url, other, ORDERS, BALANCES) as theirs,
    ):
        await venue.place(maker, "Ask", "1", "2000")
        order = await placed(key, limit(venue.market, "Bid", "0.5", "1900"))
        told = await mine.frames(2)
        heard = await theirs.frames(2)
        assert told[0]["data"]["i"] == order["id"]
        assert heard[0]["data"]["S"] == "Ask"
        assert await mine.ask("SUBSCRIBE") == [] and await theirs.ask("SUBSCRIBE") == []


async def test_a_revoked_key_hears_no_more(
    url: str, key: KeyUser, venue: Venue, alice: Client, http: httpx.AsyncClient
) -> None:
    other = await KeyUser(http).approved(alice)
    async with socket_of(url, key, ORDERS, BALANCES) as socket, socket_of(url, other, ORDERS) as on:
        await venue.place(alice, "Bid", "1", "1900")
        assert len(await socket.frames(2)) == 2
        await alice.revoke_api_key(key.hex)
        told = await socket.frame()
        assert told["error"]["code"] == UNAUTHORIZED and "revoked" in told["error"]["message"]
        await venue.place(alice, "Bid", "1", "1901")
        assert [one["data"]["e"] for one in await on.frames(2)] == ["orderAccepted"] * 2
        assert await socket.ask("SUBSCRIBE") == [], "nothing came in between"
        [again] = await socket.ask_signed(key.subscription(), ORDERS)
        assert again["error"]["code"] == UNAUTHORIZED
        await alice.approve_api_key(key.hex, 2**33)
        assert await socket.ask_signed(key.subscription(), ORDERS) == []
        await venue.place(alice, "Bid", "1", "1902")
        assert (await socket.frame())["data"]["p"] == "1902"


async def test_an_expired_key_hears_no_more(
    url: str, venue: Venue, alice: Client, http: httpx.AsyncClient
) -> None:
    until = now_ms() // 1000 + 4  # on a busy machine it may take a second until it is used
    key = await KeyUser(http).approved(alice, until)
    async with socket_of(url, key, ORDERS, BALANCES) as socket:
        while int((await http.get("/api/v1/time")).text) // 1000 <= until:
            pass
        await venue.place(alice, "Bid", "1", "1901")
        told = await socket.frame()
        assert told["error"]["code"] == UNAUTHORIZED
        assert await socket.ask("SUBSCRIBE") == []


async def test_silent_streams_names_that_are_none_and_public_ones(
    url: str, key: KeyUser, alice: Client, venue: Venue
) -> None:
    async with socket_of(url, key) as socket:
        both = (ORDERS, "account.rfqUpdate", "account.positionUpdate", BALANCES)
        assert await socket.ask_signed(key.subscription(), *both) == []
        assert await socket.ask_signed(key.subscription(), *both) == [], "twice is harmless"
        wrong = (
            *("account.", "account.orderUpdate.", "account.orderUpdate.NO_SUCH", "account.x"),
            *(f"account.balanceUpdate.{venue.market}", f"account.orderUpdate {key.hex}"),
        )
        answers = await socket.ask_signed(key.subscription(), *wrong)
        assert [one["error"]["code"] for one in answers] == [INVALID_STREAM] * len(wrong)
        public = f"{ORDERS}@{alice.owner}"
        assert await socket.ask("SUBSCRIBE", public) == []
        await venue.place(alice, "Bid", "1", "1901")
        frames = await socket.frames(3)
        assert {one["stream"] for one in frames} == {ORDERS, public, BALANCES}


@pytest.mark.parametrize(
    "flaw", ["none", "old", "ahead", "other text", "other key", "short", "of a read"]
)
async def test_signatures_that_are_wrong(
    url: str, key: KeyUser, http: httpx.AsyncClient, flaw: str
) -> None:
    """The public streams of the frame are heard all the same."""
    signature = key.subscription()
    if flaw == "old":
        signature = key.subscription(now_ms() - 6_000)
    elif flaw == "ahead":
        signature = key.subscription(now_ms() + 30_000)
    elif flaw == "other text":
        signature[3] = "5001"
    elif flaw == "other key":
        signature[0] = KeyUser(http).public
    elif flaw == "short":
        signature.pop()
    elif flaw == "of a read":
        headers = key.headers("balanceQuery", [{}])
        signature[1], signature[2] = headers["X-Signature"], headers["X-Timestamp"]
    async with socket_of(url, key) as socket:
        streams = (ORDERS, "depth.ETH_USDC", BALANCES)
        if flaw == "none":
            answers = await socket.ask("SUBSCRIBE", *streams)
        else:
            answers = await socket.ask_signed(signature, *streams)
        errors = [one["error"]["code"] for one in answers if "error" in one]
        assert errors == [UNAUTHORIZED]
        assert {(await socket.frame())["stream"] for _ in range(3)} == {"depth.ETH_USDC"}


async def test_a_subscription_that_somebody_kept_ends_with_its_window(
    url: str, key: KeyUser, http: httpx.AsyncClient
) -> None:
    """Until then the convention lets one signature open several streams, on any socket; and it
    signs no request."""
    window = 3_000
    async with socket_of(url, key) as socket, socket_of(url, key) as later:
        kept = key.subscription(now_ms(), window)
        assert await socket.ask_signed(kept, ORDERS) == []
        headers = dict(
            zip(("X-API-Key", "X-Signature", "X-Timestamp", "X-Window"), kept, strict=True)
        )
        read = await http.get("/api/v1/capital", headers=headers)
        assert (read.status_code, read.json()["code"]) == (401, "INVALID_SIGNATURE")
        while int((await http.get("/api/v1/time")).text) <= int(kept[2]) + window:
            pass
        for one in (socket, later):
            [refused] = await one.ask_signed(kept, BALANCES)
            assert refused["error"]["code"] == UNAUTHORIZED


async def test_unsubscribing_is_signed_alike(
    url: str, key: KeyUser, venue: Venue, alice: Client
) -> None:
    async with socket_of(url, key, ORDERS, BALANCES) as socket, listening(url) as public:
        [refused] = await socket.ask("UNSUBSCRIBE", ORDERS)
        assert refused["error"]["code"] == UNAUTHORIZED
        await venue.place(alice, "Bid", "1", "1900")
        assert {one["stream"] for one in await socket.frames(2)} == {ORDERS, BALANCES}
        left = await socket.ask_signed(key.subscription(), ORDERS, method="UNSUBSCRIBE")
        assert left == []
        await venue.place(alice, "Bid", "1", "1901")
        assert (await socket.frame())["stream"] == BALANCES
        gone = await socket.ask_signed(key.subscription(), BALANCES, method="UNSUBSCRIBE")
        assert gone == []
        await venue.place(alice, "Bid", "1", "1902")
        assert await public.ask("SUBSCRIBE") == [] and await socket.ask("SUBSCRIBE") == []
        again = await socket.ask_signed(key.subscription(), BALANCES)
        assert again == []
        await venue.place(alice, "Bid", "1", "1903")
        [told] = await socket.frames(1)
        assert (told["data"]["A"], told["data"]["L"]) == ("992394", "7606")
