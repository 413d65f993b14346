"""Targets for what may lie damaged on our own disk, or come from a forger who makes the chain anew:
a journal row is said no to with its seq, a snapshot is named and passed over, a genesis is refused
in one line. None of them ends in a traceback.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec

from tests.cli.journal_maker import JournalMaker
from tests.cli.test_verify_keys import key_journal
from tests.cli.test_verify_sessions import journal as session_journal
from xyk.cli.anchors import snapshot_files
from xyk.cli.exits import CONFIG, Stop
from xyk.cli.genesis import genesis_entry
from xyk.cli.settings import Settings
from xyk.cli.signatures import first_fault
from xyk.cli.verify import Audit, Broken
from xyk.engine.entry import (
    Entry,
    decode_command,
    decode_events,
    decode_evidence,
    encode,
    recompute_hash,
)
from xyk.engine.replica import CorruptJournal, Replica
from xyk.engine.snapshot import Snapshot, SnapshotFolder
from xyk.exchange.state import State

COLUMNS = ("command", "evidence", "events", "kind", "time", "rules", "previous", "seq")
TYPES = 4  # of a column in SQLite: as it should be, text, bytes, a number with a fraction
NOW_MS = 1_790_000_000_000


@cache
def journals() -> tuple[JournalMaker, ...]:
    return key_journal(), session_journal()


def rows(data: bytes) -> None:
    """Four bytes choose journal and row, column, type, and whether the forger computed the hash
    anew; the rest is the column. Whatever is in it, the auditor says yes or names a seq, and the
    fold the same. What it says yes to is read as the same again when it is written anew."""
    head, rest = data[:4].ljust(4, b"\0"), data[4:]
    entries = [entry for made in journals() for entry in made.entries]
    chosen = head[0] % len(entries)
    earlier = [e for e in _journal_of(chosen) if e.seq < entries[chosen].seq]
    column = COLUMNS[head[1] % len(COLUMNS)]
    entry = msgspec.structs.replace(
        entries[chosen], **{column: _value(column, head[2] % TYPES, rest)}
    )
    if head[3] % 2 == 0:
        with suppress(TypeError, ValueError):  # such a row has no hash at all
            entry = msgspec.structs.replace(entry, hash=recompute_hash(entry))
    audit, replica = Audit(), Replica(State())
    for one in earlier:
        audit.check(one)
        replica.apply(one)
    try:
        place = audit.place
        claim = audit.check(entry)
        fault = None if claim is None else first_fault(place, [claim])
        is_yes = fault is None
        assert fault is None or fault.seq == entries[chosen].seq
    except Broken as broken:
        assert broken.reason and broken.seq <= entries[chosen].seq
        is_yes = False
    with suppress(CorruptJournal):
        replica.apply(entry)
    if is_yes:
        for read, name in (
            (decode_command, "command"),
            (decode_evidence, "evidence"),
            (decode_events, "events"),
        ):
            value: Any = read(entry)
            again = msgspec.structs.replace(entry, **{name: encode(value)})
            assert read(again) == value


@cache
def _journal_of(chosen: int) -> list[Entry]:
    for made in journals():
        if chosen < len(made.entries):
            return made.entries
        chosen -= len(made.entries)
    raise AssertionError("there are no more")


def _value(column: str, kind: int, rest: bytes) -> Any:
    is_number = column in ("time", "rules", "seq")
    is_text = column in ("kind", "previous")
    text = rest.decode("utf-8", "replace")
    if kind == 1:
        return text
    if kind == 2:
        return rest
    if kind == 3:
        return len(rest) / 2 if is_number else None
    if is_number:
        return int.from_bytes(rest[:9], "big", signed=True)
    return text if is_text else rest


def row_seeds() -> Iterator[bytes]:
    for number, entry in enumerate(e for made in journals() for e in made.entries):
        for column, text in enumerate((entry.command, entry.evidence, entry.events)):
            yield bytes([number, column, 0, 0]) + text
    yield bytes([3, 3, 0, 0]) + b"Transfer"
    yield bytes([3, 4, 0, 0]) + (NOW_MS).to_bytes(8, "big")
    yield bytes([3, 4, 1, 0]) + b"1790000000000"
    yield bytes([3, 5, 0, 0]) + b"\x01"


@cache
def _folder(name: str) -> Path:
    return Path(mkdtemp(prefix=f"xyk-fuzz-{name}-"))


@cache
def honest_snapshot() -> bytes:
    folder = _folder("honest")
    replica = Replica(State())
    for entry in key_journal().entries:
        replica.apply(entry)
    SnapshotFolder(folder).write(replica)
    [file] = folder.glob("*.json")
    return file.read_bytes()


def snapshots(data: bytes) -> None:
    """The first byte: whether the header's checksum is made to fit, as a forger would. The file is
    used as it was written, or named and passed over for the genesis."""
    folder, text = _folder("snapshots"), data[1:]
    if data[:1] and data[0] % 2:
        text = _fitting(text)
    (folder / "000000000013.json").write_bytes(text)
    start = SnapshotFolder(folder).load()
    [audited] = snapshot_files(folder)
    assert audited.header is not None or audited.why
    if start.snapshot is None:
        [skipped] = start.skipped
        assert skipped.name == "000000000013.json" and skipped.why
        assert start.replica.state.seq == 0
    else:
        assert start.replica.state.seq == start.snapshot.seq
        assert start.replica.state.digest() == start.snapshot.digest


def _fitting(text: bytes) -> bytes:
    """With the checksum of its second line, and the version and digest of an honest one."""
    honest = msgspec.json.decode(honest_snapshot().partition(b"\n")[0], type=Snapshot)
    _, _, state = text.partition(b"\n")
    state = state.removesuffix(b"\n")
    checksum = sha256(state).hexdigest()
    header = msgspec.structs.replace(honest, checksum=checksum)
    return msgspec.json.encode(header) + b"\n" + state + b"\n"


def snapshot_seeds() -> Iterator[bytes]:
    yield b"\x00" + honest_snapshot()
    yield b"\x01" + honest_snapshot()


def genesis(data: bytes) -> None:
    """The first byte: as a sandbox. An entry 1, or one line and exit 78."""
    folder, is_sandbox = _folder("genesis"), bool(data[:1] and data[0] % 2)
    file = folder / "genesis.toml"
    file.write_bytes(data[1:])
    settings = Settings(data=folder, genesis=file, sandbox=is_sandbox)
    try:
        entry = genesis_entry(settings, NOW_MS)
    except Stop as stop:
        assert stop.code == CONFIG and str(file) in stop.message, stop
        return
    replica = Replica(State())
    replica.apply(entry)
    assert encode(decode_command(entry)) == entry.command
    Audit().check(entry)


GENESIS = """salt = "0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
operator = "0x1111111111111111111111111111111111111111"
fee_recipient = "0x2222222222222222222222222222222222222222"
sandbox = true

[[assets]]
symbol = "USDC"
decimals = 6
token = "0x3333333333333333333333333333333333333333"

[[assets]]
symbol = "ETH"
decimals = 18

[[markets]]
base = "ETH"
quote = "USDC"
tick_size = 10_000
lot_size = 100_000_000_000_000
maker_fee_bps = -1
taker_fee_bps = 5
pool_fee_bps = 30
book = true
"""


def genesis_seeds() -> Iterator[bytes]:
    yield b"\x00" + GENESIS.encode()
    yield b"\x01" + GENESIS.encode()
    yield b"\x01" + b'sandbox = true\nassets = [{symbol = "A1", decimals = 0}]\n'
    yield b"\x00" + GENESIS.replace("true", "false").encode()
