"""The README's two signed swaps, word for word, against a real server."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import ROOT, Server, running_server

README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, f"the README has {len(blocks)} blocks of {language}"
    return blocks[0]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path / "data", "--seed-demo") as server:
        yield server


def run(server: Server, command: list[str], text: str, folder: Path) -> str:
    done = subprocess.run(
        command,
        input=text.replace("http://127.0.0.1:8000", server.url),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_swap_in_python_has_15_lines_and_works(server: Server, tmp_path: Path) -> None:
    code = block("python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    assert "paid 1974316068 base units" in run(server, [sys.executable, "-"], code, tmp_path)


def test_the_swap_with_curl_works(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = block("sh").replace(".venv/bin/python", sys.executable)
    answers = run(server, ["sh"], script, tmp_path)
    receipt = json.loads(answers[answers.rindex('{"seq"') :])
    assert receipt["amountOut"] == "1974316068"
