"""A real server among damaged, foreign and stale snapshots: it names what it passes over, starts
from the newest good one and goes on.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import TRADED_SEQ, snapshot_seq, trade
from tests.cli.traded import Traded
from tests.server import run_xyk, running_server
from xyk.cli.exits import CORRUPT
from xyk.client.client import Client
from xyk.storage.database import DataFolder

# Each is a few seconds; together they would take `make test` beyond its five minutes.
pytestmark = pytest.mark.slow

OLDER, HEAD = TRADED_SEQ, TRADED_SEQ + 11  # after another deposit and ten swaps


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def make_unreadable(file: Path) -> None:
    """For root too: reading a folder is an error of the disk's kind."""
    file.unlink()
    file.mkdir()


def rename_as_later(file: Path) -> None:
    file.rename(file.with_name(f"{HEAD + 900:012}.json"))


@pytest.fixture(scope="module")
def twice_once(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    """At rest, with a snapshot below its end and one of its end."""
    once = Traded(tmp_path_factory.mktemp("twice") / "data", "")
    with running_server(once.data, "--seed-demo") as server:
        for seq in (OLDER, HEAD):
            asyncio.run(trade(server))
            code, said = run_xyk("snapshot", *once.where)
            assert code == 0 and f"snapshot of seq {seq}" in said, said
    return once


@pytest.fixture
def twice(twice_once: Traded, tmp_path: Path) -> Traded:
    return Traded(shutil.copytree(twice_once.data, tmp_path / "data"), "")


def snapshots(traded: Traded) -> list[Path]:
    return sorted(DataFolder(traded.data).snapshots.glob("*.json"))


@pytest.mark.parametrize("spoil", [truncate, flip_a_byte, empty, make_unreadable, rename_as_later])
def test_a_spoiled_one_is_named_and_the_one_before_it_serves(
    twice: Traded, spoil: Callable[[Path], None]
) -> None:
    older, newest = snapshots(twice)
    spoil(newest)
    [spoiled] = set(snapshots(twice)) - {older}
    code, said = run_xyk("replay", *twice.where)
    assert code == 1
    assert f"snapshot {spoiled.name} is damaged: " in said
    with running_server(twice.data) as server:
        log = server.log.read_text()
        assert f"snapshot {spoiled.name} is passed over: " in log
        assert f"folded to seq {HEAD} from snapshot {OLDER}" in log
        asyncio.run(trade(server))


def test_a_spoiled_one_goes_when_a_good_one_comes(twice: Traded) -> None:
    """And its seq and digest are never those that the server publishes."""
    older, newest = snapshots(twice)
    flip_a_byte(newest)

    async def use(url: str) -> int:
        async with Client(url) as anyone:
            return await snapshot_seq(anyone)

    with running_server(twice.data, "--snapshot-every", "10") as server:
        assert asyncio.run(use(server.url)) in (OLDER, HEAD)
        asyncio.run(trade(server))
    code, said = run_xyk("snapshot", *twice.where)
    assert code == 0, said
    code, said = run_xyk("replay", *twice.where)
    assert code == 0, said
    assert "yes: " in said and older in snapshots(twice)


def test_that_of_another_exchange_is_named_and_passed_over(twice: Traded, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with running_server(other, "--seed-demo") as server:
        for _ in range(2):
            asyncio.run(trade(server))
        code, said = run_xyk("snapshot", "--data", str(other))
        assert code == 0, said
    [foreign] = DataFolder(other).snapshots.glob("*.json")
    assert int(foreign.stem) == HEAD
    shutil.copy(foreign, DataFolder(twice.data).snapshots)
    with running_server(twice.data) as server:
        log = server.log.read_text()
    assert f"snapshot {foreign.name} is passed over: it is of another exchange" in log
    assert f"folded to seq {HEAD} from snapshot {OLDER}" in log


def test_one_ahead_of_the_journal_stops_the_start(twice: Traded) -> None:
    """The journal's end was cut off: what was acknowledged is missing."""
    twice.write(twice.entries()[: HEAD - 3])
    code, said = twice.server().run_to_end()
    assert code == CORRUPT
    assert f"journal entry {HEAD - 2}: missing, although there is a snapshot of {HEAD}" in said


def test_an_emptied_journal_with_snapshots_gets_no_new_genesis(twice: Traded) -> None:
    twice.remove(*range(1, HEAD + 1))
    code, said = twice.server().run_to_end()
    assert code == CORRUPT
    assert f"journal entry 1: missing, although there is the snapshot {HEAD:012}.json" in said
    assert twice.entries() == []
