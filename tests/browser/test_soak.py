"""The page on a market with 200 changes a second keeps what it keeps: for a minute, in `make
nightly` for ten (XYK_PAGE_SOAK_S). Compared within one run: no figure of this machine is asked for.
"""

import os
from pathlib import Path

import pytest

from tests.browser.drive import drive
from tests.browser.pacer import Pacer
from tests.browser.page import Tools
from tests.server import Server, running_server

RATE = 200  # changes a second, as soak.mjs counts them
SECONDS_NIGHTLY = int(os.environ.get("XYK_PAGE_SOAK_S", "600"))


@pytest.mark.browser
@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(60, marks=pytest.mark.slow),
        pytest.param(SECONDS_NIGHTLY, marks=pytest.mark.nightly, id="nightly"),
    ],
)
def test_memory_of_the_page(tools: Tools, tmp_path: Path, seconds: int) -> None:
    with running_server(tmp_path / "data", "--seed-demo", "--no-limits") as server:
        soak(tools, server, seconds)


def soak(tools: Tools, server: Server, seconds: int) -> None:
    pacer = Pacer(server.port, RATE)
    try:
        drive(
            tools,
            "soak.mjs",
            server.url,
            {"pace": pacer.pace, "rest": pacer.rest},
            {"XYK_PAGE_SOAK_S": str(seconds)},
            timeout_s=400 + 3 * seconds,
        )
    finally:
        pacer.end()
