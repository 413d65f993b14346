"""The whole way: asked of a server over HTTP, signed by the wallet, mined; for every kind."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.chain.deployed import E18, Json, chain_toml
from tests.chain.town import Town, kinds
from tests.chain.weather import Sky, Weather, sky
from tests.server import running_server

pytestmark = [pytest.mark.slow, pytest.mark.chain]

LIVE_S = 60.0


class Shop:
    """A server that mirrors the town's pools, and the sky between it and the node."""

    def __init__(self, url: str, town: Town, over: Sky) -> None:
        self.town = town
        self.over = over
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=60)

    def wait_until_live(self) -> None:
        give_up = time.monotonic() + LIVE_S
        while time.monotonic() < give_up:
            [one] = self.http.get("/api/v1/chain").json()
            if one["status"] == "live" and one["pairs"] == 3:
                return
            time.sleep(0.02)
        raise AssertionError(one)

    def post(self, verb: str, body: object, deployment: str = "local") -> httpx.Response:
        return self.http.post(f"/api/v1/chain/{deployment}/tx/{verb}", json=body)

    def ask(self, verb: str, **body: Any) -> Json:
        answer = self.post(verb, {"owner": self.town.alice.address} | body)
        assert answer.status_code == 200, answer.text
        built: Json = answer.json()
        return built

    def refused(self, verb: str, **body: Any) -> tuple[int, str]:
        answer = self.post(verb, {"owner": self.town.alice.address} | body)
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def shop(town: Town, tmp_path: Path) -> Iterator[Shop]:
    file = tmp_path / "chain.toml"
    tokens = [token.address for token in (town.a, town.b, town.c)]
    with sky(urlsplit(town.deployed.node.url).port) as over:
        file.write_text(chain_toml(town.deployed.configured(rpc=(over.url,)), tokens))
        with running_server(tmp_path / "data", "--chain", str(file)) as server:
            made = Shop(server.url, town, over)
            made.wait_until_live()
            yield made
            made.http.close()


async def test_every_kind_over_http(shop: Shop) -> None:
    town = shop.town
    a, b, c = (token.address for token in (town.a, town.b, town.c))
    weth = town.weth.address

    sold = shop.ask("sell", tokenIn="ETH", tokenOut=c, amountIn=str(E18))
    assert sold["path"] == [weth, a, b, c], "there is no shorter way"
    before, coins = town.owned(town.c), town.owned(None)
    spent = town.mined(sold)
    assert town.owned(town.c) == before + int(sold["amountOut"])
    assert town.owned(None) == coins - spent - E18

    bought = shop.ask("buy", tokenIn=c, tokenOut="ETH", amountOut=str(E18 // 10))
    assert bought["path"] == [c, b, a, weth] and kinds(bought) == ["approve", "swap"]
    before, coins = town.owned(town.c), town.owned(None)
    spent = town.mined(bought)
    assert town.owned(town.c) == before - int(bought["amountIn"])
    assert town.owned(None) == coins - spent + E18 // 10

    pool = {"tokenA": "ETH", "tokenB": a}
    added = shop.ask("add-liquidity", **pool, amountADesired=str(E18), amountBDesired=str(10 * E18))
    coins, of_a = town.owned(None), town.owned(town.a)
    spent = town.mined(added)
    assert town.owned(None) == coins - spent - int(added["amountA"])
    assert town.owned(town.a) == of_a - int(added["amountB"])
    shares = town.owned(town.deployed.pair(town.a, town.weth))
    assert str(shares) == added["liquidity"]

    asked = shop.ask("remove-liquidity", **pool, liquidity=str(shares))
    signed = town.alice.sign_typed_data(full_message=asked["permit"])
    removed = shop.ask(
        "remove-liquidity",
        **pool,
        liquidity=str(shares),
        deadline=asked["deadline"],
        permit="0x" + signed.signature.hex(),
    )
    coins, of_a = town.owned(None), town.owned(town.a)
    spent = town.mined(removed)
    assert town.owned(None) == coins - spent + int(removed["amountA"])
    assert town.owned(town.a) == of_a + int(removed["amountB"])

    town.mined(shop.ask("approve", token=b, amount="5"))
    assert town.deployed.allowance(town.b, town.alice.address) == 5
    town.mined(shop.ask("wrap", amount="7"))
    town.mined(shop.ask("unwrap", amount="3"))
    assert town.owned(town.weth) == 4


async def test_refusals_over_http(shop: Shop) -> None:
    town = shop.town
    a, b = town.a.address, town.b.address
    sale = {"tokenIn": a, "tokenOut": b}
    assert shop.refused("sell", **sale, amountIn=str(101 * E18)) == (422, "INSUFFICIENT_FUNDS")
    assert shop.refused("sell", **sale, amountIn="1", deadline=1) == (422, "EXPIRED")
    bound = {"amountIn": "1000000", "minAmountOut": "3000000"}
    assert shop.refused("sell", **sale, **bound) == (422, "SLIPPAGE_EXCEEDED")
    assert shop.refused("sell", **sale) == (400, "INVALID_CLIENT_REQUEST")
    assert shop.refused("sell", **sale, amountIn="1", color="red") == (
        400,
        "INVALID_CLIENT_REQUEST",
    )
    assert shop.refused("unwrap", amount="1") == (422, "INSUFFICIENT_FUNDS")
    assert shop.refused("sell", tokenIn="X", tokenOut=b, amountIn="1") == (404, "INVALID_ASSET")
    # What stands there may be a transaction's hash, which is only asked for.
    assert shop.refused("burn", amount="1") == (405, "INVALID_CLIENT_REQUEST")
    missing = shop.post("wrap", {"owner": a, "amount": "1"}, deployment="moon")
    assert (missing.status_code, missing.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert shop.http.get("/api/v1/chain/local/tx/wrap").status_code == 405
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 100_000):
        answer = shop.http.post("/api/v1/chain/local/tx/wrap", content=body)
        assert answer.status_code == 400, body[:10]
        assert answer.json()["code"] == "INVALID_CLIENT_REQUEST"


async def test_a_node_that_is_gone_is_said(shop: Shop) -> None:
    shop.over.weather = Weather(is_dropping=True)
    answer = shop.post("wrap", {"owner": shop.town.alice.address, "amount": "1"})
    assert (answer.status_code, answer.json()["code"]) == (503, "NODE_UNAVAILABLE")
    assert "127.0.0.1" not in answer.json()["message"], "where the node is, is the operator's"
    assert shop.http.get("/api/v1/status").status_code == 200
