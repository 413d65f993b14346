"""/quote?venue=: our own pool and book beside a real chain's pairs, compared after gas."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chain.anvil import running
from tests.chain.maze import DECIMALS, Maze
from tests.chain.site import WAIT_S, Json, Site, served
from xyk.domain.tokens import token_address

pytestmark = [pytest.mark.chain, pytest.mark.slow]

GWEI = 10**9
UNMATCHED = "SOL"  # ours, and not tracked on the chain
OWN_DECIMALS = {"USDC": 6, "BTC": 8, "ETH": 18}
QUOTE = "/api/v1/quote"


@pytest.fixture(scope="module")
def site(anvil: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(anvil, tmp_path_factory.mktemp("anvil")) as node:
        maze = Maze(node, seed=2, density=0.4)
        maze.untracked = (UNMATCHED,)
        with served(maze, tmp_path_factory.mktemp("site")) as made:
            yield made


def priced(site: Site, wei: int) -> int:
    """Gas of the next block costs about so much; when the server has heard of it, the price."""
    node = site.maze.node
    node.rpc("anvil_setNextBlockBaseFeePerGas", hex(wei))
    site.reached(site.maze.mine())
    price = int(node.rpc("eth_gasPrice"), 16)
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        _, chain = both(site, tokenIn="USDC", tokenOut="ETH", amountIn=10**9)
        if int(chain["gasCost"]) == chain["gas"] * price:
            return price
    raise AssertionError((price, chain))


def both(site: Site, **asked: object) -> tuple[Json, Json]:
    own, chain = site.get(QUOTE, venue="all", **asked)["quotes"]
    assert (own["venue"], chain["venue"]) == ("own", "maze")
    return own, chain


def worth(site: Site, symbol: str, wei: int, block: int) -> int:
    """What the gas costs in that token, by the router."""
    if symbol in ("ETH", "WETH"):
        return wei
    best = site.maze.best(symbol, "WETH", block=block, wanted=wei)
    assert best is not None
    return best


def on_chain(symbol: str) -> tuple[str, int]:
    name = "WETH" if symbol == "ETH" else symbol
    return name, DECIMALS.get(name, 18)


def scaled(amount: int, have: int, want: int, up: bool) -> int:
    whole, rest = divmod(amount * 10**want, 10**have)
    return whole + (up and rest > 0)


def test_both_sides_by_hand(site: Site) -> None:
    """Every number of an answer from its parts: our own quote, the router's amounts, gas."""
    price, seen = priced(site, 30 * GWEI), set()
    for token_in in OWN_DECIMALS:
        for token_out in OWN_DECIMALS:
            for is_sale in (True, False):
                if token_in == token_out:
                    continue
                seen.add(check(site, token_in, token_out, is_sale, price))
    assert seen == {"own", "maze"}, "each is best at times"


def check(site: Site, token_in: str, token_out: str, is_sale: bool, price: int) -> str:
    unit = 10 ** OWN_DECIMALS[token_in if is_sale else token_out]
    amount = unit // 7 + site.maze.random.randrange(1000)
    wish = {"tokenIn": token_in, "tokenOut": token_out, "slippageBps": 70}
    wish["amountIn" if is_sale else "amountOut"] = str(amount)
    answer = site.get(QUOTE, venue="all", **wish)
    assert (answer["decimalsIn"], answer["decimalsOut"]) == (
        OWN_DECIMALS[token_in],
        OWN_DECIMALS[token_out],
    )
    own, chain = answer["quotes"]
    alone = site.get(QUOTE, **wish)
    gains = "amountOutAfterGas" if is_sale else "amountInAfterGas"
    side = "amountOut" if is_sale else "amountIn"
    assert answer["seq"] == own["seq"] == alone["seq"]
    for one in (own, alone):
        del one["expiresAt"]
    assert own == alone | {"venue": "own", "gasCost": "0", gains: alone[side]}

    (in_name, in_decimals), (out_name, out_decimals) = on_chain(token_in), on_chain(token_out)
    block = chain["block"]
    if is_sale:
        given = scaled(amount, OWN_DECIMALS[token_in], in_decimals, False)
        best = site.maze.best(in_name, out_name, block=block, given=given)
        cost = worth(site, out_name, chain["gas"] * price, block)
        assert best is not None and int(chain["amountIn"]) == given
        net = scaled(max(0, best - cost), out_decimals, OWN_DECIMALS[token_out], False)
    else:
        wanted = scaled(amount, OWN_DECIMALS[token_out], out_decimals, True)
        best = site.maze.best(in_name, out_name, block=block, wanted=wanted)
        cost = worth(site, in_name, chain["gas"] * price, block)
        assert best is not None and int(chain["amountOut"]) == wanted
        net = scaled(best + cost, in_decimals, OWN_DECIMALS[token_in], True)
    assert (int(chain[side]), int(chain["gasCost"]), int(chain[gains])) == (best, cost, net)
    wins = net > int(own[gains]) if is_sale else net < int(own[gains])
    assert answer["best"] == ("maze" if wins else "own")
    return str(answer["best"])


def test_gas_turns_the_scale(site: Site) -> None:
    """Found where the chain gives more: at a price of gas that eats the difference it is ours."""
    wish: dict[str, object] = {"tokenIn": "BTC", "tokenOut": "USDC", "amountOut": 10**6}
    if int(both(site, **wish)[1]["amountIn"]) > 100 * int(both(site, **wish)[0]["amountIn"]):
        wish = {"tokenIn": "USDC", "tokenOut": "BTC", "amountIn": 10**6}
    priced(site, 1)
    cheap = site.get(QUOTE, venue="all", **wish)
    priced(site, 10**9 * GWEI)
    dear = site.get(QUOTE, venue="all", **wish)
    assert (cheap["best"], dear["best"]) == ("maze", "own"), (cheap, dear)
    priced(site, GWEI)


def test_one_venue_by_name(site: Site) -> None:
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": 10**18}
    named = site.get(QUOTE, venue="maze", **wish)
    direct = site.get("/api/v1/chain/maze/quote", **wish)
    for one in (named, direct):
        del one["ageMs"]
    assert named == direct
    own = site.get(QUOTE, venue="own", **wish)
    assert "seq" in own and "venue" not in own
    assert site.refusal(QUOTE, venue="other", **wish) == (404, "RESOURCE_NOT_FOUND")
    posted = site.http.post(
        QUOTE, json={"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1000", "venue": "all"}
    )
    assert [one["venue"] for one in posted.json()["quotes"]] == ["own", "maze"]


def test_tokens_by_address_are_the_same_everywhere(site: Site) -> None:
    """Ours, or the chain's; the wrapped coin's is the coin."""
    by_symbol = both(site, tokenIn="ETH", tokenOut="USDC", amountIn=10**18)
    ours = {"tokenIn": token_address("ETH"), "tokenOut": token_address("USDC")}
    theirs = {
        "tokenIn": site.maze.tokens["WETH"].address,
        "tokenOut": site.maze.tokens["USDC"].address,
    }
    for tokens in (ours, theirs):
        found = both(site, **tokens, amountIn=10**18)
        for one, other in zip(found, by_symbol, strict=True):
            assert (one["amountOut"], one["gasCost"]) == (other["amountOut"], other["gasCost"])


def test_who_cannot_quote_says_why_and_the_others_do(site: Site) -> None:
    own, chain = both(site, tokenIn=UNMATCHED, tokenOut="USDC", amountIn=10**9)
    assert "amountOut" in own
    assert (chain["error"]["code"], set(chain)) == ("INVALID_ASSET", {"venue", "error"})

    answer = site.get(QUOTE, venue="all", tokenIn="AAA", tokenOut="USDC", amountIn=10**18)
    own, chain = answer["quotes"]
    assert own["error"]["code"] == "INVALID_ASSET"
    assert "amountOut" in chain
    assert (answer["best"], answer["decimalsIn"], answer["decimalsOut"]) == ("maze", 18, 6)

    answer = site.get(QUOTE, venue="all", tokenIn="DOGE", tokenOut="USDC", amountIn=1)
    assert [one["error"]["code"] for one in answer["quotes"]] == ["INVALID_ASSET"] * 2
    assert (answer["best"], answer["decimalsIn"], answer["decimalsOut"]) == (None, None, 6)

    # A unit of BTC here is a hundred there, and one of theirs is nothing here.
    own, chain = both(site, tokenIn="USDC", tokenOut="USDC", amountIn=1)
    assert own["error"]["code"] == chain["error"]["code"] == "SAME_TOKEN"
    assert site.refusal(QUOTE, venue="all", tokenIn="USDC", tokenOut="ETH") == (
        400,
        "INVALID_CLIENT_REQUEST",
    )


def test_gas_that_no_pair_prices_is_left_open(site: Site) -> None:
    """More wei than all pools have: the quote stands, the comparison goes without it."""
    priced(site, GWEI)
    node = site.maze.node
    node.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**19))
    site.reached(site.maze.mine())
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        answer = site.get(QUOTE, venue="all", tokenIn="ETH", tokenOut="USDC", amountIn=10**15)
        if answer["quotes"][1]["gasCost"] is None:
            break
    chain = answer["quotes"][1]
    assert (chain["gasCost"], chain["amountOutAfterGas"], answer["best"]) == (None, None, "own")
    assert int(chain["amountOut"]) > 0
