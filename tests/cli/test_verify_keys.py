"""The auditor on what API keys signed: yes to honest requests in both forms, no with the seq to
every forgery."""

from collections.abc import Callable

import msgspec
import pytest

from tests.cli.journal_maker import ETH, USDC, JournalMaker, batches, rechained
from tests.keys import Key
from xyk.cli.verify import Verdict, verify
from xyk.domain.commands import AddLiquidity, ApproveApiKey, RevokeApiKey
from xyk.domain.rejections import Rejected
from xyk.domain.request import Request
from xyk.engine.entry import (
    GENESIS_HASH,
    Entry,
    Evidence,
    decode_command,
    decode_events,
    decode_evidence,
    encode,
    make_entry,
)
from xyk.exchange import evolve
from xyk.exchange.decide import decide
from xyk.exchange.state import State
from xyk.wallet.api_key import request_digest
from xyk.wallet.signer import Wallet

ALICE = Wallet(b"\xa1" * 32)
KEY, OTHER = Key(b"\x07" * 32), Key(b"\x08" * 32)
BID = {"symbol": "ETH_USDC", "side": "Bid", "orderType": "Limit", "price": "1990", "quantity": "1"}
NOTE = {"note": "12.5% a/b"}  # what the two forms of the text differ in


def key_journal() -> JournalMaker:
    """1 genesis, 2 and 3 faucet, 4 liquidity, 5 and 6 keys; 7 order, 8 encoded market order, 9 and
    10 a batch, 11 a cancel by the other key, 12 all cancelled, 13 the other key revoked."""
    made = JournalMaker()
    made.faucet(ALICE.address, ETH, 10**19)
    made.faucet(ALICE.address, USDC, 40_000 * 10**6)
    amounts = {"amount_a_desired": 5 * 10**18, "amount_b_desired": 10_000 * 10**6}
    least = {"amount_a_min": 0, "amount_b_min": 0}
    pair = {"owner": ALICE.address, "token_a": ETH, "token_b": USDC}
    made.sign(ALICE, AddLiquidity(**pair, **amounts, **least, **made.stamp()))
    for key in (KEY, OTHER):
        approval = {"public_key": key.public, "valid_until": made.now_ms // 1000 + 60}
        made.sign(ALICE, ApproveApiKey(owner=ALICE.address, **approval, **made.stamp()))

    def ask(key: Key, instruction: str, *elements: dict[str, str], encodes: bool = False) -> None:
        now_ms = made.now_ms
        for one in key.submissions(instruction, elements, now_ms, encodes=encodes):
            made.add(one.command, one.evidence)

    ask(KEY, "orderExecute", {**BID, "clientId": "7"})
    market = {"orderType": "Market", "quoteQuantity": "100", "side": "Bid", "symbol": "ETH_USDC"}
    ask(KEY, "orderExecute", {**market, **NOTE}, encodes=True)
    ask(KEY, "orderExecute", {**BID, **NOTE}, {**BID, "price": "1980"})
    ask(OTHER, "orderCancel", {"symbol": "ETH_USDC", "clientId": "7"})
    ask(KEY, "orderCancelAll", {"symbol": "ETH_USDC"})
    revocation = RevokeApiKey(owner=ALICE.address, public_key=OTHER.public, **made.stamp())
    made.sign(ALICE, revocation)
    return made


HONEST = key_journal()
LAST = len(HONEST.entries)


async def verdict(entries: list[Entry], processes: int | None = None) -> Verdict:
    return await verify(batches(entries), (), expected=len(entries), processes=processes)


async def test_honest_requests_are_consistent() -> None:
    found = await verdict(HONEST.entries)
    assert found.is_yes, found.reason
    assert found.seq == LAST == 13
    assert found.schemes == {"genesis": 1, "faucet": 2, "eip712": 4, "ed25519": 6}
    assert found.signatures == 10
    texts = [decode_evidence(entry).text for entry in HONEST.entries]
    assert "12.5%25%20a%2Fb" in texts[7]
    assert "12.5% a/b" in texts[8]
    assert texts[8] == texts[9], "one text, two places in it"


def bent(seq: int, **fields: object) -> list[Entry]:
    """The journal with other evidence at `seq` and a chain that fits."""
    entries = list(HONEST.entries)
    honest = decode_evidence(entries[seq - 1])
    evidence = msgspec.structs.replace(honest, **fields)  # type: ignore[arg-type]
    entries[seq - 1] = msgspec.structs.replace(entries[seq - 1], evidence=encode(evidence))
    return rechained(entries, seq)


def signature_of(seq: int) -> str:
    return decode_evidence(HONEST.entries[seq - 1]).signature


def text_of(seq: int) -> str:
    return decode_evidence(HONEST.entries[seq - 1]).text


@pytest.mark.parametrize(
    ("seq", "fields", "reason"),
    [
        (7, {"signature": signature_of(8)}, "the signature is not"),
        (7, {"signature": ""}, "the signature is not"),
        (7, {"text": text_of(7).replace("1990", "1991")}, "the signature is not"),
        (8, {"text": text_of(8).replace("%2F", "/")}, "the signature is not"),
        (10, {"index": 0}, "digest"),
        (9, {"index": 1}, "digest"),
        (9, {"index": -1}, "the command is no"),
        (7, {"signer": OTHER.public}, "decide gives other events"),
        (7, {"digest": "0x" + "ab" * 32}, "decide gives other events"),
        (7, {"scheme": "faucet"}, "cannot be entry"),
        (7, {"scheme": "eip712"}, "cannot be entry"),
        (4, {"scheme": "ed25519"}, "cannot be entry"),
        (6, {"text": "instruction=x"}, "carries what it has no use for"),
    ],
)
async def test_other_evidence_is_found(seq: int, fields: dict[str, object], reason: str) -> None:
    found = await verdict(bent(seq, **fields))
    assert (found.is_yes, found.seq) == (False, seq), found.reason
    assert reason in found.reason


def retold(seq: int, change: Callable[[Entry, Evidence], tuple[object, Evidence]]) -> list[Entry]:
    """A careful forger's journal up to `seq`: the command or evidence there is another one, and
    events, digests and hashes are what they must be for it."""
    state, entries = State(), list[Entry]()
    for entry in HONEST.entries[:seq]:
        command, evidence = decode_command(entry), decode_evidence(entry)
        if entry.seq == seq:
            command, evidence = change(entry, evidence)  # type: ignore[assignment]
        request = Request(
            *(entry.seq, entry.time, evidence.signer, evidence.digest, evidence.scheme),
            command,
        )
        events = decide(state, request)
        assert not isinstance(events, Rejected), events
        evolve.apply(state, entry.seq, entry.time, events)
        previous = entries[-1].hash if entries else GENESIS_HASH
        entries.append(make_entry(entry.seq, entry.time, command, evidence, events, previous))
    return entries


def with_digest(evidence: Evidence, **fields: object) -> Evidence:
    evidence = msgspec.structs.replace(evidence, **fields)  # type: ignore[arg-type]
    digest = request_digest(evidence.signer, evidence.text, evidence.index)
    return msgspec.structs.replace(evidence, digest=digest)


async def test_an_unforged_retelling_is_the_honest_journal() -> None:
    same = retold(9, lambda entry, evidence: (decode_command(entry), with_digest(evidence)))
    assert same == HONEST.entries[:9]


@pytest.mark.parametrize(
    ("seq", "change", "reason"),
    [
        (  # another price than the key signed
            7,
            lambda entry, evidence: (
                msgspec.structs.replace(decode_command(entry), price="1991"),
                evidence,
            ),
            "does not ask for this command",
        ),
        (  # the text changed along with the command
            7,
            lambda entry, evidence: (
                msgspec.structs.replace(decode_command(entry), price="1991"),
                with_digest(evidence, text=evidence.text.replace("1990", "1991")),
            ),
            "the signature is not",
        ),
        (  # the batch's other element
            9,
            lambda entry, evidence: (
                msgspec.structs.replace(decode_command(entry), price="1980"),
                evidence,
            ),
            "does not ask for this command",
        ),
        (
            9,
            lambda entry, evidence: (decode_command(entry), with_digest(evidence, index=1)),
            "does not ask for this command",
        ),
        (
            9,
            lambda entry, evidence: (decode_command(entry), with_digest(evidence, index=2)),
            "does not ask for this command",
        ),
        (  # another approved key of the same owner
            7,
            lambda entry, evidence: (
                decode_command(entry),
                with_digest(evidence, signer=OTHER.public),
            ),
            "the signature is not",
        ),
        (  # a digest that is not this request's
            7,
            lambda entry, evidence: (
                decode_command(entry),
                msgspec.structs.replace(evidence, digest="0x" + "ab" * 32),
            ),
            "the request's digest",
        ),
    ],
    ids=range(7),
)
async def test_a_careful_forgery_is_found(
    seq: int,
    change: Callable[[Entry, Evidence], tuple[object, Evidence]],
    reason: str,
) -> None:
    for processes in (None, 2):
        found = await verdict(retold(seq, change), processes)
        assert (found.is_yes, found.seq) == (False, seq), found.reason
        assert reason in found.reason


def appended(evidence_of: int, time: int = 0) -> list[Entry]:
    """The honest journal and at its end an earlier request once more, with events that fold."""
    entries = list(HONEST.entries)
    row = entries[evidence_of - 1]
    entries.append(
        make_entry(
            LAST + 1,
            time or HONEST.now_ms,
            decode_command(row),
            decode_evidence(row),
            decode_events(row)[:1],
            entries[-1].hash,
        )
    )
    return entries


async def test_a_request_that_is_executed_again_is_found() -> None:
    # Entries are a second apart, so that the cancel of entry 12 is still in its window.
    found = await verdict(appended(12))
    assert (found.is_yes, found.seq) == (False, LAST + 1)
    assert "accepted before" in found.reason
    found = await verdict(appended(7, HONEST.now_ms + 60_000))
    assert (found.is_yes, found.seq) == (False, LAST + 1)
    assert "Request has expired" in found.reason


async def test_a_revoked_and_an_expired_key_are_found() -> None:
    for key, time, reason in (
        (OTHER, HONEST.now_ms, "was revoked"),
        (KEY, HONEST.now_ms + 120_000, "expired at"),
    ):
        [asked] = key.submissions("orderCancelAll", [{"symbol": "ETH_USDC"}], time)
        entries = list(HONEST.entries)
        events = decode_events(entries[11])[:1]
        previous = entries[-1].hash
        entries.append(make_entry(LAST + 1, time, asked.command, asked.evidence, events, previous))
        found = await verdict(entries)
        assert (found.is_yes, found.seq) == (False, LAST + 1)
        assert reason in found.reason


async def test_a_removed_request_is_missed() -> None:
    found = await verdict([*HONEST.entries[:7], *HONEST.entries[8:]])
    assert (found.is_yes, found.seq) == (False, 8)
