"""The websocket: frames of the convention, in order, from what was committed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api.desk import Desk, Json, encoded, fresh_pair
from xyk.client.client import Client
from xyk.domain.units import SUBSCRIPTIONS_MAX

PATIENCE_S = 60


class Socket:
    """Subscribes and waits until it is heard."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._id = 0

    async def ask(self, method: str, *streams: str) -> list[Json]:
        """The answers up to the acknowledgement, that one left out."""
        self._id += 1
        request = {"method": method, "params": list(streams), "id": self._id}
        await self.connection.send(encoded(request).decode())
        answers = []
        while (answer := await self.frame()) != {"id": self._id, "result": None}:
            answers.append(answer)
        return answers

    async def frame(self) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            text = await self.connection.recv()
        assert isinstance(text, str), "text frames"
        return msgspec.json.decode(text, type=dict[str, Any])

    async def frames(self, count: int) -> list[Json]:
        return [await self.frame() for _ in range(count)]


@asynccontextmanager
async def listening(
    url: str, *streams: str, path: str = "/ws", room: int | None = None
) -> AsyncIterator[Socket]:
    """`room`: bytes that the kernel keeps for who does not read, instead of megabytes."""
    address = url.replace("http", "ws", 1) + path
    given: Json = {}
    if room is not None:
        given["sock"] = plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        plain.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
        plain.setblocking(False)
    async with connect(address, compression=None, proxy=None, **given) as connection:
        listener = Socket(connection)
        assert await listener.ask("SUBSCRIBE", *streams) == []
        yield listener


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_a_swap_makes_a_trade_and_a_pool_frame(
    url: str, operator: Client, alice: Client, path: str
) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    market = f"{base}_{quote}"
    async with listening(url, f"trade.{market}", f"pool.{market}", path=path) as socket:
        sold = await alice.sell(base, quote, 10**7)
        bought = await alice.buy(quote, base, 10**7)
        first, after_first, second, after_second = await socket.frames(4)

    assert first["stream"] == f"trade.{market}"
    out = int(sold["amountOut"])
    assert first["data"] == {
        "e": "trade",
        "E": sold["timestamp"] * 1000,
        "T": sold["timestamp"] * 1000,
        "s": market,
        "p": f"{Decimal(out) / 10**7:f}",
        "q": "10",
        "b": "0",
        "a": str(sold["seq"]),
        "t": 1,
        "m": True,
        "seq": sold["seq"],
    }
    data = second["data"]
    assert (data["b"], data["a"], data["m"], data["t"]) == (str(bought["seq"]), "0", False, 2)

    reserve_base, reserve_quote = 10**9 + 10**7, 2 * 10**9 - out
    assert after_first == {
        "stream": f"pool.{market}",
        "data": {
            "e": "pool",
            "E": sold["timestamp"] * 1000,
            "T": sold["timestamp"] * 1000,
            "s": market,
            "reserves": [str(reserve_base), str(reserve_quote)],
            "k": str(reserve_base * reserve_quote),
            "spotPrice": after_first["data"]["spotPrice"],
            "totalSupply": "1414213562",
            "seq": sold["seq"],
        },
    }
    spot = Decimal(after_first["data"]["spotPrice"])
    assert abs(spot - Decimal(reserve_quote) / reserve_base) < Decimal("1e-17")
    assert after_second["data"]["seq"] == bought["seq"]


async def test_liquidity_makes_pool_frames(url: str, operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    async with listening(url, f"pool.{base}_{quote}") as socket:
        await alice.add_liquidity(base, quote, 10**8, 10**8)
        await alice.remove_liquidity(base, quote, 10**8)
        added, removed = await socket.frames(2)
    assert added["data"]["totalSupply"] == "1100000000"
    assert removed["data"]["totalSupply"] == "1000000000"
    assert removed["data"]["reserves"] == ["1000000000", "1000000000"]


async def test_every_change_has_its_frame_in_order(
    url: str, operator: Client, desk: Desk, alice: Client
) -> None:
    """A hundred swaps of one request share commits, but not frames."""
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    tokens = {"token_in": await alice.token(base), "token_out": await alice.token(quote)}
    async with listening(url, f"trade.{base}_{quote}", f"pool.{base}_{quote}") as socket:
        swaps = [desk.swap(amount_in=10**6, **tokens) for _ in range(100)]
        outcomes = await alice.actions(swaps)
        frames = await socket.frames(200)
    seqs = [one["seq"] for one in outcomes]
    trades, pools = frames[::2], frames[1::2]
    assert [one["data"]["t"] for one in trades] == list(range(1, 101))
    assert [one["data"]["seq"] for one in trades] == seqs
    assert [one["data"]["seq"] for one in pools] == seqs


async def test_a_fill_too_small_to_form_a_price_is_no_trade(
    url: str, operator: Client, alice: Client
) -> None:
    """Less than 10^4 quote units; it counts in the volume all the same."""
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    async with listening(url, f"trade.{base}_{quote}") as socket:
        await alice.sell(base, quote, 9_000)
        await alice.sell(base, quote, 10**6)
        trade = await socket.frame()
    assert trade["data"]["t"] == 2
    pool = await alice.pool(f"{base}_{quote}")
    assert (pool["trades24h"], pool["baseVolume24h"]) == (2, "1.009")


async def test_tickers_come_every_second(url: str, operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    sells = [await alice.sell(base, quote, amount) for amount in (10**6, 3 * 10**6)]
    buy = await alice.buy(quote, base, 2 * 10**6)
    async with listening(url, f"ticker.{base}_{quote}") as socket:
        first, second = await socket.frames(2)
    data = first["data"]
    prices = [Decimal(int(one["amountOut"])) / int(one["amountIn"]) for one in sells]
    prices.append(Decimal(int(buy["amountIn"])) / int(buy["amountOut"]))
    shown = {name: Decimal(data[name]) for name in "ohlc"}
    for name, exact in zip("ohlc", (prices[0], max(prices), min(prices), prices[2]), strict=True):
        assert abs(shown[name] - exact) < Decimal("1e-6")
    assert (data["e"], data["s"], data["n"], data["v"]) == ("ticker", f"{base}_{quote}", 3, "6")
    moved = sum(int(one["amountOut"]) for one in sells) + int(buy["amountIn"])
    assert Decimal(data["V"]) == Decimal(moved) / 10**6
    assert data["seq"] == buy["seq"]
    assert second["data"]["E"] > data["E"]
    assert {**second["data"], "E": 0} == {**data, "E": 0}


async def test_aliases_carry_the_name_that_was_subscribed(
    url: str, operator: Client, alice: Client
) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    market = f"{base}_{quote}"
    names = [f"trade.{market}", f"trades@{market}", f"pool@{market}", f"ticker@{market}"]
    async with listening(url, *names) as socket:
        await alice.sell(base, quote, 10**6)
        frames = await socket.frames(4)
    assert {frame["stream"] for frame in frames} == set(names)
    by_name = {frame["stream"]: frame["data"] for frame in frames}
    assert by_name[f"trade.{market}"] == by_name[f"trades@{market}"]


async def test_a_market_can_be_followed_as_soon_as_it_is_listed(
    url: str, operator: Client, alice: Client
) -> None:
    async with listening(url) as socket:
        base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
        assert await socket.ask("SUBSCRIBE", f"pool.{base}_{quote}") == []


async def test_unsubscribing(url: str, operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    trade, pool = f"trade.{base}_{quote}", f"pool.{base}_{quote}"
    async with listening(url, trade, pool, trade) as socket:
        await socket.ask("SUBSCRIBE", pool)
        await socket.ask("UNSUBSCRIBE", trade, "trade.NOTHING")
        await alice.sell(base, quote, 10**6)
        await alice.sell(base, quote, 10**6)
        assert [frame["stream"] for frame in await socket.frames(2)] == [pool, pool]


async def test_unknown_streams_are_refused_and_the_others_heard(url: str) -> None:
    async with listening(url) as socket:
        names = ("trade.NO_SUCH", "trade.ETH_USDC", "depth", "account.orderUpdate@", "")
        answers = await socket.ask("SUBSCRIBE", *names)
        assert [answer["error"]["code"] for answer in answers] == [4006] * 4
        await socket.connection.send('{"method": "SUBSCRIBE", "params": ["x"]}')
        invalid = {"id": None, "error": {"code": 4006, "message": "Invalid stream"}}
        assert await socket.frame() == invalid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "ping",
        '{"method": "SUBSCRIBE"}',
        '{"method": "SUBSCRIBE", "params": "trade.ETH_USDC"}',
        '{"method": "DANCE", "params": []}',
        "[" * 10_000,
        b"\xff\xfe",
    ],
)
async def test_frames_that_are_no_requests(url: str, text: str | bytes) -> None:
    """They are answered, and the connection goes on."""
    async with listening(url) as socket:
        await socket.connection.send(text)
        answer = await socket.frame()
        assert answer["error"]["code"] == 4000
        assert await socket.ask("SUBSCRIBE", "trade.ETH_USDC") == []


async def test_more_in_a_request_is_tolerated(url: str) -> None:
    async with listening(url) as socket:
        request = {"method": "SUBSCRIBE", "params": ["trade.ETH_USDC"], "more": 1, "id": "me"}
        await socket.connection.send(encoded(request).decode())
        assert await socket.frame() == {"id": "me", "result": None}


async def test_a_socket_follows_so_many_streams(url: str, operator: Client, desk: Desk) -> None:
    spellings = ("trade.", "trades@", "pool.", "pool@", "ticker.", "ticker@")
    markets = [one["symbol"] for one in await operator.markets()]
    while len(markets) * len(spellings) <= SUBSCRIPTIONS_MAX:
        markets.append("_".join(await fresh_pair(operator, desk.alice, 10**6, 10**6)))
    names = [spelling + market for market in markets for spelling in spellings]
    async with listening(url) as socket:
        answers = await socket.ask("SUBSCRIBE", *names)
        assert [answer["error"]["code"] for answer in answers] == [4008]
        assert await socket.ask("UNSUBSCRIBE", names[0]) == []
        assert await socket.ask("SUBSCRIBE", names[0]) == []


async def test_a_large_frame_closes_the_socket(url: str) -> None:
    async with listening(url) as socket:
        await socket.connection.send(" " * 65_537)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.frame()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_other_paths_have_no_websocket(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url.replace("http", "ws", 1) + "/api/v1/sell", proxy=None):
            pass
    assert refused.value.response.status_code == 404
    assert b"RESOURCE_NOT_FOUND" in (refused.value.response.body or b"")


async def test_a_reader_that_does_not_read_is_closed_with_a_reason(
    url: str, operator: Client, desk: Desk, alice: Client
) -> None:
    """What it gets before that has no hole, and another reader misses nothing."""
    base, quote = await fresh_pair(operator, alice, 10**12, 10**12)
    market = f"{base}_{quote}"
    tokens = {"token_in": await alice.token(base), "token_out": await alice.token(quote)}
    closed_before = await slow_readers(desk)
    heard: list[int] = []
    async with listening(url, f"trade.{market}", f"pool.{market}") as slow:
        async with listening(url, f"trade.{market}") as quick:
            reading = asyncio.create_task(collect_trades(quick, heard))
            posted = 0
            while await slow_readers(desk) == closed_before:
                assert posted < 100_000
                for _ in range(10):
                    await alice.actions([desk.swap(amount_in=10**6, **tokens) for _ in range(100)])
                    posted += 100
            async with asyncio.timeout(PATIENCE_S):
                while len(heard) < posted:
                    await asyncio.wait([reading], timeout=0.01)
            reading.cancel()
        assert heard == list(range(1, posted + 1))

        late: list[int] = []
        with pytest.raises(ConnectionClosed) as closed:
            await collect_trades(slow, late)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert "slow reader" in closed.value.rcvd.reason
    assert late == list(range(1, len(late) + 1))
    assert len(late) < posted


async def collect_trades(socket: Socket, ids: list[int]) -> None:
    while True:
        frame = await socket.frame()
        if frame["data"]["e"] == "trade":
            ids.append(frame["data"]["t"])


async def slow_readers(desk: Desk) -> float:
    for line in (await desk.http.get("/metrics")).text.splitlines():
        if line.startswith("xyk_slow_readers "):
            return float(line.split()[1])
    raise AssertionError("the metric is gone")
