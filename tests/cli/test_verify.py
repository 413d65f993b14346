"""The auditor's yes, and a no with the right seq for every kind of tampering."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from tests.cli.journal_maker import JournalMaker, batches, rechained, trading_journal
from xyk.cli.signatures import Claim, Place, first_fault
from xyk.cli.verify import Anchor, Verdict, verify
from xyk.domain.commands import Transfer
from xyk.domain.market import pool_account
from xyk.domain.tokens import token_address
from xyk.engine.entry import Entry, Evidence, decode_events, decode_evidence, recompute_hash
from xyk.wallet.signer import Wallet

HONEST = trading_journal()
LAST = len(HONEST.entries)
encode = msgspec.json.encode


async def verdict(
    entries: Sequence[Entry], *anchors: Anchor, processes: int | None = None
) -> Verdict:
    return await verify(batches(entries), anchors, expected=len(entries), processes=processes)


def edited(seq: int, **fields: object) -> list[Entry]:
    """The honest journal with one row changed and nothing else."""
    entries = list(HONEST.entries)
    entries[seq - 1] = msgspec.structs.replace(entries[seq - 1], **fields)  # type: ignore[arg-type]
    return entries


async def test_an_honest_journal_is_consistent() -> None:
    found = await verdict(HONEST.entries)
    assert found.is_yes
    assert found.seq == found.entries == LAST == 11
    assert found.schemes == {"genesis": 1, "faucet": 3, "eip712": 7}
    assert found.signatures == 7
    assert found.digest == HONEST.state.digest()
    assert found.hash == HONEST.entries[-1].hash
    assert "consistent up to 11" in found.reason


async def test_an_anchor_at_the_end_makes_it_a_full_yes() -> None:
    head = Anchor("--expect-hash", LAST, hash=HONEST.entries[-1].hash)
    found = await verdict(HONEST.entries, head)
    assert found.is_yes
    assert found.anchored == LAST
    assert found.reason == "all 11 entries are as they were made"


async def test_an_empty_journal_is_no() -> None:
    found = await verdict([])
    assert not found.is_yes
    assert found.seq == 1


@pytest.mark.parametrize("field", ["command", "evidence", "events"])
@pytest.mark.parametrize("seq", [1, 2, 6, LAST])
async def test_a_flipped_byte_is_found_where_it_is(field: str, seq: int) -> None:
    row = bytearray(getattr(HONEST.entries[seq - 1], field))
    row[len(row) // 2] ^= 1
    found = await verdict(edited(seq, **{field: bytes(row)}))
    assert not found.is_yes
    assert found.seq == seq
    assert "hash" in found.reason


@pytest.mark.parametrize("field", ["time", "rules", "kind", "hash", "previous"])
async def test_a_changed_column_is_found_where_it_is(field: str) -> None:
    row = HONEST.entries[5]
    value = {"time": row.time + 1, "rules": 2, "kind": "Transfer"}.get(field, "0" * 64)
    found = await verdict(edited(6, **{field: value}))
    assert (found.is_yes, found.seq) == (False, 6)


async def test_an_end_that_hangs_on_another_chain_is_found() -> None:
    """Whole in itself: only the hash before it tells."""
    entry = msgspec.structs.replace(HONEST.entries[-1], previous="11" * 32)
    found = await verdict(edited(LAST, previous=entry.previous, hash=recompute_hash(entry)))
    assert (found.is_yes, found.seq) == (False, LAST)
    assert "its previous hash is not the hash before it" in found.reason


async def test_a_removed_inner_entry_is_missed() -> None:
    found = await verdict([*HONEST.entries[:5], *HONEST.entries[6:]])
    assert (found.is_yes, found.seq) == (False, 6)
    assert "missing" in found.reason


async def test_a_removed_inner_entry_is_missed_though_the_rest_is_renumbered() -> None:
    later = [msgspec.structs.replace(entry, seq=entry.seq - 1) for entry in HONEST.entries[6:]]
    found = await verdict(rechained([*HONEST.entries[:5], *later], 6))
    assert (found.is_yes, found.seq) == (False, 6), "the trade's id skips one"
    assert "decide gives other events" in found.reason


@pytest.mark.parametrize(
    "anchor",
    [
        Anchor("snapshot 11", LAST, digest=HONEST.state.digest()),
        Anchor("the read tables", LAST),
        Anchor("--expect-hash", LAST, hash=HONEST.entries[-1].hash),
    ],
)
async def test_a_cut_off_end_is_found_by_an_anchor(anchor: Anchor) -> None:
    found = await verdict(HONEST.entries[:-1], anchor)
    assert (found.is_yes, found.seq) == (False, LAST)
    assert "missing" in found.reason
    assert anchor.source in found.reason


async def test_a_cut_off_end_without_an_anchor_is_consistent_up_to_there() -> None:
    found = await verdict(HONEST.entries[:-1])
    assert found.is_yes
    assert "consistent up to 10" in found.reason


async def test_swapped_signatures_are_found_though_the_chain_is_recomputed() -> None:
    one, other = decode_evidence(HONEST.entries[5]), decode_evidence(HONEST.entries[6])
    entries = list(HONEST.entries)
    for index, mine, theirs in ((5, one, other), (6, other, one)):
        evidence = msgspec.structs.replace(mine, signature=theirs.signature)
        entries[index] = msgspec.structs.replace(entries[index], evidence=encode(evidence))
    found = await verdict(rechained(entries, 6))
    assert (found.is_yes, found.seq) == (False, 6)
    assert "the signature is" in found.reason


def forged_by_a_stranger(made: JournalMaker) -> None:
    """Bob's money to Eve, signed by Eve in Bob's name."""
    bob, eve = Wallet(b"\xb0" * 32), Wallet(b"\xee" * 32)
    theft = Transfer(
        owner=bob.address,
        token=token_address("USDC"),
        amount=100,
        recipient=eve.address,
        **made.stamp(),
    )
    evidence = made.evidence(eve, theft)
    made.add(theft, msgspec.structs.replace(evidence, signer=bob.address))


def forged_digest(made: JournalMaker) -> None:
    """A signature of Bob's over something else, with its digest in place of the theft's."""
    bob, eve = Wallet(b"\xb0" * 32), Wallet(b"\xee" * 32)
    stamp = made.stamp()
    usdc = token_address("USDC")
    signed = Transfer(owner=bob.address, token=usdc, amount=1, recipient=eve.address, **stamp)
    theft = Transfer(owner=bob.address, token=usdc, amount=100, recipient=eve.address, **stamp)
    made.add(theft, made.evidence(bob, signed))


def repeated(made: JournalMaker) -> None:
    """An action of Alice's executed again: the nonce's use is left out of the events."""
    entry = made.entries[-2]
    made.entries.append(msgspec.structs.replace(entry, seq=len(made.entries) + 1, time=made.now_ms))


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (forged_by_a_stranger, "'s over this command"),
        (forged_digest, "the command's digest is"),
        (repeated, "NONCE_USED"),
    ],
)
async def test_a_forged_action_is_found_though_the_chain_is_recomputed(
    forge: Callable[[JournalMaker], None], reason: str
) -> None:
    made = trading_journal()
    forge(made)
    found = await verdict(rechained(made.entries))
    assert (found.is_yes, found.seq) == (False, LAST + 1)
    assert reason in found.reason


async def test_a_changed_amount_in_the_events_is_found() -> None:
    events = HONEST.entries[2].events.replace(b"20000000000", b"20000000001")
    found = await verdict(rechained(edited(3, events=events), 3))
    assert (found.is_yes, found.seq) == (False, 3)
    assert "decide gives other events" in found.reason


async def test_a_field_smuggled_into_the_events_is_found() -> None:
    events = HONEST.entries[2].events.replace(b'"asset"', b'"note":1,"asset"')
    assert events != HONEST.entries[2].events
    found = await verdict(rechained(edited(3, events=events), 3))
    assert (found.is_yes, found.seq) == (False, 3)


async def test_time_that_goes_back_is_found() -> None:
    time = HONEST.entries[4].time - 1
    found = await verdict(rechained(edited(6, time=time), 6))
    assert (found.is_yes, found.seq) == (False, 6)
    assert "time" in found.reason


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(scheme="trust-me"),
        Evidence(scheme="genesis"),
        Evidence(scheme="eip712", signer="0x" + "11" * 20, digest="0x" + "22" * 32),
        Evidence(scheme="faucet", signature="0x" + "33" * 65),
    ],
)
async def test_evidence_that_does_not_fit_is_found(evidence: Evidence) -> None:
    found = await verdict(rechained(edited(3, evidence=encode(evidence)), 3))
    assert (found.is_yes, found.seq) == (False, 3)


async def test_money_from_the_faucet_outside_a_sandbox_is_found() -> None:
    genesis = HONEST.entries[0]
    entries = edited(
        1,
        command=genesis.command.replace(b'"sandbox":true', b'"sandbox":false'),
        events=genesis.events.replace(b'"sandbox":true', b'"sandbox":false'),
    )
    found = await verdict(rechained(entries))
    assert (found.is_yes, found.seq) == (False, 2)
    assert "no sandbox" in found.reason


async def test_another_salt_invalidates_every_signature() -> None:
    genesis = HONEST.entries[0]
    other = b"0x" + b"77" * 32
    salt = HONEST.state.salt.encode()
    entries = edited(
        1,
        command=genesis.command.replace(salt, other),
        events=genesis.events.replace(salt, other),
    )
    found = await verdict(rechained(entries))
    assert (found.is_yes, found.seq) == (False, 4), "the first signed entry"


async def test_the_earliest_of_two_faults_is_named() -> None:
    """Signatures are recovered in lots, later than the rest is checked."""
    alien = msgspec.structs.replace(
        decode_evidence(HONEST.entries[5]), signature="0x" + "11" * 64 + "1b"
    )
    entries = edited(6, evidence=encode(alien))
    forged = entries[8].events.replace(b'"nonce":', b'"nonce":1')
    assert forged != entries[8].events
    entries[8] = msgspec.structs.replace(entries[8], events=forged)
    found = await verdict(rechained(entries, 6))
    assert (found.is_yes, found.seq) == (False, 6)
    assert "signature" in found.reason


async def test_an_anchor_with_another_hash_is_named() -> None:
    found = await verdict(HONEST.entries, Anchor("the auditor", 7, hash="ab" * 32))
    assert (found.is_yes, found.seq) == (False, 7)
    assert "the auditor has the hash abab" in found.reason


async def test_a_snapshot_that_disagrees_is_named() -> None:
    found = await verdict(HONEST.entries, Anchor("snapshot 7", 7, digest="0" * 64))
    assert (found.is_yes, found.seq) == (False, 7)
    assert "snapshot 7" in found.reason


async def test_entries_of_older_rules_are_counted_and_not_decided_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("xyk.cli.verify.RULES", 2)
    entries = rechained(edited(LAST, rules=2), LAST)
    found = await verdict(entries)
    assert found.is_yes
    assert found.older == LAST - 1
    assert found.signatures == 7, "their signatures are checked all the same"


def out_of_the_pool(entry: Entry) -> Entry:
    """The transfer's events take from the pool's account what the command takes from Bob's."""
    nonce, moved = decode_events(entry)
    taken = msgspec.structs.replace(moved, owner=pool_account("ETH_USDC"))  # type: ignore[type-var]
    return msgspec.structs.replace(entry, events=encode((nonce, taken)))


def a_second_time(entry: Entry) -> Entry:
    """The transfer again, its nonce's use left out of the events."""
    again = encode(decode_events(entry)[1:])
    return msgspec.structs.replace(entry, seq=LAST + 1, events=again)


@pytest.mark.parametrize(
    ("forged", "seq", "reason"),
    [
        (out_of_the_pool, LAST, "an invariant fails"),
        (a_second_time, LAST + 1, "was executed before"),
    ],
)
async def test_what_no_rule_decides_again_is_found_by_what_it_breaks(
    monkeypatch: pytest.MonkeyPatch, forged: Callable[[Entry], Entry], seq: int, reason: str
) -> None:
    """Of older rules only the fold is repeated: neither money nor an action may come of it."""
    monkeypatch.setattr("xyk.cli.verify.RULES", 2)
    found = await verdict(rechained([*HONEST.entries[: seq - 1], forged(HONEST.entries[-1])]))
    assert (found.is_yes, found.seq) == (False, seq)
    assert reason in found.reason


async def test_the_pool_of_processes_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xyk.cli.signatures.ALONE_MAX", 0)
    monkeypatch.setattr("xyk.cli.signatures.CHUNK", 2)
    assert (await verdict(HONEST.entries, processes=2)).signatures == 7
    evidence = decode_evidence(HONEST.entries[5])
    alien = msgspec.structs.replace(evidence, signature="0x" + "11" * 64 + "1b")
    found = await verdict(rechained(edited(6, evidence=encode(alien)), 6), processes=2)
    assert (found.is_yes, found.seq) == (False, 6)


def test_claims_travel_to_other_processes_as_plain_values() -> None:
    """The form in which the pool's workers get them; the earliest fault of a chunk is the one
    named.
    """
    claims = []
    for entry in HONEST.entries[5:9]:
        claims.append(Claim(entry.seq, entry.kind, entry.command, decode_evidence(entry)))
    place = Place(HONEST.state.salt, 0, "")
    assert first_fault(place, claims) is None
    for index, field in ((1, {"signature": "0x00"}), (2, {"signer": "0x" + "00" * 20})):
        bent = msgspec.structs.replace(claims[index].evidence, **field)  # type: ignore[arg-type]
        claims[index] = claims[index]._replace(evidence=bent)
    fault = first_fault(place, claims)
    assert fault is not None
    assert fault.seq == 7
