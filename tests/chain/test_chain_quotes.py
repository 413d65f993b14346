"""Quotes of a real server over a real node: equal to what Uniswap's own router says at that block,
of all paths the best; and next to our own pool, the better one after gas."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.test_openapi import Forms
from tests.chain.anvil import running
from tests.chain.maze import DECIMALS, Maze
from tests.chain.site import Site, served
from xyk.chain.gas import SWAP_GAS

pytestmark = [pytest.mark.chain, pytest.mark.slow]

QUOTE = "/api/v1/chain/maze/quote"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def maze(anvil: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maze]:
    with running(anvil, tmp_path_factory.mktemp("anvil")) as node:
        yield Maze(node)


@pytest.fixture(scope="module")
def site(maze: Maze, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(maze, tmp_path_factory.mktemp("site")) as made:
        yield made


def amount_of(maze: Maze, symbol: str) -> int:
    """From dust to more than a pool has."""
    unit = 10 ** DECIMALS.get(symbol, 18)
    return maze.random.randrange(1, unit * maze.random.choice((1, 1000, 100_000, 500_000)) + 2)


def check(site: Site, quote: Json, function: str, asked: int) -> None:
    """The answer against the router at its block, hop by hop."""
    maze, block = site.maze, quote["block"]
    symbols = {token.address: symbol for symbol, token in maze.tokens.items()}
    path = [quote["route"][0]["tokenIn"], *(hop["tokenOut"] for hop in quote["route"])]
    told = maze.amounts(function, asked, tuple(symbols[one] for one in path), block)
    shown = [quote["amountIn"], *(hop["amountOut"] for hop in quote["route"])]
    assert told == [int(amount) for amount in shown]
    assert quote["amountOut"] == shown[-1]
    assert quote["blockHash"] == maze.node.rpc("eth_getBlockByNumber", hex(block), False)["hash"]
    for hop, fee in zip(quote["route"], quote["fees"], strict=True):
        couple = (symbols[hop["tokenIn"]], symbols[hop["tokenOut"]])
        pair = maze.pairs.get(couple) or maze.pairs[couple[::-1]]
        assert (hop["pair"], hop["venue"]) == (pair.address, "pool")
        assert int(hop["fee"]) == -(-int(hop["amountIn"]) * 30 // 10_000)
        assert fee == {
            "market": hop["market"],
            "venue": "pool",
            "token": hop["tokenIn"],
            "amount": hop["fee"],
        }


def test_every_quote_is_the_best_of_what_the_router_says(site: Site) -> None:
    maze, hops, refused = site.maze, [0, 0, 0, 0], 0
    symbols = list(maze.tokens)
    for _ in range(6):
        block = site.reached(maze.disturb())
        for _ in range(15):
            token_in, token_out = maze.random.sample(symbols, 2)
            for side, symbol in (("amountIn", token_in), ("amountOut", token_out)):
                amount = amount_of(maze, symbol)
                wish = {"tokenIn": token_in, "tokenOut": token_out, side: str(amount)}
                is_sale = side == "amountIn"
                best = maze.best(
                    *(token_in, token_out),
                    block=block,
                    **({"given": amount} if is_sale else {"wanted": amount}),
                )
                response = site.http.post(QUOTE, json=wish)
                quote = response.json()
                if best is None:
                    assert (response.status_code, quote["code"]) == (422, "INSUFFICIENT_LIQUIDITY")
                    refused += 1
                    continue
                assert response.status_code == 200, quote
                assert quote["block"] == block
                assert int(quote["amountOut" if is_sale else "amountIn"]) == best
                check(site, quote, "getAmountsOut" if is_sale else "getAmountsIn", amount)
                hops[len(quote["route"])] += 1
    assert min(hops[1:]) > 3 and refused > 0, (hops, refused)


def test_a_get_and_its_bounds(site: Site) -> None:
    usdc, weth = (site.maze.tokens[symbol].address for symbol in ("USDC", "WETH"))
    sale = site.get(
        QUOTE, tokenIn="ETH", tokenOut=usdc.upper().replace("0X", "0x"), amountIn=10**18
    )
    assert sale["route"][0]["tokenIn"] == weth, "the coin stands for its wrapped token"
    assert int(sale["minAmountOut"]) == int(sale["amountOut"]) * 9950 // 10_000
    assert "maxAmountIn" not in sale
    buy = site.get(QUOTE, tokenIn="WETH", tokenOut="USDC", amountOut=10**6, slippageBps=1)
    assert int(buy["maxAmountIn"]) == -(-int(buy["amountIn"]) * 10_001 // 10_000)
    assert "minAmountOut" not in buy
    for quote in (sale, buy):
        assert quote["gas"] == SWAP_GAS[len(quote["route"])]


def test_prices_are_in_whole_tokens_and_quote_per_base(site: Site) -> None:
    """USDC prices what it is paired with, whichever way the swap goes."""
    maze = site.maze
    for token_in, token_out in (("BTC", "USDC"), ("USDC", "BTC")):
        unit = 10 ** DECIMALS[token_in]
        quote = site.get(QUOTE, tokenIn=token_in, tokenOut=token_out, amountIn=unit // 100)
        if len(quote["route"]) > 1:
            continue
        pair = maze.pairs.get(("USDC", "BTC"))
        assert pair is not None
        listed = next(
            one
            for one in site.http.get("/api/v1/chain/maze/pairs").json()
            if one["address"] == pair.address
        )
        assert listed["symbol"] == "BTC_USDC"
        assert quote["spotPrice"] == listed["spotPrice"]


@pytest.mark.parametrize(
    ("params", "refused"),
    [
        ({}, (400, "INVALID_CLIENT_REQUEST")),
        ({"amountIn": 1, "amountOut": 1}, (400, "INVALID_CLIENT_REQUEST")),
        ({"amountIn": -1}, (400, "INVALID_CLIENT_REQUEST")),
        ({"amountIn": 1, "slippageBps": 10_001}, (400, "INVALID_CLIENT_REQUEST")),
        ({"amountIn": 1, "owner": "0x" + "11" * 20}, (400, "INVALID_CLIENT_REQUEST")),
        ({"amountIn": 1, "tokenIn": "0x12"}, (400, "INVALID_CLIENT_REQUEST")),
        ({"amountIn": 0}, (422, "INVALID_QUANTITY")),
        ({"amountIn": 1, "tokenIn": "DOGE"}, (404, "INVALID_ASSET")),
        ({"amountIn": 1, "tokenIn": "0x" + "12" * 20}, (404, "INVALID_ASSET")),
        ({"amountIn": 1, "tokenIn": "USDC"}, (422, "SAME_TOKEN")),
        ({"amountIn": 2**256 - 1}, (422, "INSUFFICIENT_LIQUIDITY")),
        ({"amountOut": 2**256 - 1}, (422, "INSUFFICIENT_LIQUIDITY")),
    ],
)
def test_bad_quotes_are_refused(
    site: Site, params: dict[str, Any], refused: tuple[int, str]
) -> None:
    wish = {"tokenIn": "AAA", "tokenOut": "USDC"} | params
    assert site.refusal(QUOTE, **wish) == refused


def test_unknown_deployments_and_tokens_are_not_found(site: Site) -> None:
    for path in ("/api/v1/chain/other/quote", "/api/v1/chain/other/pairs"):
        asked = {"tokenIn": "AAA", "tokenOut": "USDC", "amountIn": 1}
        assert site.refusal(path, **asked) == (404, "RESOURCE_NOT_FOUND")


def test_deployments_and_pairs(site: Site) -> None:
    maze = site.maze
    block = site.reached(maze.disturb())
    found = site.deployment()
    assert (found["name"], found["chainId"], found["coin"]) == ("maze", 31337, "ETH")
    assert (found["status"], found["reason"], found["block"]) == ("live", None, block)
    assert found["pairs"] == len(maze.pairs)
    assert 0 <= found["ageMs"] < 3_600_000
    assert maze.node.url not in str(found) and str(maze.node.port) not in str(found)
    pairs = site.http.get("/api/v1/chain/maze/pairs").json()
    by_address = {pair["address"]: pair for pair in pairs}
    assert set(by_address) == {pair.address for pair in maze.pairs.values()}
    for couple, contract in maze.pairs.items():
        [answer] = maze.node.read([contract.call("getReserves")])
        reserves = contract.values("getReserves", answer)[:2]
        shown = by_address[contract.address]
        assert shown["reserves"] == [str(one) for one in reserves]
        assert (shown["block"], shown["blockHash"]) == (block, found["blockHash"])
        assert {shown["token0"]["symbol"], shown["token1"]["symbol"]} == set(couple)
        for token in (shown["token0"], shown["token1"]):
            assert token["decimals"] == DECIMALS.get(token["symbol"], 18)
        assert shown["token0"]["address"] < shown["token1"]["address"]


def test_answers_fit_the_documents(site: Site) -> None:
    schema = site.get("/schema")
    forms = Forms(schema)
    wish = {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": 10**18}
    for path, url, params in (
        ("/api/v1/chain", "/api/v1/chain", {}),
        ("/api/v1/chain/{deployment}/pairs", "/api/v1/chain/maze/pairs", {}),
        ("/api/v1/chain/{deployment}/quote", QUOTE, wish),
        ("/api/v1/quote", "/api/v1/quote", {**wish, "venue": "all"}),
        ("/api/v1/quote", "/api/v1/quote", {**wish, "venue": "maze"}),
    ):
        [content] = schema["paths"][path]["get"]["responses"]["200"]["content"].values()
        value = site.http.get(url, params={k: str(v) for k, v in params.items()}).json()
        assert forms.faults(content["schema"], value) == [], path
