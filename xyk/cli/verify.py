"""The auditor's check of a journal: everything that a stranger can re-derive from it, and where
it fails.

Sequential, on one core: the hash chain, the stamps, the closed evidence schemes, unique digests,
and `decide` again on every command, whose events must be the journalled ones to the byte; then
the fold and its invariants. What the clock did must have been due, and nothing that was due may be
left out before a later command. Beside it, on all cores: the check of every signature. Those of
older rules are folded and their signatures checked, but decided only by the rules they were made
under, so not again.

What is cut off at the end leaves no trace in what remains: only an anchor shows it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from xyk.cli.signatures import Claim, Fault, Place, Recovery
from xyk.domain.commands import (
    ACTIONS,
    ActivateTrigger,
    CancelAllOrders,
    CancelOrder,
    Command,
    FaucetDeposit,
    Genesis,
)
from xyk.domain.commands import CLOCK as CLOCK_COMMANDS
from xyk.domain.events import AnyEvent
from xyk.domain.key_commands import KEY_COMMANDS
from xyk.domain.rejections import Rejected
from xyk.domain.request import CLOCK, ED25519, EIP712, FAUCET, GENESIS, SESSION, Request
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.domain.units import NONCE_SLOTS, TRIGGERS_BETWEEN_MAX
from xyk.engine.entry import (
    GENESIS_HASH,
    RULES,
    Entry,
    Evidence,
    decode_command,
    decode_events,
    decode_evidence,
    encode,
    is_whole,
)
from xyk.engine.replica import CorruptJournal
from xyk.engine.sum_tree import commitment
from xyk.exchange import evolve, invariants
from xyk.exchange.decide import SIGNED, decide
from xyk.exchange.due import next_due
from xyk.exchange.state import State

# What a session may have asked for; the wallet's signature stands once, with the first of them.
BY_SESSION = frozenset(
    kind.__name__ for kind in (OpenSession, CloseSession, CancelOrder, CancelAllOrders)
)


class Anchor(msgspec.Struct, frozen=True):
    """Something kept apart from the journal that says how it stood at `seq`: its hash (of the
    entry), digest (of the state) or root (of what is owed), empty where the source has none.
    """

    source: str
    seq: int
    hash: str = ""
    digest: str = ""
    root: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`seq`: the entry at fault, or the last one checked. `anchored`: up to where an anchor
    vouches that nothing was cut off.
    """

    is_yes: bool
    seq: int
    reason: str
    entries: int
    signatures: int
    schemes: dict[str, int]
    older: int
    hash: str
    digest: str
    anchored: int


class Broken(Exception):
    """The first entry that cannot be."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(f"entry {seq}: {reason}")
        self.seq = seq
        self.reason = reason


class Audit:
    """The sequential half: one entry after the other, each against the state before it."""

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        self.state = State()
        self.hash = GENESIS_HASH
        self.schemes: Counter[str] = Counter()
        self.older = 0
        self._anchors: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, []).append(anchor)
        self._digests: dict[int, set[str]] = {}  # second of the nonce -> digests
        self._activations = 0  # of triggers, since the last command that was not the clock's

    @property
    def place(self) -> Place:
        return Place(self.state.salt, self.state.chain_id, self.state.contract)

    def check(self, entry: Entry) -> Claim | None:
        """Folds the entry; its signature's claim where it has one. Raises Broken."""
        self._check_chain(entry)
        try:
            command, evidence = decode_command(entry), decode_evidence(entry)
        except (ValueError, KeyError, RecursionError) as fault:
            raise Broken(entry.seq, f"the row cannot be read: {fault!r}") from None
        self._check_scheme(entry, evidence)
        self._check_due(entry, command, evidence)
        events = self._decide_again(entry, command, evidence)
        try:
            evolve.apply(self.state, entry.seq, entry.time, events)
            invariants.check(self.state, events)
        except Exception as fault:
            raise Broken(entry.seq, f"the events do not fold: {fault!r}") from None
        self.hash = entry.hash
        self.schemes[evidence.scheme] += 1
        for anchor in self._anchors.get(entry.seq, ()):
            self._compare(anchor)
        if evidence.scheme == EIP712:
            self._check_unique(entry, command, evidence)
        elif evidence.scheme != ED25519 and not isinstance(command, OpenSession):
            return None  # no signature; what a key signed has digests that the state itself knows
        return Claim(entry.seq, entry.kind, entry.command, evidence)

    def finish(self) -> None:
        """What can only be said at the end: the whole state, and anchors beyond it. Raises
        Broken.
        """
        last = self.state.seq
        try:
            invariants.check_all(self.state)
        except AssertionError as fault:
            raise Broken(last, f"an invariant fails: {fault}") from None
        beyond = [
            anchor for seq in sorted(self._anchors) if seq > last for anchor in self._anchors[seq]
        ]
        if beyond:
            raise Broken(
                last + 1,
                f"missing: the journal ends at {last}, {beyond[-1].source} knows {beyond[-1].seq}",
            )

    def _check_chain(self, entry: Entry) -> None:
        expected = self.state.seq + 1
        if entry.seq != expected:
            raise Broken(expected, f"missing: entry {entry.seq} follows {expected - 1}")
        if entry.previous != self.hash:
            raise Broken(
                entry.seq, "the chain is broken: its previous hash is not the hash before it"
            )
        if not is_whole(entry):
            raise Broken(entry.seq, "the chain is broken: its hash is not the hash of its contents")
        if not 1 <= entry.rules <= RULES:
            raise Broken(
                entry.seq, f"made under rules {entry.rules}, this version knows 1 to {RULES}"
            )
        if entry.time < self.state.now_ms:
            raise Broken(entry.seq, f"its time {entry.time} lies before the entry before it")

    def _check_scheme(self, entry: Entry, evidence: Evidence) -> None:
        """Which evidence may carry which command."""
        if evidence.scheme == EIP712:
            is_fit = entry.kind in ACTIONS
        elif evidence.scheme == ED25519:
            is_fit = entry.kind in KEY_COMMANDS
        elif evidence.scheme == FAUCET:
            is_fit = entry.kind == FaucetDeposit.__name__
            if not self.state.sandbox:
                raise Broken(entry.seq, "a faucet deposit, but genesis says no sandbox")
        elif evidence.scheme == CLOCK:
            is_fit = entry.kind in CLOCK_COMMANDS
        elif evidence.scheme == SESSION:
            is_fit = entry.kind in BY_SESSION
        elif evidence.scheme == GENESIS:
            is_fit = entry.kind == Genesis.__name__
        else:
            raise Broken(entry.seq, f"evidence scheme {evidence.scheme!r} is unknown")
        if not is_fit or (entry.seq == 1) != (evidence.scheme == GENESIS):
            raise Broken(
                entry.seq, f"{entry.kind} cannot be entry {entry.seq} by {evidence.scheme}"
            )
        fitting = _fitting(evidence, entry.kind)
        if fitting is not evidence and fitting != evidence:
            raise Broken(entry.seq, f"{evidence.scheme} evidence carries what it has no use for")
        is_signed = evidence.scheme == EIP712 or entry.kind == OpenSession.__name__
        if is_signed and not evidence.signature:
            raise Broken(entry.seq, f"{evidence.scheme} evidence carries no signature")

    def _check_due(self, entry: Entry, command: Command, evidence: Evidence) -> None:
        """The clock does what is due next and nothing else; all others come after all of it."""
        left = TRIGGERS_BETWEEN_MAX - self._activations
        if entry.rules == RULES:
            due = next_due(self.state, entry.time, left)
            if evidence.scheme != CLOCK:
                if due is not None:
                    raise Broken(entry.seq, f"{due} was due before it and is left out")
            elif command != due:
                raise Broken(entry.seq, f"{command} was not due; the clock's next was {due}")
        if evidence.scheme != CLOCK:
            self._activations = 0
        elif isinstance(command, ActivateTrigger):
            self._activations += 1

    def _decide_again(
        self, entry: Entry, command: Command, evidence: Evidence
    ) -> tuple[AnyEvent, ...]:
        """The entry's events; those that were decided again and are the journalled ones to the byte
        need not be read."""
        if entry.rules != RULES:
            self.older += 1
            return _read_events(entry)
        if evidence.scheme == EIP712 and type(command) not in SIGNED:
            raise Broken(entry.seq, f"no rule decides {entry.kind}")
        request = Request(
            entry.seq, entry.time, evidence.signer, evidence.digest, evidence.scheme, command
        )
        try:
            outcome = decide(self.state, request)
        except Exception as fault:
            raise Broken(entry.seq, f"decide fails on the command: {fault!r}") from None
        if isinstance(outcome, Rejected):
            raise Broken(
                entry.seq, f"decide refuses the command: {outcome.code.name}, {outcome.message}"
            )
        if encode(outcome) == entry.events:
            return outcome
        events = _read_events(entry)
        if not (events == outcome and encode(events) == entry.events):
            raise Broken(entry.seq, f"decide gives other events: {_difference(outcome, events)}")
        return events

    def _check_unique(self, entry: Entry, command: Command, evidence: Evidence) -> None:
        """No digest twice. Digests of seconds whose nonces are refused anyway are forgotten."""
        second = command.nonce // NONCE_SLOTS  # type: ignore[union-attr]
        known = self._digests.setdefault(second, set())
        if evidence.digest in known:
            raise Broken(entry.seq, f"the action {evidence.digest} was executed before")
        known.add(evidence.digest)
        if len(self._digests) > 2 * len(self.state.nonces) + 1_000:
            floor = self.state.nonce_floor
            self._digests = {at: digests for at, digests in self._digests.items() if at >= floor}

    def _compare(self, anchor: Anchor) -> None:
        if anchor.hash and anchor.hash != self.hash:
            raise Broken(
                anchor.seq, f"{anchor.source} has the hash {anchor.hash}, the journal {self.hash}"
            )
        if anchor.digest:
            digest = self.state.digest()
            if anchor.digest != digest:
                raise Broken(
                    anchor.seq, f"{anchor.source} has the digest {anchor.digest}, the fold {digest}"
                )
        if anchor.root:
            root = commitment(self.state, self.hash).root
            if anchor.root != root:
                raise Broken(
                    anchor.seq, f"{anchor.source} has the root {anchor.root}, the fold {root}"
                )


async def verify(
    batches: AsyncIterator[Sequence[Entry]],
    anchors: Sequence[Anchor],
    *,
    expected: int,
    progress: Callable[[int], None] = lambda seq: None,
    processes: int | None = None,
) -> Verdict:
    """Yes or no with the seq. `expected`: about how many entries will come."""
    audit = Audit(anchors)
    fault: Fault | None = None
    async with Recovery(expected, processes) as recovery:
        try:
            async for batch in batches:
                fault = await _check_batch(audit, recovery, batch)
                if fault is not None:
                    break
                progress(audit.state.seq)
            else:
                audit.finish()
        except Broken as broken:
            fault = Fault(broken.seq, broken.reason)
        except CorruptJournal as corrupt:  # an archived entry that cannot be read
            fault = Fault(corrupt.seq, corrupt.why)
        earlier = await recovery.finish()
        if earlier is not None and (fault is None or earlier.seq <= fault.seq):
            fault = earlier
        return _verdict(audit, recovery.checked, anchors, fault)


async def _check_batch(audit: Audit, recovery: Recovery, batch: Sequence[Entry]) -> Fault | None:
    for entry in batch:
        place = audit.place  # of the state before, which knows it from genesis on
        claim = audit.check(entry)
        if claim is not None:
            fault = await recovery.add(place, claim)
            if fault is not None:
                return fault
    return None


def _verdict(
    audit: Audit, signatures: int, anchors: Sequence[Anchor], fault: Fault | None
) -> Verdict:
    last = audit.state.seq
    anchored = max((anchor.seq for anchor in anchors if anchor.seq <= last), default=0)
    if fault is None and not last:
        fault = Fault(1, "missing: the journal is empty")
    if fault is not None:
        reason = fault.reason
    elif anchored == last:
        reason = f"all {last} entries are as they were made"
    else:
        reason = (
            f"consistent up to {last}; whether entries after {last} were cut off, no anchor tells"
        )
    return Verdict(
        is_yes=fault is None,
        seq=last if fault is None else fault.seq,
        reason=reason,
        entries=last,
        signatures=signatures,
        schemes=dict(audit.schemes),
        older=audit.older,
        hash=audit.hash,
        digest=audit.state.digest(),
        anchored=anchored,
    )


def _fitting(evidence: Evidence, kind: str) -> Evidence:
    """The same without what its scheme has no room for."""
    if evidence.scheme == ED25519 or (
        evidence.scheme == EIP712 and not evidence.text and not evidence.index
    ):
        return evidence
    if evidence.scheme == EIP712:
        return msgspec.structs.replace(evidence, text="", index=0)
    if evidence.scheme != SESSION:
        return Evidence(scheme=evidence.scheme)
    if kind != OpenSession.__name__:
        return Evidence(scheme=SESSION, signer=evidence.signer)
    return msgspec.structs.replace(evidence, digest="", index=0)


def _read_events(entry: Entry) -> tuple[AnyEvent, ...]:
    """As the row has them. A field is left out where its value *is* the default object, not where
    it equals it (msgspec), so both spellings are honest; nothing else is. Raises Broken."""
    try:
        return decode_events(entry)
    except (ValueError, RecursionError) as fault:
        raise Broken(entry.seq, f"the row cannot be read: {fault!r}") from None


def _difference(outcome: tuple[AnyEvent, ...], journalled: tuple[AnyEvent, ...]) -> str:
    """The first event that differs, for the reader who looks for the forgery."""
    for index, (expected, found) in enumerate(zip(outcome, journalled, strict=False)):
        if expected != found:
            return f"event {index} should be {expected}, the journal has {found}"
    return f"{len(outcome)} events, the journal has {len(journalled)} or writes them differently"
