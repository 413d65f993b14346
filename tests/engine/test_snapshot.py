"""Snapshots: a start from one equals a fold from genesis, and a bad one is passed over."""

import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tests.engine.desk import Desk, open_desk
from tests.exchange.venue import BOB
from xyk.engine.entry import recompute_hash
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import CorruptJournal
from xyk.engine.snapshot import Snapshot, SnapshotFolder, checksum_of, make_snapshot, restore


async def trade(desk: Desk, times: int = 3) -> None:
    for _ in range(times):
        await desk.accept(desk.transfer(5))


@pytest.fixture
def folder(tmp_path: Path) -> SnapshotFolder:
    return SnapshotFolder(tmp_path / "snapshots")


def names(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "snapshots").iterdir())


async def test_none_is_a_start_from_genesis(folder: SnapshotFolder) -> None:
    async with open_desk() as desk:
        await trade(desk)
        start = await restore(desk.journal, folder)
        assert (start.snapshot, start.skipped) == (None, ())
        assert start.replica.state.digest() == desk.state.digest()
        assert folder.newest(99) is None


async def test_one_and_the_entries_after_it(folder: SnapshotFolder, tmp_path: Path) -> None:
    async with open_desk() as desk:
        await desk.seed_pool()
        snapshot = await make_snapshot(desk.journal, folder)
        assert (snapshot.seq, snapshot.hash) == desk.writer.head
        assert snapshot.digest == desk.state.digest()
        assert folder.newest(snapshot.seq) == snapshot
        assert folder.newest(snapshot.seq - 1) is None
        await trade(desk)
        seen: list[int] = []
        start = await restore(desk.journal, folder, seen.append)
        assert start.snapshot == snapshot
        assert seen == [snapshot.seq + 3], "the rest alone was folded"
        assert start.replica.state.digest() == desk.state.digest()
        assert start.replica.head_hash == desk.writer.head[1]
        assert names(tmp_path) == [f"{snapshot.seq:012}.json"]


async def test_the_newest_three_are_kept(folder: SnapshotFolder, tmp_path: Path) -> None:
    async with open_desk() as desk:
        seqs = []
        for _ in range(5):
            await trade(desk)
            seqs.append((await make_snapshot(desk.journal, folder)).seq)
        assert names(tmp_path) == [f"{seq:012}.json" for seq in seqs[-3:]]


async def test_nothing_new_makes_none(folder: SnapshotFolder, tmp_path: Path) -> None:
    async with open_desk() as desk:
        first = await make_snapshot(desk.journal, folder)
        (file,) = (tmp_path / "snapshots").iterdir()
        written = file.stat()
        assert await make_snapshot(desk.journal, folder) == first
        assert len(names(tmp_path)) == 1
        assert (
            file.stat().st_mtime_ns == written.st_mtime_ns and file.stat().st_ino == written.st_ino
        )


def cut(data: bytes) -> bytes:
    return data[:-20]


def no_header(data: bytes) -> bytes:
    return data.replace(b'"seq":', b'"seq" ', 1)


def richer(data: bytes) -> bytes:
    return data.replace(b"1000000030", b"9000000030")  # BOB after 6 transfers of 5


def of_another_version(data: bytes) -> bytes:
    return data.replace(b'"version":3', b'"version":4')


def of_another_seq(data: bytes) -> bytes:
    header, _, rest = data.partition(b"\n")
    snapshot = msgspec.json.decode(header, type=Snapshot)
    other = msgspec.structs.replace(snapshot, seq=snapshot.seq + 1)
    return msgspec.json.encode(other) + b"\n" + rest


def of_another_digest(data: bytes) -> bytes:
    header, _, rest = data.partition(b"\n")
    snapshot = msgspec.json.decode(header, type=Snapshot)
    return msgspec.json.encode(msgspec.structs.replace(snapshot, digest="0" * 64)) + b"\n" + rest


def of_another_hash(data: bytes) -> bytes:
    """One bit of it: the journal is as it was, and the start must not say otherwise."""
    header, _, rest = data.partition(b"\n")
    snapshot = msgspec.json.decode(header, type=Snapshot)
    other = ("1" if snapshot.hash[0] == "0" else "0") + snapshot.hash[1:]
    return msgspec.json.encode(msgspec.structs.replace(snapshot, hash=other)) + b"\n" + rest


def of_another_price(data: bytes) -> bytes:
    """Which the digest leaves out while there was no order."""
    return data.replace(b'"last_fills":{}', b'"last_fills":{"ETH_USDC":[1,1]}')


def empty(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        no_header,
        richer,
        of_another_version,
        of_another_seq,
        of_another_digest,
        of_another_hash,
        of_another_price,
        empty,
    ],
)
async def test_a_bad_one_is_passed_over(
    spoil: Callable[[bytes], bytes], folder: SnapshotFolder, tmp_path: Path
) -> None:
    async with open_desk() as desk:
        await trade(desk)
        older = await make_snapshot(desk.journal, folder)
        await trade(desk)
        await make_snapshot(desk.journal, folder)
        newest = tmp_path / "snapshots" / names(tmp_path)[-1]
        await trade(desk)
        data = newest.read_bytes()
        assert spoil(data) != data
        newest.write_bytes(spoil(data))
        start = await restore(desk.journal, folder)
        assert start.snapshot == older
        assert [skipped.name for skipped in start.skipped] == [newest.name]
        assert start.skipped[0].why
        assert start.replica.state.digest() == desk.state.digest()


def as_version_2(file: Path, **changed: str) -> Snapshot:
    """Whose checksum left the hash out."""
    header, _, text = file.read_bytes().removesuffix(b"\n").partition(b"\n")
    snapshot = msgspec.json.decode(header, type=Snapshot)
    of_text = {"checksum": sha256(text).hexdigest(), **changed}
    before = msgspec.structs.replace(snapshot, version=2, **of_text)
    file.write_bytes(msgspec.json.encode(before) + b"\n" + text + b"\n")
    return before


async def test_one_of_the_version_before_is_read(folder: SnapshotFolder, tmp_path: Path) -> None:
    async with open_desk() as desk:
        await trade(desk)
        await make_snapshot(desk.journal, folder)
        before = as_version_2(tmp_path / "snapshots" / names(tmp_path)[0])
        start = await restore(desk.journal, folder)
        assert start.snapshot == before and not start.skipped


@pytest.mark.parametrize("spoiled", [1, 2, 3])
async def test_one_of_the_version_before_whose_hash_rotted_is_passed_over(
    spoiled: int, folder: SnapshotFolder, tmp_path: Path
) -> None:
    """Nothing protects it there; the digest of its state, which the journal gives too, does."""
    async with open_desk() as desk:
        for _ in range(3):
            await trade(desk)
            await make_snapshot(desk.journal, folder)
        files = [tmp_path / "snapshots" / name for name in names(tmp_path)]
        for file in files[-spoiled:]:
            as_version_2(file, hash="0" * 64)
        await trade(desk)
        start = await restore(desk.journal, folder)
        assert [one.name for one in start.skipped] == [one.name for one in files[::-1][:spoiled]]
        assert {one.why for one in start.skipped} == {"its hash is not its entry's"}
        assert start.snapshot == (folder.newest(start.snapshot.seq) if start.snapshot else None)
        assert start.replica.state.digest() == desk.state.digest()
        await make_snapshot(desk.journal, folder)
        assert not {file.name for file in files[-spoiled:]} & set(names(tmp_path))


async def test_one_whose_state_cannot_be_loaded(folder: SnapshotFolder, tmp_path: Path) -> None:
    async with open_desk() as desk:
        snapshot = await make_snapshot(desk.journal, folder)
        text = b'{"seq":3}'
        changed = msgspec.structs.replace(snapshot, checksum=checksum_of(snapshot.hash, text))
        file = tmp_path / "snapshots" / names(tmp_path)[0]
        file.write_bytes(msgspec.json.encode(changed) + b"\n" + text + b"\n")
        start = await restore(desk.journal, folder)
        assert start.snapshot is None
        assert "cannot be loaded" in start.skipped[0].why


async def test_one_whose_books_do_not_balance_stops_the_start(folder: SnapshotFolder) -> None:
    async with open_desk() as desk:
        start = await restore(desk.journal, folder)
        start.replica.state.ledger.dump()["available"]["USDC"][BOB] += 1
        folder.write(start.replica)
        with pytest.raises(CorruptJournal, match="an invariant fails after it: USDC sums to 1"):
            await restore(desk.journal, folder)


async def test_it_is_on_disk_before_its_renaming_and_the_renaming_after(
    folder: SnapshotFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves an empty file under the good name, or the name away."""
    synced: list[tuple[bool, list[str]]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((is_folder, names(tmp_path)))
        fsync(descriptor)

    async with open_desk() as desk:
        monkeypatch.setattr(os, "fsync", watched)
        snapshot = await make_snapshot(desk.journal, folder)
    name = f"{snapshot.seq:012}"
    assert synced == [(False, [f"{name}.unfinished"]), (True, [f"{name}.json"])]


async def test_one_that_was_not_finished_counts_for_nothing(
    folder: SnapshotFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk() as desk:
        first = await make_snapshot(desk.journal, folder)
        await trade(desk)

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                await make_snapshot(desk.journal, folder)
        assert names(tmp_path) == [f"{first.seq:012}.json"], "what may have filled the disk is gone"
        (tmp_path / "snapshots" / "000000000007.unfinished").write_text("of one that was killed")
        assert (await restore(desk.journal, folder)).snapshot == first
        await make_snapshot(desk.journal, folder)
        assert all(name.endswith(".json") for name in names(tmp_path)), "and is cleared away"


class TestAgainstAnotherJournal:
    async def test_that_was_cut_off(self, folder: SnapshotFolder) -> None:
        async with open_desk() as desk:
            await trade(desk)
            await make_snapshot(desk.journal, folder)
            shorter = MemoryJournal()
            shorter.entries = desk.journal.entries[:-2]
            with pytest.raises(CorruptJournal, match="journal entry 5: missing, although there is"):
                await restore(shorter, folder)

    @pytest.mark.parametrize("version", [2, 3])
    async def test_whose_entry_is_another(
        self, version: int, folder: SnapshotFolder, tmp_path: Path
    ) -> None:
        """A hash that does not fit may have rotted in version 2; the state of its seq did not."""
        async with open_desk() as one, open_desk() as other:
            await trade(one)
            await make_snapshot(one.journal, folder)
            if version == 2:
                as_version_2(tmp_path / "snapshots" / names(tmp_path)[0])
            for _ in range(4):
                await other.accept(other.transfer(6))
            with pytest.raises(CorruptJournal, match="journal entry 6: is another one than in"):
                await restore(other.journal, folder)

    async def test_whose_entries_lead_to_the_same_state(self, folder: SnapshotFolder) -> None:
        """A history that was made again, other evidence in it, is another one."""
        async with open_desk() as desk:
            await trade(desk)
            await make_snapshot(desk.journal, folder)
            forged = msgspec.structs.replace(desk.journal.entries[-1], evidence=b"{}")
            desk.journal.entries[-1] = msgspec.structs.replace(forged, hash=recompute_hash(forged))
            with pytest.raises(CorruptJournal, match="journal entry 6: is another one than in"):
                await restore(desk.journal, folder)

    async def test_whose_row_was_changed(self, folder: SnapshotFolder) -> None:
        async with open_desk() as desk:
            await trade(desk)
            await make_snapshot(desk.journal, folder)
            last = desk.journal.entries[-1]
            desk.journal.entries[-1] = msgspec.structs.replace(last, evidence=b"{}")
            with pytest.raises(CorruptJournal, match=r"journal entry 6: .*the row was changed"):
                await restore(desk.journal, folder)
