"""The signing side: a private key with its address, and the allocation of nonces.

The server needs neither; clients, tools and tests do. Time and randomness come in as data.
"""

import secrets
from typing import Self

from coincurve import PrivateKey

from xyk.domain.commands import SignedAction
from xyk.domain.units import NONCE_PAST_S, NONCE_SLOTS, parse_hex
from xyk.wallet.session import personal_hash
from xyk.wallet.typed_data import Domain, digest
from xyk.wallet.verify import address_of

# A spare nonce is at most half the window old: it outlives the longest deadline of its action.
SPARE_AGE_S = NONCE_PAST_S // 2
SPARES_MAX = 4_096  # intervals kept; forgetting the oldest only wastes nonces


class Wallet:
    """A private key and its address (lower case). ValueError unless 32 bytes within 1 .. n-1."""

    __slots__ = ("_key", "address")

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("Expected a private key of 32 bytes")
        self._key = PrivateKey(key)
        self.address = address_of(self._key.public_key)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """A key kept as 0x and 64 hex digits."""
        return cls(bytes.fromhex(parse_hex(text, 32)[2:]))

    @classmethod
    def random(cls) -> Self:
        return cls(secrets.token_bytes(32))

    def __repr__(self) -> str:
        return f"Wallet({self.address})"

    @property
    def private_key(self) -> str:
        """0x and 64 hex digits, to be kept in a file of mode 0600 and nowhere else."""
        return "0x" + self._key.secret.hex()

    def sign(self, domain: Domain, action: SignedAction) -> str:
        """65 bytes r||s||v as 0x hex, v 27 or 28, low s; the same each time (RFC 6979)."""
        return self._signed(digest(domain, action))

    def sign_text(self, text: str) -> str:
        """As `personal_sign` of a wallet does (EIP-191): what a sign-in is signed with."""
        return self._signed(personal_hash(text))

    def _signed(self, hashed: bytes) -> str:
        signature = self._key.sign_recoverable(hashed, hasher=None)
        assert signature[64] < 2
        return "0x" + signature[:64].hex() + ("1b", "1c")[signature[64]]


class NonceClock:
    """Hands out the nonces of one signer, each once: unix seconds << 8 | slot, so 256 a second.

    A busier second is served from slots of earlier seconds that were left unused. Nothing is kept
    over a restart: the next second is fresh. Two random numbers keep processes of one signer apart
    that know nothing of each other: each second begins at `first_slot`, and the nonces of the
    first second are taken from `first_age_s` earlier, for those that live no longer than that. One
    clock a signer; not for threads.
    """

    __slots__ = ("_first_age_s", "_first_slot", "_next", "_now_s", "_spares")

    def __init__(self, first_slot: int = 0, first_age_s: int = 0) -> None:
        assert 0 <= first_slot < NONCE_SLOTS
        assert 0 <= first_age_s < SPARE_AGE_S
        self._first_slot = first_slot
        self._first_age_s = first_age_s
        self._now_s = 0  # the latest second asked for
        self._next: int | None = None
        # Nonces are consecutive integers: what was skipped is intervals [low, high), oldest first.
        self._spares: list[tuple[int, int]] = []

    def next_nonce(self, now_s: int) -> int:
        """A nonce never handed out before, of second `now_s` or at most SPARE_AGE_S earlier.

        RuntimeError when all of them are spent.
        """
        end = (now_s + 1) * NONCE_SLOTS
        oldest = max(now_s - SPARE_AGE_S, 0) * NONCE_SLOTS
        if self._next is None:
            second = max(now_s - self._first_age_s, 0)
            self._next = second * NONCE_SLOTS + self._first_slot
            self._spare(oldest, self._next)
        elif now_s > self._now_s:
            begin = now_s * NONCE_SLOTS + self._first_slot
            self._spare(self._next, begin)
            self._next = begin
        self._now_s = max(self._now_s, now_s)
        if self._next < end:
            self._next += 1
            return self._next - 1
        return self._take_spare(oldest, end)

    def _spare(self, low: int, high: int) -> None:
        if low < high:
            self._spares.append((low, high))
            del self._spares[:-SPARES_MAX]

    def _take_spare(self, oldest: int, end: int) -> int:
        """The newest spare below `end`: it may lie inside an interval if the clock was set back."""
        for index in range(len(self._spares) - 1, -1, -1):
            low, high = self._spares[index]
            nonce = min(high, end) - 1
            if nonce >= max(low, oldest):
                rest = ((low, nonce), (nonce + 1, high))
                self._spares[index : index + 1] = [part for part in rest if part[0] < part[1]]
                return nonce
        raise RuntimeError(f"no unused nonce within {SPARE_AGE_S} s before {end // NONCE_SLOTS}")
