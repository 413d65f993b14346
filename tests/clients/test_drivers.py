"""Unmodified ccxt, ccxt.pro and bpx-py, each in an environment of its own, trade on a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.environments import drive, open_market, python_of
from tests.server import Server, running_server

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A sandbox with empty pools."""
    with running_server(tmp_path / "data") as server:
        yield server


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_ccxt_trades(mode: str, server: Server) -> None:
    python_of("ccxt")
    trader = open_market(server)
    shown = drive("ccxt", "drive_ccxt.py", mode, server.url, trader.key, trader.secret)
    assert shown.split("\n")[-2] == "strangers ok"


def test_ccxt_pro_follows_the_streams(server: Server) -> None:
    python_of("ccxt")
    trader = open_market(server)
    socket = server.url.replace("http", "ws")
    shown = drive("ccxt", "drive_pro.py", server.url, socket, trader.key, trader.secret)
    assert shown.split("\n")[-2] == "unwatch ok"


def test_bpx_trades(server: Server) -> None:
    python_of("bpx")
    trader = open_market(server)
    shown = drive("bpx", "drive_bpx.py", server.url, trader.key, trader.secret)
    assert shown.split("\n") == ["bpx ok", "bpx.async_ ok", ""]
