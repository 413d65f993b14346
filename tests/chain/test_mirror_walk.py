"""A long walk at random: trades by strangers, reorgs and restarts, compared with the contracts at
every block.

    XYK_MIRROR_SEEDS=1,2,3 XYK_MIRROR_STEPS=1000 pytest tests/chain/test_mirror_walk.py
"""

import os
from pathlib import Path
from random import Random

import pytest

from tests.chain.anvil import Anvil
from tests.chain.market import CONFIRMATIONS, Market
from tests.chain.mirrored import Told, caught_up, mirrored, pools_of
from xyk.storage.chain import ChainStore

pytestmark = [pytest.mark.chain, pytest.mark.slow]

SEEDS = [int(seed) for seed in os.environ.get("XYK_MIRROR_SEEDS", "1,2").split(",")]
STEPS = int(os.environ.get("XYK_MIRROR_STEPS", "100"))  # blocks and reorgs
RUN = 25  # steps between restarts


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_mirror_is_the_chain(node: Anvil, tmp_path: Path, seed: int) -> None:
    random, market = Random(seed), Market(node)
    market.open()
    market.trade(random, CONFIRMATIONS)
    store = await ChainStore.open(tmp_path, "local")
    told = Told()
    for _ in range(0, STEPS, RUN):
        told = Told(told.durable)
        async with mirrored(market, told=told, store=store, start_block=1) as mirror:
            for _ in range(min(RUN, STEPS)):
                await caught_up(mirror, market)
                assert pools_of(mirror) == market.pools(market.head())
                if random.random() < 0.15:
                    depth = random.randrange(1, 11)
                    told_anew = [[market.wish(random)] for _ in range(random.randrange(depth + 1))]
                    market.reorg(depth, told_anew)
                else:
                    market.trade(random, 1)
            await caught_up(mirror, market)
    await store.close()
    fresh = Told()
    async with mirrored(market, told=fresh, start_block=1) as mirror:
        await caught_up(mirror, market)
    assert told.blocks == fresh.blocks
