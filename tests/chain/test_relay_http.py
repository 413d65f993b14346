"""Signed transactions through a real server process, which is killed in between."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chain.anvil import Anvil
from tests.chain.wallets import CONFIRMATIONS, E18, Chain
from tests.server import Server, running_server

pytestmark = [pytest.mark.slow, pytest.mark.chain]

PATH = "/api/v1/chain/local/tx"
WAIT_S = 60
Json = dict[str, Any]


class Desk:
    """What people ask of the server."""

    def __init__(self, chain: Chain, server: Server) -> None:
        self.chain = chain
        self.server = server
        self.http = httpx.Client(base_url=server.url, trust_env=False, timeout=30)

    def send(self, raw: bytes, status: int = 201) -> Json:
        return self.post({"raw": "0x" + raw.hex()}, status)

    def post(self, body: Any, status: int, path: str = f"{PATH}/send") -> Json:
        response = self.http.post(path, json=body)
        assert response.status_code == status, response.text
        found: Json = response.json()
        return found

    def get(self, digest: str, status: int = 200) -> Json:
        response = self.http.get(f"{PATH}/{digest}")
        assert response.status_code == status, response.text
        found: Json = response.json()
        return found

    def until(self, is_true: Callable[[], bool]) -> None:
        give_up = time.monotonic() + WAIT_S
        while not is_true():
            assert time.monotonic() < give_up, self.server.log.read_text()[-3000:]
            time.sleep(0.01)

    def is_live(self) -> bool:
        [found] = self.http.get("/api/v1/chain").json()
        return bool(found["status"] == "live" and found["pairs"] == 3)


@pytest.fixture
def desk(node: Anvil, tmp_path: Path) -> Iterator[Desk]:
    chain = Chain(node, "ann", "bob", is_now=True)
    chain.approve("ann", "A")
    file = chain.toml(tmp_path)
    with running_server(tmp_path / "data", "--chain", str(file)) as server:
        made = Desk(chain, server)
        chain.mine()
        made.until(made.is_live)
        yield made
        made.http.close()


def test_a_swap_from_the_wallet_to_its_end_over_a_kill(desk: Desk) -> None:
    chain = desk.chain
    before = chain.balances("ann")
    raw = chain.signed("ann", chain.sell("ann", "ABC", 5 * E18, 4 * E18))
    sent = desk.send(raw)
    digest, ann = sent["hash"], chain.address("ann")
    assert sent["status"] == "pending"
    assert (sent["from"], sent["recipient"], sent["foreignRecipient"]) == (ann, ann, False)
    assert desk.send(raw, 200)["hash"] == digest
    assert chain.node.rpc("eth_getTransactionByHash", digest) is not None

    desk.server.kill()
    chain.node.rpc("anvil_dropTransaction", digest)
    desk.server.start()
    desk.until(lambda: chain.node.rpc("eth_getTransactionByHash", digest) is not None)
    assert desk.get(digest)["status"] == "pending"
    block = chain.mine()
    mined = desk.get(digest.upper().replace("0X", "0x"))
    assert (mined["status"], mined["block"], mined["isFinal"]) == ("mined", block, False)
    after, amounts = chain.balances("ann"), mined["amounts"]
    assert int(amounts["amountIn"]) == before["A"] - after["A"] == 5 * E18
    assert int(amounts["amountOut"]) == after["C"] - before["C"]
    assert [hop["tokenIn"] for hop in amounts["hops"]] == chain.path("AB")
    assert int(mined["effectiveGasPrice"]) * mined["gasUsed"] == before["COIN"] - after["COIN"]
    chain.mine(CONFIRMATIONS)
    final = desk.get(digest)
    assert (final["confirmations"], final["isFinal"]) == (CONFIRMATIONS, True)
    assert 0 <= final["ageMs"] < 60_000
    assert raw.hex() not in desk.server.log.read_text()


def test_what_is_refused(desk: Desk) -> None:
    chain = desk.chain

    def refusal(raw: bytes, status: int) -> str:
        return str(desk.send(raw, status)["code"])

    swap = chain.sell("ann", "AB", 5 * E18, 4 * E18)
    assert refusal(chain.signed("ann", swap, chainId=1), 422) == "INVALID_TRANSACTION"
    other = chain.factory.address, swap[1]
    assert refusal(chain.signed("ann", other), 422) == "INVALID_TRANSACTION"
    assert refusal(chain.signed("ann", swap) + b"\0", 422) == "INVALID_TRANSACTION"
    assert refusal(chain.signed("bob", swap), 422) == "INSUFFICIENT_ALLOWANCE"
    greedy = chain.sell("ann", "AB", 5 * E18, 5 * E18)
    assert refusal(chain.signed("ann", greedy), 422) == "SLIPPAGE_EXCEEDED"
    late = chain.sell("ann", "AB", 5 * E18, 4 * E18, ahead_s=-100)
    assert refusal(chain.signed("ann", late), 422) == "EXPIRED"
    assert refusal(chain.signed("ann", swap, nonce=7), 409) == "NONCE_GAP"
    assert refusal(chain.signed("ann", swap, nonce=0), 409) == "NONCE_USED"
    rich = chain.signed("ann", chain.weth.call("deposit"), value=10**30)
    assert refusal(rich, 422) == "INSUFFICIENT_FUNDS"
    chain.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**12))
    chain.mine()
    assert refusal(chain.signed("ann", swap), 409) == "UNDERPRICED"

    for body in ({"raw": "0x1"}, {"raw": "12"}, {"raw": "0x"}, {"raw": "0xzz"}, {}, {"raw": 5}):
        assert desk.post(body, 400)["code"] == "INVALID_CLIENT_REQUEST"
    assert desk.post({"raw": "0x02", "x": 1}, 400)["code"] == "INVALID_CLIENT_REQUEST"
    assert desk.post({"raw": "0x" + "00" * 20_000}, 400)["code"] == "INVALID_CLIENT_REQUEST"
    assert desk.post({"raw": "0x" + "00" * 200_000}, 413)["code"] == "TOO_LARGE"
    nowhere = "/api/v1/chain/nowhere/tx"
    assert desk.post({"raw": "0x02"}, 404, f"{nowhere}/send")["code"] == "RESOURCE_NOT_FOUND"
    assert desk.http.get(f"{nowhere}/0x{'00' * 32}").status_code == 404
    for digest in ("0x12", "00" * 32, "0x" + "zz" * 32):
        assert desk.get(digest, 400)["code"] == "INVALID_CLIENT_REQUEST"
    unknown = desk.get("0x" + "00" * 32)
    assert (unknown["status"], unknown["from"], unknown["kind"]) == ("unknown", None, None)


def test_limits_of_who_sends(desk: Desk, tmp_path: Path) -> None:
    """The client's address pays for what its requests cost our nodes."""
    desk.server.stop()
    arguments = ("--chain", str(tmp_path / "chain.toml"), "--limit-ip", "1:150")
    with running_server(tmp_path / "data", *arguments) as server:
        limited = Desk(desk.chain, server)
        raw = b"\x02"
        assert limited.send(raw, 422)["code"] == "INVALID_TRANSACTION"
        response = limited.http.post(f"{PATH}/send", json={"raw": "0x02"})
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) > 10
        limited.http.close()
