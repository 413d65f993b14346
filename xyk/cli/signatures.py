"""Recovery of journalled signatures on all cores, in order: the earliest bad one is the one
reported.
"""

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from xyk.domain.commands import COMMANDS
from xyk.domain.rejections import Rejected
from xyk.domain.session_commands import OpenSession
from xyk.domain.units import decode_journal
from xyk.wallet.session import session_fault
from xyk.wallet.typed_data import Domain
from xyk.wallet.verify import verify_action

CHUNK = 500
ALONE_MAX = 4_000  # fewer signatures than this are checked sooner than processes start


class Claim(NamedTuple):
    """One entry's signature and what it is said to prove. `command` is the journalled JSON, `text`
    what was signed where it is no typed data."""

    seq: int
    kind: str
    command: bytes
    signer: str
    digest: str
    signature: str
    text: str = ""


class Fault(NamedTuple):
    seq: int
    reason: str


class Place(NamedTuple):
    """The EIP-712 domain of the journal, as plain values that travel between processes."""

    salt: str
    chain_id: int
    contract: str


def first_fault(place: Place, claims: Sequence[Claim]) -> Fault | None:
    """Recovers each signer from the signature and the digest of the journalled command."""
    domain = Domain(place.salt, place.chain_id, place.contract)
    decoders = {
        kind: msgspec.json.Decoder(COMMANDS[kind], dec_hook=decode_journal)
        for kind in {claim.kind for claim in claims}
    }
    for claim in claims:
        action = decoders[claim.kind].decode(claim.command)
        if isinstance(action, OpenSession):
            why = session_fault(domain, action, claim.text, claim.signature, claim.signer)
            if why is not None:
                return Fault(claim.seq, why)
            continue
        try:
            proven = verify_action(domain, action, claim.signature)
        except (OverflowError, ValueError, AssertionError) as fault:
            return Fault(claim.seq, f"the command is no {claim.kind}: {fault}")
        if isinstance(proven, Rejected):
            return Fault(claim.seq, f"the signature is malformed: {proven.message}")
        signer, digest = proven
        if digest != claim.digest:
            return Fault(
                claim.seq, f"the command's digest is {digest}, the entry says {claim.digest}"
            )
        if signer != claim.signer:
            return Fault(
                claim.seq, f"the signature is {signer}'s over this command, not {claim.signer}'s"
            )
    return None


class Recovery:
    """Takes claims in journal order and keeps a bounded number of chunks on the way."""

    def __init__(self, expected: int, processes: int | None = None) -> None:
        """`expected`: about how many claims will come."""
        self._processes = processes or os.cpu_count() or 1
        self._is_alone = expected <= ALONE_MAX
        self._pool: Executor | None = None
        self._place: Place | None = None
        self._claims: list[Claim] = []
        self._running: deque[asyncio.Future[Fault | None]] = deque()
        self.checked = 0

    async def __aenter__(self) -> Self:
        if not self._is_alone:
            self._pool = ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    async def add(self, place: Place, claim: Claim) -> Fault | None:
        """A fault of some earlier claim, once it is known."""
        self._place = place
        self._claims.append(claim)
        if len(self._claims) < CHUNK:
            return None
        return await self._submit()

    async def finish(self) -> Fault | None:
        """The first fault of all that is still on the way."""
        fault = await self._submit() if self._claims else None
        while fault is None and self._running:
            fault = await self._running.popleft()
        return fault

    async def _submit(self) -> Fault | None:
        assert self._place is not None
        claims, self._claims = self._claims, []
        self.checked += len(claims)
        if self._pool is None:
            return first_fault(self._place, claims)
        loop = asyncio.get_running_loop()
        self._running.append(loop.run_in_executor(self._pool, first_fault, self._place, claims))
        fault = None
        while fault is None and len(self._running) > 2 * self._processes:
            fault = await self._running.popleft()
        return fault
