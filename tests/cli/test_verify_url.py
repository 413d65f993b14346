"""`xyk verify --url` on a real server's public journal, honest and told by a liar in between."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.journal import entry_view
from tests.cli.journal_maker import rechained
from tests.cli.lying_proxy import LyingProxy, lying_proxy
from tests.server import ROOT, Server, run_xyk, running_server
from xyk.cli.remote import entry_of
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
    found: dict[str, Any] = httpx.get(f"{url}/api/v1/status", trust_env=False, timeout=60).json()
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


def other_time(path: str, told: Any) -> Any:
    """By a millisecond, which changes no event: only the entry's own hash tells."""
    for entry in told if "journal" in path else ():
        entry["time"] += entry["seq"] == LIE_AT
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


def other_order(path: str, told: Any) -> Any:
    if "journal" in path:
        told[LIE_AT - 1], told[LIE_AT] = told[LIE_AT], told[LIE_AT - 1]
    return told


def told_twice(path: str, told: Any) -> Any:
    return [*told[: LIE_AT - 1], *told[LIE_AT - 2 :]] if "journal" in path else told


def same_page_again(path: str, told: Any) -> Any:
    """Whatever was asked for after the first one."""
    if "journal" not in path:
        return told
    if told[0]["seq"] == 1:
        FIRST_PAGE[:] = told[: LIE_AT - 1]
    return FIRST_PAGE


def another_journal_half_way(path: str, told: Any) -> Any:
    """Whole in itself, its chain computed again from an earlier entry on."""
    if "journal" not in path:
        return told
    entries = [entry_of(one) for one in told]
    entries[4] = msgspec.structs.replace(entries[4], time=entries[4].time - 1)
    other = [entry_view(entry) for entry in rechained(entries, 5)]
    return [*told[: LIE_AT - 1], *msgspec.to_builtins(other[LIE_AT - 1 :])]


FIRST_PAGE: list[Any] = []
LIES = (
    *(other_amount, other_time, left_out, cut_off, no_entry, other_type),
    *(other_order, told_twice, same_page_again, another_journal_half_way),
)


def test_pages_that_are_shorter_than_asked_for_are_no_lie(proxy: LyingProxy) -> None:
    """Seven entries at a time, and a page in the middle that came only half and is asked again."""
    proxy.lie = lambda path, told: told[:7] if "journal" in path else told
    proxy.cuts = 2
    code, said = verify_url(proxy.url)
    assert code == 0, said
    assert proxy.asked > status(proxy.upstream)["seq"] // 7


def test_a_page_that_is_another_one_when_it_is_asked_again(proxy: LyingProxy) -> None:
    """What counts is what was read to its end, and that is checked like any other."""

    def lie(path: str, told: Any) -> Any:
        short = told[:7] if "journal" in path else told
        return short if proxy.cuts else other_amount(path, short)

    proxy.lie, proxy.cuts = lie, 3
    code, said = verify_url(proxy.url)
    assert code == 1 and f"no: entry {LIE_AT}: " in said, said


def test_a_newer_end_than_the_status_told_is_another_journal(proxy: LyingProxy) -> None:
    """Its last entries made anew and chained, while /status says what it said before."""

    def lie(path: str, told: Any) -> Any:
        if "journal" not in path:
            return told
        entries = [entry_of(one) for one in told]
        entries[-1] = msgspec.structs.replace(entries[-1], time=entries[-1].time + 1)
        return msgspec.to_builtins([entry_view(one) for one in rechained(entries, len(entries))])

    proxy.lie = lie
    code, said = verify_url(proxy.url)
    head = status(proxy.upstream)["seq"]
    assert code == 1 and f"no: entry {head}: /status has the hash" in said, said


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
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
