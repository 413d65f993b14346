"""Entries that follow one another, the journal's table as the migrations make it, and patience."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

from xyk.domain.commands import FaucetDeposit
from xyk.domain.events import Deposited
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry

OWNER = "0x" + "a1" * 20
TOKEN = "0x" + "70" * 20

SQLITE_DDL = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER NOT NULL PRIMARY KEY,
    time BIGINT NOT NULL,
    rules INTEGER NOT NULL,
    kind TEXT NOT NULL,
    command BLOB NOT NULL,
    evidence BLOB NOT NULL,
    events BLOB NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
)
"""
POSTGRES_DDL = """
CREATE SCHEMA IF NOT EXISTS journal;
CREATE TABLE IF NOT EXISTS journal.entries (
    seq BIGINT NOT NULL PRIMARY KEY,
    time BIGINT NOT NULL,
    rules INTEGER NOT NULL,
    kind TEXT NOT NULL,
    command BYTEA NOT NULL,
    evidence BYTEA NOT NULL,
    events BYTEA NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
)
"""


def deposits(count: int, after: Entry | None = None) -> list[Entry]:
    """Entries that a replica of an empty state folds."""
    entries: list[Entry] = []
    for _ in range(count):
        last = entries[-1] if entries else after
        seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS_HASH)
        amount = 2**112 - seq
        entries.append(
            make_entry(
                seq,
                1_795_200_000_000 + seq,
                FaucetDeposit(owner=OWNER, token=TOKEN, amount=amount),
                Evidence(scheme="faucet", signer="Ω\n\"'\\\0 ✓"),
                (Deposited(owner=OWNER, asset="ETH", amount=1),),
                previous,
            )
        )
    return entries


async def eventually(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Waits for what another thread or process does. Fails after half a minute."""
    async with asyncio.timeout(30):
        while True:
            met = condition()
            if await met if isawaitable(met) else met:
                return
            await asyncio.sleep(0.005)
