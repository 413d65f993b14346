"""Sign-in messages that wait for their signature: each good once, for five minutes, so many an
address on the net and so many in all.

Where all places are taken, whoever has most of them gives one up: a flood out of many addresses
displaces itself, and nobody who begins a sign-in or two.
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
        self._of_ip: dict[str, dict[str, None]] = {}  # address on the net -> nonces, oldest first
        # By how many it has: who has as many.
        self._having: list[dict[str, None]] = [{} for _ in range(PER_IP_MAX + 1)]

    def __len__(self) -> int:
        return len(self._open)

    def open(self, ip: str, make: Callable[[str, int], SignIn]) -> SignIn | Rejected:
        """The message that `make` builds from a nonce and the time."""
        now_s = self._now_s()
        self._forget(now_s)
        mine = self._of_ip.get(ip, {})
        if len(mine) >= PER_IP_MAX:
            oldest, _ = self._open[next(iter(mine))]
            return Limited(
                Code.TOO_MANY_REQUESTS,
                f"{PER_IP_MAX} sign-ins of your address wait for their signature; sign one of them",
                retry_after_s=self.expires(oldest) + 1 - now_s,
            )
        if len(self._open) >= self._open_max and not self._displace(len(mine)):
            return Rejected(Code.OVERLOADED, "Too many sign-ins wait; try again in a moment")
        message = make(secrets.token_hex(NONCE_BYTES), now_s)
        self._open[message.nonce] = message, ip
        self._rank(ip, lambda nonces: nonces.setdefault(message.nonce))
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

    def _displace(self, count: int) -> bool:
        """Makes room for one who has `count`, at the cost of who has at least two more."""
        for having in reversed(self._having[count + 2 :]):
            for ip in having:
                self._remove(next(iter(self._of_ip[ip])))
                return True
        return False

    def _remove(self, nonce: str) -> None:
        _, ip = self._open.pop(nonce)
        self._rank(ip, lambda nonces: nonces.pop(nonce))

    def _rank(self, ip: str, change: Callable[[dict[str, None]], object]) -> None:
        nonces = self._of_ip.setdefault(ip, {})
        self._having[len(nonces)].pop(ip, None)
        change(nonces)
        if nonces:
            self._having[len(nonces)][ip] = None
        else:
            del self._of_ip[ip]
