"""`xyk verify | replay | rebuild` on what a real server left behind, honest and tampered with."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.cli.conftest import TRADED_SEQ
from tests.cli.journal_maker import rechained
from tests.cli.traded import Traded
from tests.crash.load import Trader
from tests.server import run_xyk
from xyk.engine.entry import decode_evidence
from xyk.storage.database import DataFolder

SWAP = 20  # the seq of one of the swaps


def flip_a_byte(traded: Traded) -> None:
    traded.replace(SWAP, "command", b"6", b"7")


def remove_an_inner_entry(traded: Traded) -> None:
    traded.remove(SWAP)


def swap_two_signatures(traded: Traded) -> None:
    journal = traded.entries()
    one, other = (decode_evidence(journal[seq - 1]) for seq in (SWAP, SWAP + 1))
    for seq, mine, theirs in ((SWAP, one, other), (SWAP + 1, other, one)):
        evidence = msgspec.structs.replace(mine, signature=theirs.signature)
        changed = msgspec.json.encode(evidence)
        journal[seq - 1] = msgspec.structs.replace(journal[seq - 1], evidence=changed)
    traded.write(rechained(journal, SWAP))
    traded.forget_anchors()


def forge_an_action(traded: Traded) -> None:
    """A hundredfold amount, with the events that go with it left as they are."""
    journal = traded.entries()
    forged = journal[SWAP - 1].command.replace(b'"amountIn":1000', b'"amountIn":9000')
    assert forged != journal[SWAP - 1].command
    journal[SWAP - 1] = msgspec.structs.replace(journal[SWAP - 1], command=forged)
    traded.write(rechained(journal, SWAP))
    traded.forget_anchors()


@pytest.mark.parametrize(
    "tamper", [flip_a_byte, remove_an_inner_entry, swap_two_signatures, forge_an_action]
)
def test_verify_says_no_with_the_seq(traded: Traded, tamper: Callable[[Traded], None]) -> None:
    tamper(traded)
    code, said = run_xyk("verify", *traded.where)
    assert code == 1, said
    assert f"no: entry {SWAP}:" in said


def journal_files(traded: Traded) -> dict[str, bytes]:
    """None with PostgreSQL."""
    return {file.name: file.read_bytes() for file in traded.data.glob("journal.db")}


def test_verify_says_yes_and_changes_nothing(traded: Traded) -> None:
    before, files = traded.entries(), journal_files(traded)
    code, said = run_xyk("verify", *traded.where)
    assert code == 0, said
    assert f"yes: all {TRADED_SEQ} entries" in said, "the read tables' cursor is an anchor"
    assert "14 signatures" in said
    assert journal_files(traded) == files
    assert traded.entries() == before


def test_a_removed_end_is_found_by_the_anchors(traded: Traded) -> None:
    head = traded.entries()[-1]
    traded.remove(TRADED_SEQ)
    code, said = run_xyk("verify", *traded.where)
    assert code == 1
    assert f"no: entry {TRADED_SEQ}: missing" in said

    traded.forget_anchors()
    code, said = run_xyk("verify", *traded.where)
    assert code == 0
    assert f"consistent up to {TRADED_SEQ - 1}" in said

    expected = ("--expect-seq", str(TRADED_SEQ), "--expect-hash", head.hash)
    code, said = run_xyk("verify", *traded.where, *expected)
    assert code == 1
    assert f"no: entry {TRADED_SEQ}: missing" in said


@pytest.mark.parametrize("kept", ["snapshot", "cursor"])
def test_each_anchor_alone_finds_a_removed_end(traded: Traded, kept: str) -> None:
    if kept == "snapshot":
        traded.forget_read_tables()
        [file] = DataFolder(traded.data).snapshots.glob("*.json")
        source, last = f"snapshot {file.name}", int(file.stem)
    else:
        traded.forget_snapshots()
        source, last = "the read tables' cursor", TRADED_SEQ
    traded.write(traded.entries()[: last - 1])
    code, said = run_xyk("verify", *traded.where)
    assert code == 1
    assert f"no: entry {last}: missing: the journal ends at {last - 1}, {source} knows" in said


@pytest.mark.parametrize("alone", [("--expect-seq", "20"), ("--expect-hash", "ab" * 32)])
def test_an_expected_entry_is_a_seq_and_a_hash(tmp_path: Path, alone: tuple[str, str]) -> None:
    code, said = run_xyk("verify", "--data", str(tmp_path), *alone)
    assert code == 78
    assert "go together" in said


def test_an_end_that_was_replaced_is_found_by_an_expected_hash(traded: Traded) -> None:
    traded.forget_anchors()
    expected = ("--expect-seq", "20", "--expect-hash", "ab" * 32)
    code, said = run_xyk("verify", *traded.where, *expected)
    assert code == 1
    assert "no: entry 20: --expect-hash" in said


def test_replay_says_seq_digest_and_speed(traded: Traded) -> None:
    code, said = run_xyk("replay", *traded.where)
    assert code == 0, said
    lines = said.splitlines()
    assert lines[0] == f"seq {TRADED_SEQ}"
    assert len(lines[1]) == len("digest ") + 64
    assert lines[2] == f"hash {traded.entries()[-1].hash}"
    assert "entries/s" in lines[3]
    assert lines[4].startswith("yes: ")


def test_replay_says_no_to_a_broken_chain_and_to_a_wrong_snapshot(traded: Traded) -> None:
    [file] = DataFolder(traded.data).snapshots.glob("*.json")
    good = file.read_bytes()
    file.write_bytes(good.replace(b"USDC", b"USDT"))
    code, said = run_xyk("replay", *traded.where)
    assert code == 1
    assert f"snapshot {file.name} is damaged" in said
    file.write_bytes(good)
    flip_a_byte(traded)
    code, said = run_xyk("replay", *traded.where)
    assert code == 1
    assert f"no: journal entry {SWAP}:" in said


def test_replay_says_no_to_a_snapshot_of_another_state_or_of_what_is_gone(traded: Traded) -> None:
    """One whose file is whole, of a state that the journal does not give."""
    [file] = DataFolder(traded.data).snapshots.glob("*.json")
    good, seq = file.read_bytes(), int(file.stem)
    line, _, state = good.partition(b"\n")
    other = msgspec.json.encode({**msgspec.json.decode(line), "digest": "ab" * 32})
    file.write_bytes(other + b"\n" + state)
    code, said = run_xyk("replay", *traded.where)
    assert code == 1
    assert f"no: the snapshot of seq {seq} has another digest" in said

    file.write_bytes(good)
    traded.write(traded.entries()[: seq - 1])
    code, said = run_xyk("replay", *traded.where)
    assert code == 1
    assert f"no: the journal ends at {seq - 1}, there is a snapshot of seq {seq}" in said


@pytest.mark.parametrize("command", ["verify", "replay", "rebuild"])
def test_where_there_is_no_journal_that_is_said(
    tmp_path: Path, database_url: str, command: str
) -> None:
    nowhere = Traded(tmp_path, database_url)
    before = nowhere.names()
    code, said = run_xyk(command, *nowhere.where)
    assert code == 78, said
    assert f"no journal in {'the database' if database_url else tmp_path}" in said
    assert nowhere.names() == before, "looking leaves nothing behind"


def test_rebuild_gives_the_same_rows(traded: Traded) -> None:
    before = traded.read_tables()
    assert len(before["trades"]) == 10
    traded.on_read_tables("DELETE FROM trades", "UPDATE positions SET shares = 1")
    code, said = run_xyk("rebuild", *traded.where)
    assert code == 0, said
    assert traded.read_tables() == before
    traded.forget_read_tables()
    code, said = run_xyk("rebuild", *traded.where)
    assert code == 0, said
    assert traded.read_tables() == before
    assert not any(name.startswith("read_rebuild") for name in traded.names())


@pytest.mark.slow
async def test_rebuild_beside_a_server_that_trades(traded: Traded) -> None:
    """Digests stay known throughout, and the server's projection goes on after it."""
    server = traded.server()
    server.start()
    try:
        trader = Trader(seed=11)
        await trader.fund(server.url)
        load = asyncio.create_task(trader.trade(server.url))
        for _ in range(2):
            mark = len(trader.promises)
            code, said = await asyncio.to_thread(run_xyk, "rebuild", *traded.where)
            assert code == 0, said
            await trader.redeem(server.url, trader.promises[:mark])
    finally:
        await asyncio.to_thread(server.stop)
    await load
    assert "Traceback" not in server.log.read_text()
    code, said = await asyncio.to_thread(run_xyk, "verify", *traded.where)
    assert code == 0, said
    assert "yes: all" in said, "the cursor reached the journal's end"
    known = {row[0] for row in traded.read_tables()["actions"]}
    assert {promise.signed.digest for promise in trader.promises} <= known
    assert f" {len(known)} signatures" in said
