"""`xyk verify --url` on a real server's public journal, honest and told by a liar in between."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.lying_proxy import LyingProxy, lying_proxy
from tests.server import ROOT, Server, run_xyk, running_server
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

# Each is a few seconds; together they would take `make test` beyond its five minutes.
pytestmark = pytest.mark.slow

EVERY = 20
PATIENCE_S = 60
SWAPS = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With swaps, and liabilities published."""
    data = tmp_path_factory.mktemp("audited") / "data"
    flags = ("--seed-demo", "--snapshot-every", str(EVERY))
    with running_server(data, *flags) as running:
        asyncio.run(trade(running.url))
        give_up = time.monotonic() + PATIENCE_S
        while status(running.url)["liabilities"] is None:
            assert time.monotonic() < give_up
        yield running


async def trade(url: str) -> None:
    async with Client(url, Wallet.random()) as client:
        await client.faucet("ETH")
        for _ in range(SWAPS):
            await client.sell("ETH", "USDC", 10**16)


def status(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{url}/api/v1/status", trust_env=False).json()
    return found


@pytest.fixture
def proxy(server: Server) -> Iterator[LyingProxy]:
    with lying_proxy(server.url) as between:
        yield between


def verify_url(url: str, *more: str) -> tuple[int, str]:
    return run_xyk("verify", "--url", url, *more)


def test_an_honest_server_is_a_yes(server: Server) -> None:
    head = status(server.url)
    code, said = verify_url(server.url)
    assert code == 0, said
    assert f"yes: all {head['seq']} entries are as they were made" in said
    assert f"hash {head['hash']}" in said
    assert f"verifying: {head['seq']} of {head['seq']}" in said, "progress without a terminal"
    tool = [sys.executable, str(ROOT / "tools" / "check_proof.py"), server.url]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"yes: {head['seq']} entries\n"), done.stderr


def test_an_anchor_that_was_kept_counts(server: Server) -> None:
    head = status(server.url)
    code, said = verify_url(server.url, "--expect-seq", "7", "--expect-hash", "ab" * 32)
    assert code == 1 and "no: entry 7: --expect-hash has the hash abab" in said
    last = str(head["seq"] + 3)
    code, said = verify_url(server.url, "--expect-seq", last, "--expect-hash", "ab" * 32)
    assert code == 1 and f"no: entry {head['seq'] + 1}: missing" in said
    code, said = verify_url(server.url, "--expect-seq", "7")
    assert code == 78 and "go together" in said


def test_it_waits_and_asks_again(proxy: LyingProxy) -> None:
    proxy.refusals, proxy.cuts = 2, 1
    code, said = verify_url(proxy.url)
    assert code == 0, said
    assert (proxy.refusals, proxy.cuts) == (0, 0)
    assert proxy.asked >= 5


LIE_AT = 12


def other_amount(path: str, told: Any) -> Any:
    for entry in told if "journal" in path else ():
        if entry["seq"] == LIE_AT:
            entry["events"] = entry["events"].replace('"amount', '"amount_')
            entry["time"] += 1
    return told


def left_out(path: str, told: Any) -> Any:
    return [one for one in told if one["seq"] != LIE_AT] if "journal" in path else told


def cut_off(path: str, told: Any) -> Any:
    return [one for one in told if one["seq"] < LIE_AT] if "journal" in path else told


def no_entry(path: str, told: Any) -> Any:
    return [*told[: LIE_AT - 1], {"seq": LIE_AT}, *told[LIE_AT:]] if "journal" in path else told


def other_type(path: str, told: Any) -> Any:
    for entry in told if "journal" in path else ():
        if entry["seq"] == LIE_AT:
            entry["evidence"] = {"scheme": "faucet"}
    return told


@pytest.mark.parametrize("lie", [other_amount, left_out, cut_off, no_entry, other_type])
def test_a_lie_is_named_with_its_seq(proxy: LyingProxy, lie: Any) -> None:
    proxy.lie = lie
    code, said = verify_url(proxy.url)
    assert code == 1, said
    assert f"no: entry {LIE_AT}: " in said


@pytest.mark.parametrize("mark", ["stateDigest", "liabilities", "head"])
def test_a_lie_in_the_status_is_named(proxy: LyingProxy, mark: str) -> None:
    seqs: list[int] = []

    def lie(path: str, told: Any) -> Any:
        if "status" not in path:
            return told
        if mark == "head":
            seqs.append(told["seq"])
            return {**told, "hash": "ab" * 32}
        name = "digest" if mark == "stateDigest" else "root"
        seqs.append(told[mark]["seq"])
        return {**told, mark: {**told[mark], name: "ab" * 32}}

    proxy.lie = lie
    code, said = verify_url(proxy.url)
    assert code == 1, said
    assert f"no: entry {seqs[-1]}: /status" in said and "abab" in said


def test_what_is_no_exchange_is_said(proxy: LyingProxy, tmp_path: Path) -> None:
    proxy.lie = lambda path, told: {"hello": 1}
    code, said = verify_url(proxy.url)
    assert code == 78 and "is no exchange" in said
    code, said = verify_url("http://127.0.0.1:9", "--patience", "0")
    assert code not in (0, 1) and "127.0.0.1:9" in said
    with running_server(tmp_path / "data", "--visibility", "private") as private:
        code, said = verify_url(private.url)
        assert code not in (0, 1) and "private" in said
