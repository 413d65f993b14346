"""Files that are there whole or not at all, whenever the machine dies."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

UNFINISHED = ".unfinished"


Proof = Callable[[Path], None]


def write_durably(
    file: Path, parts: Iterable[bytes], proof: Proof | None = None, mode: int = 0o666
) -> None:
    """On disk under its name when this returns; until then it has the suffix `.unfinished`. What
    `proof` raises about the unfinished file keeps it from its name. Raises OSError, and leaves no
    unfinished file then: it may be what filled the disk.
    """
    unfinished = file.with_suffix(UNFINISHED)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        with open(os.open(unfinished, flags, mode), "wb") as stream:
            for part in parts:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        if proof is not None:
            proof(unfinished)
        unfinished.replace(file)
    except Exception:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(path: Path) -> None:
    """Makes what was renamed, made or removed in it durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
