"""The chain: each way in which a row can be other than written is found, with its seq."""

from typing import Any

import msgspec
import pytest

from tests.engine.desk import open_desk
from xyk.engine.entry import GENESIS_HASH, RULES, Entry, recompute_hash
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import CorruptJournal, Replica, follow
from xyk.exchange.state import State

TOUCHED = 6  # seq of the row that is touched


@pytest.fixture
async def entries() -> list[Entry]:
    async with open_desk() as desk:
        for amount in range(1, 8):
            await desk.accept(desk.transfer(amount))
        return desk.journal.entries


def changed(entry: Entry, **fields: Any) -> Entry:
    return msgspec.structs.replace(entry, **fields)


def forged(entry: Entry, **fields: Any) -> Entry:
    """Changed by somebody who knows how the hash is made."""
    entry = changed(entry, **fields)
    return changed(entry, hash=recompute_hash(entry))


async def folded(entries: list[Entry]) -> Replica:
    journal = MemoryJournal()
    journal.entries = entries
    replica = Replica(State())
    await follow(replica, journal)
    return replica


def flipped(text: bytes) -> bytes:
    middle = len(text) // 2
    return text[:middle] + bytes([text[middle] ^ 1]) + text[middle + 1 :]


async def test_whole(entries: list[Entry]) -> None:
    replica = await folded(entries)
    assert (replica.state.seq, replica.head_hash) == (10, entries[-1].hash)


async def test_from_the_middle_and_with_progress(entries: list[Entry]) -> None:
    journal, seen = MemoryJournal(), list[int]()
    journal.entries = entries
    replica = Replica(State())
    await follow(replica, journal, until=5, progress=seen.append)
    assert replica.head_hash == entries[4].hash
    await follow(replica, journal, progress=seen.append)
    assert replica.state.digest() == (await folded(entries)).state.digest()
    assert seen == [5, 10]


@pytest.mark.parametrize("field", ["command", "evidence", "events"])
async def test_a_flipped_byte(entries: list[Entry], field: str) -> None:
    row = entries[TOUCHED - 1]
    entries[TOUCHED - 1] = changed(row, **{field: flipped(getattr(row, field))})
    with pytest.raises(CorruptJournal, match=r"journal entry 6: .*the row was changed") as found:
        await folded(entries)
    assert found.value.seq == TOUCHED


@pytest.mark.parametrize(
    "fields",
    [
        {"time": 1},
        {"rules": 0},
        {"kind": "Withdraw"},
        {"previous": "f" * 64},
        {"hash": "f" * 64},
        {"events": "text"},
        {"command": None},
        {"time": None},
    ],
)
async def test_another_value(entries: list[Entry], fields: dict[str, Any]) -> None:
    entries[TOUCHED - 1] = changed(entries[TOUCHED - 1], **fields)
    with pytest.raises(CorruptJournal, match=r"journal entry 6: .*the row was changed"):
        await folded(entries)


async def test_a_missing_row(entries: list[Entry]) -> None:
    del entries[TOUCHED - 1]
    with pytest.raises(CorruptJournal, match="journal entry 6: missing, the next row is 7"):
        await folded(entries)


async def test_two_rows_exchanged(entries: list[Entry]) -> None:
    entries[5], entries[6] = entries[6], entries[5]
    with pytest.raises(CorruptJournal, match="journal entry 6"):
        await folded(entries)


async def test_a_row_that_was_forged_with_its_hash(entries: list[Entry]) -> None:
    row = entries[TOUCHED - 1]
    entries[TOUCHED - 1] = forged(row, evidence=b"{}")
    with pytest.raises(CorruptJournal, match="journal entry 7: does not follow the hash of"):
        await folded(entries)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"previous": GENESIS_HASH}, "does not follow the hash of entry 5"),
        ({"rules": RULES + 1}, "upgrade it"),
        ({"time": 1}, "before the last one's"),
        ({"events": b"[]}"}, "cannot be folded"),
        ({"events": b'[{"type":"Unheard"}]'}, "cannot be folded"),
    ],
)
async def test_a_whole_row_that_does_not_belong(
    entries: list[Entry], fields: dict[str, Any], why: str
) -> None:
    entries[TOUCHED - 1] = forged(entries[TOUCHED - 1], **fields)
    with pytest.raises(CorruptJournal, match=f"journal entry 6: .*{why}"):
        await folded(entries)


async def test_events_that_break_the_books(entries: list[Entry]) -> None:
    row = entries[TOUCHED - 1]
    more = row.events.replace(b'"amount":3', b'"amount":3000000000')
    assert more != row.events
    entries[TOUCHED - 1] = forged(row, events=more)
    with pytest.raises(CorruptJournal, match=r"cannot be folded.*AssertionError"):
        await folded(entries)
