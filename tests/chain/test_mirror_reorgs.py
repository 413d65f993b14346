"""Reorgs of a real node: what is mirrored is what survived."""

from pathlib import Path
from random import Random

import pytest

from tests.chain.anvil import Anvil
from tests.chain.anvil import running as node_of
from tests.chain.market import CONFIRMATIONS, Market
from tests.chain.mirrored import Told, caught_up, mirrored, pools_of, until
from tests.chain.weather import sky
from xyk.chain.mirror import HALTED
from xyk.chain.node import Node

pytestmark = [pytest.mark.chain]


@pytest.fixture
def market(node: Anvil) -> Market:
    market = Market(node)
    market.open()
    return market


def replace_blocks(market: Market, random: Random, depth: int) -> None:
    """With others that have other trades, or none."""
    market.reorg(depth, [[market.wish(random) for _ in range(block % 3)] for block in range(depth)])


async def whole_history(market: Market) -> Told:
    """What a mirror is told that starts now, from the first block on."""
    told = Told()
    async with mirrored(market, told=told, start_block=1) as mirror:
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    return told


@pytest.mark.slow
async def test_after_reorgs_of_each_depth_all_is_as_if_they_had_not_been(market: Market) -> None:
    random, told = Random(7), Told()
    async with mirrored(market, told=told, start_block=1) as mirror:
        for depth in range(1, 11):
            market.trade(random, depth + 2)
            await caught_up(mirror, market)
            before = mirror.block
            replace_blocks(market, random, depth)
            assert market.head() == before.number
            await caught_up(mirror, market)
            assert mirror.block.hash != before.hash
            assert told.dropped_to[-1] == before.number - depth
            assert pools_of(mirror) == market.pools(market.head())
            assert told.blocks == (await whole_history(market)).blocks
    assert len(told.dropped_to) == 10


@pytest.mark.slow
async def test_reorgs_while_nobody_looks(market: Market) -> None:
    """Several at once, and the chain has grown meanwhile."""
    random, told = Random(8), Told()
    market.trade(random, 10)
    async with mirrored(market, told=told, start_block=1) as mirror:
        for _ in range(6):
            market.trade(random, 3)
            await caught_up(mirror, market)
            for _ in range(3):
                replace_blocks(market, random, random.randrange(1, 9))
                market.trade(random, random.randrange(3))
            await caught_up(mirror, market)
            assert pools_of(mirror) == market.pools(market.head())
    assert told.blocks == (await whole_history(market)).blocks
    assert told.dropped_to


async def test_a_mirror_that_just_began_survives_one(market: Market) -> None:
    """It knows reserves that it read and of which no event told it."""
    random = Random(9)
    market.trade(random, CONFIRMATIONS + 2)
    async with mirrored(market) as mirror:
        await caught_up(mirror, market)
        replace_blocks(market, random, CONFIRMATIONS)
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())


async def test_pools_that_were_read_at_a_dropped_block_are_read_again(market: Market) -> None:
    first, *others = market.pairs()
    random = Random(10)
    market.trade(random, 5)
    async with mirrored(market, pairs=[first]) as mirror:
        await caught_up(mirror, market)
        mirror.add_pairs(others)
        await caught_up(mirror, market)
        replace_blocks(market, random, 4)
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())


async def test_deeper_than_the_rule_it_halts_until_the_chain_is_back(
    market: Market, anvil: Path, tmp_path: Path
) -> None:
    """The other history is another node's: a chain with the same contracts, traded otherwise."""
    told, folder = Told(), tmp_path / "other"
    folder.mkdir()
    market.trade(Random(11), 20)
    with node_of(anvil, folder) as node, sky(market.node.port) as over:
        other = Market(node)
        other.open()
        other.trade(Random(12), 25)
        assert other.pairs() == market.pairs()
        rpc = Node([over.url])
        async with mirrored(market, told=told, rpc=rpc, start_block=1) as mirror:
            await caught_up(mirror, market)
            block, pools, known = mirror.block, pools_of(mirror), dict(told.blocks)
            over.upstream = node.port
            await until(lambda: mirror.state(market.now_ms()).status == HALTED)
            state = mirror.state(market.now_ms())
            assert f"deeper than {CONFIRMATIONS} blocks" in state.reason
            assert told.finals[-1].hash in state.reason
            assert (state.block, state.hash) == (block.number, block.hash)
            assert (mirror.block, pools_of(mirror), told.blocks) == (block, pools, known)
            over.upstream = market.node.port
            await caught_up(mirror, market)
            assert mirror.block == block
        await rpc.close()
    assert told.dropped_to == []


async def test_a_chain_that_became_shorter(market: Market) -> None:
    """What was dropped counts until another chain is there: the node is only behind before."""
    random = Random(13)
    market.trade(random, 10)
    async with mirrored(market) as mirror:
        await caught_up(mirror, market)
        top = mirror.block
        market.node.rpc("anvil_rollback", 3)
        await until(lambda: "behind block" in mirror.state(market.now_ms()).reason)
        assert mirror.block == top
        market.trade(random, 2)
        await caught_up(mirror, market)
        assert mirror.block.number == top.number - 1
        assert pools_of(mirror) == market.pools(market.head())
