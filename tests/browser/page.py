"""The page as it is shipped, and the programs that look at it: node with playwright-core, and
Debian's chromium. Nothing here downloads a browser.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.npm import alone, install, run_npm
from tests.server import ROOT

HERE = Path(__file__).parent
WEB = ROOT / "web"
BUILT = WEB / "dist"

# The shell draws the same pages without a window of chromium's own, which costs half as much again.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Tools:
    """Paths of the programs."""

    node: str
    chromium: str


def found_chromium() -> str | None:
    """XYK_CHROMIUM names another one than what lies in the path."""
    named = os.environ.get("XYK_CHROMIUM")
    return named or next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def build(npm: str) -> None:
    """web/dist of what web/src is now. Raises Missing."""
    install(npm, WEB)
    with alone(WEB / "package.json"):
        newest = max(file.stat().st_mtime for file in _sources())
        index = BUILT / "index.html"
        if index.is_file() and index.stat().st_mtime > newest:
            return
        run_npm(npm, WEB, "run", "build")


def _sources() -> Iterator[Path]:
    for name in ("package-lock.json", "index.html", "vite.config.ts", "svelte.config.js"):
        yield WEB / name
    for folder in ("src", "public"):
        yield WEB / folder  # a removed file changes its folder
        yield from (WEB / folder).rglob("*")


def install_driver(npm: str) -> None:
    """playwright-core, axe-core and viem for the scenarios. Raises Missing."""
    install(npm, HERE)
