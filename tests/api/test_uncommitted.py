"""Nothing uncommitted leaves the process: with a journal whose append waits, no answer, refusal,
repeated receipt or frame may tell of what it holds; with one that fails, nobody is told yes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.api.desk import ETH, NOBODY, ORDER_QUOTE, USDC, Desk, Json, encoded, refusal
from tests.api.held import Held, held_exchange
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.domain.commands import Transfer
from xyk.wallet.signer import Wallet

Task = asyncio.Task[httpx.Response]


@pytest.fixture
async def held(tmp_path: Path, database_url: str) -> AsyncIterator[Held]:
    async with held_exchange(tmp_path, database_url) as exchange:
        yield exchange


@pytest.fixture
async def http(held: Held) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=held.url, trust_env=False, timeout=60, limits=limits
    ) as client:
        yield client


@pytest.fixture
async def desk(held: Held, http: httpx.AsyncClient) -> AsyncIterator[Desk]:
    """Alice has funds and has opened the pool."""
    async with Client(held.url, Wallet.random(), patience_s=0) as alice:
        await alice.faucet("ETH")
        await alice.faucet("USDC", 10**12)
        await alice.add_liquidity("ETH", "USDC", 10**20, 2 * 10**11)
        yield Desk(http, alice, await alice.domain())


async def nothing_leaves(http: httpx.AsyncClient, *tasks: Task) -> None:
    """Whatever could be answered has been, when fifty later requests are."""
    for _ in range(50):
        assert (await http.get("/api/v1/ping")).text == "pong"
    assert not any(task.done() for task in tasks)


async def is_held(held: Held) -> None:
    async with asyncio.timeout(20):
        await held.journal.is_waiting.wait()


async def test_reads_refusals_and_repeated_receipts_wait(
    held: Held, http: httpx.AsyncClient, desk: Desk
) -> None:
    transfer = Transfer(
        owner=desk.wallet.address, token=USDC, amount=5, recipient=NOBODY, **desk.alice.stamp()
    )
    swap = desk.swap()
    committed = [
        *("/api/v1/status", "/api/v1/bbo/ETH_USDC", "/api/v1/depth?symbol=ETH_USDC"),
        *("/api/v1/ticker?symbol=ETH_USDC", "/api/v1/tickers"),
        *("/api/v1/trades?symbol=ETH_USDC", "/api/v1/trades/history?symbol=ETH_USDC"),
    ]
    before = [(await http.get(path)).content for path in committed]
    held.journal.hold()
    moving = asyncio.create_task(desk.post("/api/v1/transfer", desk.body(transfer)))
    await is_held(held)
    swapping = asyncio.create_task(desk.sell(desk.body(swap)))
    again = asyncio.create_task(desk.post("/api/v1/transfer", desk.body(transfer)))
    refused = asyncio.create_task(desk.sell(desk.body(desk.swap(amount_in=10**30))))
    batch = [{"type": "SwapExactIn", **desk.body(desk.swap(token_out=ETH))}]
    refused_in_batch = asyncio.create_task(desk.post("/api/v1/actions", batch))
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": str(10**18)}
    reads = [
        asyncio.create_task(http.get(path))
        for path in (
            f"/api/v1/accounts/{desk.wallet.address}",
            f"/api/v1/accounts/{NOBODY}",
            "/api/v1/pools",
            "/api/v1/pools/ETH_USDC",
            "/api/v1/pools/NO_SUCH",
            f"/api/v1/pools/ETH_USDC/positions/{NOBODY}",
            "/api/v1/assets",
            "/api/v1/markets",
            "/api/v1/market?symbol=NO_SUCH",
            f"/api/v1/orders?owner={NOBODY}",
            "/api/v1/orders?market=ETH_USDC",
            "/api/v1/order/2",
            f"/api/v1/order?clientId=1&owner={NOBODY}",
            f"/api/v1/history/orders?owner={NOBODY}",
            f"/api/v1/history/fills?owner={NOBODY}",
            f"/api/v1/history/liquidity?owner={NOBODY}",
            f"/api/v1/history/transfers?owner={NOBODY}",
            "/api/v1/pools/ETH_USDC/history",
            "/api/v1/klines?symbol=ETH_USDC&interval=1m&startTime=0",
            "/udf/history?symbol=ETH_USDC&resolution=1&to=9999999999&countback=1",
            "/udf/symbols?symbol=ETH_USDC",
            "/udf/search",
            "/api/v1/bbo/NO_SUCH",
            "/api/v1/depth?symbol=NO_SUCH",
            "/api/v1/ticker?symbol=NO_SUCH",
            "/api/v1/trades?symbol=NO_SUCH",
            "/api/v1/quote?tokenIn=ETH&tokenOut=USDC&amountIn=1",
            ORDER_QUOTE,
        )
    ]
    reads.append(asyncio.create_task(http.post("/api/v1/quote", content=encoded(wish))))
    waiting = [moving, swapping, again, refused, refused_in_batch, *reads]

    await nothing_leaves(http, *waiting)
    # What tells of committed entries alone is answered, and as before.
    assert [(await http.get(path)).content for path in committed] == before
    assert refusal(await desk.sell(b"{}")) == (400, "INVALID_CLIENT_REQUEST")

    held.journal.release()
    await asyncio.gather(*waiting)
    assert (moving.result().status_code, swapping.result().status_code) == (201, 201)
    assert (again.result().status_code, again.result().content) == (200, moving.result().content)
    assert refusal(refused.result()) == (422, "INSUFFICIENT_FUNDS")
    assert refused_in_batch.result().json()[0]["code"] == "SAME_TOKEN"
    assert reads[1].result().json()["balances"][0]["available"] == "5"


async def test_frames_wait(held: Held, http: httpx.AsyncClient, desk: Desk) -> None:
    async with connect(held.url.replace("http", "ws") + "/ws", proxy=None) as socket:
        names = ["pool.ETH_USDC", "trade.ETH_USDC"]
        await socket.send(encoded({"method": "SUBSCRIBE", "params": names, "id": 1}).decode())
        assert await socket.recv() == '{"id":1,"result":null}'
        held.journal.hold()
        swapping = asyncio.create_task(desk.sell(desk.body(desk.swap())))
        await is_held(held)
        framed = asyncio.create_task(socket.recv())
        await nothing_leaves(http, swapping)
        assert not framed.done()
        held.journal.release()
        assert '"trade"' in str(await framed)
        assert (await swapping).status_code == 201


async def test_what_becomes_of_orders_waits(
    held: Held, http: httpx.AsyncClient, desk: Desk
) -> None:
    """Order updates and the best price say nothing, depth goes on with frames without changes."""
    venue = Venue("ETH", "USDC", ETH, USDC)
    resting = venue.order(desk.alice, "Bid", "1", "1900")
    first = (await desk.post("/api/v1/order", desk.body(resting))).json()
    cancel, replace = (
        venue.cancel(desk.alice, first["id"]),
        venue.order(desk.alice, "Ask", "1", "2006.55"),
    )
    names = [
        *("depth.ETH_USDC", "bookTicker.ETH_USDC"),
        f"account.orderUpdate@{desk.wallet.address}",
    ]
    async with connect(held.url.replace("http", "ws") + "/ws", proxy=None) as socket:
        await socket.send(encoded({"method": "SUBSCRIBE", "params": names, "id": 1}).decode())
        assert await socket.recv() == '{"id":1,"result":null}'
        held.journal.hold()
        placing = asyncio.create_task(desk.post("/api/v1/order", desk.body(replace)))
        await is_held(held)
        cancelling = asyncio.create_task(desk.post("/api/v1/order", desk.body(cancel), "DELETE"))
        asking = asyncio.create_task(http.get(f"/api/v1/order/{first['id']}"))
        await nothing_leaves(http, placing, cancelling, asking)
        for _ in range(5):
            frame = msgspec.json.decode(await socket.recv())["data"]
            assert (frame["e"], frame["a"], frame["b"]) == ("depth", [], [])
        held.journal.release()
        heard: list[str] = []
        while len(heard) < 4:
            frame = msgspec.json.decode(await socket.recv())["data"]
            if frame["e"] != "depth" or frame["a"] or frame["b"]:
                heard.append(frame["e"])
        assert set(heard) == {"depth", "bookTicker", "orderAccepted", "orderCancelled"}
        assert (await placing).status_code == (await cancelling).status_code == 201
        assert (await asking).json()["status"] == "Cancelled"


async def test_a_failed_append_acknowledges_nothing(
    held: Held, http: httpx.AsyncClient, desk: Desk
) -> None:
    held.journal.hold()
    body = desk.body(desk.swap())
    first = asyncio.create_task(desk.sell(body))
    await is_held(held)
    again = asyncio.create_task(desk.sell(body))
    read = asyncio.create_task(http.get(f"/api/v1/accounts/{desk.wallet.address}"))
    await nothing_leaves(http, first, again, read)

    held.journal.broken = True
    held.journal.release()

    for response in await asyncio.gather(first, again, read):
        assert refusal(response) == (503, "OVERLOADED")
        assert response.headers["retry-after"] == "1"
    assert refusal(await desk.sell(desk.body(desk.swap()))) == (503, "OVERLOADED")
    assert "xyk_writer_failed 1.0" in (await http.get("/metrics")).text


async def test_a_full_queue_is_503_for_all_of_a_batch(tmp_path: Path, database_url: str) -> None:
    async with held_exchange(tmp_path, database_url, actions_max=20) as held:
        async with Client(held.url, Wallet.random(), patience_s=0) as alice:
            await alice.faucet("USDC")
            transfers = [
                Transfer(owner=alice.owner, token=USDC, amount=1, recipient=NOBODY, **alice.stamp())
                for _ in range(61)
            ]
            async with httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http:
                desk = Desk(http, alice, await alice.domain())
                held.journal.hold()
                bodies = [{"type": "Transfer", **desk.body(one)} for one in transfers]
                response = await desk.post("/api/v1/actions", bodies[:21])
                assert refusal(response) == (503, "OVERLOADED")
                assert response.headers["retry-after"] == "1"
                held.journal.release()
                outcomes = (await desk.post("/api/v1/actions", bodies[:20])).json()
                assert [one["status"] for one in outcomes] == [201] * 20


async def test_cross_origin_access_is_for_named_origins_only(
    tmp_path: Path, http: httpx.AsyncClient
) -> None:
    ours, other = {"origin": "https://app.example"}, {"origin": "https://evil.example"}
    for path in ("/api/v1/ping", "/api/v1/sell"):
        assert "access-control-allow-origin" not in (await http.get(path, headers=ours)).headers
    async with (
        held_exchange(tmp_path, "", cors_origins=("https://app.example",)) as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as client,
    ):
        for path in ("/api/v1/ping", "/api/v1/sell"):
            allowed = await client.get(path, headers=ours)
            assert allowed.headers["access-control-allow-origin"] == "https://app.example"
            assert "x-total" in allowed.headers["access-control-expose-headers"]
            refused = await client.get(path, headers=other)
            assert "access-control-allow-origin" not in refused.headers
        preflight = await client.options("/api/v1/sell", headers=ours)
        assert preflight.status_code == 204
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "x-signature" in preflight.headers["access-control-allow-headers"]


async def test_outside_the_sandbox_there_is_no_faucet(tmp_path: Path, database_url: str) -> None:
    async with (
        held_exchange(tmp_path, database_url, sandbox=False) as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as client,
    ):
        wish = {"owner": NOBODY, "token": "ETH"}
        response = await client.post("/api/v1/faucet", json=wish)
        assert refusal(response) == (404, "RESOURCE_NOT_FOUND")
        assert "/api/v1/faucet" not in (await client.get("/schema")).json()["paths"]
        [token] = (await client.get("/api/v1/assets")).json()[0]["tokens"]
        assert token["depositEnabled"] is False  # nothing can come in


async def test_candles_and_tickers_of_streams_wait(
    held: Held, http: httpx.AsyncClient, desk: Desk
) -> None:
    """Their clocks go on: seconds end and tickers are pushed while the journal is held."""
    names = ["kline.1s.ETH_USDC", "kline.1month.ETH_USDC", "ticker.ETH_USDC"]
    async with connect(held.url.replace("http", "ws") + "/ws", proxy=None) as socket:
        await socket.send(encoded({"method": "SUBSCRIBE", "params": names, "id": 1}).decode())
        assert await socket.recv() == '{"id":1,"result":null}'
        assert (await desk.sell(desk.body(desk.swap()))).status_code == 201
        told = {name: await newest(socket, name) for name in names}
        held.journal.hold()
        swapping = asyncio.create_task(desk.sell(desk.body(desk.swap(amount_in=10**18))))
        await is_held(held)
        frames: list[Json] = []
        while sum(frame["stream"] == "ticker.ETH_USDC" for frame in frames) < 3:  # a second each
            frames.append(await frame_of(socket))
        await nothing_leaves(http, swapping)
        for frame in frames:
            assert frame["data"]["n"] in (told[frame["stream"]]["n"], 0), "one fill is committed"
            assert frame["data"]["c"] == told[frame["stream"]]["c"]
        held.journal.release()
        sold = (await swapping).json()
        second = datetime.fromtimestamp(sold["timestamp"] // 1000, UTC).strftime("%FT%T")
        over = [frame["data"]["T"] for frame in frames if frame["data"].get("X")]
        assert all(end <= second for end in over), "a second that an entry waits in is not over"
        while (frame := await newest(socket, names[0]))["t"] != second or not frame["X"]:
            assert frame["t"] <= second
        assert frame["n"] >= 1
        for name in names[1:]:
            frame = await newest(socket, name)
            while frame["n"] == 1:
                frame = await newest(socket, name)
            assert frame["n"] == 2
            assert frame["c"] != told[name]["c"]


async def frame_of(socket: ClientConnection) -> Json:
    async with asyncio.timeout(20):
        frame: Json = msgspec.json.decode(await socket.recv())
    return frame


async def newest(socket: ClientConnection, name: str) -> Json:
    """The next frame of a stream, without its name."""
    while (frame := await frame_of(socket))["stream"] != name:
        pass
    data: Json = frame["data"]
    return data
