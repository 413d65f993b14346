"""An exchange at rest that can be archived, backed up and restored, and what its traders were
promised.
"""

import json
from pathlib import Path
from typing import Any

from tests.cli.traded import Traded
from tests.crash.load import Trader
from tests.server import run_xyk

ACTIONS = 30
KEPT = 5


class Kept:
    """An exchange at rest with what its traders were promised."""

    def __init__(self, traded: Traded, traders: list[Trader]) -> None:
        self.traded = traded
        self.traders = traders

    @property
    def where(self) -> tuple[str, ...]:
        return self.traded.where

    @property
    def segments(self) -> list[Path]:
        return sorted((self.traded.data / "archive").glob("*.segment"))

    def journal_rows(self) -> list[int]:
        return [entry.seq for entry in self.traded.entries()]


def head_of(kept: Kept) -> int:
    return kept.journal_rows()[-1]


def backup(kept: Kept, to: Path, *flags: str) -> str:
    code, said = run_xyk("backup", *kept.where, "--to", str(to), *flags)
    assert code == 0, said
    return said


def restore(source: Path, data: Path, url: str = "") -> tuple[int, str]:
    database = ("--database-url", url) if url else ()
    return run_xyk("restore", "--from", str(source), "--data", str(data), *database)


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))
