"""The mirror against the contracts themselves, on a real EVM node."""

import asyncio
from random import Random
from typing import Any

import pytest
from eth_abi.abi import decode

from contracts_abi.contract import contract
from tests.chain.anvil import Anvil
from tests.chain.market import CONFIRMATIONS, Market, Pool
from tests.chain.mirrored import Told, caught_up, mirrored, pools_of, until
from xyk.chain.blocks import Tail
from xyk.chain.mirror import CATCHING_UP, HALTED, LIVE, STALE, Mirror
from xyk.chain.node import Node
from xyk.chain.pair import Block, BlockEvents

pytestmark = [pytest.mark.chain]

BLOCKS = 40


@pytest.fixture
def market(node: Anvil) -> Market:
    market = Market(node)
    market.open()
    return market


class Seen(Told):
    """Also the pools that whoever was told of a block saw at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.pools: dict[int, dict[str, Pool | tuple[int, int]]] = {}

    def applied(self, events: BlockEvents) -> None:
        super().applied(events)
        mirror = self.mirror
        assert mirror and mirror.block == events.block
        self.pools[events.block.number] = {
            pair: (*reserves, mirror.total_supply[pair])
            if pair in mirror.total_supply
            else reserves
            for pair, reserves in mirror.reserves.items()
        }


def logged(market: Market, first: int, last: int) -> dict[int, list[tuple[Any, ...]]]:
    """The pairs' own events by block, read and decoded without the mirror's code."""
    events = {one.topic.hex(): one for one in contract("uniswap_v2_pair").events.values()}
    asked = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": [one.address for one in market.contracts],
    }
    found: dict[int, list[tuple[Any, ...]]] = {}
    for log in market.node.rpc("eth_getLogs", asked):
        event = events[log["topics"][0][2:]]
        if event.name in ("Transfer", "Approval"):
            continue
        types = [one.canonical for one in event.inputs if not one.indexed]
        values = dict(
            zip(
                [one.name for one in event.inputs if not one.indexed],
                decode(types, bytes.fromhex(log["data"][2:])),
                strict=True,
            )
        )
        topics = iter(log["topics"][1:])
        values |= {one.name: "0x" + next(topics)[26:] for one in event.inputs if one.indexed}
        place = (event.name, log["address"], log["transactionHash"], int(log["logIndex"], 16))
        names = ORDER[event.name]
        found.setdefault(int(log["blockNumber"], 16), []).append(
            (*place, *(values[name] for name in names))
        )
    return found


# The fields of our events, in the ABI's names.
ORDER = {
    "Sync": ("reserve0", "reserve1"),
    "Swap": ("sender", "to", "amount0In", "amount1In", "amount0Out", "amount1Out"),
    "Mint": ("sender", "amount0", "amount1"),
    "Burn": ("sender", "to", "amount0", "amount1"),
}


def listed(events: BlockEvents) -> list[tuple[Any, ...]]:
    return [
        (type(one).__name__, *(getattr(one, name) for name in one.__struct_fields__))
        for one in events.events
    ]


def is_as(pools: dict[str, Any], contracts: dict[str, Pool]) -> bool:
    """Of the pools that are known; without a supply where that is not known yet."""
    return all(contracts[pair][: len(pool)] == pool for pair, pool in pools.items())


async def test_the_history_is_that_of_the_contracts_at_every_block(market: Market) -> None:
    market.trade(Random(1), BLOCKS)
    seen = Seen()
    async with mirrored(market, told=seen, start_block=1, block_span=7) as mirror:
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    expected = logged(market, 1, market.head())
    assert {number: listed(one) for number, one in seen.blocks.items()} == expected
    kinds = {type(event).__name__ for one in seen.blocks.values() for event in one.events}
    assert kinds == {"Sync", "Swap", "Mint", "Burn"}
    for number, pools in seen.pools.items():
        assert is_as(pools, market.pools(number)), number
    for number, one in seen.blocks.items():
        assert one.block.hash == market.block_hash(number)
    assert seen.finals[-1].number == market.head() - CONFIRMATIONS


async def test_it_follows_the_tip(market: Market) -> None:
    random, told = Random(2), Told()
    async with mirrored(market, told=told) as mirror:
        await caught_up(mirror, market)
        begun = mirror.block.number
        for _ in range(BLOCKS):
            market.trade(random, 1)
            await caught_up(mirror, market)
            assert pools_of(mirror) == market.pools(mirror.block.number)
    assert {n: listed(one) for n, one in told.blocks.items() if n > begun} == logged(
        market, begun + 1, market.head()
    )


async def test_without_a_multicall_pools_are_read_one_by_one(node: Anvil) -> None:
    market = Market(node, has_multicall=False)
    market.open()
    async with mirrored(market) as mirror:
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())


async def test_a_pair_that_nobody_opened_has_reserves_of_zero(node: Anvil) -> None:
    market = Market(node)
    async with mirrored(market) as mirror:
        await caught_up(mirror, market)
        assert set(pools_of(mirror).values()) == {(0, 0, 0)}
        market.open()
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
        assert (0, 0, 0) not in pools_of(mirror).values()


async def test_pairs_that_are_added_later(market: Market) -> None:
    first, *others = market.pairs()
    random = Random(3)
    async with mirrored(market, pairs=[first]) as mirror:
        await caught_up(mirror, market)
        assert list(mirror.reserves) == [first.address]
        mirror.add_pairs([first, *others])
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
        assert mirror.by_symbol == {pair.symbol: pair for pair in (first, *others)}
        market.trade(random, 5)
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
        with pytest.raises(ValueError, match="two pairs are called"):
            mirror.add_pairs([type(first)("0x" + "12" * 20, first.token0, first.token1, True)])


async def test_what_is_no_pair_keeps_nobody_waiting(market: Market) -> None:
    pairs = market.pairs()
    no_pair = type(pairs[0])(market.weth, pairs[0].token1, pairs[0].token0, True)
    async with mirrored(market, pairs=[*pairs, no_pair]) as mirror:
        await until(lambda: len(mirror.reserves) == len(pairs))
        market.mine()
        await until(lambda: mirror.block.number == market.head())
        assert market.weth not in mirror.reserves
        assert mirror.state(market.now_ms()).status == LIVE


async def test_what_it_says_of_its_age(market: Market) -> None:
    node = Node([market.node.url])
    mirror = Mirror(market.deployment(), node, market.pairs(), now_ms=market.now_ms)
    never = mirror.state(market.now_ms())
    assert (never.status, never.block, never.hash) == (STALE, 0, "")
    async with mirrored(market) as mirror:
        await caught_up(mirror, market)
        now = market.now_ms()
        fresh = mirror.state(now)
        assert fresh == type(fresh)(LIVE, "", market.head(), mirror.block.hash, 0, 0)
        limit = mirror.deployment.stale_after_s * 1000
        assert mirror.state(now + limit).status == LIVE
        old = mirror.state(now + limit + 1)
        assert (old.status, old.age_ms, old.seen_ms_ago) == (STALE, limit + 1, limit + 1)
        assert "60 s" in old.reason
    await node.close()


async def test_a_node_of_another_chain_halts_it(market: Market) -> None:
    async with mirrored(market, chain_id=1) as mirror:
        await until(lambda: mirror.state(market.now_ms()).status == HALTED)
        assert "chain 31337, not 1" in mirror.state(market.now_ms()).reason
        assert not mirror.reserves


@pytest.mark.parametrize("name", ["factory", "router"])
async def test_an_address_without_a_contract_halts_it(market: Market, name: str) -> None:
    async with mirrored(market, **{name: "0x" + "12" * 20}) as mirror:
        await until(lambda: mirror.state(market.now_ms()).status == HALTED)
        assert f"no contract at the {name}" in mirror.state(market.now_ms()).reason


async def test_the_websocket_wakes_it(market: Market) -> None:
    url = market.node.url.replace("http", "ws")
    asked = []

    def now_ms() -> int:
        asked.append(market.now_ms())  # once a round
        return asked[-1]

    settings = {"poll_ms": 3_600_000, "websocket": url}
    async with mirrored(market, now_ms=now_ms, **settings) as mirror:
        await until(lambda: len(asked) > 1)  # the node's answer to the subscription
        for _ in range(3):
            market.mine()
            await caught_up(mirror, market)


async def test_far_behind_it_says_that_it_is_catching_up(market: Market) -> None:
    market.trade(Random(4), 20)
    statuses = []

    class Watch(Told):
        async def final(self, block: Block) -> None:
            assert self.mirror
            statuses.append(self.mirror.state(market.now_ms()).status)
            await super().final(block)

    async with mirrored(market, told=Watch(), start_block=1, block_span=1) as mirror:
        await caught_up(mirror, market)
    assert statuses[0] == CATCHING_UP
    assert statuses[-1] != CATCHING_UP


async def test_a_fault_of_ours_between_a_block_and_its_listeners_tears_it(market: Market) -> None:
    """Whoever asked the node and found it odd may ask again; whoever was not told never will be."""

    class Odd(Told):
        def applied(self, events: BlockEvents) -> None:
            raise KeyError("ours")

    mirror = Mirror(market.deployment(start_block=1), Node([market.node.url]), market.pairs())
    source, mirror._source = mirror._source, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        await mirror.run()
    assert not mirror.is_torn
    mirror._source = source
    mirror.listeners.append(Odd())
    with pytest.raises(KeyError, match="ours"):
        await mirror.run()
    assert mirror.is_torn


async def test_others_get_their_turn_while_a_range_of_blocks_joins(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchange's own writer is on the same event loop."""
    monkeypatch.setattr("xyk.chain.mirror.PAUSE_BLOCKS", 4)
    market.trade(Random(9), 60)
    turns = [0]
    seen: dict[int, int] = {}

    class Watch(Told):
        def applied(self, events: BlockEvents) -> None:
            super().applied(events)
            seen[events.block.number] = turns[0]

    async def others() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    rpc = Node([market.node.url])
    mirror = Mirror(market.deployment(), rpc, market.pairs())
    mirror.listeners.append(Watch())
    try:
        tail = Tail(await mirror._source.block(0))
        found = await mirror._source.final_range(tail.tip.block, market.head())
        await mirror._join_all(tail, found)
    finally:
        other.cancel()
        await rpc.close()
    assert len(seen) > 40
    assert len(set(seen.values())) >= len(seen) // 4
