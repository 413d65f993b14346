"""Sessions in a journal: an honest one is a yes, every forgery a no with its seq."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from tests.cli.journal_maker import ETH, SALT, START_MS, USDC, JournalMaker, batches, rechained
from xyk.cli.verify import Verdict, verify
from xyk.domain.commands import CancelAllOrders, CancelOrder, PlaceOrder
from xyk.domain.request import SESSION
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.engine.entry import Entry, Evidence, decode_command, decode_evidence
from xyk.exchange.evolve import apply
from xyk.wallet.session import SignIn, session_id
from xyk.wallet.signer import Wallet

ALICE, BOB = Wallet(b"\xa1" * 32), Wallet(b"\xb0" * 32)
MESSAGE = SignIn(
    domain="exchange.example",
    uri="https://exchange.example",
    address=ALICE.address,
    chain_id=1,
    nonce="a" * 16,
    issued=START_MS // 1000,
    expires=START_MS // 1000 + 86_400,
    salt=SALT,
)
TEXT = MESSAGE.text()
ID = session_id(TEXT)
OPEN, CANCEL, CANCEL_ALL, CLOSE = 4, 5, 6, 7  # seqs
encode = msgspec.json.encode


def opening(text: str = TEXT, wallet: Wallet = ALICE) -> Evidence:
    return Evidence(
        scheme=SESSION, signer=wallet.address, signature=wallet.sign_text(text), text=text
    )


def journal() -> JournalMaker:
    """1 genesis, 2 faucet, 3 an order, 4 sign-in, 5 its cancel, 6 all, 7 sign-out, 8 faucet."""
    made = JournalMaker()
    made.faucet(ALICE.address, USDC, 10**10)
    made.sign(
        ALICE,
        PlaceOrder(
            owner=ALICE.address,
            sell_token=USDC,
            buy_token=ETH,
            sell_amount=1_000 * 10**6,
            buy_amount=10**18,
            time_in_force=msgspec.json.decode(b'"GTC"'),  # as from the wire: not our own constant
            post_only=False,
            self_trade_prevention="",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
            **made.stamp(),
        ),
    )
    made.add(OpenSession(owner=ALICE.address, session=ID, expires=MESSAGE.expires), opening())
    by_session = Evidence(scheme=SESSION, signer=ID)
    owner = {"owner": ALICE.address, "nonce": 0, "deadline": 0}
    made.add(CancelOrder(order_id="3", client_id=0, **owner), by_session)  # type: ignore[arg-type]
    made.add(CancelAllOrders(market="", **owner), by_session)  # type: ignore[arg-type]
    made.add(CloseSession(owner=ALICE.address, session=ID), by_session)
    made.faucet(ALICE.address, USDC, 1)
    return made


HONEST = journal()


async def verdict(entries: Sequence[Entry], processes: int | None = None) -> Verdict:
    expected = 10**6 if processes else len(entries)
    return await verify(batches(entries), (), expected=expected, processes=processes)


def forged(seq: int, **changes: object) -> list[Entry]:
    entries = list(HONEST.entries)
    entries[seq - 1] = msgspec.structs.replace(entries[seq - 1], **changes)  # type: ignore
    return rechained(entries, seq)


def with_evidence(seq: int, **changes: object) -> list[Entry]:
    evidence = decode_evidence(HONEST.entries[seq - 1])
    changed = msgspec.structs.replace(evidence, **changes)  # type: ignore[arg-type]
    return forged(seq, evidence=encode(changed))


def with_command(seq: int, **changes: object) -> list[Entry]:
    command = decode_command(HONEST.entries[seq - 1])
    changed = msgspec.structs.replace(command, **changes)  # type: ignore[arg-type]
    return forged(seq, command=encode(changed))


async def test_an_honest_journal_is_a_yes() -> None:
    found = await verdict(HONEST.entries)
    assert found.is_yes, found.reason
    assert found.schemes == {"genesis": 1, "faucet": 2, "eip712": 1, "session": 4}
    assert found.signatures == 2, "the order's and the sign-in's"


async def test_other_processes_check_the_sign_in_too() -> None:
    found = await verdict(HONEST.entries, processes=2)
    assert found.is_yes and found.signatures == 2
    stolen = await verdict(with_evidence(OPEN, signature=BOB.sign_text(TEXT)), processes=2)
    assert (stolen.is_yes, stolen.seq) == (False, OPEN)


LONGER = msgspec.structs.replace(MESSAGE, expires=MESSAGE.expires + 1).text()
ELSEWHERE = msgspec.structs.replace(MESSAGE, salt="0x" + "00" * 32).text()
BOBS = msgspec.structs.replace(MESSAGE, address=BOB.address).text()


@pytest.mark.parametrize(
    ("entries", "seq", "says"),
    [
        (lambda: with_evidence(OPEN, signature=BOB.sign_text(TEXT)), OPEN, "the signature is"),
        (lambda: with_evidence(OPEN, signature="0x12"), OPEN, "malformed"),
        (lambda: with_evidence(OPEN, signature=""), OPEN, "no signature"),
        (lambda: with_evidence(OPEN, signer=BOB.address), OPEN, "decide refuses"),
        (lambda: with_evidence(OPEN, text=TEXT + " "), OPEN, "no sign-in message"),
        (lambda: with_evidence(OPEN, text=""), OPEN, "no sign-in message"),
        (
            lambda: with_evidence(OPEN, text=LONGER, signature=ALICE.sign_text(LONGER)),
            OPEN,
            "the message's end",
        ),
        (
            lambda: with_evidence(OPEN, text=ELSEWHERE, signature=ALICE.sign_text(ELSEWHERE)),
            OPEN,
            "the message's deployment",
        ),
        (
            lambda: with_evidence(OPEN, text=BOBS, signature=ALICE.sign_text(BOBS)),
            OPEN,
            "the message's address",
        ),
        (lambda: with_evidence(OPEN, index=1), OPEN, "carries"),
        (lambda: with_evidence(OPEN, digest=ID), OPEN, "carries"),
        (lambda: with_command(OPEN, expires=MESSAGE.expires + 1), OPEN, "other events"),
        (lambda: with_command(OPEN, session="0x" + "11" * 32), OPEN, "other events"),
        (lambda: with_evidence(CANCEL, signer="0x" + "11" * 32), CANCEL, "UNAUTHORIZED"),
        (lambda: with_evidence(CANCEL, signature="0x12"), CANCEL, "carries"),
        (lambda: with_evidence(CANCEL, digest=ID), CANCEL, "carries"),
        (lambda: with_evidence(CANCEL, text=TEXT), CANCEL, "carries"),
        (lambda: with_evidence(8, text=TEXT), 8, "carries"),
        (lambda: with_evidence(3, text=TEXT), 3, "carries"),
        (lambda: with_evidence(3, scheme=SESSION), 3, "cannot be"),
        (lambda: with_command(CANCEL, nonce=7), CANCEL, "FORBIDDEN"),
        (lambda: with_command(CANCEL, deadline=7), CANCEL, "FORBIDDEN"),
        (lambda: with_command(CANCEL_ALL, owner=BOB.address), CANCEL_ALL, "UNAUTHORIZED"),
        (lambda: with_command(CLOSE, session="0x" + "11" * 32), CLOSE, "FORBIDDEN"),
    ],
)
async def test_a_forgery_is_a_no(entries: Callable[[], list[Entry]], seq: int, says: str) -> None:
    found = await verdict(entries())
    assert (found.is_yes, found.seq) == (False, seq), found
    assert says in found.reason


def continued(*more: tuple[object, Evidence]) -> JournalMaker:
    """The honest journal and more of it, which decide is not asked about."""
    made = journal()
    for command, evidence in more:
        seq, now_ms = len(made.entries) + 1, made.now_ms
        apply(made.state, seq, now_ms, ())
        entry = msgspec.structs.replace(
            made.entries[-1],
            seq=seq,
            time=now_ms,
            kind=type(command).__name__,
            command=encode(command),
            evidence=encode(evidence),
            events=b"[]",
        )
        made.entries.append(entry)
        made.entries[:] = rechained(made.entries, seq)
    return made


async def test_what_comes_after_the_sign_out_is_a_no() -> None:
    cancel = CancelAllOrders(owner=ALICE.address, market="", nonce=0, deadline=0)
    found = await verdict(continued((cancel, Evidence(scheme=SESSION, signer=ID))).entries)
    assert (found.is_yes, found.seq) == (False, 9)
    assert "was closed" in found.reason


async def test_the_same_message_does_not_open_twice() -> None:
    again = OpenSession(owner=ALICE.address, session=ID, expires=MESSAGE.expires)
    found = await verdict(continued((again, opening())).entries)
    assert (found.is_yes, found.seq) == (False, 9)
    assert "NONCE_USED" in found.reason
