"""`xyk demo` against a real server: what a newcomer sees first."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.traded import Traded
from tests.server import Server, run_xyk, running_server
from xyk.cli.amounts import short
from xyk.cli.demo import DECIMALS

ROWS = (
    ("alice", "faucet", "received 11 ETH"),
    ("alice", "add liquidity", "shares"),
    ("bob", "quote", "1 ETH costs"),
    ("bob", "buy", "received 1 ETH"),
    ("bob", "quote", "0.4 ETH gives"),
    ("bob", "sell", "paid 0.4 ETH"),
    ("alice", "rest ask", "0.5 ETH at "),
    ("alice", "rest bid", "0.5 ETH at "),
    ("bob", "take", "from the pool"),
    ("bob", "take", "0.5 ETH at "),
    ("bob", "bid", "ETH filled, the rest rests at "),
    ("bob", "replace", "order "),
    ("bob", "cancel", "is Cancelled"),
    ("alice", "cancel", "is Cancelled"),
    ("alice", "remove liquidity", "shares"),
)


KINDS = [
    *("FaucetDeposit", "FaucetDeposit", "FaucetDeposit", "AddLiquidity"),
    *("SwapExactOut", "SwapExactIn"),
    *("PlaceOrder", "PlaceOrder", "PlaceOrder", "ReplaceOrder", "CancelOrder", "CancelOrder"),
    "RemoveLiquidity",
]


def journalled(server: Server) -> list[tuple[int, str, dict[str, Any]]]:
    """(seq, kind, command) of what the demo did."""
    entries = Traded(server.data, server.database_url).entries()[-len(KINDS) :]
    return [(entry.seq, entry.kind, json.loads(entry.command)) for entry in entries]


def cells(shown: str) -> list[list[str]]:
    """The rows of all tables."""
    lines = [line for line in shown.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def balances(server: Server, owner: str) -> dict[str, str]:
    """As the table writes them."""
    account = httpx.get(f"{server.url}/api/v1/accounts/{owner}", trust_env=False, timeout=60).json()
    has = {one["symbol"]: int(one["available"]) for one in account["balances"]}
    return {asset: short(has.get(asset, 0), places) for asset, places in DECIMALS.items()}


@pytest.mark.parametrize("flags", [(), ("--seed-demo",)], ids=["empty pools", "seeded pools"])
def test_the_demo_shows_what_happened(
    tmp_path: Path, database_url: str, flags: tuple[str, ...]
) -> None:
    with running_server(tmp_path / "data", *flags, database_url=database_url) as server:
        code, shown = run_xyk("demo", "--url", server.url)
        assert code == 0, shown
        steps = journalled(server)
        owners = {"alice": steps[3][2]["owner"], "bob": steps[4][2]["owner"]}
        after = {who: balances(server, owner) for who, owner in owners.items()}
    lines = shown.splitlines()
    for who, what, result in ROWS:
        assert any(who in line and what in line and result in line for line in lines), (what, shown)
    assert "feed trade" in shown, "the price feed runs beside it"

    assert [kind for _, kind, _ in steps] == KINDS
    bought, sold = steps[4][2], steps[5][2]
    assert bought["maxAmountIn"] < 3 * 10**9, "the quote's bound was signed"
    assert sold["minAmountOut"] > 0

    ask, bid, take, moved = (command for _, _, command in steps[6:10])
    assert ask["postOnly"] is bid["postOnly"] is True
    assert ask["owner"] == bid["owner"] == owners["alice"]
    assert take["owner"] == moved["owner"] == owners["bob"]
    assert moved["sellAmount"] < take["sellAmount"], "moved to a lower price"

    rows = cells(shown)
    assert [row[0] for row in rows if row[0].isdigit()] == [str(seq) for seq, _, _ in steps]
    before = {("alice", "ETH"): "11", ("bob", "ETH"): "0"}
    for who, asset in ((who, asset) for who in owners for asset in DECIMALS):
        [row] = [row for row in rows if row[:2] == [who, asset]]
        assert row[3] == after[who][asset] != row[2]
        assert row[2] == before.get((who, asset), row[2])


def test_without_a_server_the_demo_says_so_and_fails() -> None:
    code, shown = run_xyk("demo", "--url", "http://127.0.0.1:9", "--patience", "0")
    assert code == 1
    assert "http://127.0.0.1:9" in shown
    assert "Traceback" not in shown
