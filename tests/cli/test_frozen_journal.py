"""The frozen journal of issue 1, made before there was an order book, replays for ever: the same
digests, the same hashes, and the auditor's yes.
"""

import json
from pathlib import Path

import msgspec
import pytest

from tests.cli.journal_maker import batches, rechained
from xyk.cli.verify import Anchor, verify
from xyk.domain.commands import ACTIONS, CLOCK
from xyk.domain.events import PoolSwapped
from xyk.engine.entry import Entry, decode_events, decode_evidence
from xyk.engine.journal import MemoryJournal
from xyk.engine.replica import Replica
from xyk.engine.snapshot import SnapshotFolder, make_snapshot, restore
from xyk.exchange.state import State

VECTORS = Path(__file__).parent.parent / "vectors"
OF_ORDERS = {"PlaceOrder", "ReplaceOrder", "CancelOrder", "CancelAllOrders", "CancelAllAfter"}
EVENTS_OF_POOLS = {
    *("ExchangeCreated", "AssetListed", "MarketListed", "MarketUpdated", "MarketStatusChanged"),
    *("ProtocolFeeChanged", "OperatorChanged", "NonceUsed", "Deposited", "Withdrawn"),
    *("Transferred", "PoolSwapped", "LiquidityAdded", "LiquidityRemoved"),
    *("AgentApproved", "AgentRevoked", "ApiKeyApproved", "ApiKeyRevoked"),
}


def frozen() -> list[Entry]:
    entries = []
    for line in (VECTORS / "journal_issue_1.jsonl").read_text().splitlines():
        row = json.loads(line)
        texts = {name: row[name].encode() for name in ("command", "evidence", "events")}
        entries.append(Entry(**{**row, **texts}))
    return entries


ENTRIES = frozen()
MARKS = json.loads((VECTORS / "journal_issue_1_digests.json").read_text())
LAST = len(ENTRIES)


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


def test_the_fold_gives_the_digests_of_its_time() -> None:
    replica = Replica(State())
    found = []
    for entry in ENTRIES:
        replica.apply(entry)
        if any(mark["seq"] == entry.seq for mark in MARKS):
            digest = replica.state.digest()
            found.append({"seq": entry.seq, "hash": replica.head_hash, "digest": digest})
    assert found == MARKS
    assert found[-1]["seq"] == LAST >= 300


async def test_a_snapshot_of_it_has_the_digest_of_its_time(tmp_path: Path) -> None:
    journal, folder = MemoryJournal(), SnapshotFolder(tmp_path)
    await journal.append(ENTRIES)
    assert (await make_snapshot(journal, folder)).digest == MARKS[-1]["digest"]
    assert (await restore(journal, folder)).replica.state.digest() == MARKS[-1]["digest"]


async def test_verify_says_yes() -> None:
    anchors = [Anchor("its time", **mark) for mark in MARKS]
    found = await verify(batches(ENTRIES, 50), anchors, expected=LAST)
    assert found.is_yes, found
    assert found.reason == f"all {LAST} entries are as they were made"
    assert found.older == 0, "every command was decided again"
    assert found.signatures == found.schemes["eip712"] > 250


@pytest.mark.parametrize("seq", [3, 100, 200, LAST])
async def test_verify_says_no_to_a_changed_byte(seq: int) -> None:
    entry = ENTRIES[seq - 1]
    events = entry.events[:-4] + (b"1" if entry.events[-4:-3] != b"1" else b"2") + entry.events[-3:]
    changed = list(ENTRIES)
    changed[seq - 1] = msgspec.structs.replace(entry, events=events)
    found = await verify(batches(changed, 50), (), expected=LAST)
    assert (found.is_yes, found.seq) == (False, seq)
    found = await verify(batches(rechained(changed, seq), 50), (), expected=LAST)
    assert (found.is_yes, found.seq) == (False, seq), "though the chain is computed anew"
