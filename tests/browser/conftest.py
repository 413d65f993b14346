"""The built page, node and chromium; and a server for a file of scenarios."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.drive import drive
from tests.browser.page import Tools, build, found_chromium, install_driver
from tests.npm import Missing
from tests.require import require
from tests.server import Server, run_xyk, running_server
from xyk.cli.keys import OPERATOR, read_wallet

Run = Callable[..., str]
VERIFY_S = 300.0


@pytest.fixture(scope="session")
def tools() -> Tools:
    """With the page built and the driver installed."""
    node, npm, chromium = shutil.which("node"), shutil.which("npm"), found_chromium()
    if node is None or npm is None:
        require("browser", "node and npm are not installed")
    if chromium is None:
        require("browser", "chromium is not installed")
    try:
        install_driver(npm)
        build(npm)
    except Missing as missing:
        require("browser", str(missing))
    return Tools(node=node, chromium=chromium)


@pytest.fixture
def scenarios(tools: Tools, tmp_path: Path) -> Run:
    """`scenarios("trading.mjs", "--visibility", "private")`: runs the file against a sandbox of its
    own, whose journal must convince `xyk verify` afterwards, whatever the scenarios did to it.
    `prepare` fills its data folder before it starts."""

    def run(file: str, *arguments: str, prepare: Callable[[Path], None] | None = None) -> str:
        data = tmp_path / "data"
        if prepare is not None:
            prepare(data)
        with running_server(data, *arguments) as server:
            shown = drive(tools, file, server.url, deeds(server))
            assert server.stop() == 0
        code, said = run_xyk("verify", "--data", str(data), timeout_s=VERIFY_S)
        assert code == 0, said
        return shown

    return run


def deeds(server: Server) -> dict[str, Callable[[], object]]:
    """What a scenario may ask for."""
    return {
        "stop": server.stop,
        "terminate": lambda: server.stop(signal.SIGTERM),
        "kill": server.kill,
        "start": lambda: server.start().url,
        "operator-key": lambda: read_wallet(server.data / OPERATOR).private_key,
    }
