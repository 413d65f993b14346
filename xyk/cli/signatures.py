"""The check of journalled signatures on all cores, in order: the earliest bad one is the one
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

from xyk.domain.commands import COMMANDS, SignedAction
from xyk.domain.key_commands import KeyCommand
from xyk.domain.rejections import Rejected
from xyk.domain.request import ED25519
from xyk.domain.session_commands import OpenSession
from xyk.domain.units import decode_journal
from xyk.engine.entry import Evidence
from xyk.wallet.api_key import commands_of, request_digest, verify_request
from xyk.wallet.session import session_fault
from xyk.wallet.typed_data import Domain
from xyk.wallet.verify import verify_action

CHUNK = 500
ALONE_MAX = 4_000  # fewer signatures than this are checked sooner than processes start


class Claim(NamedTuple):
    """One entry's evidence, and the journalled JSON of the command that it is said to prove."""

    seq: int
    kind: str
    command: bytes
    evidence: Evidence


class Fault(NamedTuple):
    seq: int
    reason: str


class Place(NamedTuple):
    """The EIP-712 domain of the journal, as plain values that travel between processes."""

    salt: str
    chain_id: int
    contract: str


def first_fault(place: Place, claims: Sequence[Claim]) -> Fault | None:
    """Proves each command again from its signature, by a wallet or by an API key."""
    domain = Domain(place.salt, place.chain_id, place.contract)
    decoders = {
        kind: msgspec.json.Decoder(COMMANDS[kind], dec_hook=decode_journal)
        for kind in {claim.kind for claim in claims}
    }
    for claim in claims:
        command = decoders[claim.kind].decode(claim.command)
        try:
            if claim.evidence.scheme == ED25519:
                wrong = _key_fault(command, claim.evidence)
            elif isinstance(command, OpenSession):
                wrong = _session_fault(domain, command, claim.evidence)
            else:
                wrong = _wallet_fault(domain, command, claim.evidence)
        except (OverflowError, ValueError, AssertionError) as fault:
            wrong = f"the command is no {claim.kind}: {fault}"
        if wrong:
            return Fault(claim.seq, wrong)
    return None


def _wallet_fault(domain: Domain, action: SignedAction, evidence: Evidence) -> str:
    """Recovers the signer from the signature and the digest of the journalled command."""
    proven = verify_action(domain, action, evidence.signature)
    if isinstance(proven, Rejected):
        return f"the signature is malformed: {proven.message}"
    signer, digest = proven
    if digest != evidence.digest:
        return f"the command's digest is {digest}, the entry says {evidence.digest}"
    if signer != evidence.signer:
        return f"the signature is {signer}'s over this command, not {evidence.signer}'s"
    return ""


def _key_fault(command: KeyCommand, evidence: Evidence) -> str:
    """The key signed the text, and the text at its index asks for the journalled command."""
    text, index = evidence.text, evidence.index
    proven = verify_request(evidence.signer, evidence.signature, (text, text))
    if isinstance(proven, Rejected):
        return f"the signature is not {evidence.signer}'s over the text: {proven.message}"
    digest = request_digest(evidence.signer, text, index)
    if digest != evidence.digest:
        return f"the request's digest is {digest}, the entry says {evidence.digest}"
    asked = commands_of(text)
    if isinstance(asked, Rejected):
        return f"the text asks for nothing: {asked.message}"
    if index >= len(asked) or asked[index] != command:
        return f"the text does not ask for this command at index {index}"
    return ""


def _session_fault(domain: Domain, command: OpenSession, evidence: Evidence) -> str:
    return session_fault(domain, command, evidence.text, evidence.signature, evidence.signer)


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
