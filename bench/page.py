"""The page in chromium, headless: weight, first paint, first live candle, and frames of the
screen while the market changes 60 times a second. Server, market and browser share one machine.
"""

import gzip
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.table import Row, at_most, note
from tests.browser.drive import drive
from tests.browser.pacer import Pacer
from tests.browser.page import BUILT, Tools, build, found_chromium, install_driver
from tests.npm import Missing
from tests.server import running_server

RATE = 60  # changes of the market a second
WEIGHT_KB = 350  # all files as gzip, those of views that nobody opened too
PAINT_S, CANDLE_S = 1.0, 10.0
FRAME_MS = 1000 / 60
# Of 60 frames a second. A shared machine misses one now and then without anything of ours to do.
DROPPED_PERCENT = 1.0


def rows() -> list[Row]:
    try:
        tools = found()
    except Missing as missing:
        return [note("the page", f"not measured: {missing}")]
    figures = measured(tools)
    visits, busy = figures["visits"], figures["busy"]
    painted = [visit["firstPaint"] / 1000 for visit in visits]
    moved = [visit["moved"] / 1000 for visit in visits]
    frames = busy["drawn"] + busy["dropped"]
    return [
        at_most("page, all files as gzip", weight_kb(), WEIGHT_KB, "kB"),
        note("page, what a first visit to a market loads", f"{visits[0]['weight'] / 1000:,.0f} kB"),
        at_most(f"page, slowest first paint of {len(visits)}", max(painted), PAINT_S, "s"),
        at_most("page, first live candle of the first visit", moved[0], CANDLE_S, "s"),
        at_most("page, slowest live candle", max(moved), CANDLE_S, "s"),
        at_most(
            f"page, frames dropped at {busy['changes'] / busy['seconds']:.0f} changes/s",
            100 * busy["dropped"] / frames,
            DROPPED_PERCENT,
            "%",
        ),
        at_most("page, work of a frame then, 99 of 100", busy["task99"], FRAME_MS, "ms"),
        note("page, main thread busy then", f"{100 * busy['busyShare']:.0f} %"),
        note("page, frames of the websocket then", f"{busy['updates'] / busy['seconds']:.0f} /s"),
    ]


def found() -> Tools:
    """With the page built. Raises Missing."""
    node, npm, chromium = shutil.which("node"), shutil.which("npm"), found_chromium()
    if node is None or npm is None or chromium is None:
        raise Missing("it needs node, npm and chromium")
    install_driver(npm)
    build(npm)
    return Tools(node=node, chromium=chromium)


def measured(tools: Tools) -> dict[str, Any]:
    """What measure.mjs prints."""
    with TemporaryDirectory() as folder:
        with running_server(
            Path(folder) / "data", "--seed-demo", "--no-limits", traders=True
        ) as server:
            pacer = Pacer(server.port, RATE)
            deeds = {"pace": pacer.pace, "rest": pacer.rest}
            try:
                said = drive(tools, "measure.mjs", server.url, deeds)
            finally:
                pacer.end()
    figures: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return figures


def weight_kb() -> float:
    """Of the whole page, as a proxy that compresses would send it."""
    files = [path for path in BUILT.rglob("*") if path.is_file()]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) / 1000
