"""The README's signed swaps and orders, word for word, against a real server."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.chain_server import chain_server
from tests.server import ROOT, Server, running_server

README = (ROOT / "README.md").read_text()


def block(language: str, heading: str, text: str = README) -> str:
    """The only one of its kind below a heading."""
    [section] = [part for part in text.split("\n## ") if part.startswith(f"{heading}\n")]
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, f"{heading} has {len(blocks)} blocks of {language}"
    return blocks[0]


def length(code: str) -> int:
    return len([line for line in code.splitlines() if line.strip()])


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
    code = block("python", "A signed swap in Python")
    assert length(code) <= 15
    assert "paid 1974316068 base units" in run(server, [sys.executable, "-"], code, tmp_path)


def test_the_swap_with_curl_works(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = block("sh", "The same with curl").replace(".venv/bin/python", sys.executable)
    answers = run(server, ["sh"], script, tmp_path)
    receipt = json.loads(answers[answers.rindex('{"seq"') :])
    assert receipt["amountOut"] == "1974316068"


def test_the_orders_in_python_have_10_lines_in_main_and_work(
    server: Server, tmp_path: Path
) -> None:
    code = block("python", "Orders in Python")
    body = code.partition("async def main() -> None:\n")[2].partition("\nasyncio.run")[0]
    assert length(body) <= 10
    shown = run(server, [sys.executable, "-"], code, tmp_path)
    assert shown.splitlines() == ["New 0", "PartiallyFilled 0.0132", "Cancelled 0.0132"]


def test_the_orders_from_the_command_line_work(server: Server, tmp_path: Path) -> None:
    """Each command as it stands there, with the key that the section makes."""
    script = block("sh", "Orders from the command line")
    xyk = f"{sys.executable} -m xyk"
    shown = run(server, ["sh", "-e"], script.replace(".venv/bin/xyk", xyk), tmp_path)
    assert "ETH_USDC bid 0.5 at 1990.5: New; entry" in shown
    assert "1990.50  0.5000" in shown, "the ladder shows it"
    assert "ETH_USDC bid 0.5 at 1990.5: Cancelled (UserCancelled)" in shown


@pytest.mark.slow  # a new key's password is hashed for seconds, as it should
def test_the_chain_from_the_command_line_and_in_python_works(tmp_path: Path) -> None:
    """The README's commands as a person types them, then the guide's lines for bots with the key
    that they made. A real node does what they say in tests/chain/test_chain_wallet_served.py."""
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text("an ordinary pass word\n")
    script = block("sh", "Real pools on a chain").replace(
        ".venv/bin/xyk", f"{sys.executable} -m xyk"
    )
    guide = block("python", "For people and bots", (ROOT / "docs/chain.md").read_text())
    with chain_server() as chain:
        chain.name = "mainnet"
        known = {"PYTHONPATH": str(ROOT), "XYK_URL": chain.url, "XYK_PASSWORD_FILE": "password"}
        known["XYK_CHAINS"] = str(tmp_path / "chains.json")
        shown = ""
        for command in (["sh", "-e", "-c", script], [sys.executable, "-c", guide]):
            command[-1] = command[-1].replace("http://127.0.0.1:8000", chain.url)
            done = subprocess.run(
                command,
                input="y\n",
                cwd=tmp_path,
                env={**os.environ, **known},
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            shown += done.stdout
        assert "WETH_USDC" in shown and "you get" in shown
        assert shown.count("mined") == 2 == len(chain.sent)
