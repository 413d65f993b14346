"""The exchange and its naive twin side by side: every command goes to both, and they must agree on
the outcome and on everything that they know afterwards."""

from functools import cache
from typing import Any

import msgspec

from tests.naive.twin import Twin
from tests.naive.vault import Event, Fields, Outcome
from tests.simulation.key_verbs import request_digest
from tests.simulation.known import (
    known_by_state,
    known_by_twin,
    nonces_of_state,
    nonces_of_twin,
)
from xyk.domain import events as ev
from xyk.domain.commands import ACTIONS, CLOCK, COMMANDS, FaucetDeposit, Genesis
from xyk.domain.key_commands import KEY_COMMANDS
from xyk.domain.rejections import Rejected
from xyk.domain.request import CLOCK as BY_CLOCK
from xyk.domain.request import ED25519, EIP712, FAUCET, GENESIS, SESSION, Request
from xyk.domain.units import TRIGGERS_BETWEEN_MAX, decode_journal
from xyk.exchange.decide import decide
from xyk.exchange.due import next_due
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check, check_all, nothing_is_crossed
from xyk.exchange.state import State
from xyk.exchange.trial_balance import TrialBalance

SALT = "0x" + "5a" * 32


SLOW_CHECKS_EVERY = 8  # entries; these take longer than the command


class Disagreement(AssertionError):
    """The two minds differ; DESIGN says who is right."""


class Minds:
    """`do` gives the outcome that both agree on: a code of refusal, or the twin's dict."""

    def __init__(self, genesis: Fields, now_ms: int) -> None:
        self.genesis = genesis
        self.now_ms = now_ms
        self.state = State()
        self.books = TrialBalance(self.state)
        self.entries: list[tuple[int, int, tuple[ev.AnyEvent, ...]]] = []
        self.sent = 0
        self.refused: Rejected | None = None  # the last refusal, with its message
        self.twin = Twin(genesis, now_ms)
        self._submit(_genesis_command(genesis), GENESIS, "", "")
        self.compare_everything("Genesis")

    def do(self, kind: str, fields: Fields, signer: str, now_ms: int) -> str | Outcome:
        """The clock's own commands come first."""
        self.now_ms = now_ms
        self.let_the_clock_work()
        return self._do(kind, fields, signer)

    def do_by_session(self, kind: str, fields: Fields, signer: str, now_ms: int) -> str | Outcome:
        """`signer`: the session's id, or the address that signs in."""
        self.now_ms = now_ms
        self.let_the_clock_work()
        self.sent += 1
        command = msgspec.convert(
            snake_case(fields) if kind not in ACTIONS else fields,
            COMMANDS[kind],
            dec_hook=decode_journal,
        )
        ours = self._submit(command, SESSION, signer, "")
        return self._agreed(kind, ours, self.twin.submit_by_session(kind, fields, signer, now_ms))

    def let_the_clock_work(self) -> None:
        """Both minds say what is due, until nothing is or the activations are used up."""
        activations = TRIGGERS_BETWEEN_MAX
        while True:
            due = next_due(self.state, self.now_ms, activations)
            ours = due and (type(due).__name__, camel_case(due))
            theirs = self.twin.next_due(self.now_ms, activations)
            if ours != theirs:
                self._disagree("The clock", f"xyk: {ours}\ntwin: {theirs}")
            if theirs is None:
                return
            activations -= theirs[0] == "ActivateTrigger"
            self._do(*theirs, "")

    def _do(self, kind: str, fields: Fields, signer: str) -> str | Outcome:
        self.sent += 1
        digest = f"0x{self.sent:064x}" if kind in ACTIONS else ""
        if kind in KEY_COMMANDS:
            digest = request_digest(kind, fields, signer)
        if kind == "FaucetDeposit":
            ours = self._submit(FaucetDeposit(**fields), FAUCET, "", "")
        elif kind in CLOCK:
            ours = self._submit(msgspec.convert(snake_case(fields), CLOCK[kind]), BY_CLOCK, "", "")
        elif kind in KEY_COMMANDS:
            command = msgspec.convert(fields, KEY_COMMANDS[kind])
            ours = self._submit(command, ED25519, signer, digest)
        else:
            action = msgspec.convert(fields, ACTIONS[kind], dec_hook=decode_journal)
            ours = self._submit(action, EIP712, signer, digest)
        return self._agreed(kind, ours, self.twin.submit(kind, fields, signer, self.now_ms, digest))

    def _agreed(
        self, kind: str, ours: tuple[ev.AnyEvent, ...] | Rejected, theirs: str | Outcome
    ) -> str | Outcome:
        if isinstance(ours, Rejected):
            if ours.code.name != theirs:
                self._disagree(kind, f"xyk: {ours}\ntwin: {theirs}")
            self.refused = ours
            return ours.code.name
        if isinstance(theirs, str):
            self._disagree(kind, f"xyk: {ours}\ntwin: {theirs}")
            raise AssertionError
        expected = theirs.get("events", theirs)
        found = [camel_case(event) for event in ours] if "events" in theirs else outcome_of(ours)
        if found != expected:
            self._disagree(kind, how_they_differ(found, expected))
        self.compare_everything(kind)
        return theirs

    def replayed(self) -> State:
        """The recorded events folded from nothing."""
        state = State()
        for seq, now_ms, events in self.entries:
            apply(state, seq, now_ms, events)
        return state

    def _submit(
        self, command: Any, scheme: str, signer: str, digest: str
    ) -> tuple[ev.AnyEvent, ...] | Rejected:
        """Decide and fold, every invariant after it; the events begin with the nonce if signed."""
        seq = self.state.seq + 1
        before = self.state.digest() if seq % SLOW_CHECKS_EVERY == 0 else ""
        events = decide(self.state, Request(seq, self.now_ms, signer, digest, scheme, command))
        assert not before or self.state.digest() == before, "decide touched the state"
        if isinstance(events, Rejected):
            return events
        self.entries.append((seq, self.now_ms, events))
        apply(self.state, seq, self.now_ms, events)
        check(self.state, events)
        check_all(self.state)
        nothing_is_crossed(self.state)
        self.books.check()
        if scheme == EIP712:
            assert events[0] == ev.NonceUsed(signer=signer, nonce=command.nonce)
            return events[1:]
        if scheme == ED25519:
            expires_ms = command.timestamp + command.window
            used = ev.RequestUsed(public_key=signer, digest=digest, expires_ms=expires_ms)
            assert events[0] == used
            return events[1:]
        return events

    def compare_everything(self, kind: str) -> None:
        ours, theirs = known_by_state(self.state), known_by_twin(self.twin)
        if self.state.seq % SLOW_CHECKS_EVERY == 0:
            ours["nonces"] = nonces_of_state(self.state, self.now_ms)
            theirs["nonces"] = nonces_of_twin(self.twin, self.now_ms)
        for what, mine in ours.items():
            if mine != theirs[what]:
                self._disagree(kind, f"{what}\nxyk: {mine}\ntwin: {theirs[what]}")
        for market, pair in self.twin.pairs.items():
            if self.twin.crosses(market, pair):
                self._disagree(kind, f"pool and book of {market} cross, says the twin")

    def _disagree(self, kind: str, how: str) -> None:
        raise Disagreement(f"{kind} at seq {self.state.seq}: {how}")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def snake_case(fields: Fields) -> Fields:
    return {_snake(name): value for name, value in fields.items()}


@cache
def _names(fields: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """A struct's fields, and the same in camelCase."""
    words = [(name, name.split("_")) for name in fields]
    return tuple((name, first + "".join(map(str.title, more))) for name, (first, *more) in words)


def camel_case(struct: Any) -> Event:
    """A struct in the twin's words, what has its default too; events say their type."""
    fields = {camel: getattr(struct, name) for name, camel in _names(struct.__struct_fields__)}
    if isinstance(struct, ev.Event):
        fields["type"] = type(struct).__name__
    if isinstance(struct, ev.TriggersReached):
        fields["orders"] = list(struct.orders)
    return fields


def how_they_differ(found: Any, expected: Any) -> str:
    if isinstance(found, list):
        for at, (ours, theirs) in enumerate(zip(found, expected, strict=False)):
            if ours != theirs:
                names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
                return f"event {at}, {names}\nxyk: {found}\ntwin: {expected}"
    return f"\nxyk: {found}\ntwin: {expected}"


def _genesis_command(genesis: Fields) -> Genesis:
    plain = {
        "salt": SALT,
        "operator": genesis["operator"],
        "fee_recipient": genesis["operator"],
        "sandbox": genesis["sandbox"],
        "assets": genesis["assets"],
        "markets": [{_snake(key): value for key, value in m.items()} for m in genesis["markets"]],
    }
    return msgspec.convert(plain, Genesis)


def outcome_of(events: tuple[ev.AnyEvent, ...]) -> Outcome:
    """What the events say, in the twin's words."""
    match events[-1]:
        case ev.LiquidityAdded() as added:
            return {**_liquidity(added), "locked": added.locked}
        case ev.LiquidityRemoved() as removed:
            return _liquidity(removed)
        case ev.Deposited() as deposited:
            return {"asset": deposited.asset, "amount": deposited.amount}
        case ev.Transferred() | ev.Withdrawn() as moved:
            return {"asset": moved.asset, "amount": moved.amount, "recipient": moved.recipient}
        case _:
            return {}


def _liquidity(event: ev.LiquidityAdded | ev.LiquidityRemoved) -> Fields:
    return {
        "market": event.market,
        "amountBase": event.amount_base,
        "amountQuote": event.amount_quote,
        "liquidity": event.liquidity,
        "protocolLiquidity": event.protocol_liquidity,
    }
