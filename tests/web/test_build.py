"""`web/build.sh` and `make run` with tools that are told how to end: what is built when, and that
an exchange starts without a page where none can be built."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.require import require
from tests.server import ROOT

NODE = """#!/bin/sh
[ "$1" = --version ] && { echo v18.19.0; exit 0; }
exit $NODE
"""
NPM = """#!/bin/sh
echo "npm $*" >> calls
case $1 in
ci)
  [ "$CI" = 0 ] || { echo 'npm error network' >&2; exit 1; }
  mkdir -p node_modules && echo {} > node_modules/.package-lock.json ;;
exec)
  [ "$VITE" = 0 ] || { echo 'src/App.svelte: odd' >&2; exit 1; }
  mkdir -p dist && echo built > dist/index.html ;;
esac
"""
TOOLS = "sh dirname find mktemp rm grep timeout touch mkdir make cat"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with the script, the Makefile, an environment and an `xyk` in name only."""
    web = tmp_path / "web"
    for name in ("src/App.svelte", "public/icon.svg", *("index.html", "package.json")):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text("x")
    for name in ("package-lock.json", "svelte.config.js", "tsconfig.json", "vite.config.ts"):
        (web / name).write_text("{}")
    shutil.copy(ROOT / "web" / "build.sh", web)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    environment = tmp_path / ".venv" / "bin"
    environment.mkdir(parents=True)
    (environment / "xyk").write_text('#!/bin/sh\necho "xyk $*"\n')
    (environment / "xyk").chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS.split():
        program = shutil.which(name)
        if program is None:
            require("fresh", f"{name} is not installed")
        (tools / name).symlink_to(program)
    for name, text in (("node", NODE), ("npm", NPM)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    age(tmp_path)
    (tmp_path / ".venv" / ".installed").write_text("")
    return tmp_path


def age(folder: Path) -> None:
    """All of it is as if it were an hour old."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time.time() - 3_600,) * 2)


def run(tree: Path, *command: str, **codes: int) -> tuple[int, str]:
    """Exit code and what was said, with these exit codes of the tools."""
    told = {name.upper(): str(code) for name, code in codes.items()}
    done = subprocess.run(
        command,
        cwd=tree,
        env={"NODE": "0", "CI": "0", "VITE": "0", **told, "PATH": str(tree / "tools")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def build(tree: Path, **codes: int) -> tuple[int, str]:
    return run(tree, "sh", "web/build.sh", **codes)


def calls(tree: Path) -> list[str]:
    """Since the last time."""
    file = tree / "web" / "calls"
    found = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [line.split()[1] for line in found]


def test_it_fetches_once_and_builds_when_a_source_is_newer(tree: Path) -> None:
    assert build(tree)[0] == 0
    assert calls(tree) == ["ci", "exec"]
    assert build(tree) == (0, "")
    assert calls(tree) == []
    age(tree)
    for name in ("src/App.svelte", "public/icon.svg", "vite.config.ts", "index.html"):
        (tree / "web" / name).write_text("newer")
        assert build(tree)[0] == 0
        assert calls(tree) == ["exec"], name
        age(tree)
    (tree / "web" / "package-lock.json").write_text('{"newer": 1}')
    assert build(tree)[0] == 0
    assert calls(tree) == ["ci", "exec"]


@pytest.mark.parametrize(
    ("spoil", "codes", "said"),
    [
        ("node", {}, "it needs node 20.19 or newer with npm"),
        ("npm", {}, "it needs npm beside node"),
        ("", {"node": 1}, "this is v18.19.0"),
        ("", {"ci": 1}, "npm ci failed (npm error network); is there a network?"),
        ("", {"vite": 1}, "vite build failed"),
    ],
)
def test_it_says_in_one_line_what_is_missing_and_the_exchange_runs(
    tree: Path, spoil: str, codes: dict[str, int], said: str
) -> None:
    if spoil:
        (tree / "tools" / spoil).unlink()
    code, text = build(tree, **codes)
    assert code == 1
    last = text.splitlines()[-1]
    assert last.startswith("no page was built: ") and said in last
    code, text = run(tree, "make", "run", "ARGS=--port 9", **codes)
    assert code == 0
    assert said in text and text.splitlines()[-1] == "xyk serve --sandbox --seed-demo --port 9"
    code, text = run(tree, "make", "page", **codes)
    assert code != 0 and said in text


def test_a_page_that_is_there_is_served_without_node(tree: Path) -> None:
    assert build(tree)[0] == 0
    (tree / "tools" / "node").unlink()
    code, text = run(tree, "make", "run")
    assert (code, text) == (0, "xyk serve --sandbox --seed-demo\n")


def test_a_build_that_fails_leaves_no_page_that_counts_as_new(tree: Path) -> None:
    assert build(tree, vite=1)[0] == 1
    assert build(tree)[0] == 0
    assert calls(tree) == ["ci", "exec", "exec"]
