"""The single writer: stamps, decides, folds, commits, and only then answers and publishes.

One task decides commands one by one; their entries form a group that is appended in one
transaction while the next group forms. Nothing that depends on an uncommitted entry leaves:
results, refusals, repeated receipts and `committed` all wait for the commit. A fault in `evolve`,
in an invariant or in the append leaves a state that the journal may not have: the process must end,
and nobody is answered any more.

What is due by time or by a trigger becomes an entry of its own before the next command, or as soon
as it is due where nobody commands anything (`Clockwork`).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.engine.balance_watch import BalanceWatch
from xyk.engine.clock import AHEAD_MAX_MS, CallLater, Clock, WriterClock, call_in_loop
from xyk.engine.clockwork import BY_CLOCK, Clockwork
from xyk.engine.committer import Committer
from xyk.engine.crossings import Crossings
from xyk.engine.entry import GENESIS_HASH, encode, seal_entry
from xyk.engine.intake import ACTIONS_MAX, BYTES_MAX, Answer, Intake, Item
from xyk.engine.journal import Journal
from xyk.engine.observer import NoObserver, Observer
from xyk.engine.receipts import FindAction, Receipts
from xyk.engine.refusals import CLOCK_JUMPED, QUEUE_FULL, may_be_known, overloaded, stranger
from xyk.engine.submission import Committed, Submission
from xyk.engine.tail import KEPT_MIN
from xyk.exchange.decide import decide
from xyk.exchange.invariants import check
from xyk.exchange.state import State
from xyk.exchange.trial_balance import TrialBalance

__all__ = ["Committed", "Submission", "Writer", "WriterStopped"]

LAG_MAX = 100_000  # entries that the read tables may be behind

Listener = Callable[[Sequence[Committed]], None]

log = logging.getLogger(__name__)


class WriterStopped(Exception):
    """The writer failed. Whether the command was accepted is not known: ask again after restart."""


class Writer:
    """`find_action` gives the seq of a digest that the read tables have; `projected` says up to
    which seq they are complete, at the start up to the state's. Without `projected` there are no
    read tables and the writer keeps every receipt of its own time (tests).

    `head_hash` is that of the entry `state.seq`. `call_later` wakes the writer for what is due.
    `listeners` get the entries of each commit, in order. `on_failure` is called first of all when
    the writer fails; the process should then end.
    """

    def __init__(
        self,
        state: State,
        journal: Journal,
        clock: Clock,
        find_action: FindAction,
        *,
        head_hash: str = GENESIS_HASH,
        projected: Callable[[], int] | None = None,
        observer: Observer | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
        accept_clock: bool = False,
        call_later: CallLater = call_in_loop,
        actions_max: int = ACTIONS_MAX,
        bytes_max: int = BYTES_MAX,
        lag_max: int = LAG_MAX,
        tail_min: int = KEPT_MIN,
    ) -> None:
        """Raises ClockRefused. The state is the journal's, folded to its end."""
        self.listeners: list[Listener] = []
        self.balances = BalanceWatch(state)  # for listeners: what entries change of balances
        self._state = state
        self._journal = journal
        self._clock = WriterClock(clock, state.now_ms, accept_clock)
        self._observer: Observer = observer or NoObserver()
        self._on_failure = on_failure
        self._lag_max = lag_max
        self._head_hash = head_hash  # of the last decided entry
        self._receipts = Receipts(state, journal, find_action, projected, tail_min)
        self._intake = Intake(actions_max, bytes_max)
        self._commits = Committer(
            journal,
            self._clock,
            self._observer,
            (state.seq, head_hash),
            TrialBalance(state).check,
            self._publish,
            self._fail,
        )
        self._wake = asyncio.Event()
        self._wake.set()  # something may be due from the start
        self._clockwork = Clockwork(state, call_later, self._wake.set)
        self._crossings = Crossings(state, self._observer)
        self._ended = asyncio.Event()
        self._is_running = False
        self._is_closing = False
        self._clock_is_ahead = False
        self._failure: BaseException | None = None

    @property
    def head(self) -> tuple[int, str]:
        """Seq and hash of the last committed entry."""
        return self._commits.head

    @property
    def committed_seq(self) -> int:
        return self._commits.head[0]

    @property
    def queue_depth(self) -> int:
        """Actions that are accepted into the queue and not decided."""
        return self._intake.actions

    def unready(self) -> Rejected | None:
        """Why no command would be taken now; None where one would. Raises WriterStopped."""
        if self._clock.read()[1] > AHEAD_MAX_MS:
            return CLOCK_JUMPED
        return self._closed() or (None if self._intake.has_room else QUEUE_FULL)

    async def submit(self, submission: Submission) -> Answer:
        """Decided and, where accepted, committed. Raises WriterStopped; cancelling it cancels only
        the wait.
        """
        return (await self.submit_batch((submission,)))[0]

    async def submit_batch(self, submissions: Sequence[Submission]) -> list[Answer]:
        """The same for several, decided in order, each on its own: a refusal does not stop the
        next. All get a place in the queue, or all are OVERLOADED.
        """
        if not submissions:
            return []
        closed = self._closed()
        if closed is None:
            # Nobody else holds this future, so that it needs no shield: the writer sets it only
            # where it is not done, and the item stays in the queue whatever becomes of it.
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            item = self._intake.reserve(submissions, self._state.seq, future)
            if item is not None:
                return await self._take(item)
            closed = QUEUE_FULL
        self._count_refusals([closed] * len(submissions))
        return [closed] * len(submissions)

    async def committed(self, seq: int) -> None:
        """Returns when entry `seq`, decided already, is on disk: what was computed from the state
        at `seq` may leave. Raises WriterStopped.
        """
        if seq <= self.committed_seq:
            return
        assert seq <= self._state.seq, "nobody can know a seq that is not decided"
        if self._failure is not None:
            raise WriterStopped
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commits.settle(future, seq)
        await future

    async def run(self) -> None:
        """Returns after `stop`, when everything accepted is committed and answered. Raises
        WriterStopped when the writer failed. Cancelling it is a failure.
        """
        assert not self._is_running, "there is one writer"
        self._is_running = True
        try:
            head = await self._journal.head()
            assert head == self.head, f"the journal ends at {head}, not at {self.head}"
            await self._clockwork.remember(self._journal, self._state.seq)
            while self._failure is None and not self._is_drained():
                await self._wake.wait()
                self._wake.clear()
                await self._decide_queue()
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._clockwork.rest()
            self._ended.set()
        if self._failure is not None:
            raise WriterStopped from self._failure

    async def stop(self) -> None:
        """Takes nothing more; returns when what was accepted is answered, or when the writer
        failed.
        """
        self._is_closing = True
        self._wake.set()
        if self._is_running:
            await self._ended.wait()

    # What runs in the tasks of those who submit.

    def _closed(self) -> Rejected | None:
        if self._failure is not None:
            raise WriterStopped
        if self._is_closing:
            return overloaded("The server is shutting down")
        lag = self._receipts.lag(self.committed_seq)
        if lag > self._lag_max:
            return overloaded(f"The read tables are {lag} entries behind")
        return None

    async def _take(self, item: Item) -> list[Answer]:
        """The answers of an item whose places are reserved."""
        asked = []
        for index, submission in enumerate(item.submissions):
            if self._receipts.nonce_was_used(submission):
                asked.append(index)
        if asked:
            await self._ask_first(item, asked)
        if asked and None not in item.answers:
            self._intake.release(item)
        else:
            self._intake.push(item)
            self._wake.set()
            await item.future
        if item.has_refusals:
            late = [n for n, answer in enumerate(item.answers) if may_be_known(answer)]
            await self._ask(item, [n for n in late if n not in asked])
            self._count_refusals(item.given())
        return item.given()

    async def _ask_first(self, item: Item, asked: Sequence[int]) -> None:
        """Before the item is queued, so that nobody else waits for the look-ups."""
        item.has_refusals = True
        try:
            await self._ask(item, asked)
            closed = self._closed()
        except BaseException:
            self._intake.release(item)
            raise
        if closed is not None:
            item.answers = [answer or closed for answer in item.answers]

    def _count_refusals(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            if isinstance(answer, Rejected):
                self._observer.refused(answer.code)

    async def _ask(self, item: Item, indexes: Sequence[int]) -> None:
        """Puts first receipts in the place of answers, where there are any."""
        for index in indexes:
            submission = item.submissions[index]
            try:
                receipt = await self._receipts.find(submission)
            except Exception:
                log.exception("looking up action %s failed", submission.evidence.digest)
                item.answers[index] = Rejected(
                    Code.SERVER_ERROR, "The look-up of earlier receipts failed; nothing was changed"
                )
                continue
            if receipt is None:
                continue
            await self.committed(receipt.entry.seq)
            if self._receipts.speaks_for_owner(submission):
                item.answers[index] = receipt.again()
            else:  # refused here: by its turn the signer might be an agent, and it would run twice
                item.answers[index] = stranger(submission)

    # What runs in the writer's own task.

    def _is_drained(self) -> bool:
        return self._is_closing and self._commits.is_idle and not self._intake

    async def _decide_queue(self) -> None:
        await self._fill()
        while self._commits.flush():
            await asyncio.sleep(0)  # the append begins while the next group forms
            await self._fill()
        if self._commits.forming.has_room and not self._is_closing:  # else a commit wakes it
            self._clockwork.wind(*self._clock.read())

    async def _fill(self) -> None:
        """Decides what is queued, and what is due, into the group that forms, as far as it has
        room.
        """
        now_ms = self._now_ms()
        while self._intake and self._commits.forming.has_room:
            item = self._intake.first()
            if item.answers[item.next] is None:
                if self._receipts.may_be_missed(item.submissions[item.next], item.seen_seq):
                    item.has_refusals = True
                    await self._ask(item, (item.next,))
                    if self._failure is not None:
                        return
                    now_ms = self._now_ms()
                if item.answers[item.next] is None:
                    answer = self._answer(item, now_ms)
                    if answer is None:
                        return
                    item.answers[item.next] = answer
                    item.has_refusals |= isinstance(answer, Rejected)
            item.next += 1
            if item.next == len(item.answers):
                self._intake.pop()
                self._commits.settle(item.future, item.needs_seq)
        if now_ms is not None and not self._is_closing:
            self._enter_due(now_ms)

    def _answer(self, item: Item, now_ms: int | None) -> Answer | None:
        """None: what is due before the command has filled the group."""
        submission = item.submissions[item.next]
        first = self._receipts.newest(submission)
        if first is not None:
            item.needs_seq = max(item.needs_seq, first.entry.seq)
            return first.again()
        if now_ms is None:
            return CLOCK_JUMPED
        if not self._enter_due(now_ms):
            return None
        try:
            answer = self._decide(submission, item.encoded[item.next], now_ms)
        except Exception:
            # Pure until here: the state is as it was.
            kind, digest = type(submission.command).__name__, submission.evidence.digest
            log.exception("deciding %s failed, digest %s", kind, digest)
            answer = Rejected(Code.SERVER_ERROR, "The exchange has a fault; nothing was changed")
        if isinstance(answer, Committed):
            self._enter(answer)
        item.needs_seq = self._state.seq  # also for a refusal: it tells of the state
        return answer

    def _enter_due(self, now_ms: int) -> bool:
        """Entries of all that the clock must do before the next command, as far as the group has
        room; whether it still has. Nobody can be refused here: a fault stops the writer.
        """
        while self._commits.forming.has_room:
            command = self._clockwork.due(now_ms)
            if command is None:
                return True
            encoded = encode(command), encode(BY_CLOCK)
            decided = self._decide(Submission(command, BY_CLOCK), encoded, now_ms)
            assert isinstance(decided, Committed), f"{command} is due and was refused: {decided}"
            self._enter(decided)
        return False

    def _decide(self, submission: Submission, encoded: tuple[bytes, bytes], now_ms: int) -> Answer:
        """Pure: the entry that the command would be."""
        state = self._state
        seq = state.seq + 1
        command, evidence = submission.command, submission.evidence
        request = Request(seq, now_ms, evidence.signer, evidence.digest, evidence.scheme, command)
        outcome = decide(state, request)
        if isinstance(outcome, Rejected):
            return outcome
        kind, events = type(command).__name__, encode(outcome)
        entry = seal_entry(seq, now_ms, kind, *encoded, events, self._head_hash)
        return Committed(entry, command, evidence, outcome)

    def _enter(self, decided: Committed) -> None:
        """Into the state and the group that forms; from here on it cannot be taken back."""
        entry, events = decided.entry, decided.events
        self.balances.apply(entry.seq, entry.time, events)
        check(self._state, events)
        self._crossings.look(events)
        self._head_hash = entry.hash
        self._commits.forming.add(decided)
        self._receipts.add(decided)
        self._clockwork.count(decided.command)

    def _now_ms(self) -> int | None:
        """The stamp of the next entries; None while the wall clock is not believed."""
        now_ms, ahead_ms = self._clock.read()
        is_ahead = ahead_ms > AHEAD_MAX_MS
        if is_ahead != self._clock_is_ahead:
            self._clock_is_ahead = is_ahead
            self._observer.clock_ahead(ahead_ms if is_ahead else 0)
            log.error("the wall clock is %d ms ahead of the time since the start", ahead_ms)
        return None if is_ahead else max(now_ms, self._state.now_ms)

    def _publish(self, committed: Sequence[Committed]) -> None:
        for listener in self.listeners:
            try:
                listener(committed)
            except Exception:  # what is committed stays so, whoever fails to hear of it
                log.exception("a listener failed at seq %d", committed[-1].entry.seq)
        self._receipts.prune(committed)
        self._wake.set()

    def _fail(self, error: BaseException) -> None:
        if self._failure is not None:
            return
        self._failure = error
        log.critical("the writer stops at seq %d", self.committed_seq, exc_info=error)
        self._observer.stopped(error)
        if self._on_failure is not None:
            self._on_failure(error)
        self._commits.abandon(WriterStopped)
        self._intake.abandon(WriterStopped)
        self._wake.set()
