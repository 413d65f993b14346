"""`Node` before a real EVM node, in all the weather that `weather.py` can make."""

import asyncio
from email.utils import formatdate
from typing import Any

import pytest

from tests.chain.anvil import Anvil
from tests.chain.skies import CHAIN, answer, asking, seen, states, until
from tests.chain.weather import FINE, Sky, Weather
from xyk.chain import node as nodes
from xyk.chain import standing
from xyk.chain.node import METHODS, Node
from xyk.chain.rpc import RpcDown, RpcError, WrongChain

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("soon")]

REVERTING = "0x" + "fe" * 20
REVERT_WITH_CALLDATA = "0x366000600037366000fd"
ERROR_NO = "0x08c379a0" + "20".rjust(64, "0") + "02".rjust(64, "0") + b"no".hex().ljust(64, "0")


async def test_answers_are_the_nodes(node: Anvil, first: Sky) -> None:
    node.rpc("anvil_mine", "0x3")
    async with asking(first) as asked:
        assert await asked.call("eth_blockNumber") == "0x3"
        assert await asked.call("eth_getTransactionReceipt", "0x" + "00" * 32) is None
        block = await asked.call("eth_getBlockByNumber", "0x2", False)
        assert block == node.rpc("eth_getBlockByNumber", "0x2", False)
        assert await asked.batch([]) == []


async def test_a_batch_is_one_request_in_the_order_of_its_calls(node: Anvil, first: Sky) -> None:
    node.rpc("anvil_mine", hex(300))
    calls = [("eth_getBlockByNumber", (hex(number), False)) for number in range(250, -1, -1)]
    async with asking(first) as asked:
        blocks = await asked.batch(calls)
    assert [int(block["number"], 16) for block in blocks] == list(range(250, -1, -1))


async def test_who_refuses_batches_is_asked_call_by_call(node: Anvil, first: Sky) -> None:
    node.rpc("anvil_mine", "0x5")
    first.weather = Weather(refuses_batches=True)
    calls = [("eth_getBlockByNumber", (hex(number), False)) for number in range(5)]
    async with asking(first) as asked:
        blocks = await asked.batch(calls)
        assert [int(block["number"], 16) for block in blocks] == list(range(5))


@pytest.mark.parametrize("status", [400, 413])
async def test_a_batch_that_http_refuses_is_a_refused_batch(
    node: Anvil, first: Sky, second: Sky, status: int
) -> None:
    """The check's single calls pass, so the endpoint is good."""
    async with asking(first) as asked:
        first.weather = Weather(status=status)
        with pytest.raises(RpcDown, match=f"HTTP {status}"):
            await asked.batch([("eth_chainId", ())] * 3)
    assert first.methods.count("eth_chainId") > 3 + 1


async def test_each_keeps_refusals_in_their_place(node: Anvil, first: Sky) -> None:
    node.rpc("anvil_setCode", REVERTING, REVERT_WITH_CALLDATA)
    call = {"to": REVERTING, "data": ERROR_NO}
    async with asking(first) as asked:
        calls = [("eth_chainId", ()), ("eth_call", (call, "latest")), ("eth_blockNumber", ())]
        chain, refused, number = await asked.each(calls)
        assert (chain, number) == (hex(CHAIN), "0x0")
        assert isinstance(refused, RpcError)
        assert refused.data == bytes.fromhex(ERROR_NO[2:])
        with pytest.raises(RpcError, match="revert"):
            await asked.batch(calls)


async def test_a_true_refusal_is_not_asked_for_twice(node: Anvil, first: Sky, second: Sky) -> None:
    node.rpc("anvil_setCode", REVERTING, REVERT_WITH_CALLDATA)
    call = {"to": REVERTING, "data": ERROR_NO}
    async with asking(first, second) as asked:
        with pytest.raises(RpcError) as refused:
            await asked.call("eth_call", call, "latest")
        with pytest.raises(RpcError):
            await asked.call("eth_sendRawTransaction", "0x02c0")
        assert states(asked) == ["good", "good"]
    assert refused.value.code == 3
    assert "eth_call" not in second.methods
    assert "eth_sendRawTransaction" not in second.methods


BAD_WEATHER = {
    "dropping": Weather(is_dropping=True),
    "HTTP 500": Weather(status=500),
    "HTTP 401": Weather(status=401),
    "HTTP 429": Weather(status=429, headers={"Retry-After": "60"}),
    "HTTP 503": Weather(status=503, headers={"Retry-After": formatdate(2**33)}),
    "rate limited": Weather(errors={m: {"code": -32005, "message": "busy"} for m in METHODS}),
    "no method": Weather(errors={m: {"code": -32601, "message": "no such"} for m in METHODS}),
    "garbage": Weather(body=b"<html>\xff\xfe maintenance"),
    "nothing": Weather(body=b""),
    "null": Weather(body=b"null"),
    "nesting": Weather(body=b"[" * 100_000),
    "nested result": Weather(body=b'{"id":1,"result":' + b'{"a":' * 100_000),
    "another call's": Weather(body=b'{"jsonrpc":"2.0","id":999999,"result":"0x1"}'),
    "neither": Weather(body=b'{"jsonrpc":"2.0","id":1}'),
    "truncated": Weather(is_truncated=True),
    "huge": Weather(huge=2**20),
    "null block": Weather(null=frozenset({"eth_getBlockByNumber", "eth_blockNumber"})),
    "wrong chain": Weather(chain_id=5),
    "a boundless chain": Weather(results={"eth_chainId": "0x" + "f" * 10_000}),
    "a boundless block": Weather(
        results={"eth_getBlockByNumber": {"number": "0x" + "f" * 10_000, "timestamp": "0x1"}}
    ),
    "a list for a block": Weather(results={"eth_getBlockByNumber": [1]}),
}


@pytest.mark.parametrize("kind", BAD_WEATHER)
async def test_the_next_endpoint_answers(
    node: Anvil, first: Sky, second: Sky, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start on, and when the weather breaks later; the preferred one is returned to."""
    monkeypatch.setattr(nodes, "ANSWER_MAX", 2**16)
    monkeypatch.setattr(standing, "BUSY_PAUSE_MAX_S", 0.01)
    first.weather = BAD_WEATHER[kind]
    async with asking(first, second) as asked:
        assert await asked.call("eth_chainId") == hex(CHAIN)
        first.weather = FINE
        await until(lambda: states(asked) == ["good", "good"], asked)
        before = second.methods.count("eth_gasPrice")
        await asked.call("eth_gasPrice")
        assert second.methods.count("eth_gasPrice") == before, "the preferred one is asked again"
        first.weather = BAD_WEATHER[kind]
        if not (first.weather.null or first.weather.results or first.weather.chain_id):
            assert await asked.call("eth_gasPrice") == node.rpc("eth_gasPrice")


async def test_a_slow_endpoint_is_given_up(first: Sky, second: Sky) -> None:
    async with asking(first, second, timeout_s=0.3) as asked:
        first.weather = Weather(is_slow=True)
        assert await answer(asked) == hex(CHAIN)  # on a busy machine the second may be slow too
        assert asked.endpoints()[0].why == "no answer within 0.3 s"


async def test_a_killed_endpoint_and_its_return(first: Sky, second: Sky) -> None:
    async with asking(first, second) as asked:
        first.go_down()
        for _ in range(3):
            assert await asked.call("eth_chainId") == hex(CHAIN)
        assert states(asked)[0] == "down"
        first.come_up()
        await until(lambda: states(asked) == ["good", "good"], asked)


async def test_all_down_says_what_each_did(first: Sky, second: Sky) -> None:
    async with asking(first, second) as asked:
        first.go_down()
        second.weather = Weather(status=502)
        with pytest.raises(RpcDown) as down:
            await asked.call("eth_chainId")
        assert f"{first.url}: cannot connect: Connection refused" in str(down.value)
        assert f"{second.url}: HTTP 502" in str(down.value)
        second.weather = FINE
        assert await answer(asked) == hex(CHAIN)


async def test_a_rate_limit_is_waited_out_where_nobody_else_is_there(first: Sky) -> None:
    async with asking(first) as asked:
        first.weather = Weather(status=429, headers={"Retry-After": "1"})
        waiting = asyncio.create_task(asked.call("eth_chainId"))
        await seen(lambda: states(asked) == ["rate limited"])
        refused = len(first.asked)
        first.weather = FINE
        assert await waiting == hex(CHAIN)
        assert len(first.asked) == refused + 1, "it was left alone until its time"


async def test_a_long_rate_limit_is_said(first: Sky) -> None:
    async with asking(first) as asked:
        first.weather = Weather(status=429, headers={"Retry-After": "60"})
        with pytest.raises(RpcDown, match="HTTP 429"):
            await asked.call("eth_chainId")
        refused = len(first.asked)
        with pytest.raises(RpcDown, match="HTTP 429"):
            await asked.call("eth_chainId")
        assert len(first.asked) == refused


@pytest.mark.parametrize(
    "message",
    ["query returned more than 10000 results", "block range is too large", "limit exceeded"],
)
async def test_too_many_logs_are_no_rate_limit(first: Sky, second: Sky, message: str) -> None:
    async with asking(first, second) as asked:
        first.weather = Weather(blocks_max=10, blocks_error={"code": -32005, "message": message})
        with pytest.raises(RpcError, match=message):
            await asked.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0xa"})
        assert await asked.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x9"}) == []
        assert states(asked) == ["good", "good"]
    assert "eth_getLogs" not in second.methods


async def test_logs_of_too_many_bytes_ask_for_a_smaller_range(
    first: Sky, second: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "ANSWER_MAX", 2**16)
    async with asking(first, second) as asked:
        first.weather = second.weather = Weather(results={"eth_getLogs": ["0x" + "0" * 2**16]})
        with pytest.raises(RpcError, match="larger than 65536 bytes") as refused:
            await asked.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x9"})
        assert refused.value.code == nodes.LIMIT_EXCEEDED
        assert states(asked) == ["good", "good"]
        second.weather = FINE
        assert await asked.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x9"}) == []


async def test_another_endpoint_may_know_what_this_one_does_not(
    node: Anvil, first: Sky, second: Sky
) -> None:
    unknown = {"code": -32000, "message": "header not found"}
    async with asking(first, second) as asked:
        first.weather = Weather(errors={"eth_call": unknown})
        assert await asked.call("eth_call", {"to": REVERTING, "data": "0x"}, "latest") == "0x"
        second.weather = Weather(errors={"eth_call": {"code": -32000, "message": "pruned"}})
        with pytest.raises(RpcError, match="header not found"):
            await asked.call("eth_call", {"to": REVERTING, "data": "0x"}, "latest")
        assert states(asked) == ["good", "good"]


async def test_a_wrong_chain_stops_the_start(first: Sky, second: Sky) -> None:
    first.weather = Weather(chain_id=5)
    second.weather = Weather(chain_id=6)
    asked = Node([first.url, second.url], chain_id=CHAIN)
    try:
        with pytest.raises(WrongChain) as wrong:
            await asked.start()
        assert f"{first.url}: its chain id is 5, expected {CHAIN}" in str(wrong.value)
        assert f"{second.url}: its chain id is 6, expected {CHAIN}" in str(wrong.value)
    finally:
        await asked.close()


async def test_one_wrong_chain_is_named_and_left_out(first: Sky, second: Sky) -> None:
    first.weather = Weather(chain_id=5)
    async with asking(first, second) as asked:
        assert asked.endpoints()[0] == (
            *(first.url, "another chain"),
            f"its chain id is 5, expected {CHAIN}",
        )
        await asked.call("eth_blockNumber")
        assert "eth_blockNumber" not in first.methods


async def test_an_endpoint_that_came_back_on_another_chain(first: Sky, second: Sky) -> None:
    async with asking(first, second) as asked:
        first.go_down()
        await until(lambda: states(asked)[0] == "down", asked)
        first.come_up()
        first.weather = Weather(chain_id=5)
        await until(lambda: states(asked)[0] == "another chain", asked)


async def test_no_start_is_refused_while_endpoints_are_down(first: Sky) -> None:
    first.weather = Weather(status=500)
    async with asking(first) as asked:
        first.weather = FINE
        assert await answer(asked) == hex(CHAIN)


async def test_an_endpoint_behind_the_others_is_not_used(
    node: Anvil, first: Sky, second: Sky
) -> None:
    node.rpc("anvil_mine", "0x2", "0x64")  # 100 s apart
    first.weather = Weather(head=1)
    async with asking(first, second) as asked:
        await until(lambda: states(asked) == ["behind", "good"], asked)
        assert "1, another endpoint has 2" in asked.endpoints()[0].why
        assert await asked.call("eth_blockNumber") == "0x2"
        second.go_down()
        with pytest.raises(RpcDown, match="another endpoint has 2"):
            while True:
                await asked.call("eth_blockNumber")
        first.weather = FINE
        while True:
            try:
                assert await asked.call("eth_blockNumber") == "0x2"
                break
            except RpcDown:
                await asyncio.sleep(0)


async def test_a_block_or_two_behind_is_not_behind(node: Anvil, first: Sky, second: Sky) -> None:
    node.rpc("anvil_mine", "0x3", "0xc")
    first.weather = Weather(head=0)
    async with asking(first, second) as asked:
        await until(lambda: second.methods.count("eth_chainId") > 2, asked)
        assert states(asked) == ["good", "good"]


async def test_a_head_in_the_future_sets_nobody_aside(node: Anvil, first: Sky, second: Sky) -> None:
    block = node.rpc("eth_getBlockByNumber", "latest", False) | {"timestamp": hex(2**40)}
    first.weather = Weather(results={"eth_getBlockByNumber": block})
    async with asking(first, second) as asked:
        await until(lambda: second.methods.count("eth_chainId") > 2, asked)
        assert states(asked)[1] == "good"


async def test_callers_that_leave_take_nothing_with_them(first: Sky) -> None:
    """A cancelled call cancels no check that others wait for."""
    first.weather = Weather(is_slow=True)
    asked = Node([first.url], chain_id=CHAIN)
    try:
        calls: list[asyncio.Task[Any]] = [
            asyncio.create_task(asked.call("eth_chainId")) for _ in range(3)
        ]
        await seen(lambda: bool(first.asked))
        calls[0].cancel()
        first.weather = FINE
        assert [await call for call in calls[1:]] == [hex(CHAIN)] * 2
        assert first.methods.count("eth_chainId") == 1 + 2
    finally:
        await asked.close()


@pytest.mark.parametrize("status", [400, 500])
async def test_a_refusal_may_come_with_any_status(first: Sky, second: Sky, status: int) -> None:
    said = b'{"jsonrpc":"2.0","id":null,"error":{"code":3,"message":"execution reverted: no"}}'
    async with asking(first, second) as asked:
        first.weather = Weather(status=status, body=said)
        with pytest.raises(RpcError, match="execution reverted: no"):
            await asked.call("eth_call", {"to": REVERTING, "data": "0x"}, "latest")
        assert states(asked) == ["good", "good"]
        first.weather = Weather(status=status, body=b'{"jsonrpc":"2.0","id":1,"result":"0x"}')
        assert await asked.call("eth_chainId") == hex(CHAIN)


async def test_a_batch_in_which_one_call_is_rate_limited(first: Sky, second: Sky) -> None:
    async with asking(first, second) as asked:
        first.weather = Weather(errors={"eth_gasPrice": {"code": 429, "message": "slow down"}})
        chain, _ = await asked.batch([("eth_chainId", ()), ("eth_gasPrice", ())])
        assert chain == hex(CHAIN)
        assert states(asked) == ["rate limited", "good"]
