"""The engine in one process: no HTTP, no signature. Swaps on the sandbox's four markets."""

import asyncio
import gc
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from amm.constant_product import get_amount_out
from bench.table import Row, at_least, at_most, middle, note
from tests.exchange.venue import ALICE, NOW_S, OPERATOR, Venue
from xyk.domain.commands import Genesis, GenesisAsset, GenesisMarket, SwapExactIn
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, Request
from xyk.engine.entry import Entry, Evidence, make_entry
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import Replica
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check
from xyk.exchange.state import State
from xyk.storage.journal import SqliteJournal
from xyk.storage.migrate import upgrade

SWAPS = 60_000
ROUNDS = 5
GROUP = 64
PAIRS = (("ETH", "USDC"), ("USDC", "ETH"), ("BTC", "USDC"), ("USDC", "BTC"))
PAIRS += (("SOL", "USDC"), ("USDC", "SOL"), ("ETH", "BTC"), ("BTC", "ETH"))
# What a committed swap costs besides HTTP and signature: rows of the table.
PARTS = (
    "decide + evolve + invariants",
    "entry and hash",
    "journal, groups of 64, fsync",
)
AMOUNTS = {"ETH": 10**17, "USDC": 10**7, "BTC": 10**5, "SOL": 10**9}


def market(base: str, quote: str, tick: int, lot: int, *, book: bool = True) -> GenesisMarket:
    fees = {"maker_fee_bps": 2, "taker_fee_bps": 5} if book else {}
    return GenesisMarket(base=base, quote=quote, tick_size=tick, lot_size=lot, book=book, **fees)


GENESIS = Genesis(
    salt="0x" + "5a" * 32,
    operator=OPERATOR,
    fee_recipient=OPERATOR,
    sandbox=True,
    assets=tuple(
        GenesisAsset(symbol=symbol, decimals=decimals)
        for symbol, decimals in (("USDC", 6), ("BTC", 8), ("ETH", 18), ("SOL", 9))
    ),
    markets=(
        market("ETH", "USDC", 10**4, 10**14),
        market("BTC", "USDC", 10**5, 10**3),
        market("SOL", "USDC", 10**4, 10**6),
        market("ETH", "BTC", 1, 10**12, book=False),
    ),
)


def deep_pools(venue: Venue) -> None:
    """Pools that hundreds of thousands of swaps do not move far."""
    venue.fund(ALICE, ETH=10**25, USDC=10**17, BTC=10**14, SOL=10**18)
    for base, amount, quote, value in (
        ("ETH", 10**22, "USDC", 2 * 10**13),
        ("BTC", 10**11, "USDC", 6 * 10**13),
        ("SOL", 10**14, "USDC", 15 * 10**12),
        ("ETH", 10**22, "BTC", 333 * 10**8),
    ):
        assert not isinstance(venue.add(ALICE, base, amount, quote, value), Rejected)


def seeded_state() -> State:
    """The sandbox's genesis with deep pools."""
    venue = Venue(GENESIS)
    deep_pools(venue)
    return venue.state


def swaps(state: State, count: int = SWAPS) -> list[SwapExactIn]:
    tokens = {symbol: asset.token for symbol, asset in state.assets.items()}
    return [
        SwapExactIn(
            owner=ALICE,
            token_in=tokens[PAIRS[n % 8][0]],
            token_out=tokens[PAIRS[n % 8][1]],
            amount_in=AMOUNTS[PAIRS[n % 8][0]] + n,
            min_amount_out=1,
            nonce=(NOW_S - 100_000 + n // 200 << 8) | n % 200 + 20,
            deadline=NOW_S + 60,
        )
        for n in range(count)
    ]


def run_swaps(state: State, commands: list[SwapExactIn], journal: MemoryJournal | None) -> float:
    """Swaps a second; with a journal, entries are made and hashed as well."""
    evidence = Evidence(
        scheme=EIP712, signer=ALICE, digest="0x" + "12" * 32, signature="0x" + "ab" * 65
    )
    now_ms, previous = state.now_ms, "0" * 64
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    for command in commands:
        seq = state.seq + 1
        events = decide(state, Request(seq, now_ms, ALICE, "", EIP712, command))
        assert not isinstance(events, Rejected), events
        apply(state, seq, now_ms, events)
        check(state, events)
        if journal is not None:
            entry = make_entry(seq, now_ms, command, evidence, events, previous)
            previous = entry.hash
            journal.entries.append(entry)
    elapsed = time.perf_counter() - started
    gc.enable()
    return len(commands) / elapsed


def best_of(measure: Callable[[], float]) -> float:
    return middle([measure() for _ in range(ROUNDS)])


def amount_out_ratio() -> float:
    """Time of get_amount_out over that of the bare expression in a function."""

    def bare(amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
        n = 10_000 - fee_bps
        return amount_in * n * reserve_out // (reserve_in * 10_000 + amount_in * n)

    arguments = (10**18, 10**20, 2 * 10**11, 30)
    pairs = []
    for _ in range(9):
        ours = timeit.timeit(lambda: get_amount_out(*arguments), number=200_000)
        pairs.append(ours / timeit.timeit(lambda: bare(*arguments), number=200_000))
    return middle(pairs)


def replay_rate() -> float:
    """Entries a second through the replica: hash, chain, decode, fold, incremental invariants."""
    state = seeded_state()
    journal = MemoryJournal()
    copy = State.load(_plain(state))
    run_swaps(state, swaps(state, 30_000), journal)
    replica = Replica(copy, journal.entries[0].previous)
    started = time.perf_counter()
    for entry in journal.entries:
        replica.apply(entry)
    elapsed = time.perf_counter() - started
    assert replica.state.digest() == state.digest()
    return len(journal.entries) / elapsed


def journal_us() -> float:
    """us an entry of SQLite appends in groups of 64, fsync included."""
    state = seeded_state()
    journal = MemoryJournal()
    run_swaps(state, swaps(state, 6_400), journal)
    first = journal.entries[0].seq

    async def append(entries: list[Entry]) -> float:
        with TemporaryDirectory() as folder:
            await upgrade(Path(folder))
            sqlite = await SqliteJournal.open(Path(folder) / "journal.db")
            started = time.perf_counter()
            for at in range(0, len(entries), GROUP):
                await sqlite.append(entries[at : at + GROUP])
            elapsed = time.perf_counter() - started
            await sqlite.close()
        return elapsed / len(entries) * 1e6

    assert first > 1
    return middle([asyncio.run(append(journal.entries)) for _ in range(3)])


def _plain(state: State) -> dict[str, object]:
    plain: dict[str, object] = msgspec.json.decode(state.encode())
    return plain


def rows() -> list[Row]:
    def plain() -> float:
        state = seeded_state()
        return run_swaps(state, swaps(state), None)

    def hashed() -> float:
        state = seeded_state()
        return run_swaps(state, swaps(state), MemoryJournal())

    core, core_hashed = best_of(plain), best_of(hashed)
    return [
        at_most("get_amount_out over the bare expression", amount_out_ratio(), 1.5, "x"),
        at_least("engine in process", core, 60_000, "swaps/s"),
        at_least("engine with hash and memory journal", core_hashed, 45_000, "swaps/s"),
        at_least("replay", middle([replay_rate() for _ in range(3)]), 100_000, "entries/s"),
        note(PARTS[0], f"{1e6 / core:.1f} us"),
        note(PARTS[1], f"{1e6 / core_hashed - 1e6 / core:.1f} us"),
        note(PARTS[2], f"{journal_us():.1f} us an entry"),
    ]
