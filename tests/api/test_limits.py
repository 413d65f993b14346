"""Limits: the buckets by hand-made clocks, and what a server with narrow ones answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.limits import (
    SECOND_NS,
    WEIGHTS,
    Buckets,
    Limited,
    Limits,
    LimitSettings,
    Rate,
    table,
    weight_of,
)
from tests.api.desk import Json, refusal
from tests.server import ROOT, Server, running_server
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.domain.commands import CancelAllAfter, CancelAllOrders, CancelOrder, SwapExactIn
from xyk.wallet.signer import Wallet

PATIENCE_S = 60
RETURNED_MAX = 10  # weights; fewer than a wallet has at once, whose limit would refuse too


class HandClock:
    def __init__(self) -> None:
        self.ns = 5_000 * SECOND_NS

    def __call__(self) -> int:
        return self.ns


# Buckets


def test_a_burst_and_then_so_many_a_second() -> None:
    clock = HandClock()
    buckets = Buckets(Rate(10, 30), clock)
    assert [buckets.take("a", 10) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 1) == SECOND_NS // 10
    assert buckets.take("a", 10) == SECOND_NS, "a refusal takes nothing"
    assert buckets.take("b", 30) == 0, "another bucket"
    clock.ns += SECOND_NS // 10 - 1
    assert buckets.take("a", 1) == 1
    clock.ns += 1
    assert buckets.take("a", 1) == 0
    clock.ns += 3_600 * SECOND_NS
    assert buckets.take("a", 30) == 0, "it holds no more than a burst"
    assert buckets.take("a", 1) > 0


def test_waiting_as_long_as_it_says_is_enough() -> None:
    clock = HandClock()
    buckets = Buckets(Rate(7, 20), clock)
    for weight in (20, 3, 11, 20, 1, 20):
        late_ns = buckets.take("a", weight)
        clock.ns += late_ns
        assert late_ns == 0 or buckets.take("a", weight) == 0


def test_the_least_recently_used_bucket_is_forgotten() -> None:
    buckets = Buckets(Rate(1, 20), HandClock(), kept_max=3)
    for name in "abc":
        assert buckets.take(name, 20) == 0
    assert buckets.take("a", 1) > 0  # used again
    assert buckets.take("d", 20) == 0
    assert len(buckets) == 3
    assert buckets.take("a", 1) > 0 and buckets.take("c", 1) > 0
    assert buckets.take("b", 20) == 0, "b was forgotten"


# Whose request it is


def scope(peer: str | None, *forwarded: str, path: str = "/x", method: str = "GET") -> Json:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    client = None if peer is None else (peer, 50_000)
    return {"client": client, "headers": headers, "path": path, "method": method}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),  # the first one is the client's own claim
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4, 10.9.9.9"], "1.2.3.4"),
        ("10.0.0.1", ["10.1.1.1, 10.9.9.9"], "10.1.1.1"),
        ("10.0.0.1", ["1.2.3.4, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("11.0.0.1", ["1.2.3.4"], "11.0.0.1"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (None, ["1.2.3.4"], ""),
    ],
)
def test_only_trusted_proxies_are_believed(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    settings = LimitSettings(trusted_proxies=("10.0.0.0/8", "fd00::1"))
    assert Limits(settings).client_ip(scope(peer, *forwarded)) == expected


def test_without_trusted_proxies_nobody_is_believed() -> None:
    limits = Limits(LimitSettings())
    assert limits.client_ip(scope("127.0.0.1", "1.2.3.4")) == "127.0.0.1"
    assert limits.client_ip(scope("2001:db8::5", "1.2.3.4")) == "2001:db8::/64"
    assert limits.client_ip(scope("::ffff:9.8.7.6")) == "9.8.7.6"


def test_routes_weigh_what_the_table_says() -> None:
    assert weight_of("GET", "/api/v1/depth") == 2
    assert weight_of("GET", "/api/v1/pools/ETH_USDC") == 2
    assert weight_of("GET", "/api/v1/order/17") == 1
    assert weight_of("POST", "/api/v1/sell") == 1
    assert weight_of("DELETE", "/api/v1/orders") == 0
    assert weight_of("DELETE", "/api/v1/orders/x") == 1, "no way around by a longer path"
    assert weight_of("GET", "/no/such/path") == 1
    assert weight_of("GET", "") == 1


def test_nothing_is_limited_where_limits_are_off() -> None:
    off = LimitSettings(enabled=False, ip=Rate(1, 20), address=Rate(1, 20), key=Rate(1, 20))
    limits = Limits(off, HandClock())
    for _ in range(100):
        assert limits.of_request(scope("1.1.1.1")) is None
        assert limits.of_address("a") is None and limits.of_key("k") is None
    assert limits.frames() is None


def test_a_cancel_is_never_limited() -> None:
    limits = Limits(LimitSettings(address=Rate(1, 20), key=Rate(1, 20)), HandClock())
    for _ in range(20):
        assert limits.of_action(SwapExactIn, "a") is None
    refused = limits.of_action(SwapExactIn, "a")
    assert isinstance(refused, Limited) and refused.retry_after_s == 1
    for kind in (CancelOrder, CancelAllOrders, CancelAllAfter):
        assert limits.of_action(kind, "a") is None
    for _ in range(20):
        assert limits.of_key("k") is None
    assert limits.of_key("k") is not None


def test_the_burst_bears_the_heaviest_request() -> None:
    assert Rate.parse("5:20") == Rate(5, max(WEIGHTS.values()))
    for text in ("", "5", "5:", "5:19", "0:50", "-5:50", "5:50:1", "5.0:50", "\u0665:50"):
        with pytest.raises(ValueError, match="is no rate"):
            Rate.parse(text)


def test_the_documented_table_is_the_code() -> None:
    written = (ROOT / "docs" / "limits.md").read_text()
    assert written.endswith("\n\n" + table(LimitSettings()))


# A server with narrow limits


NARROW = (
    *("--limit-ip", "1:200", "--limit-address", "1:20", "--limit-frames", "1:20"),
    *("--sockets-per-ip", "3", "--subscriptions-per-socket", "2", "--trusted-proxies", "127.0.0.1"),
)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Each test comes from an address of its own, named in X-Forwarded-For."""
    data = tmp_path_factory.mktemp("narrow") / "data"
    with running_server(data, *NARROW) as running:
        yield running


@pytest.fixture
async def http(narrow: Server, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"x-forwarded-for": address_of(request)}
    async with httpx.AsyncClient(
        base_url=narrow.url, trust_env=False, headers=headers, timeout=60
    ) as client:
        yield client


def address_of(request: pytest.FixtureRequest) -> str:
    number = sum(request.node.name.encode()) % 65_536
    return f"203.0.{number >> 8}.{number & 255}"


def limited(answer: httpx.Response) -> int:
    assert refusal(answer) == (429, "TOO_MANY_REQUESTS")
    return int(answer.headers["retry-after"])


async def exhausted(http: httpx.AsyncClient, path: str = "/api/v1/ping") -> httpx.Response:
    for _ in range(300):
        answer = await http.get(path)
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 200
    raise AssertionError("no limit")


async def refused_soon(
    ask: Callable[[], Awaitable[httpx.Response]], *, passed: int = 404
) -> httpx.Response:
    """Of an address that is exhausted. A weight comes back each second, and what is asked then
    takes it: on a slow machine some are answered with `passed` before one is refused."""
    for _ in range(RETURNED_MAX):
        answer = await ask()
        if answer.status_code != passed:
            return answer
    raise AssertionError("no limit")


async def signed(client: Client, kind: Any, **fields: Any) -> Json:
    one = await client.sign(kind(owner=client.owner, **fields, **client.stamp()))
    return dict(httpx.Response(200, content=one.body).json())


async def test_an_address_that_asks_too_much_is_told_how_long_to_wait(
    http: httpx.AsyncClient, narrow: Server
) -> None:
    assert limited(await exhausted(http)) == 1
    wait_s = limited(await http.post("/api/v1/auth/challenge", json={}))
    assert 4 <= wait_s <= 5, "a weight of 5 at 1 a second"
    elsewhere = {"x-forwarded-for": "198.51.100.7"}
    assert (await http.get("/api/v1/ping", headers=elsewhere)).status_code == 200
    spoofed = {"x-forwarded-for": f"198.51.100.8, {http.headers['x-forwarded-for']}"}
    heavy = {"nonce": "x", "signature": "0x"}  # 20 at 1 a second: no machine is as slow as that
    limited(await http.post("/api/v1/auth/signin", json=heavy, headers=spoofed))
    text = (await http.get("/metrics", headers=elsewhere)).text
    assert 'xyk_refusals_total{code="TOO_MANY_REQUESTS"}' in text


async def test_cancels_get_through_when_nothing_else_does(
    http: httpx.AsyncClient, narrow: Server
) -> None:
    alice = Client(narrow.url, Wallet.random(), patience_s=0)
    async with alice:
        await alice.domain()
        await alice.sign_in()
        token = await alice.access_token()
        await exhausted(http)
        body = await signed(alice, CancelAllOrders, market="")
        assert (await http.request("DELETE", "/api/v1/orders", json=body)).status_code == 201
        body = await signed(alice, CancelOrder, order_id="1", client_id=0)
        answer = await http.request("DELETE", "/api/v1/order", json=body)
        assert refusal(answer) == (404, "RESOURCE_NOT_FOUND")
        body = await signed(alice, CancelAllAfter, market="", timeout_seconds=0)
        answer = await http.post("/api/v1/orders/cancel-all-after", json=body)
        assert answer.status_code == 201
        headers = {"authorization": f"Bearer {token}"}
        answer = await http.request("DELETE", "/api/v1/orders", json={}, headers=headers)
        assert answer.status_code == 201
        swap = await signed(alice, SwapExactIn, **swap_fields())
        limited(await refused_soon(lambda: http.post("/api/v1/sell", json=swap)))
        element = {"type": "SwapExactIn", **swap}
        alone = await refused_soon(lambda: http.post("/api/v1/actions", json=[element]), passed=200)
        limited(alone)
        statuses = [404, 201]
        for _ in range(RETURNED_MAX):  # as above
            cancel = {"type": "CancelAllOrders", **await signed(alice, CancelAllOrders, market="")}
            both = (await http.post("/api/v1/actions", json=[element, cancel])).json()
            statuses = [one["status"] for one in both]
            if statuses != [404, 201]:
                break
        assert statuses == [429, 201]
        assert both[0]["code"] == "TOO_MANY_REQUESTS"
        answer = await http.post("/api/v1/auth/signout", headers=headers)
        assert answer.status_code == 200


def swap_fields() -> Json:
    token = "0x" + "11" * 20
    return {"token_in": token, "token_out": token, "amount_in": 1, "min_amount_out": 0}


async def test_a_wallet_is_limited_wherever_it_comes_from_and_only_by_itself(
    http: httpx.AsyncClient, narrow: Server
) -> None:
    async with Client(narrow.url, Wallet.random(), patience_s=0) as alice:
        await alice.domain()
        codes: list[int] = []
        for number in range(60):  # 21 are too many, but for what comes back meanwhile
            body = await signed(alice, SwapExactIn, **swap_fields())
            elsewhere = {"x-forwarded-for": f"198.51.{number}.1"}
            answer = await http.post("/api/v1/sell", json=body, headers=elsewhere)
            codes.append(answer.status_code)
            if answer.status_code == 429:
                break
        assert codes[:20] == [404] * 20, "no such asset"
        assert codes[-1] == 429
        # A stranger's signature over the wallet's action is charged to the stranger.
        async with Client(narrow.url, Wallet.random(), owner=Wallet.random().address) as thief:
            await thief.domain()
            body = await signed(thief, SwapExactIn, **swap_fields())
            assert refusal(await http.post("/api/v1/sell", json=body))[0] == 401
        cancel = await signed(alice, CancelAllOrders, market="")
        assert (await http.request("DELETE", "/api/v1/orders", json=cancel)).status_code == 201


async def test_sockets_of_an_address_streams_and_frames_are_bounded(
    narrow: Server, request: pytest.FixtureRequest
) -> None:
    address = narrow.url.replace("http", "ws", 1) + "/ws"
    given: Json = {
        "compression": None,
        "proxy": None,
        "additional_headers": {"x-forwarded-for": address_of(request)},
    }
    first, second = await connect(address, **given), await connect(address, **given)
    third = await connect(address, **given)
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, **given)
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "1"
    await second.close()
    second = await connecting(address, given)

    names = '["trade.ETH_USDC", "pool.ETH_USDC", "ticker.ETH_USDC"]'
    await first.send(f'{{"method": "SUBSCRIBE", "params": {names}, "id": 1}}')
    async with asyncio.timeout(PATIENCE_S):
        while "4008" not in (said := str(await first.recv())):
            pass
    assert "may follow 2 streams" in said

    for number in range(40):
        await third.send(f'{{"method": "UNSUBSCRIBE", "params": [], "id": {number}}}')
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await third.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008 and "too many frames" in closed.value.rcvd.reason
    for socket in (first, second):
        await socket.close()


async def connecting(address: str, given: Json) -> Any:
    """As soon as the server has noticed that another one left."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await connect(address, **given)
            except InvalidStatus:
                await asyncio.sleep(0)


async def test_a_sign_in_has_its_weight(http: httpx.AsyncClient) -> None:
    """200 at once: ten of them at 20 each."""
    body = {"nonce": "x", "signature": "0x"}
    answers = [await http.post("/api/v1/auth/signin", json=body) for _ in range(12)]
    codes = [answer.status_code for answer in answers]
    assert codes[:10] == [401] * 10 and 429 in codes


async def test_the_client_waits_and_sends_again(narrow: Server) -> None:
    """A wallet beyond its burst: the client asks again after Retry-After, with the same bytes."""
    async with Client(narrow.url, Wallet.random()) as alice:
        for _ in range(21):
            with pytest.raises(Refused) as refused:
                await alice.sell("0x" + "11" * 20, "0x" + "12" * 20, 1)
            assert refused.value.code == "INVALID_ASSET"
