"""`xyk verify | replay | rebuild` on data folders of a real server, honest and tampered with."""

import asyncio
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tests.cli.conftest import TRADED_SEQ, edit, forget_snapshots
from tests.cli.journal_maker import rechained
from tests.crash.load import Trader
from tests.server import run_xyk, running_server
from xyk.engine.entry import Entry, decode_evidence
from xyk.storage.database import DataFolder

COLUMNS = "seq, time, rules, kind, command, evidence, events, previous, hash"
SWAP = 20  # the seq of one of the swaps


def entries(data: Path) -> list[Entry]:
    connection = sqlite3.connect(data / "journal.db")
    rows = connection.execute(f"SELECT {COLUMNS} FROM entries ORDER BY seq").fetchall()
    connection.close()
    return [Entry(*row) for row in rows]


def write(data: Path, journal: list[Entry]) -> None:
    connection = sqlite3.connect(data / "journal.db")
    with connection:
        connection.execute("DELETE FROM entries")
        marks = ", ".join("?" * 9)
        rows = [msgspec.structs.astuple(entry) for entry in journal]
        connection.executemany(f"INSERT INTO entries ({COLUMNS}) VALUES ({marks})", rows)
    connection.close()


def forget_anchors(data: Path) -> None:
    forget_snapshots(data)
    (data / "read.db").unlink()


def flip_a_byte(data: Path) -> None:
    edit(data, f"UPDATE entries SET command = replace(command, '6', '7') WHERE seq = {SWAP}")


def remove_an_inner_entry(data: Path) -> None:
    edit(data, f"DELETE FROM entries WHERE seq = {SWAP}")


def swap_two_signatures(data: Path) -> None:
    journal = entries(data)
    one, other = (decode_evidence(journal[seq - 1]) for seq in (SWAP, SWAP + 1))
    for seq, mine, theirs in ((SWAP, one, other), (SWAP + 1, other, one)):
        evidence = msgspec.structs.replace(mine, signature=theirs.signature)
        changed = msgspec.json.encode(evidence)
        journal[seq - 1] = msgspec.structs.replace(journal[seq - 1], evidence=changed)
    write(data, rechained(journal, SWAP))
    forget_anchors(data)


def forge_an_action(data: Path) -> None:
    """A hundredfold amount, with the events that go with it left as they are."""
    journal = entries(data)
    forged = journal[SWAP - 1].command.replace(b'"amountIn":1000', b'"amountIn":9000')
    assert forged != journal[SWAP - 1].command
    journal[SWAP - 1] = msgspec.structs.replace(journal[SWAP - 1], command=forged)
    write(data, rechained(journal, SWAP))
    forget_anchors(data)


@pytest.mark.parametrize(
    "tamper", [flip_a_byte, remove_an_inner_entry, swap_two_signatures, forge_an_action]
)
def test_verify_says_no_with_the_seq(traded: Path, tamper: Callable[[Path], None]) -> None:
    tamper(traded)
    code, said = run_xyk("verify", "--data", str(traded))
    assert code == 1, said
    assert f"no: entry {SWAP}:" in said


def test_verify_says_yes_and_changes_nothing(traded: Path) -> None:
    before = (traded / "journal.db").read_bytes()
    code, said = run_xyk("verify", "--data", str(traded))
    assert code == 0, said
    assert f"yes: all {TRADED_SEQ} entries" in said, "the read tables' cursor is an anchor"
    assert "14 signatures" in said
    assert (traded / "journal.db").read_bytes() == before


def test_a_removed_end_is_found_by_the_anchors(traded: Path) -> None:
    head = entries(traded)[-1]
    edit(traded, f"DELETE FROM entries WHERE seq = {TRADED_SEQ}")
    code, said = run_xyk("verify", "--data", str(traded))
    assert code == 1
    assert f"no: entry {TRADED_SEQ}: missing" in said

    forget_anchors(traded)
    code, said = run_xyk("verify", "--data", str(traded))
    assert code == 0
    assert f"consistent up to {TRADED_SEQ - 1}" in said

    expected = ("--expect-seq", str(TRADED_SEQ), "--expect-hash", head.hash)
    code, said = run_xyk("verify", "--data", str(traded), *expected)
    assert code == 1
    assert f"no: entry {TRADED_SEQ}: missing" in said


@pytest.mark.parametrize("kept", ["snapshot", "cursor"])
def test_each_anchor_alone_finds_a_removed_end(traded: Path, kept: str) -> None:
    if kept == "snapshot":
        (traded / "read.db").unlink()
        [file] = DataFolder(traded).snapshots.glob("*.json")
        source, last = f"snapshot {file.name}", int(file.stem)
    else:
        forget_snapshots(traded)
        source, last = "the read tables' cursor", TRADED_SEQ
    write(traded, entries(traded)[: last - 1])
    code, said = run_xyk("verify", "--data", str(traded))
    assert code == 1
    assert f"no: entry {last}: missing: the journal ends at {last - 1}, {source} knows" in said


@pytest.mark.parametrize("alone", [("--expect-seq", "20"), ("--expect-hash", "ab" * 32)])
def test_an_expected_entry_is_a_seq_and_a_hash(tmp_path: Path, alone: tuple[str, str]) -> None:
    code, said = run_xyk("verify", "--data", str(tmp_path), *alone)
    assert code == 78
    assert "go together" in said


def test_an_end_that_was_replaced_is_found_by_an_expected_hash(traded: Path) -> None:
    forget_anchors(traded)
    code, said = run_xyk(
        "verify", "--data", str(traded), "--expect-seq", "20", "--expect-hash", "ab" * 32
    )
    assert code == 1
    assert "no: entry 20: --expect-hash" in said


def test_replay_says_seq_digest_and_speed(traded: Path) -> None:
    code, said = run_xyk("replay", "--data", str(traded))
    assert code == 0, said
    lines = said.splitlines()
    assert lines[0] == f"seq {TRADED_SEQ}"
    assert len(lines[1]) == len("digest ") + 64
    assert lines[2] == f"hash {entries(traded)[-1].hash}"
    assert "entries/s" in lines[3]
    assert lines[4].startswith("yes: ")


def test_replay_says_no_to_a_broken_chain_and_to_a_wrong_snapshot(traded: Path) -> None:
    [file] = DataFolder(traded).snapshots.glob("*.json")
    good = file.read_bytes()
    file.write_bytes(good.replace(b"USDC", b"USDT"))
    code, said = run_xyk("replay", "--data", str(traded))
    assert code == 1
    assert f"snapshot {file.name} is damaged" in said
    file.write_bytes(good)
    flip_a_byte(traded)
    code, said = run_xyk("replay", "--data", str(traded))
    assert code == 1
    assert f"no: journal entry {SWAP}:" in said


def test_replay_says_no_to_a_snapshot_of_another_state_or_of_what_is_gone(traded: Path) -> None:
    """One that is whole in itself, with a digest to fit: somebody made it."""
    [file] = DataFolder(traded).snapshots.glob("*.json")
    good, seq = file.read_bytes(), int(file.stem)
    line, state = good.rstrip(b"\n").split(b"\n")
    other = state.replace(b'"sandbox":true', b'"sandbox":false')
    digests = [sha256(text).hexdigest().encode() for text in (state, other)]
    assert digests[0] in line
    assert digests[0] != digests[1]
    file.write_bytes(line.replace(*digests) + b"\n" + other + b"\n")
    code, said = run_xyk("replay", "--data", str(traded))
    assert code == 1
    assert f"no: the snapshot of seq {seq} has another digest" in said

    file.write_bytes(good)
    write(traded, entries(traded)[: seq - 1])
    code, said = run_xyk("replay", "--data", str(traded))
    assert code == 1
    assert f"no: the journal ends at {seq - 1}, there is a snapshot of seq {seq}" in said


@pytest.mark.parametrize("command", ["verify", "replay", "rebuild"])
def test_a_folder_without_a_journal_is_named(tmp_path: Path, command: str) -> None:
    code, said = run_xyk(command, "--data", str(tmp_path))
    assert code == 78
    assert f"no journal in {tmp_path}" in said
    assert not list(tmp_path.iterdir()), "looking leaves nothing behind"


def tables(data: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(data / "read.db")
    names = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    found: dict[str, list[tuple[object, ...]]] = {
        name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
        for name in names
    }
    connection.close()
    return found


def test_rebuild_gives_the_same_rows(traded: Path) -> None:
    before = tables(traded)
    assert len(before["trades"]) == 10
    connection = sqlite3.connect(traded / "read.db")
    with connection:
        connection.execute("DELETE FROM trades")
        connection.execute("UPDATE positions SET shares = '1'")
    connection.close()
    code, said = run_xyk("rebuild", "--data", str(traded))
    assert code == 0, said
    assert tables(traded) == before
    (traded / "read.db").unlink()
    code, said = run_xyk("rebuild", "--data", str(traded))
    assert code == 0, said
    assert tables(traded) == before
    assert not list(traded.glob("read_rebuild*"))


async def test_rebuild_beside_a_server_that_trades(traded: Path) -> None:
    """Digests stay known throughout, and the server's projection goes on after it."""
    with running_server(traded) as server:
        trader = Trader(seed=11)
        await trader.fund(server.url)
        load = asyncio.create_task(trader.trade(server.url))
        for _ in range(2):
            mark = len(trader.promises)
            code, said = await asyncio.to_thread(run_xyk, "rebuild", "--data", str(traded))
            assert code == 0, said
            await trader.redeem(server.url, trader.promises[:mark])
        await asyncio.to_thread(server.stop)
        await load
        assert "Traceback" not in server.log.read_text()
    code, said = await asyncio.to_thread(run_xyk, "verify", "--data", str(traded))
    assert code == 0, said
    assert "yes: all" in said, "the cursor reached the journal's end"
    known = {row[0] for row in tables(traded)["actions"]}
    assert {promise.signed.digest for promise in trader.promises} <= known
    assert f" {len(known)} signatures" in said
