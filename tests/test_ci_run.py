"""`.ci/run` itself, with a real make, on a tree whose three targets are told how to end: what it
runs, what it demands, what it says last, and that it is green only if all is.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.require import require
from tests.server import ROOT

MAKEFILE = """\
clients:
	@echo "require clients $$XYK_REQUIRE_CLIENTS"
page:
	@exit $(PAGE)
check:
	@echo "profile $$HYPOTHESIS_PROFILE"; exit $(CHECK)
test:
	@echo "require $$XYK_REQUIRE_POSTGRES $$XYK_REQUIRE_CHAIN $$XYK_REQUIRE_FRESH"
	@echo "require browser $$XYK_REQUIRE_BROWSER"; echo "checked $(CHECKED)"
	@echo "===== 5 passed, 1 skipped in 3.21s (0:00:03) ====="; exit $(TEST)
slow:
	@echo "===== 2 passed in 60.00s =====" ; exit $(SLOW)
"""
TEST_SUMMARY = "===== 5 passed, 1 skipped in 3.21s (0:00:03) ====="
SLOW_SUMMARY = "===== 2 passed in 60.00s ====="


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with the script and the Makefile; what the script would install is there, in name
    only, so that no test installs anything.
    """
    for name in ("bash", "make"):
        if shutil.which(name) is None:
            require("fresh", f"{name} is not installed")
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "Makefile").write_text(MAKEFILE)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "node", "python3", "chromium", "chromium-headless-shell"):
        (tools / name).write_text("#!/bin/sh\nexit 0\n")
    (tools / "npm").write_text('#!/bin/sh\necho "npm $*"\nexit $NPM\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    return tmp_path


def ci(tree: Path, **codes: int) -> tuple[int, list[str]]:
    """Exit code and lines, with these exit codes of make's targets and of npm."""
    names = {"PAGE": "0", "CHECK": "0", "TEST": "0", "SLOW": "0", "NPM": "0"}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XYK_")}
    done = subprocess.run(
        [str(tree / ".ci" / "run")],
        env={
            **plain,
            **names,
            **{name.upper(): str(code) for name, code in codes.items()},
            "PATH": f"{tree / 'tools'}:{os.environ['PATH']}",
            "HYPOTHESIS_PROFILE": "dev",
        },
        cwd=tree.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_green_is_all_three_without_a_skip_for_what_is_missing(tree: Path) -> None:
    code, lines = ci(tree)
    assert code == 0, lines
    assert "profile ci" in lines
    assert "require 1 1 1" in lines and "require clients 1" in lines
    assert "require browser 1" in lines
    assert "checked 1" in lines, "what `make check` ran is run again"
    assert SLOW_SUMMARY in lines
    assert lines[-1] == TEST_SUMMARY
    verdicts = lines[lines.index("--- verdict") + 1 : -1]
    assert [line.split()[:2] for line in verdicts] == [
        [name, "passed"] for name in ("install", "page", "clients", "check", "test", "slow")
    ]


@pytest.mark.parametrize("name", ["page", "check", "test", "slow"])
def test_one_failure_is_red_and_stops_nothing(tree: Path, name: str) -> None:
    code, lines = ci(tree, **{name: 1})
    assert code != 0
    assert any(line.startswith(f"{name} FAILED") for line in lines)
    for other in {"page", "check", "test", "slow"} - {name}:
        assert any(line.startswith(f"{other} passed") for line in lines), (other, lines)
    assert lines[-1] == (SLOW_SUMMARY if name == "slow" else TEST_SUMMARY)


@pytest.mark.parametrize(("folder", "step"), [("chain", "npm"), ("browser", "npm-browser")])
def test_what_npm_gives_is_installed_where_it_is_named(tree: Path, folder: str, step: str) -> None:
    (tree / "tests" / folder).mkdir(parents=True)
    (tree / "tests" / folder / "package.json").write_text("{}")
    code, lines = ci(tree)
    assert code == 0, lines
    assert f"npm ci --prefix tests/{folder} --no-audit --no-fund" in lines
    code, lines = ci(tree, npm=1)
    assert code != 0
    assert any(line.startswith(f"{step} FAILED") for line in lines)


def test_a_summary_of_an_earlier_run_is_none(tree: Path) -> None:
    assert ci(tree)[0] == 0
    (tree / "Makefile").write_text("check test slow:\n\t@exit 1\n")
    code, lines = ci(tree)
    assert code != 0
    assert lines[-1] == "no summary: pytest did not run"
