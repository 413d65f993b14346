"""Private visibility: an owner's session reads its own, the operator's everything, others nothing,
and nobody learns whether what he may not see exists."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.api.desk import ORDER_QUOTE, Json, message_of, refusal
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.domain.commands import SwapExactIn
from xyk.wallet.signer import Wallet

PATIENCE_S = 60
NOBODY = "0x" + "99" * 20
HISTORIES = ("fills", "orders", "liquidity", "transfers")


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("private") / "data"
    flags = ("--seed-demo", "--visibility", "private")
    with databases() as url, running_server(data, *flags, database_url=url) as running:
        yield running


@pytest.fixture
async def http(private: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=private.url, trust_env=False, timeout=30) as client:
        yield client


async def trader(url: str) -> Client:
    client = Client(url, Wallet.random())
    for token in ("ETH", "USDC"):
        await client.faucet(token)
    await client.sign_in()
    return client


@pytest.fixture
async def owner(private: Server) -> AsyncIterator[Client]:
    async with await trader(private.url) as client:
        yield client


@pytest.fixture
async def other(private: Server) -> AsyncIterator[Client]:
    async with await trader(private.url) as client:
        yield client


@pytest.fixture
async def operator(private: Server) -> AsyncIterator[Client]:
    async with Client(private.url, read_wallet(private.data / OPERATOR)) as client:
        await client.sign_in()
        yield client


async def bearer(client: Client) -> dict[str, str]:
    return {"authorization": f"Bearer {await client.access_token()}"}


def reads_of(owner: str) -> list[str]:
    """Everything that names an owner."""
    return [
        f"/api/v1/accounts/{owner}",
        f"/api/v1/pools/ETH_USDC/positions/{owner}",
        f"/api/v1/orders?owner={owner}",
        f"/api/v1/orders?owner={owner}&market=ETH_USDC",
        f"/api/v1/order?clientId=7&owner={owner}",
        *(f"/api/v1/history/{kind}?owner={owner}" for kind in HISTORIES),
        f"/api/v1/quote?tokenIn=ETH&tokenOut=USDC&amountIn=1000000000000000&owner={owner}",
        f"{ORDER_QUOTE}&owner={owner}",
    ]


async def order_of(client: Client, **more: Any) -> Json:
    receipt = await client.place_order("ETH_USDC", "Bid", price="100", quantity="0.1", **more)
    return dict(receipt["order"])


async def test_an_owner_and_the_operator_read_and_nobody_else(
    http: httpx.AsyncClient, owner: Client, other: Client, operator: Client
) -> None:
    await order_of(owner, client_id=7)
    for path in reads_of(owner.owner):
        assert refusal(await http.get(path)) == (401, "UNAUTHORIZED"), path
        bad = await http.get(path, headers={"authorization": "Bearer x.y.z"})
        assert refusal(bad) == (401, "UNAUTHORIZED"), path
        stranger = await http.get(path, headers=await bearer(other))
        assert refusal(stranger) == (403, "FORBIDDEN"), path
        for reader in (owner, operator):
            answer = await http.get(path, headers=await bearer(reader))
            assert answer.status_code == 200, (path, answer.text)


async def test_a_stranger_cannot_tell_an_owner_from_nobody(
    http: httpx.AsyncClient, owner: Client, other: Client
) -> None:
    await order_of(owner, client_id=7)
    headers = await bearer(other)
    for real, made_up in zip(reads_of(owner.owner), reads_of(NOBODY), strict=True):
        for given in (headers, {}):
            one, two = await http.get(real, headers=given), await http.get(made_up, headers=given)
            assert (one.status_code, one.content) == (two.status_code, two.content), real


@pytest.mark.parametrize("is_closed", [False, True])
async def test_a_foreign_order_is_as_if_it_were_not(
    http: httpx.AsyncClient, owner: Client, other: Client, operator: Client, is_closed: bool
) -> None:
    order = await order_of(owner)
    if is_closed:
        await owner.cancel_order_by_session(order["id"])
    made_up = "0x" + "77" * 32
    paths = [
        (f"/api/v1/order/{order['id']}", "/api/v1/order/999999999"),
        (f"/api/v1/order?orderId={order['id']}", "/api/v1/order?orderId=999999999"),
        (f"/api/v1/order?digest={order['digest']}", f"/api/v1/order?digest={made_up}"),
    ]
    for real, absent in paths:
        for path in (real, absent):
            assert refusal(await http.get(path)) == (401, "UNAUTHORIZED")
        headers = await bearer(other)
        one, two = await http.get(real, headers=headers), await http.get(absent, headers=headers)
        assert refusal(one) == (404, "RESOURCE_NOT_FOUND")
        assert one.content == two.content
        for reader in (owner, operator):
            answer = await http.get(real, headers=await bearer(reader))
            assert answer.json()["id"] == order["id"]


async def test_the_book_with_its_owners_is_the_operators(
    http: httpx.AsyncClient, owner: Client, operator: Client
) -> None:
    order = await order_of(owner)
    path = "/api/v1/orders?market=ETH_USDC"
    assert refusal(await http.get(path)) == (401, "UNAUTHORIZED")
    assert refusal(await http.get(path, headers=await bearer(owner))) == (403, "FORBIDDEN")
    seen = (await http.get(path, headers=await bearer(operator))).json()
    assert order["id"] in {one["id"] for one in seen}


async def test_market_data_stays_public(http: httpx.AsyncClient) -> None:
    for path in (
        "/api/v1/markets",
        "/api/v1/pools/ETH_USDC",
        "/api/v1/depth?symbol=ETH_USDC",
        "/api/v1/bbo/ETH_USDC",
        "/api/v1/quote?tokenIn=ETH&tokenOut=USDC&amountIn=1000000000000000",
        ORDER_QUOTE,
        "/api/v1/status",
        "/docs",
        "/schema",
    ):
        assert (await http.get(path)).status_code == 200, path


async def test_a_malformed_request_is_named_before_who_asks(http: httpx.AsyncClient) -> None:
    assert refusal(await http.get("/api/v1/accounts/0x12")) == (400, "INVALID_CLIENT_REQUEST")
    assert refusal(await http.get("/api/v1/orders")) == (400, "INVALID_CLIENT_REQUEST")
    assert refusal(await http.get("/api/v1/order")) == (400, "INVALID_CLIENT_REQUEST")


async def test_a_taker_does_not_learn_whose_order_it_met(owner: Client, other: Client) -> None:
    """It is asked for less than the pool asks."""
    best = await owner.bbo("ETH_USDC")
    middle = (Decimal(best["bidPrice"]) + Decimal(best["askPrice"])) / 2
    price = str(middle.quantize(Decimal("0.01")))
    await owner.place_order("ETH_USDC", "Ask", price=price, quantity="0.01")
    for receipt in (
        await other.place_order(
            "ETH_USDC", "Bid", price=price, quantity="0.004", time_in_force="IOC"
        ),
        (await other.actions([await swap(other)]))[0],
    ):
        fills = [event for event in receipt["events"] if event["type"] == "BookFilled"]
        assert fills, receipt
        for fill in fills:
            assert fill["maker"] == ""
            assert fill["taker"].lower() == other.owner
        assert owner.owner not in msgspec.json.encode(receipt).decode().lower()


async def swap(client: Client) -> Any:
    return SwapExactIn(
        owner=client.owner,
        token_in=await client.token("USDC"),
        token_out=await client.token("ETH"),
        amount_in=8 * 10**6,
        min_amount_out=0,
        **client.stamp(),
    )


# Streams


class Watch:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def subscribe(self, *names: str, token: str | None = None) -> list[Json]:
        """The answers; the acknowledgement is left out."""
        request: Json = {"method": "SUBSCRIBE", "params": list(names), "id": 1}
        if token is not None:
            request["token"] = token
        await self.connection.send(msgspec.json.encode(request).decode())
        answers: list[Json] = []
        while True:
            answer = await self.frame()
            if answer == {"id": 1, "result": None}:
                return answers
            answers.append(answer)
            if token is not None and answer.get("error", {}).get("code") == 4001:
                return answers  # a token that is none ends the request

    async def frame(self) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            return msgspec.json.decode(await self.connection.recv(), type=dict[str, Any])

    async def ended(self) -> tuple[int, str]:
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await self.connection.recv()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Watch]:
    address = url.replace("http", "ws", 1) + "/ws"
    async with connect(address, compression=None, proxy=None) as connection:
        yield Watch(connection)


def codes(answers: list[Json]) -> list[int]:
    return [answer["error"]["code"] for answer in answers]


async def test_account_streams_need_the_owners_session(
    private: Server, owner: Client, other: Client, operator: Client
) -> None:
    name = f"account.orderUpdate@{owner.owner}"
    async with watching(private.url) as watch:
        assert codes(await watch.subscribe(name)) == [4001]
        assert codes(await watch.subscribe(name, token="x")) == [4001]
        assert codes(await watch.subscribe(name, token=await other.access_token())) == [4003]
        strange = await watch.subscribe(f"account.orderUpdate@{NOBODY}")
        assert codes(strange) == [4003]
        assert await watch.subscribe("trade.ETH_USDC") == []
        assert await watch.subscribe(name, token=await owner.access_token()) == []
        order = await order_of(owner)
        frame = await watch.frame()
        assert (frame["stream"], frame["data"]["i"]) == (name, order["id"])
    async with watching(private.url) as watch:
        assert await watch.subscribe(name, token=await operator.access_token()) == []
        order = await order_of(owner)
        assert (await watch.frame())["data"]["i"] == order["id"]


async def test_a_bare_account_stream_is_the_sessions_own(private: Server, owner: Client) -> None:
    async with watching(private.url) as watch:
        assert codes(await watch.subscribe("account.orderUpdate")) == [4001]
        token = await owner.access_token()
        names = ("account.orderUpdate", "account.orderUpdate.ETH_USDC")
        assert await watch.subscribe(*names, token=token) == []
        await order_of(owner)
        heard = {(await watch.frame())["stream"] for _ in names}
        assert heard == {f"{one}@{owner.owner}" for one in names}


async def test_signing_out_ends_the_streams(private: Server, owner: Client) -> None:
    async with watching(private.url) as mine, watching(private.url) as later:
        name = f"account.orderUpdate@{owner.owner}"
        assert await mine.subscribe(name, token=await owner.access_token()) == []
        kept = owner.session
        await owner.sign_in()
        assert await later.subscribe(name, token=await owner.access_token()) == []
        fresh, owner.session = owner.session, kept
        await owner.sign_out()
        assert await mine.ended() == (1008, "the session is over: sign in again")
        owner.session = fresh
        order = await order_of(owner)
        assert (await later.frame())["data"]["i"] == order["id"]


async def test_the_client_reads_with_its_session_and_is_told_without(
    private: Server, owner: Client
) -> None:
    assert (await owner.account())["owner"].lower() == owner.owner
    await owner.sign_out()
    with pytest.raises(Refused) as refused:
        await owner.account()
    assert (refused.value.status, refused.value.code) == (401, "UNAUTHORIZED")
    with pytest.raises(ValueError, match="signed out"):
        await owner.refresh()


async def test_the_client_watches_its_orders_with_its_session(owner: Client) -> None:
    async with asyncio.timeout(PATIENCE_S), owner.watch_orders() as watch:
        seen: list[Json] = []
        async for update in watch:
            seen.append(update)
            if len(seen) == 1:
                order = await order_of(owner)
            elif len(seen) == 2:
                break
    assert [one["e"] for one in seen] == ["openOrders", "orderAccepted"]
    assert seen[1]["i"] == order["id"]


async def test_a_former_operator_reads_its_own_only(
    private: Server, http: httpx.AsyncClient, owner: Client, operator: Client
) -> None:
    successor = Client(private.url, Wallet.random())
    path = f"/api/v1/accounts/{owner.owner}"
    former = await bearer(operator)
    async with successor, watching(private.url) as watch:
        name = f"account.orderUpdate@{owner.owner}"
        assert await watch.subscribe(name, token=await operator.access_token()) == []
        await operator.set_operator(successor.owner)
        try:
            assert (await watch.ended())[0] == 1008
            refused = await http.get(path, headers=former)
            assert refusal(refused) == (403, "FORBIDDEN")
            assert operator.owner in message_of(refused)
            await successor.sign_in()
            assert (await http.get(path, headers=await bearer(successor))).status_code == 200
        finally:
            await successor.set_operator(operator.owner)


async def test_another_session_on_the_socket_ends_the_streams_of_the_first(
    private: Server, owner: Client, other: Client
) -> None:
    """Else they would outlive the owner's sign-out."""
    name = f"account.orderUpdate@{owner.owner}"
    async with watching(private.url) as watch:
        assert await watch.subscribe(name, token=await owner.access_token()) == []
        assert await watch.subscribe("pool.ETH_USDC", token=await other.access_token()) == []
        await owner.sign_out()
        await order_of(owner)
        own = f"account.orderUpdate@{other.owner}"
        assert await watch.subscribe(own) == []
        order = await order_of(other)
        while True:
            frame = await watch.frame()
            if frame["stream"] != "pool.ETH_USDC":
                break
        assert (frame["stream"], frame["data"]["i"]) == (own, order["id"])


async def test_a_session_follows_its_owners_balances_and_nobody_elses(
    private: Server, owner: Client, other: Client
) -> None:
    names = ("account.balanceUpdate", "account.rfqUpdate", "account.positionUpdate")
    async with watching(private.url) as watch, watching(private.url) as strange:
        assert await watch.subscribe(*names, token=await owner.access_token()) == []
        named = f"account.balanceUpdate@{owner.owner}"
        assert codes(await strange.subscribe(named)) == [4001]
        assert codes(await strange.subscribe(named, token=await other.access_token())) == [4003]
        for wrong in (f"account.rfqUpdate@{owner.owner}", f"account.orderUpdate_@{owner.owner}"):
            assert codes(await watch.subscribe(wrong)) == [4006]
        for held in ("10", "20"):
            await order_of(owner)
            frame = await watch.frame()
            assert frame["stream"] == named
            assert (frame["data"]["e"], frame["data"]["a"]) == ("balanceUpdate", "USDC")
            assert frame["data"]["L"] == held
        await watch.connection.send(
            msgspec.json.encode({"method": "UNSUBSCRIBE", "params": [named], "id": 1}).decode()
        )
        assert await watch.frame() == {"id": 1, "result": None}
        await order_of(owner)
        assert await watch.subscribe() == []
