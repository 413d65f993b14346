"""Starts that must not succeed, and those that must, without the process around them."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.cli.conftest import TRADED_SEQ
from tests.cli.journal_maker import START_MS, trading_journal
from tests.cli.traded import Traded
from xyk.cli.compose import Exchange, LockLost, failure_code, running
from xyk.cli.exits import CONFIG, CORRUPT, ENGINE, LOCKED, STORAGE, Stop
from xyk.cli.settings import Settings
from xyk.engine.replica import CorruptJournal
from xyk.storage.database import DataFolder
from xyk.storage.migrate import upgrade
from xyk.storage.tables import ENTRIES

REAL = f'operator = "0x{"11" * 20}"\nassets = []\n'


def never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


async def start(settings: Settings) -> Exchange:
    """Starts and stops again."""
    async with running(settings, "1", on_failure=never) as exchange:
        return exchange


async def refusal(settings: Settings, code: int) -> str:
    with pytest.raises(Stop) as stopped:
        await start(settings)
    assert stopped.value.code == code
    return stopped.value.message


async def test_it_starts_from_the_snapshot(
    traded: Traded, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "xyk"):
        exchange = await start(traded.settings())
    assert exchange.services.writer.head[0] == TRADED_SEQ
    assert len(exchange.services.writer.head[1]) == 64
    assert exchange.services.state_digest() is not None
    assert f"folded to seq {TRADED_SEQ} from snapshot" in caplog.text


@pytest.mark.parametrize("damage", ["state", "header", "empty"])
async def test_a_damaged_snapshot_falls_back_to_the_journal(
    traded: Traded, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    [file] = DataFolder(traded.data).snapshots.glob("*.json")
    header, state = file.read_bytes().split(b"\n", 1)
    damaged = {
        "state": header + b"\n" + state.replace(b"USDC", b"USDT", 1),
        "header": header.replace(b'"digest":"', b'"digest":"0', 1) + b"\n" + state,
        "empty": b"",
    }
    file.write_bytes(damaged[damage])
    with caplog.at_level(logging.INFO, "xyk"):
        exchange = await start(traded.settings())
    assert exchange.services.state.seq == TRADED_SEQ
    assert f"{file.name} is passed over" in caplog.text
    assert f"folded to seq {TRADED_SEQ} from genesis" in caplog.text


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda traded: traded.replace(7, "events", b"1", b"2"), "entry 7: "),
        (lambda traded: traded.alter(2, time=ENTRIES.c.time + 1), "entry 2: "),
        (lambda traded: traded.alter(24, previous=ENTRIES.c.hash), "entry 24: "),
        (lambda traded: traded.alter(1, command=b"\0"), "entry 1: "),
        (lambda traded: traded.remove(9), "entry 9: missing"),
        (lambda traded: traded.remove(1), "entry 1: missing"),
    ],
)
async def test_a_tampered_journal_is_refused_with_the_seq(
    traded: Traded, tamper: Callable[[Traded], None], said: str
) -> None:
    traded.forget_snapshots()
    tamper(traded)
    assert f"journal {said}" in await refusal(traded.settings(), CORRUPT)


async def test_an_edited_row_after_the_snapshot_is_found(traded: Traded) -> None:
    traded.alter(TRADED_SEQ, time=ENTRIES.c.time + 1)
    assert f"entry {TRADED_SEQ}: " in await refusal(traded.settings(), CORRUPT)


async def test_a_journal_without_its_end_is_refused(traded: Traded) -> None:
    traded.remove(TRADED_SEQ)
    assert f"entry {TRADED_SEQ}" in await refusal(traded.settings(), CORRUPT)


async def test_a_journal_that_ends_before_its_snapshot_is_refused(traded: Traded) -> None:
    traded.remove(*range(14, TRADED_SEQ + 1))
    assert "entry 14: missing" in await refusal(traded.settings(), CORRUPT)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Files are SQLite's alone; a PostgreSQL that is none is the next test."""
    (tmp_path / "journal.db").write_bytes(b"not a database" * 1000)
    assert str(tmp_path) in await refusal(Settings(data=tmp_path), STORAGE)


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_named(tmp_path: Path, postgres_url: str) -> None:
    nowhere = Settings(data=tmp_path, database_url=f"{postgres_url}_gone", sandbox=True)
    assert "_gone" in await refusal(nowhere, STORAGE)


async def test_an_empty_folder_needs_a_genesis(tmp_path: Path, database_url: str) -> None:
    said = await refusal(Settings(data=tmp_path / "data", database_url=database_url), CONFIG)
    assert "--sandbox" in said
    assert "--genesis" in said


async def test_the_sandbox_flag_on_a_real_exchange_is_refused(
    tmp_path: Path, database_url: str
) -> None:
    genesis = tmp_path / "genesis.toml"
    genesis.write_text(REAL)
    real = Traded(tmp_path / "data", database_url)
    exchange = await start(real.settings(genesis=genesis))
    assert not exchange.services.state.sandbox
    assert "no sandbox" in await refusal(real.settings(sandbox=True), CONFIG)
    assert "is for a sandbox" in await refusal(real.settings(seed_demo=True), CONFIG)
    again = await start(real.settings(genesis=genesis))
    assert again.services.state.seq == 1, "the file founds an exchange once"


async def test_a_clock_far_after_the_last_entry_needs_a_word(
    tmp_path: Path, database_url: str
) -> None:
    await upgrade(tmp_path, database_url)
    old = Traded(tmp_path, database_url)
    made = trading_journal().entries
    old.write(made)
    said = await refusal(old.settings(), CONFIG)
    assert "--accept-clock" in said
    assert str(START_MS // 10**6) in said, "it says when the last entry was"
    exchange = await start(old.settings(accept_clock=True))
    assert exchange.services.state.seq == len(made)


async def test_a_database_url_that_is_none_is_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url="mysql://localhost/xyk", sandbox=True)
    assert "postgresql://" in await refusal(settings, CONFIG)


async def test_one_process_at_a_time(tmp_path: Path, database_url: str) -> None:
    settings = Settings(data=tmp_path, database_url=database_url, sandbox=True)
    async with running(settings, "1", on_failure=never):
        assert "is in use by the process with pid" in await refusal(settings, LOCKED)
    await start(settings)


async def test_demo_liquidity_comes_once(tmp_path: Path, database_url: str) -> None:
    settings = Traded(tmp_path, database_url).settings(sandbox=True, seed_demo=True)
    first = await start(settings)
    pools = first.services.state.pools
    assert {market: pool.total_supply > 0 for market, pool in pools.items()} == dict.fromkeys(
        ("ETH_USDC", "BTC_USDC", "SOL_USDC", "ETH_BTC"), True
    )
    second = await start(settings)
    assert second.services.state.seq == first.services.state.seq == 1 + 4 * 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CorruptJournal(3, "why"), CORRUPT),
        (LockLost("gone"), LOCKED),
        (OSError(28, "No space left on device"), STORAGE),
        (AssertionError("k fell"), ENGINE),
    ],
)
def test_each_way_to_fail_has_its_exit_code(error: BaseException, code: int) -> None:
    assert failure_code(error) == code
