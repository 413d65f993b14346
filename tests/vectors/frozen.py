"""The frozen journals of this folder, by name, oldest first."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from xyk.engine.entry import Entry

FOLDER = Path(__file__).parent
# With the schema of the read tables at that time; the journal's has been the same since the first.
READ_REVISIONS = {"journal_issue_1": "read_0001", "journal_issue_5": "read_0003"}
RELEASES = tuple(READ_REVISIONS)


@cache
def frozen(name: str) -> tuple[Entry, ...]:
    entries = []
    for line in (FOLDER / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        texts = {column: row[column].encode() for column in ("command", "evidence", "events")}
        entries.append(Entry(**{**row, **texts}))
    return tuple(entries)


@cache
def marks(name: str) -> list[dict[str, Any]]:
    """seq, hash and digest at some entries, the last one included."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}_digests.json").read_text())
    return found
