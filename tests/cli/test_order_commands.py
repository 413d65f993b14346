"""`xyk order`: every command against a real server, and what is said where it is refused."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.databases import Databases
from tests.server import ROOT, Server, run_xyk, running_server
from xyk.cli.keys import kept_wallet
from xyk.cli.main import app
from xyk.client.client import Client
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import checksum

MARKET = "ETH_USDC"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("order") / "data"
    with databases() as url, running_server(data, database_url=url) as server:
        yield server


class Trader:
    """A funded wallet with its key in a file."""

    def __init__(self, server: Server, folder: Path, name: str) -> None:
        self.wallet = kept_wallet(folder, f"{name}.key")
        self.key_file = folder / f"{name}.key"
        self._url = server.url
        asyncio.run(self._fund())

    async def _fund(self) -> None:
        async with Client(self._url, self.wallet) as client:
            await client.faucet("ETH", 10**18)
            await client.faucet("USDC", 10**10)

    def order(self, *arguments: str) -> tuple[int, str]:
        return run("order", *arguments, "--key-file", str(self.key_file), "--url", self._url)


def run(*arguments: str) -> tuple[int, str]:
    """A command to its end, in this process, because one of its own takes a second to start: exit
    code and everything printed."""
    done = CliRunner().invoke(app, arguments, prog_name="xyk")
    return done.exit_code, done.output


@pytest.fixture
def alice(server: Server, tmp_path: Path) -> Iterator[Trader]:
    trader = Trader(server, tmp_path, "alice")
    yield trader
    assert trader.order("cancel", "--all")[0] == 0


@pytest.fixture
def bob(server: Server, tmp_path: Path) -> Trader:
    return Trader(server, tmp_path, "bob")


def test_orders_live_and_die(alice: Trader, bob: Trader) -> None:
    code, shown = alice.order("place", MARKET, "sell", "0.5", "2000.50", "--client-id", "7")
    assert code == 0, shown
    [ask] = re.findall(rf"^order (\d+) {MARKET} ask 0.5 at 2000.5: New; entry \d+\n$", shown)
    code, shown = bob.order("place", MARKET, "BUY", "0.2", "2001", "--tif", "IOC")
    assert code == 0, shown
    assert shown.startswith(f"bought 0.2 at 2000.5 from order {ask}, fee 0.0001 ETH\n")
    assert "bid 0.2 at 2001: Filled, 0.2 filled for 400.1; entry" in shown

    code, shown = alice.order("list", "--market", MARKET)
    assert shown.splitlines()[1].split() == [
        *(ask, MARKET, "ask", "2000.5", "0.5", "0.2", "GTC", "PartiallyFilled", "7")
    ]
    code, shown = alice.order("replace", ask, "--price", "2002", "--quantity", "0.4")
    assert "ask 0.4 at 2002: PartiallyFilled, 0.2 filled for 400.1; entry" in shown
    code, shown = alice.order("cancel", "--client-id", "7")
    assert "ask 0.4 at 2002: Cancelled (UserCancelled), 0.2 filled for 400.1; entry" in shown
    assert alice.order("list") == (0, "no open orders\n")


def test_all_are_cancelled_and_triggers_are_shown(alice: Trader, bob: Trader) -> None:
    alice.order("place", MARKET, "ask", "0.1", "2000")
    bob.order("place", MARKET, "bid", "0.1", "2000")
    alice.order("place", MARKET, "bid", "0.1", "1000", "--post-only")
    code, shown = alice.order("place", MARKET, "bid", "0.1", "2200", "--trigger", "2100", "--above")
    assert "bid 0.1 at 2200: TriggerPending" in shown, shown
    shown = alice.order("list")[1]
    assert "GTC post-only" in shown
    assert "GTC above 2100" in shown
    code, shown = alice.order("cancel", "--all", "--market", MARKET)
    assert code == 0
    assert shown.count("Cancelled (UserCancelled)") == 2
    assert "2 orders cancelled; entry" in shown


def test_a_key_from_the_environment_in_a_process_of_its_own(server: Server, alice: Trader) -> None:
    code, shown = alice_from_environment(server, alice, "place", MARKET, "bid", "0.1", "1000")
    assert code == 0, shown
    code, shown = alice_from_environment(server, alice, "address")
    assert shown.strip() == checksum(alice.wallet.address)
    code, shown = run_xyk("order", "list", "--owner", alice.wallet.address, "--url", server.url)
    assert f"{MARKET}  bid" in shown, "no key is needed to look"


def alice_from_environment(server: Server, alice: Trader, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "xyk", "order", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "XYK_KEY": alice.wallet.private_key,
            "XYK_URL": server.url,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("place", MARKET, "buy", "1", "2000.001"), 1, "the nearest to 2000.001 is 2000\n"),
        (("place", MARKET, "buy", "1.00005", "2000"), 1, "the nearest to 1.00005 is 1\n"),
        (("place", "ETH_DOGE", "buy", "1", "2000"), 1, "No market 'ETH_DOGE'"),
        (("place", MARKET, "buy", "1e3", "2000"), 1, "'1e3' is no decimal number"),
        (("place", MARKET, "buy", "100", "2000"), 1, "xyk: INSUFFICIENT_FUNDS: "),
        (("place", MARKET, "hold", "1", "2000"), 2, "'hold' is not one of"),
        (("replace", "999", "--price", "1"), 1, "xyk: RESOURCE_NOT_FOUND: "),
        (("replace", "999"), 2, "name a new --price"),
        (("cancel", "999"), 1, "xyk: RESOURCE_NOT_FOUND: "),
        (("cancel",), 2, "or say --all"),
        (("cancel", "999", "--all"), 2, "or say --all"),
        (("place", MARKET, "buy", "1", "2000", "--owner", "0x12"), 78, "is no address"),
        (("place", MARKET, "buy", "1", "2000", "--salt", "0x" + "00" * 32), 78, "deployment"),
    ],
)
def test_refusals_are_one_clear_line(
    alice: Trader, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended, shown = alice.order(*arguments)
    assert ended == code, shown
    assert said in shown
    assert "Traceback" not in shown
    if code != 2:
        assert shown.startswith("xyk: ")
        assert shown.count("\n") == 1


def test_without_a_key(server: Server, tmp_path: Path) -> None:
    code, shown = run("order", "place", MARKET, "buy", "1", "1", "--url", server.url)
    assert (code, "--key-file" in shown and "XYK_KEY" in shown) == (78, True)
    code, shown = run("order", "list", "--url", server.url)
    assert (code, "--owner" in shown) == (78, True)
    path = tmp_path / "open.key"
    path.write_text(Wallet.random().private_key)
    path.chmod(0o644)
    code, shown = run("order", "address", "--key-file", str(path))
    assert (code, f"chmod 600 {path}" in shown) == (78, True)
    assert path.read_text() not in shown


def test_watching_tells_everything(server: Server, alice: Trader, bob: Trader) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "xyk", "order", "watch", "--url", server.url),
            *("--key-file", str(alice.key_file), "--market", MARKET),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "no open orders; watching\n"
        alice.order("place", MARKET, "ask", "0.3", "2000")
        assert "orderAccepted: order " in process.stdout.readline()
        bob.order("place", MARKET, "bid", "0.1", "2000")
        line = process.stdout.readline()
        assert "ask 0.3 at 2000: PartiallyFilled, 0.1 at 2000, 0.1 filled for 200" in line
        alice.order("cancel", "--all")
        assert "orderCancelled" in process.stdout.readline()
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(timeout=60)
