"""First receipts of actions that were accepted before, by digest.

The newest are in memory (`Tail`), the others are found through the read tables and rebuilt from the
journal. An action that was accepted is known whoever signs it, as long as that one may sign for the
owner; decide cannot tell, because memory holds no digests.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from xyk.domain.request import ED25519, EIP712
from xyk.engine.journal import Journal
from xyk.engine.submission import Committed, Submission, receipt_of
from xyk.engine.tail import Tail
from xyk.exchange.state import State

FindAction = Callable[[str], Awaitable[int | None]]


class Receipts:
    """`find_action` gives the seq of a digest that the read tables have. `projected` says up to
    which seq they are complete; None: there are none, and the tail keeps everything.
    """

    def __init__(
        self,
        state: State,
        journal: Journal,
        find_action: FindAction,
        projected: Callable[[], int] | None,
        kept_min: int,
    ) -> None:
        self._state = state
        self._journal = journal
        self._find_action = find_action
        self._projected = projected
        self._tail = Tail(state.seq, kept_min)

    def lag(self, committed_seq: int) -> int:
        """By how many entries the read tables are behind."""
        return committed_seq - self._projected() if self._projected is not None else 0

    def add(self, committed: Committed) -> None:
        self._tail.add(committed)

    def prune(self, committed: Sequence[Committed]) -> None:
        """Makes room in memory after a commit."""
        if self._projected is not None:
            self._tail.prune(self._projected(), committed[-1].entry.seq)

    def nonce_was_used(self, submission: Submission) -> bool:
        """Only then, or where decide refuses for what comes before or with the nonce, may the
        digest be known: it names its owner and nonce.
        """
        if submission.evidence.scheme != EIP712:
            return False
        command: Any = submission.command
        return self._state.nonce_used_for(command.owner, submission.evidence.signer, command.nonce)

    def speaks_for_owner(self, submission: Submission) -> bool:
        """A stranger's signature is invalid, under a known digest too; a revoked agent's is not."""
        command: Any = submission.command
        signer = submission.evidence.signer
        return signer == command.owner or signer in self._state.agents.get(command.owner, ())

    def newest(self, submission: Submission) -> Committed | None:
        """The receipt if it is in memory. Its entry may not be committed yet. None for a key's
        request: the second one is refused by `decide`, whose state knows the digests."""
        if submission.evidence.scheme == ED25519:
            return None
        found = self._tail.find(submission.evidence.digest)
        return found if found is not None and self.speaks_for_owner(submission) else None

    def may_be_missed(self, submission: Submission, seen_seq: int) -> bool:
        """Whether an action accepted after `seen_seq` could be known and yet not be in memory:
        rare, since the tail keeps more entries than the queue holds actions.
        """
        if self._tail.floor <= seen_seq or self._tail.find(submission.evidence.digest) is not None:
            return False
        return self.nonce_was_used(submission)

    async def find(self, submission: Submission) -> Committed | None:
        """The receipt from memory or journal; where it is in memory, it may not be committed. None
        for a key's request, as in `newest`."""
        if submission.evidence.scheme == ED25519:
            return None
        digest = submission.evidence.digest
        if not digest:  # what nobody can ask for again
            return None
        found = self._tail.find(digest)
        if found is not None:
            return found
        seq = await self._find_action(digest)
        if seq is None:
            return None
        entry = await self._journal.entry(seq)
        assert entry is not None, f"the read tables know entry {seq}, the journal does not"
        receipt = receipt_of(entry)
        assert receipt.evidence.digest == digest, f"the read tables name entry {seq} for {digest}"
        return receipt
