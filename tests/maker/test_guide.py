"""docs/market-maker.md: what it shows works, word for word, and its table has every flag."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from typer.main import get_command

from tests.cli.traded import Traded
from tests.maker.maker import environment
from tests.server import ROOT, running_server
from xyk.cli.main import app

GUIDE = (ROOT / "docs" / "market-maker.md").read_text()
NONE = {"required", "no limit", "none", "the key's own", "`XYK_KEY`", "`KEY_FILE.agent`"}
HERE = "127.0.0.1:8000"


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    return str(found)


def flags() -> dict[str, str]:
    """Flag -> default, as the guide's table says."""
    rows = re.findall(r"^\| `(--[a-z-]+)` \|[^|]*\| ([^|]*) \|", GUIDE, re.MULTILINE)
    return dict(rows)


def test_the_table_has_every_flag_with_its_default() -> None:
    command = get_command(app).commands["mm"]  # type: ignore[attr-defined]  # it is a group
    known = {one.opts[0]: one.default for one in command.params if one.opts[0] != "--help"}
    said = flags()
    assert set(said) == set(known)
    for flag, default in known.items():
        if said[flag] in NONE:
            assert default in (None, ""), flag
        else:
            assert (
                Decimal(default) == Decimal(said[flag].strip("`"))
                if isinstance(default, int | float)
                else said[flag] == f"`{default}`"
            ), flag


@pytest.mark.slow
def test_its_commands_and_its_bot_work(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--seed-demo") as server:
        commands = block("sh").replace("--duration 5", "--duration 15")  # busy machines are slow
        xyk = f"{sys.executable} -m xyk"
        shown = {}
        for name, command, text in (
            ("sh", ["sh", "-e"], commands.replace(".venv/bin/xyk", xyk)),
            ("python", [sys.executable, "-"], block("python")),
        ):
            done = subprocess.run(
                command,
                input=text.replace(HERE, server.url.removeprefix("http://")),
                cwd=tmp_path,
                env=environment(),
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            shown[name] = done.stdout.splitlines()
        assert any("SOL_USDC quoting bid 1 at " in line for line in shown["sh"])
        assert any(
            "ETH_USDC quoting bid 0.25 at 1992 (5) ask 0.25 at 2008 (5)" in line
            for line in shown["sh"]
        )
        assert shown["sh"][-1].endswith("ETH_USDC ended no orders; all orders are cancelled")
        assert shown["python"] == ["[('Bid', '1992'), ('Ask', '2008')]"] * 5
        kinds = [entry.kind for entry in Traded(server.data, "").entries()]
        assert kinds[-9:].count("CancelAllAfter") == 6
        assert kinds[-2:] == ["CancelAllOrders", "CancelAllAfter"]
