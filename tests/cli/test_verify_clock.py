"""The auditor and the clock's entries: each must have been due, and none may be left out."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from tests.cli.journal_maker import ETH, batches, rechained
from tests.cli.order_maker import ALICE, BOB, OrderMaker
from xyk.cli.verify import Verdict, verify
from xyk.domain.commands import ExpireOrder, FaucetDeposit, FireCancelTimer
from xyk.domain.events import OrderClosed
from xyk.engine.entry import Entry, Evidence, decode_events

encode = msgspec.json.encode
EXPIRY, TRADE, ACTIVATION, SWITCH, LAST = 14, 16, 17, 18, 19
BY_CLOCK = {EXPIRY: "ExpireOrder", ACTIVATION: "ActivateTrigger", SWITCH: "FireCancelTimer"}


async def verdict(entries: Sequence[Entry]) -> Verdict:
    return await verify(batches(entries), (), expected=len(entries))


def clocked() -> OrderMaker:
    """An order expires, a trade reaches a trigger, a dead man's switch fires."""
    made = OrderMaker()
    made.place(BOB, -1, 2_000)
    made.place(ALICE, 1, 2_000)
    made.place(BOB, -1, 1_700, trigger_price=1_900 * 10**6)
    made.place(BOB, -1, 3_000)
    made.place(ALICE, 1, 900)
    made.good_till(ALICE, 2, 1_000, seconds=3)
    made.good_till(ALICE, 2, 1_001, seconds=60)
    made.switch(BOB, 5)
    assert made.tick() == 1
    made.place(ALICE, 2, 1_800)
    made.sell(BOB, 1)
    assert made.tick() == 2
    made.faucet(ALICE.address, ETH, 1)
    return made


MADE = clocked()


def edited(seq: int, **fields: object) -> list[Entry]:
    """With one row changed, and the chain computed anew after it."""
    entries = list(MADE.entries)
    entries[seq - 1] = msgspec.structs.replace(entries[seq - 1], **fields)  # type: ignore[arg-type]
    return rechained(entries, seq)


async def test_what_the_clock_did_is_decided_again() -> None:
    assert {entry.seq: entry.kind for entry in MADE.entries if entry.seq in BY_CLOCK} == BY_CLOCK
    assert len(MADE.entries) == LAST
    found = await verdict(MADE.entries)
    assert found.is_yes, found
    assert found.schemes == {"genesis": 1, "faucet": 5, "eip712": 10, "clock": 3}
    assert found.signatures == 10
    assert found.digest == MADE.state.digest()


async def test_an_early_expiry_is_found() -> None:
    """A millisecond before its time."""
    expires_ms = MADE.entries[EXPIRY - 1].time
    found = await verdict(edited(EXPIRY, time=expires_ms - 1))
    assert (found.is_yes, found.seq) == (False, EXPIRY)
    assert "was not due" in found.reason


async def test_an_early_switch_is_found() -> None:
    fired = MADE.entries[SWITCH - 1]
    fires_ms = MADE.entries[12].time + 5_000
    found = await verdict(edited(SWITCH, time=fires_ms))
    assert found.is_yes, "exactly then it is due"
    found = await verdict(edited(SWITCH, time=fires_ms - 1))
    assert (found.is_yes, found.seq) == (False, SWITCH)
    assert fired.kind == "FireCancelTimer" and "was not due" in found.reason


@pytest.mark.parametrize(
    ("seq", "command"),
    [
        (EXPIRY, ExpireOrder(order_id=12)),
        (EXPIRY, ExpireOrder(order_id=10)),
        (EXPIRY, FireCancelTimer(owner=BOB.address, market="")),
        (ACTIVATION, FireCancelTimer(owner=BOB.address, market="")),
        (SWITCH, FireCancelTimer(owner=ALICE.address, market="")),
    ],
)
async def test_a_forged_act_of_the_clock_is_found(seq: int, command: ExpireOrder) -> None:
    """Of an order or a switch that was not due, with its owner's funds released as they would."""
    events = tuple(
        msgspec.structs.replace(event, order_id=command.order_id)
        if isinstance(event, OrderClosed) and isinstance(command, ExpireOrder)
        else event
        for event in decode_events(MADE.entries[seq - 1])
    )
    kind = type(command).__name__
    forged = edited(seq, kind=kind, command=encode(command), events=encode(events))
    found = await verdict(forged)
    assert (found.is_yes, found.seq) == (False, seq)
    assert "was not due" in found.reason


@pytest.mark.parametrize(
    ("seq", "reason"),
    [
        (EXPIRY, "was due before it and is left out"),
        (ACTIVATION, "decide gives other events"),  # the switch then cancels the waiting order
        (SWITCH, "was due before it and is left out"),
    ],
)
async def test_an_act_of_the_clock_that_was_left_out_is_found(seq: int, reason: str) -> None:
    """The others renumbered: the next entry cannot come without it."""
    later = [msgspec.structs.replace(entry, seq=entry.seq - 1) for entry in MADE.entries[seq:]]
    found = await verdict(rechained([*MADE.entries[: seq - 1], *later], seq))
    assert (found.is_yes, found.seq) == (False, seq)
    assert reason in found.reason


def _signed(entry: Entry) -> bytes:
    return encode(Evidence(scheme="clock", signature="0x" + "33" * 65))


def _by_faucet(entry: Entry) -> bytes:
    return encode(Evidence(scheme="faucet"))


@pytest.mark.parametrize("evidence", [_signed, _by_faucet])
@pytest.mark.parametrize("seq", list(BY_CLOCK))
async def test_evidence_that_is_not_the_clocks_is_found(
    seq: int, evidence: Callable[[Entry], bytes]
) -> None:
    found = await verdict(edited(seq, evidence=evidence(MADE.entries[seq - 1])))
    assert (found.is_yes, found.seq) == (False, seq)


@pytest.mark.parametrize("seq", [2, TRADE])
async def test_the_clock_may_do_nothing_else(seq: int) -> None:
    """Neither deposit nor trade."""
    found = await verdict(edited(seq, evidence=encode(Evidence(scheme="clock"))))
    assert (found.is_yes, found.seq) == (False, seq)
    assert "by clock" in found.reason


class TestCascade:
    """More triggers reached at once than may take their turn between two commands."""

    @staticmethod
    def reached(count: int) -> OrderMaker:
        made = OrderMaker()
        made.place(BOB, -1, 2_000)
        made.place(ALICE, 1, 2_000)
        for _ in range(count):
            made.place(ALICE, 1, 1_000, trigger_price=1_900 * 10**6)
        made.place(ALICE, 1, 1_900)
        made.sell(BOB, 1)
        return made

    async def test_a_hundred_then_a_command_then_the_rest(self) -> None:
        made = self.reached(105)
        assert made.tick() == 100
        made.faucet(ALICE.address, ETH, 1)
        assert made.tick() == 5
        made.faucet(ALICE.address, ETH, 1)
        found = await verdict(made.entries)
        assert found.is_yes, found
        assert found.schemes["clock"] == 105

    async def test_one_too_few_before_a_command_is_found(self) -> None:
        made = self.reached(105)
        assert made.tick(99) == 99
        made.add(FaucetDeposit(owner=ALICE.address, token=ETH, amount=1), Evidence(scheme="faucet"))
        found = await verdict(made.entries)
        assert (found.is_yes, found.seq) == (False, len(made.entries))
        assert "left out" in found.reason

    async def test_one_too_many_before_a_command_is_found(self) -> None:
        made = self.reached(105)
        assert made.tick(101) == 101
        made.faucet(ALICE.address, ETH, 1)
        found = await verdict(made.entries)
        assert (found.is_yes, found.seq) == (False, len(made.entries) - 1)
        assert "was not due" in found.reason


async def test_defaults_may_be_written_or_left_out() -> None:
    """A Struct leaves a field out where its value is the default's own object: a command that was
    built here writes less than the same one that was decoded, and both are honest."""
    made = OrderMaker()
    made.place(ALICE, 1, 1_000, time_in_force="GTC", self_trade_prevention="RejectTaker")
    made.place(ALICE, 1, 1_001, time_in_force="".join(("G", "TC")))
    short, written = (
        made.entries[seq - 1].events for seq in (len(made.entries) - 1, len(made.entries))
    )
    assert b"timeInForce" not in short and b'"timeInForce":"GTC"' in written
    assert (await verdict(made.entries)).is_yes
    forged = list(made.entries)
    events = written.replace(b'"timeInForce":"GTC"', b'"timeInForce":"GTC","note":"mine"')
    forged[-1] = msgspec.structs.replace(forged[-1], events=events)
    found = await verdict(rechained(forged, len(forged)))
    assert not found.is_yes and found.seq == len(forged), found
