"""What is kept beside the journal and knows how far it went: snapshots and the read tables."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from xyk.cli.verify import Anchor
from xyk.engine.liabilities import LiabilitiesFolder
from xyk.engine.snapshot import Snapshot, checksum_of
from xyk.storage.connection import read_database, reading_engine
from xyk.storage.errors import STORAGE_ERRORS
from xyk.storage.history import History

# No tables, or tables that were never filled.
UNREADABLE: tuple[type[Exception], ...] = (*STORAGE_ERRORS, ValueError)


class SnapshotFile(NamedTuple):
    """`header` is None where the file does not hold what it was written with; `why` says so."""

    name: str
    header: Snapshot | None
    why: str


def snapshot_files(folder: Path) -> list[SnapshotFile]:
    """Oldest first."""
    found = []
    for path in sorted(folder.glob("[0-9]*.json")):
        try:
            line, _, rest = path.read_bytes().partition(b"\n")
            header = msgspec.json.decode(line, type=Snapshot)
        except FileNotFoundError:  # the server keeps the newest few
            continue
        except (OSError, ValueError, RecursionError) as fault:
            found.append(SnapshotFile(path.name, None, f"its header cannot be read: {fault}"))
            continue
        text = rest.removesuffix(b"\n")
        if path.stem != f"{header.seq:012}":
            found.append(SnapshotFile(path.name, None, f"it is of seq {header.seq}"))
        elif checksum_of(header.hash, text, header.version) == header.checksum:
            found.append(SnapshotFile(path.name, header, ""))
        else:
            found.append(SnapshotFile(path.name, None, "its state does not have its checksum"))
    return found


def snapshot_anchors(files: list[SnapshotFile]) -> list[Anchor]:
    return [
        Anchor(f"snapshot {file.name}", header.seq, hash=header.hash, digest=header.digest)
        for file in files
        if (header := file.header) is not None
    ]


def liabilities_anchors(folder: Path) -> list[Anchor]:
    return [
        Anchor("the liabilities", root.seq, hash=root.hash, root=root.root)
        for root in (found.root for found in LiabilitiesFolder(folder).files())
    ]


async def cursor_anchor(data: Path, database_url: str) -> list[Anchor]:
    """The last entry that the read tables show; none where there are no such tables."""
    if not database_url and not (data / "read.db").exists():
        return []
    engine = reading_engine(read_database(data, database_url))
    try:
        seq, digest = await History(engine).cursor()
    except UNREADABLE:
        return []
    finally:
        await engine.dispose()
    return [Anchor("the read tables' cursor", seq, hash=digest)] if seq else []
