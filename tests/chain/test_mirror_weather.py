"""A node that is away, slow, behind or lying: the mirror says so, and is right when it is over."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import pytest

from tests.chain.anvil import Anvil
from tests.chain.market import CONFIRMATIONS, Market
from tests.chain.mirrored import Told, caught_up, mirrored, pools_of, until
from tests.chain.weather import FINE, RANGE_TOO_LARGE, TOO_MANY_RESULTS, Sky, Weather, sky
from xyk.chain.mirror import STALE, Mirror
from xyk.chain.node import Node
from xyk.chain.rpc import RpcError

pytestmark = [pytest.mark.chain]

SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"


@pytest.fixture
def market(node: Anvil) -> Market:
    market = Market(node)
    market.open()
    market.trade(Random(31), CONFIRMATIONS)
    return market


@pytest.fixture
def over(market: Market) -> Iterator[Sky]:
    with sky(market.node.port) as over:
        yield over


def reason(mirror: Mirror, market: Market) -> str:
    return mirror.state(market.now_ms()).reason


async def test_two_endpoints_one_killed(market: Market, over: Sky) -> None:
    random, told = Random(32), Told()
    with sky(market.node.port) as second:
        rpc = Node([over.url, second.url])
        async with mirrored(market, rpc=rpc, told=told) as mirror:
            await caught_up(mirror, market)
            for endpoint in (over, second):
                endpoint.go_down()
                market.trade(random, 4)
                await caught_up(mirror, market)
                assert pools_of(mirror) == market.pools(market.head())
                endpoint.come_up()
        await rpc.close()
    assert over.methods and second.methods


async def test_a_node_that_is_away_makes_it_stale_until_it_is_back(
    market: Market, over: Sky
) -> None:
    random = Random(33)
    rpc = Node([over.url])
    async with mirrored(market, rpc=rpc) as mirror:
        await caught_up(mirror, market)
        pools, block = pools_of(mirror), mirror.block
        over.go_down()
        market.trade(random, 10)
        await until(lambda: bool(reason(mirror, market)))
        state = mirror.state(market.now_ms())
        assert (state.status, state.block, state.hash) == (STALE, block.number, block.hash)
        assert state.age_ms == state.seen_ms_ago == market.now_ms() - block.time_s * 1000
        assert pools_of(mirror) == pools
        over.come_up()
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    await rpc.close()


WEATHERS = {
    "garbage": Weather(body=b"<html>"),
    "null": Weather(body=b"null"),
    "no server": Weather(status=502),
    "cut off": Weather(is_truncated=True),
    "rate limited": Weather(errors={"eth_getBlockByNumber": {"code": 429, "message": "slow down"}}),
    "null blocks": Weather(null=frozenset({"eth_getBlockByNumber"})),
    "null logs": Weather(null=frozenset({"eth_getLogs"})),
    "logs are text": Weather(results={"eth_getLogs": "0x"}),
    "logs of numbers": Weather(results={"eth_getLogs": [1]}),
    "blocks of nothing": Weather(results={"eth_getBlockByNumber": {}}),
    "blocks of words": Weather(
        results={
            "eth_getBlockByNumber": dict.fromkeys(
                ("number", "hash", "parentHash", "timestamp"), "seven"
            )
        }
    ),
    "logs out of range": Weather(
        errors={"eth_getLogs": {"code": -32000, "message": "One of the blocks is out of range"}}
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WEATHERS)
async def test_whatever_it_says_nothing_false_is_shown(
    market: Market, over: Sky, name: str
) -> None:
    random = Random(34)
    rpc = Node([over.url])
    async with mirrored(market, rpc=rpc) as mirror:
        await caught_up(mirror, market)
        pools, block = pools_of(mirror), mirror.block
        over.weather = WEATHERS[name]
        market.trade(random, 10)
        await until(lambda: bool(reason(mirror, market)))
        assert (pools_of(mirror), mirror.block) == (pools, block)
        assert mirror.state(market.now_ms()).status == STALE
        over.weather = FINE
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    await rpc.close()


async def test_a_node_that_is_behind(market: Market, over: Sky) -> None:
    rpc = Node([over.url])
    async with mirrored(market, rpc=rpc) as mirror:
        await caught_up(mirror, market)
        head, block = market.head(), mirror.block
        for behind in (1, CONFIRMATIONS, CONFIRMATIONS + 3):
            over.weather = Weather(head=head - behind)
            await until(lambda at=head - behind: f"at block {at}" in reason(mirror, market))
            assert mirror.block == block
        over.weather = FINE
        await caught_up(mirror, market)
    await rpc.close()


@pytest.mark.parametrize("error", [TOO_MANY_RESULTS, RANGE_TOO_LARGE], ids=["results", "range"])
async def test_ranges_that_are_too_wide_are_halved(
    market: Market, over: Sky, error: dict[str, Any]
) -> None:
    market.trade(Random(35), 40)
    told = Told()
    over.weather = Weather(blocks_max=5, blocks_error=error)
    rpc = Node([over.url])
    async with mirrored(market, rpc=rpc, told=told, start_block=1, block_span=64) as mirror:
        await caught_up(mirror, market)
    await rpc.close()
    spans = spans_of(over)
    assert max(spans) > 5
    answered = [span for span in spans if span <= 5]
    assert sum(answered) == market.head() - CONFIRMATIONS
    assert max(answered) > min(answered[:-1])  # it tries wider ones again
    fresh = Told()
    async with mirrored(market, told=fresh, start_block=1) as mirror:
        await caught_up(mirror, market)
    assert told.blocks == fresh.blocks


def spans_of(over: Sky) -> list[int]:
    """Of the ranges of logs that were asked for, in order."""
    asked = [params[0] for method, params in over.asked if method == "eth_getLogs"]
    return [
        int(where["toBlock"], 16) - int(where["fromBlock"], 16) + 1
        for where in asked
        if "fromBlock" in where
    ]


async def test_ranges_shrink_where_there_are_many_logs(
    market: Market, over: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that decoding them does not keep the event loop for long."""
    monkeypatch.setattr("xyk.chain.source.LOGS_WANTED", 12)
    for _ in range(10):
        for _ in range(4):  # eight logs a block
            market.send(*market.sale(Random(1)))
        market.mine()
    market.trade(Random(39), CONFIRMATIONS)
    rpc = Node([over.url])
    async with mirrored(market, rpc=rpc, start_block=1, block_span=8) as mirror:
        await caught_up(mirror, market)
    await rpc.close()
    assert spans_of(over)[0] == 8
    assert min(spans_of(over)[1:-1]) == 1  # eight logs by twelve wanted, in whole blocks


class Liar:
    """An Rpc before a real one: `lie(method, params, answer)` is what is told instead."""

    def __init__(self, market: Market) -> None:
        self.rpc = Node([market.node.url])
        self.lie: Callable[[str, Any, Any], Any] = lambda method, params, answer: answer

    async def call(self, method: str, *params: object) -> Any:
        return (await self.batch([(method, params)]))[0]

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        answers = await self.rpc.batch(calls)
        return [self.lie(*call, answer) for call, answer in zip(calls, answers, strict=True)]

    async def each(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return await self.rpc.each(calls)


def of_logs(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[str, Any, Any], Any]:
    """A lie about logs, where there are any."""

    def lie(method: str, params: Any, answer: Any) -> Any:
        return change(answer) if method == "eth_getLogs" and answer else answer

    return lie


def of_blocks(**changed: Any) -> Callable[[str, Any, Any], Any]:
    def lie(method: str, params: Any, answer: Any) -> Any:
        is_block = method == "eth_getBlockByNumber" and answer
        return answer | changed if is_block and params[0] != "latest" else answer

    return lie


def every_other_link(method: str, params: Any, answer: Any) -> Any:
    """The first new block still follows ours."""
    if method == "eth_getBlockByNumber" and answer and int(answer["number"], 16) % 2 == 0:
        return answer | {"parentHash": "0x" + "5a" * 32}
    return answer


def refused(method: str, params: Any, answer: Any) -> Any:
    if method == "eth_getLogs":
        raise RpcError(-32000, "unknown block")
    return answer


LIES = {
    "logs of another block": of_logs(
        lambda logs: [x | {"blockHash": "0x" + "5a" * 32} for x in logs]
    ),
    "logs of another height": of_logs(lambda logs: [x | {"blockNumber": "0x1"} for x in logs]),
    "logs of strangers": of_logs(lambda logs: [x | {"address": "0x" + "12" * 20} for x in logs]),
    "removed logs": of_logs(lambda logs: [x | {"removed": True} for x in logs]),
    "a log twice": of_logs(lambda logs: [*logs, logs[0]]),
    "other topics": of_logs(lambda logs: [x | {"topics": ["0x" + "12" * 32]} for x in logs]),
    "short data": of_logs(lambda logs: [x | {"data": x["data"][:-2]} for x in logs]),
    "reserves that cannot be": of_logs(
        lambda logs: [
            x | ({"data": "0x" + "ff" * 64} if x["topics"] == [SYNC] else {}) for x in logs
        ]
    ),
    "links that break": of_blocks(parentHash="0x" + "5a" * 32),
    "every other link breaks": every_other_link,
    "an unknown block": refused,
}


# Final blocks are read by ranges, whose ends are checked and not each link.
TOLD = [
    *((name, False) for name in LIES),
    *((name, True) for name in LIES if "link" not in name),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "far"), TOLD)
async def test_lies_are_not_believed(market: Market, name: str, far: bool) -> None:
    random, liar, told = Random(36), Liar(market), Told()
    async with mirrored(market, rpc=liar, told=told) as mirror:
        await caught_up(mirror, market)
        market.trade(random, 1)
        await caught_up(mirror, market)
        pools, block, known = pools_of(mirror), mirror.block, dict(told.blocks)
        liar.lie = LIES[name]
        market.send(*market.sale(random))
        market.mine()
        market.trade(random, CONFIRMATIONS + 5 if far else 4)
        await until(lambda: bool(reason(mirror, market)))
        assert (pools_of(mirror), mirror.block, told.blocks) == (pools, block, known)
        liar.lie = lambda method, params, answer: answer
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    await liar.rpc.close()


async def test_logs_that_were_kept_from_us_are_found_out(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    """The pools are read again after every fault, and every hundred blocks."""
    random, liar = Random(37), Liar(market)
    async with mirrored(market, rpc=liar) as mirror:
        await caught_up(mirror, market)
        liar.lie = of_logs(lambda logs: [])
        for _ in range(3):
            market.send(*market.sale(random))
        market.mine()
        await caught_up(mirror, market)
        assert pools_of(mirror) != market.pools(market.head())
        liar.lie = refused
        market.mine()
        await until(lambda: "unknown block" in reason(mirror, market))
        liar.lie = lambda method, params, answer: answer
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    assert "known were" in caplog.text
    await liar.rpc.close()


async def test_a_reorg_between_the_questions(market: Market) -> None:
    """The chain changes after the blocks were read and before their logs are."""
    random, liar, told = Random(38), Liar(market), Told()
    async with mirrored(market, rpc=liar, told=told, start_block=1) as mirror:
        await caught_up(mirror, market)
        for depth in (1, 2, 5):

            def lie(method: str, params: Any, answer: Any, depth: int = depth) -> Any:
                if method == "eth_getBlockByNumber" and params[0] != "latest":
                    liar.lie = lambda method, params, answer: answer
                    market.reorg(depth, [[market.wish(random)] for _ in range(depth)])
                return answer

            market.trade(random, 4)
            liar.lie = lie
            await until(lambda lie=lie: liar.lie is not lie)
            await caught_up(mirror, market)
            assert pools_of(mirror) == market.pools(market.head())
    fresh = Told()
    async with mirrored(market, told=fresh, start_block=1) as mirror:
        await caught_up(mirror, market)
    assert told.blocks == fresh.blocks
    await liar.rpc.close()


async def test_one_head_that_is_too_high_makes_nothing_final(market: Market) -> None:
    """Or the next reorg would be one of final blocks, which halts."""
    random, liar = Random(40), Liar(market)
    async with mirrored(market, rpc=liar) as mirror:
        await caught_up(mirror, market)
        market.trade(random, 4)
        await caught_up(mirror, market)

        def lie(method: str, params: Any, answer: Any) -> Any:
            is_head = method == "eth_getBlockByNumber" and params[0] == "latest"
            return answer | {"number": hex(10**9)} if is_head else answer

        liar.lie = lie
        await until(lambda: bool(reason(mirror, market)))
        liar.lie = lambda method, params, answer: answer
        market.reorg(3, [[market.wish(random)] for _ in range(3)])
        market.trade(random, 1)
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    await liar.rpc.close()
