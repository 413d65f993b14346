"""`xyk demo` against a real server: what a newcomer sees first."""

from pathlib import Path

import pytest

from tests.server import run_xyk, running_server

ROWS = (
    ("alice", "faucet", "received 10 ETH"),
    ("alice", "add liquidity", "shares"),
    ("bob", "quote", "1 ETH costs"),
    ("bob", "buy", "received 1 ETH"),
    ("bob", "quote", "0.4 ETH gives"),
    ("bob", "sell", "paid 0.4 ETH"),
    ("alice", "remove liquidity", "shares"),
)


@pytest.mark.parametrize("flags", [(), ("--seed-demo",)], ids=["empty pools", "seeded pools"])
def test_the_demo_shows_what_happened(
    tmp_path: Path, database_url: str, flags: tuple[str, ...]
) -> None:
    with running_server(tmp_path / "data", *flags, database_url=database_url) as server:
        code, shown = run_xyk("demo", "--url", server.url)
    assert code == 0, shown
    lines = shown.splitlines()
    for who, what, result in ROWS:
        assert any(who in line and what in line and result in line for line in lines), (what, shown)
    assert "feed trade" in shown, "the price feed runs beside it"
    assert "balances" in shown
    table = [line for line in lines if "│" in line and "alice" in line]
    assert any("0.6" in line or "10" in line for line in table), "balances before and after"


def test_without_a_server_the_demo_says_so_and_fails() -> None:
    code, shown = run_xyk("demo", "--url", "http://127.0.0.1:9", "--patience", "0")
    assert code == 1
    assert "http://127.0.0.1:9" in shown
    assert "Traceback" not in shown
