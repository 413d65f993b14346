"""Clients that follow one market's depth over thousands of changes and reconnect at random, beside
one that does not read: at every update id that was checked they have what the server has."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.desk import Json
from tests.api.test_depth import Follower
from tests.api.test_stream import PATIENCE_S, Socket, listening
from tests.api.venue import Venue
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.domain.commands import PlaceOrder, SignedAction, SwapExactIn
from xyk.wallet.signer import Wallet

BATCH = 100
BATCHES = 10
READERS = 50
RECONNECTS_ABOUT_EVERY = 12  # frames


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("follower") / "data"
    with databases() as url, running_server(data, database_url=url) as running:
        yield running


@pytest.fixture(scope="module")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For what takes minutes: streams are the same whatever database is below."""
    with running_server(tmp_path_factory.mktemp("follower") / "data") as running:
        yield running


class Flow:
    """Orders of two traders around the pool's price: most rest, some take, all are cancelled
    before there are too many."""

    def __init__(self, venue: Venue, traders: list[Client], seed: int) -> None:
        self.venue = venue
        self._traders = traders
        self._random = random.Random(seed)
        self._batches = 0

    def batch(self) -> tuple[Client, list[SignedAction]]:
        self._batches += 1
        trader = self._traders[self._batches % len(self._traders)]
        actions: list[SignedAction] = [self._order(trader) for _ in range(BATCH)]
        if self._batches % 3 == 0:
            actions[0] = self.venue.cancel_all(trader)
        return trader, actions

    def _order(self, trader: Client) -> PlaceOrder:
        side = self._random.choice(("Bid", "Ask"))
        takes = self._random.random() < 0.15
        away = -5 if takes else self._random.randint(1, 4_000)
        price = 2_000 * 100 + (away if side == "Ask" else -away)
        quantity = f"0.{self._random.randint(1, 999):04d}"
        forms = {"self_trade_prevention": "RejectMaker"}
        return self.venue.order(trader, side, quantity, f"{price / 100:.2f}", **forms)


class Watcher:
    """Follows `stream` until told to stop; `checked` counts the states that were compared."""

    def __init__(self, url: str, venue: Venue, seed: int) -> None:
        self._url = url
        self._venue = venue
        self._random = random.Random(seed)
        self.checked = self.frames = self.connections = 0
        self.is_done = False

    async def run(self, http: httpx.AsyncClient) -> None:
        while not self.is_done:
            self.connections += 1
            async with listening(self._url, f"depth.{self._venue.market}") as socket:
                await self._follow(http, socket)

    async def _follow(self, http: httpx.AsyncClient, socket: Socket) -> None:
        """From a snapshot that is asked for as soon as the subscription is heard: no frame may be
        missing after it."""
        follower = Follower(await snapshot(http, self._venue))
        left = self._random.randint(1, 2 * RECONNECTS_ABOUT_EVERY)
        last = 0
        while left and not self.is_done:
            data = (await socket.frame())["data"]
            assert last in (0, data["U"] - 1), "ids have a gap"
            assert data["U"] <= data["u"]
            last = data["u"]
            follower.take(data)
            self.frames += 1
            left -= 1
            if self._random.random() < 0.5:
                continue
            shown = await snapshot(http, self._venue)
            assert int(shown["lastUpdateId"]) >= last, "REST is behind what was sent"
            if int(shown["lastUpdateId"]) == follower.id:
                assert follower == shown
                self.checked += 1


async def snapshot(http: httpx.AsyncClient, venue: Venue) -> Json:
    shown: Json = (await http.get("/api/v1/depth", params={"symbol": venue.market})).json()
    assert len(shown["asks"]) < 1_000 and len(shown["bids"]) < 1_000, "it is the whole depth"
    return shown


async def follow_through(server: Server, updates: int) -> None:
    operator_wallet = read_wallet(Path(server.data) / OPERATOR)
    async with (
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http,
        Client(server.url, operator_wallet) as operator,
        Client(server.url, Wallet.random()) as alice,
        Client(server.url, Wallet.random()) as bob,
    ):
        venue = await Venue.open(operator)
        for trader in (alice, bob):
            await venue.fund(trader, 10**6, 10**10)
        await venue.add_pool(alice)
        flow = Flow(venue, [alice, bob], updates)
        watchers = [Watcher(server.url, venue, seed) for seed in range(3)]
        watching = [asyncio.create_task(one.run(http)) for one in watchers]
        async with listening(server.url, f"depth.{venue.market}"):  # and is never read again
            accepted = 0
            while accepted < updates:
                trader, actions = flow.batch()
                outcomes = await trader.actions(actions)
                accepted += sum(one["status"] == 201 for one in outcomes)
                assert not any(task.done() for task in watching), watching
            checked = [one.checked for one in watchers]
            async with asyncio.timeout(PATIENCE_S):  # each compares once more when all is quiet
                while any(
                    one.checked == before for one, before in zip(watchers, checked, strict=True)
                ):
                    await asyncio.wait(watching, timeout=0.05)
        for one in watchers:
            one.is_done = True
        await asyncio.gather(*watching)
    assert all(one.connections > 1 for one in watchers) or updates < 10_000


async def test_followers_have_what_the_server_has(server: Server) -> None:
    await follow_through(server, 2_000)


@pytest.mark.slow
async def test_followers_have_what_the_server_has_after_100_000_updates(
    sqlite_server: Server,
) -> None:
    await follow_through(sqlite_server, 100_000)


@pytest.mark.slow
async def test_a_reader_that_stops_is_closed_and_slows_nobody(
    sqlite_server: Server,
    capsys: pytest.CaptureFixture[str],
    pytestconfig: pytest.Config,
) -> None:
    """Trades of one market to fifty readers, without and then with one that does not read. What is
    measured is printed, and asserted is what everybody heard."""
    server = sqlite_server
    operator_wallet = read_wallet(Path(server.data) / OPERATOR)
    async with (
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http,
        Client(server.url, operator_wallet) as operator,
        Client(server.url, Wallet.random()) as alice,
    ):
        venue = await Venue.open(operator)
        await venue.fund(alice, 10**6, 10**10)
        await venue.add_pool(alice)
        quick_s = await swaps_heard(server.url, alice, venue)
        before = await metric(http, "xyk_slow_readers")
        kinds = ("trade.", "trades@", "pool.", "pool@", "depth.", "depth@", "bookTicker.")
        names = [kind + venue.market for kind in kinds]
        rounds = 0
        slow_s = 0.0
        async with listening(server.url, *names, room=4_096):
            while await metric(http, "xyk_slow_readers") == before:
                assert rounds < 100
                slow_s += await swaps_heard(server.url, alice, venue)
                rounds += 1
        with capsys.disabled():
            pytestconfig.get_terminal_writer().line(
                f"\n1,000 swaps to {READERS} readers: {quick_s:.2f} s; beside one that stops "
                f"{slow_s / rounds:.2f} s; it was closed after {rounds} times 1,000"
            )


async def swaps_heard(url: str, trader: Client, venue: Venue) -> float:
    """Seconds until all readers heard of all swaps, each once and in order."""

    async def hear(socket: Socket) -> list[int]:
        frames = await socket.frames(BATCHES * BATCH)
        return [frame["data"]["t"] for frame in frames]

    async with contextlib.AsyncExitStack() as stack:
        name = f"trade.{venue.market}"
        sockets = [await stack.enter_async_context(listening(url, name)) for _ in range(READERS)]
        hearing = [asyncio.create_task(hear(socket)) for socket in sockets]
        started = time.perf_counter()
        for _ in range(BATCHES):
            swaps = [
                SwapExactIn(
                    owner=trader.owner,
                    token_in=venue.base_token if number % 2 else venue.quote_token,
                    token_out=venue.quote_token if number % 2 else venue.base_token,
                    amount_in=10**15 if number % 2 else 2 * 10**6,
                    min_amount_out=1,
                    **trader.stamp(),
                )
                for number in range(BATCH)
            ]
            outcomes = await trader.actions(swaps)
            assert all(one["status"] == 201 for one in outcomes)
        heard = await asyncio.gather(*hearing)
        elapsed = time.perf_counter() - started
    first = heard[0][0]
    assert all(ids == list(range(first, first + BATCHES * BATCH)) for ids in heard)
    return elapsed


async def metric(http: httpx.AsyncClient, name: str) -> float:
    for line in (await http.get("/metrics")).text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    raise AssertionError(f"{name} is gone")
