"""The page's own checks: types, tests, a build, and how heavy what it loads is."""

import fcntl
import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.require import require
from tests.server import ROOT
from tests.web.inline import Inline

WEB = ROOT / "web"
LOCK = WEB / "package-lock.json"
INSTALLED = WEB / "node_modules" / ".package-lock.json"  # npm writes it last
WEIGHT_MAX = 350_000  # bytes of all views together, as gzip
NPM_TIMEOUT_S = 400
NAMED = {"www.w3.org", "svelte.dev", "viem.sh", "www.tradingview.com"}

pytestmark = pytest.mark.slow


def said(*command: str) -> tuple[int, str]:
    """Exit code and output of a command in the page's folder."""
    done = subprocess.run(
        command,
        cwd=WEB,
        env=dict(os.environ, CI="1", NO_COLOR="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=NPM_TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def installed() -> None:
    """What package-lock.json names; parallel workers share one folder, the first one installs."""
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            require("browser", f"{name} is not installed")
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if INSTALLED.is_file() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
            return
        code, text = said("npm", "ci")
        if code != 0:
            faults = [line for line in text.splitlines() if line.startswith("npm error")]
            require("browser", f"npm ci failed: {'; '.join(faults[:3])}")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("script", ["check", "test"])
def test_its_own_checks_pass(script: str) -> None:
    """svelte-check, where a warning counts as a fault, and vitest."""
    code, text = said("npm", "run", "--silent", script)
    assert code == 0, text


@pytest.fixture(scope="module")
def built(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build of its own."""
    folder = tmp_path_factory.mktemp("page") / "dist"
    code, text = said("npm", "exec", "--", "vite", "build", "--outDir", str(folder))
    assert code == 0, text
    return folder


def test_it_is_light(built: Path) -> None:
    files = [path for path in built.rglob("*") if path.is_file()]
    weights = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in files}
    total = sum(weights.values())
    print(f"the page weighs {total} bytes in {len(files)} files", weights)
    assert {"index.html", "icon.svg"} <= weights.keys()
    assert total < WEIGHT_MAX, weights


def test_its_index_needs_nothing_that_the_policy_refuses(built: Path) -> None:
    index = (built / "index.html").read_text()
    inline = Inline()
    inline.feed(index)
    assert inline.refused == []
    named = re.findall(r'(?:src|href)="/([^"]+)"', index)
    assert {Path(name).suffix for name in named} >= {".js", ".css", ".svg"}
    assert not [name for name in named if name != "docs" and not (built / name).is_file()]


def test_it_names_no_address_to_load_from(built: Path) -> None:
    """What it may name: XML's namespaces, and links that a person follows or reads in an error."""
    for path in built.rglob("*"):
        if path.suffix in (".js", ".css", ".svg", ".html"):
            hosts = set(re.findall(r"(?:https?|wss?)://([\w.-]+)", path.read_text()))
            assert hosts <= NAMED, path.name


def test_what_is_kept_by_browsers_has_a_digest_in_its_name(built: Path) -> None:
    """The exchange lets them keep assets/ for ever (`api/site.py`)."""
    names = [path.name for path in (built / "assets").iterdir()]
    assert len(names) > 5
    assert not [name for name in names if not re.search(r"-[\w-]{8}\.(js|css)$", name)]


def test_the_lock_names_no_place_to_download_from() -> None:
    """The packages' hashes are what is pinned; where they come from is each machine's setting."""
    text = LOCK.read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') > 50
