"""The frozen journals, one of each release, replay for ever: the same digests, the same hashes, and
the auditor's yes. That of issue 1 was made before there was an order book.
"""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from tests.cli.journal_maker import batches, rechained
from tests.vectors.frozen import RELEASES, frozen, marks
from xyk.cli.verify import Anchor, verify
from xyk.domain.commands import ACTIONS, CLOCK, COMMANDS
from xyk.domain.events import AnyEvent, BookFilled, OrderClosed, PoolSwapped
from xyk.engine.entry import decode_events, decode_evidence
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import Replica
from xyk.engine.snapshot import SnapshotFolder, make_snapshot, restore
from xyk.exchange.state import State

OF_ORDERS = {"PlaceOrder", "ReplaceOrder", "CancelOrder", "CancelAllOrders", "CancelAllAfter"}
EVENTS_OF_POOLS = {
    *("ExchangeCreated", "AssetListed", "MarketListed", "MarketUpdated", "MarketStatusChanged"),
    *("ProtocolFeeChanged", "OperatorChanged", "NonceUsed", "Deposited", "Withdrawn"),
    *("Transferred", "PoolSwapped", "LiquidityAdded", "LiquidityRemoved"),
    *("AgentApproved", "AgentRevoked", "ApiKeyApproved", "ApiKeyRevoked"),
}


# Commands and events that came after the newest frozen journal: the next release freezes one that
# has them (vectors/README.md), and empties this.
ADDED_SINCE: frozenset[str] = frozenset()
ENTRIES = frozen("journal_issue_1")
NEWEST = frozen(RELEASES[-1])


def test_it_holds_every_command_and_event_of_the_pools() -> None:
    kinds = {entry.kind for entry in ENTRIES}
    assert kinds == ACTIONS.keys() - OF_ORDERS - CLOCK.keys() | {"Genesis", "FaucetDeposit"}
    events = [decode_events(entry) for entry in ENTRIES]
    assert {type(event).__name__ for entry in events for event in entry} == EVENTS_OF_POOLS
    for kind in ("SwapExactIn", "SwapExactOut"):
        hops = {
            sum(isinstance(event, PoolSwapped) for event in made)
            for entry, made in zip(ENTRIES, events, strict=True)
            if entry.kind == kind
        }
        assert hops == {1, 2, 3}
    lengths = {len(decode_evidence(entry).signature) for entry in ENTRIES}
    assert lengths == {0, 2 + 128, 2 + 130}, "of the system, EIP-2098, r||s||v"


def test_the_newest_holds_every_command_event_and_end_of_an_order() -> None:
    assert {entry.kind for entry in NEWEST} == COMMANDS.keys() - ADDED_SINCE
    events = [event for entry in NEWEST for event in decode_events(entry)]
    names = {kind.__name__ for kind in get_args(AnyEvent)}
    assert {type(event).__name__ for event in events} == names - ADDED_SINCE
    closed = {event.status for event in events if isinstance(event, OrderClosed)}
    assert closed == {"Filled", "Cancelled", "Expired", "TriggerFailed"}
    schemes = {decode_evidence(entry).scheme for entry in NEWEST}
    assert schemes == {"genesis", "faucet", "eip712", "ed25519", "session", "clock"}
    fees = [event for event in events if isinstance(event, BookFilled)]
    assert any(event.maker_fee for event in fees) and any(event.maker_rebate for event in fees)


@pytest.mark.parametrize("name", RELEASES)
def test_the_fold_gives_the_digests_of_its_time(name: str) -> None:
    replica, found, expected = Replica(State()), [], marks(name)
    for entry in frozen(name):
        replica.apply(entry)
        if any(mark["seq"] == entry.seq for mark in expected):
            digest = replica.state.digest()
            found.append({"seq": entry.seq, "hash": replica.head_hash, "digest": digest})
    assert found == expected
    assert found[-1]["seq"] == len(frozen(name)) > 100


@pytest.mark.parametrize("name", RELEASES)
async def test_a_snapshot_of_it_has_the_digest_of_its_time(tmp_path: Path, name: str) -> None:
    journal, folder, last = MemoryJournal(), SnapshotFolder(tmp_path), marks(name)[-1]["digest"]
    await journal.append(frozen(name))
    assert (await make_snapshot(journal, folder)).digest == last
    assert (await restore(journal, folder)).replica.state.digest() == last


@pytest.mark.parametrize("name", RELEASES)
async def test_verify_says_yes(name: str) -> None:
    anchors = [Anchor("its time", **mark) for mark in marks(name)]
    last = len(frozen(name))
    found = await verify(batches(frozen(name), 50), anchors, expected=last)
    assert found.is_yes, found
    assert found.reason == f"all {last} entries are as they were made"
    assert found.older == 0, "every command was decided again"
    signed = found.schemes["eip712"] + found.schemes.get("ed25519", 0)
    assert found.signatures == signed + (found.schemes.get("session", 0) > 0) > 60


@pytest.mark.parametrize(
    ("name", "seq"),
    [(name, seq) for name in RELEASES for seq in (3, 100, len(frozen(name)))],
)
async def test_verify_says_no_to_a_changed_byte(name: str, seq: int) -> None:
    entries = frozen(name)
    entry = entries[seq - 1]
    events = entry.events[:-4] + (b"1" if entry.events[-4:-3] != b"1" else b"2") + entry.events[-3:]
    changed = list(entries)
    changed[seq - 1] = msgspec.structs.replace(entry, events=events)
    found = await verify(batches(changed, 50), (), expected=len(entries))
    assert (found.is_yes, found.seq) == (False, seq)
    found = await verify(batches(rechained(changed, seq), 50), (), expected=len(entries))
    assert (found.is_yes, found.seq) == (False, seq), "though the chain is computed anew"
