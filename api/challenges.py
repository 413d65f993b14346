"""Sign-in messages that wait for their signature: each good once, for five minutes, so many an
address on the net and so many in all.
"""

import secrets
from collections.abc import Callable

from api.limits import Limited
from xyk.domain.rejections import Code, Rejected
from xyk.wallet.session import SignIn

CHALLENGE_S = 5 * 60
PER_IP_MAX = 256
OPEN_MAX = 20_000  # about 10 MB
NONCE_BYTES = 16


class Challenges:
    """`now_s` gives unix seconds, which never go back."""

    def __init__(self, now_s: Callable[[], int], open_max: int = OPEN_MAX) -> None:
        self._now_s = now_s
        self._open_max = open_max
        # By nonce, oldest first: all of them live equally long.
        self._open: dict[str, tuple[SignIn, str]] = {}
        self._per_ip: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self, ip: str, make: Callable[[str, int], SignIn]) -> SignIn | Rejected:
        """The message that `make` builds from a nonce and the time."""
        now_s = self._now_s()
        self._forget(now_s)
        if self._per_ip.get(ip, 0) >= PER_IP_MAX:
            oldest = next(message for message, of in self._open.values() if of == ip)
            return Limited(
                Code.TOO_MANY_REQUESTS,
                f"{PER_IP_MAX} sign-ins of your address wait for their signature; sign one of them",
                retry_after_s=self.expires(oldest) + 1 - now_s,
            )
        if len(self._open) >= self._open_max:
            return Rejected(Code.OVERLOADED, "Too many sign-ins wait; try again in a moment")
        message = make(secrets.token_hex(NONCE_BYTES), now_s)
        self._open[message.nonce] = message, ip
        self._per_ip[ip] = self._per_ip.get(ip, 0) + 1
        return message

    def take(self, nonce: str) -> SignIn | None:
        """The message, which from now on nobody can sign in with again."""
        self._forget(self._now_s())
        found = self._open.get(nonce)
        if found is None:
            return None
        self._remove(nonce)
        return found[0]

    def expires(self, message: SignIn) -> int:
        """The last unix second in which it can be signed in with."""
        return message.issued + CHALLENGE_S

    def _forget(self, now_s: int) -> None:
        while self._open:
            nonce, (message, _) = next(iter(self._open.items()))
            if now_s <= self.expires(message):
                return
            self._remove(nonce)

    def _remove(self, nonce: str) -> None:
        _, ip = self._open.pop(nonce)
        self._per_ip[ip] -= 1
        if not self._per_ip[ip]:
            del self._per_ip[ip]
