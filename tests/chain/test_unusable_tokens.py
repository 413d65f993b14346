"""Tokens that no exchange could show, beside honest ones, through a real server."""

from pathlib import Path
from typing import Any

import pytest

from tests.chain.anvil import Anvil
from tests.chain.maze import Maze
from tests.chain.odd_contract import token
from tests.chain.site import served
from tests.chain.test_serve_chain import until

pytestmark = [pytest.mark.chain, pytest.mark.slow]

MUTE, DEEP, RUDE, NONE = (f"0x{digit * 40}" for digit in "abcd")


def test_they_are_listed_with_the_reason_and_the_rest_is_served(
    node: Anvil, tmp_path: Path
) -> None:
    maze = Maze(node, density=0.2)
    codes = {MUTE: token("MUTE", None), DEEP: token("DEEP", 77), RUDE: token("\x00\u202eUSDC", 18)}
    for address, code in codes.items():
        node.rpc("anvil_setCode", address, code)
    weth = maze.tokens["WETH"].address
    for address in codes:
        maze.send(maze.factory, "createPair", address, weth)
    maze.mine()
    honest = [one.address for one in maze.tokens.values()]
    with served(maze, tmp_path, tokens=[*honest, *codes, NONE]) as site:
        found = site.deployment()
        why = {one["address"]: one["reason"] for one in found["unusable"]}
        assert "decimals" in why[MUTE] and "77 decimals" in why[DEEP] and NONE in why
        assert len(why) == 5 and RUDE not in why, "two of them have pairs, which are named too"
        pairs: list[dict[str, Any]] = site.http.get("/api/v1/chain/maze/pairs").json()
        assert found["pairs"] == len(pairs) == len(maze.pairs) + 1
        [rude] = [
            one for one in pairs if RUDE in (one["token0"]["address"], one["token1"]["address"])
        ]
        shown = {one["address"]: one["symbol"] for one in (rude["token0"], rude["token1"])}
        assert shown[RUDE].isascii() and shown[RUDE].isalnum() and shown[RUDE] != "USDC"
        assert (rude["reserves"], rude["spotPrice"]) == (["0", "0"], None)

        quote = "/api/v1/chain/maze/quote"
        wish = {"tokenOut": "USDC", "amountIn": 10**18}
        assert site.refusal(quote, tokenIn=MUTE, **wish) == (404, "INVALID_ASSET")
        assert site.refusal(quote, tokenIn=RUDE, **wish) == (422, "INSUFFICIENT_LIQUIDITY")
        assert site.get(quote, tokenIn="WETH", **wish)["block"] == maze.head()
        markets = until(
            lambda: site.http.get("/chain/maze/api/v1/markets").json(),
            lambda told: len(told) == len(maze.pairs),
        )
        assert rude["symbol"] not in {one["symbol"] for one in markets}
