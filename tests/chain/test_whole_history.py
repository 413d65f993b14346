"""A real server beside a real node with Uniswap's own contracts, on which strangers swap, mint and
burn a thousand times: what it says over HTTP is what the contracts say, at every block."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.anvil import Anvil
from tests.chain.crowd import Crowd
from tests.chain.maze import Maze
from tests.chain.site import Site, served
from tests.chain.test_chain_quotes import QUOTE, check
from tests.chain.whole import equal_by_hand, shown_pools, until_hash

pytestmark = [pytest.mark.chain, pytest.mark.slow]

EVENTS = 1_000
QUOTED_EACH = 125  # events: then a block at which everything is quoted
CROWDED = (0, 1, 1, 2, 2, 3, 5, 8, 40)  # wishes of a block


@pytest.fixture
def crowd(node: Anvil) -> Crowd:
    return Crowd(Maze(node, ago_s=6 * 3600, block_s=12), seed=41)


@pytest.fixture
def site(crowd: Crowd, tmp_path: Path) -> Iterator[Site]:
    with served(crowd.maze, tmp_path, start_block=1, stale_after_s=86_400) as made:
        until_hash(made, crowd)
        yield made


def quote_all(site: Site, crowd: Crowd, block: int) -> list[int]:
    """Every two tokens, either way; how many quotes had so many hops."""
    maze, hops = crowd.maze, [0, 0, 0, 0]
    for token_in in maze.tokens:
        for token_out in maze.tokens:
            if token_in == token_out:
                continue
            given, wanted = crowd._amount(token_in), crowd._amount(token_out)
            for is_sale, amount in ((True, given), (False, wanted)):
                side = "amountIn" if is_sale else "amountOut"
                best = maze.best(
                    *(token_in, token_out),
                    block=block,
                    **({"given": amount} if is_sale else {"wanted": amount}),
                )
                wish = {"tokenIn": token_in, "tokenOut": token_out, side: str(amount)}
                response = site.http.post(QUOTE, json=wish)
                quote = response.json()
                if best is None:
                    assert (response.status_code, quote["code"]) == (422, "INSUFFICIENT_LIQUIDITY")
                    hops[0] += 1
                    continue
                assert response.status_code == 200, quote
                assert quote["block"] == block
                assert int(quote["amountOut" if is_sale else "amountIn"]) == best
                check(site, quote, "getAmountsOut" if is_sale else "getAmountsIn", amount)
                hops[len(quote["route"])] += 1
    return hops


async def test_a_thousand_swaps_mints_and_burns(site: Site, crowd: Crowd) -> None:
    happened: Counter[str] = Counter()
    largest, blocks, quoted = 0, 0, [0, 0, 0, 0]
    while happened.total() < EVENTS:
        block = crowd.crowd(crowd.random.choice(CROWDED))
        blocks += 1
        kinds = crowd.happened(block)
        before = happened.total() // QUOTED_EACH
        happened.update(kinds)
        largest = max(largest, len(kinds))
        site.reached(block)
        assert shown_pools(site) == crowd.pools(block), f"block {block}"
        if happened.total() // QUOTED_EACH > before:
            quoted = [a + b for a, b in zip(quoted, quote_all(site, crowd, block), strict=True)]
    told = f"{blocks} blocks, {dict(happened)}, {largest} in one, quotes by hops {quoted}"
    assert min(happened[kind] for kind in ("Swap", "Mint", "Burn")) > 50, told
    assert largest > 30 and min(quoted[1:]) > 20, told
    expected = await equal_by_hand(site, crowd)
    assert sum(len(one["trades"]) for one in expected.values()) > EVENTS // 4
    assert "known were" not in site.server.log.read_text()
