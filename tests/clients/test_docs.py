"""The snippets of docs/bots.md, word for word, with the key that its command makes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.environments import TIMEOUT_S, python_of
from tests.server import ROOT, Server, running_server
from xyk.cli.keys import kept_wallet
from xyk.client.client import Client

GUIDE = (ROOT / "docs" / "bots.md").read_text()


def block(heading: str, number: int = 0, language: str = "python") -> str:
    [section] = [part for part in GUIDE.split("\n## ") if part.startswith(f"{heading}\n")]
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return blocks[number]


def run(command: list[str], text: str, server: Server, folder: Path) -> str:
    here = server.url.removeprefix("http://")
    done = subprocess.run(
        command,
        input=text.replace("127.0.0.1:8000", here),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT) if command[0] == "sh" else ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
async def test_the_snippets_work(tmp_path: Path) -> None:
    ccxt, bpx = python_of("ccxt"), python_of("bpx")
    with running_server(tmp_path / "data", "--seed-demo") as server:
        wallet = kept_wallet(tmp_path, "my.key")
        async with Client(server.url, wallet) as client:
            await client.faucet("USDC")
            await client.faucet("ETH", 10**18)
            await client.sell("ETH", "USDC", 10**16)  # a last price
        commands = block("Get a key", language="sh")
        xyk = f"{sys.executable} -m xyk"
        shown = run(["sh", "-e"], commands.replace(".venv/bin/xyk", xyk), server, tmp_path)
        assert "approved for 90 days" in shown
        shown = run([str(ccxt), "-"], block("ccxt"), server, tmp_path)
        assert shown == "open 950.0\ncanceled\n"
        shown = run([str(ccxt), "-"], block("ccxt", 1), server, tmp_path)
        assert re.fullmatch(r"best bid \d+\.\d+ best ask \d+\.\d+\n", shown), shown
        shown = run([str(bpx), "-"], block("bpx-py"), server, tmp_path)
        assert re.fullmatch(r"[\d.]+\nNew Cancelled\n", shown), shown
