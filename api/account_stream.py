"""The private streams `account.orderUpdate`, `account.orderUpdate.S` and `account.balanceUpdate`:
an owner's own, for whoever subscribes with a signature of one of its API keys. With `@0xOWNER`
behind it the last one is told as order_stream.py's are: to anybody, or by a session.

In the hub the name of such a stream has the key behind it, so that what a key listens to ends with
the key: told so as soon as its revocation is committed, or with the first frame after it expired.
Who may listen and what is said comes from committed entries alone.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from api.hub import KEY_MARK, Hub
from api.key_requests import key_headers, signed_text
from api.views import address
from xyk.domain.decimals import whole_tokens
from xyk.domain.events import ApiKeyApproved, ApiKeyRevoked
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import LP_PREFIX, parse_hex
from xyk.engine.balance_watch import BalanceChange, BalanceWatch
from xyk.engine.entry import Entry
from xyk.engine.submission import Committed
from xyk.exchange.key_requests import window_fault
from xyk.exchange.state import ApiKey, State

ORDER_UPDATE, BALANCE_UPDATE = "account.orderUpdate", "account.balanceUpdate"
# Clients of the convention subscribe to these beside what they want; they never say anything here.
SILENT = ("account.positionUpdate", "account.rfqUpdate")
SUBSCRIBE = "subscribe"  # the instruction, of UNSUBSCRIBE too
UNAUTHORIZED = 4001

_encode = msgspec.json.Encoder().encode


def is_private(name: str) -> bool:
    """Whether it takes a signature; those that name their owner are public."""
    return name.startswith("account.") and "@" not in name


class AccountStream:
    """Made before the writer runs: all of `state` is committed."""

    def __init__(self, state: State, hub: Hub, balances: BalanceWatch) -> None:
        self._state = state  # for names and decimals, which never change
        self._hub = hub
        self._balances = balances
        self._keys: dict[str, ApiKey] = dict(state.api_keys)
        self._listening: dict[str, dict[str, None]] = {}  # owner -> keys, some without readers
        # Owners whose balances are followed, and what those streams are called that name them.
        self._watched: dict[str, tuple[str, ...]] = {}

    def listener(self, signature: Sequence[str | int] | None, now_ms: int) -> str | Rejected:
        """The key that signed a subscription just now."""
        if signature is None or len(signature) != 4:
            return Rejected(
                Code.UNAUTHORIZED,
                "Account streams take a signature: [public key, signature, timestamp, window]; "
                "or the token of a session",
            )
        key, signed, timestamp, window = [str(part) for part in signature]
        headers = key_headers(key, signed, timestamp, window)
        if isinstance(headers, Rejected):
            return headers
        text = signed_text(headers, SUBSCRIBE, [])
        if isinstance(text, Rejected):
            return text
        fault = window_fault(now_ms, headers.timestamp, headers.window)
        if fault is not None:
            return fault
        if not self._may_listen(headers.public_key, now_ms):
            return Rejected(
                Code.UNAUTHORIZED,
                f"Key {headers.public_key} is not approved, was revoked or expired",
            )
        return headers.public_key

    def stream(self, name: str, public_key: str, markets: Any) -> str | None:
        """What the hub calls a private stream for this key; empty for a silent one, None where
        there is none of that name."""
        channel, _, market = name.partition(".")[2].partition(".")
        channel = f"account.{channel}"
        if (market and market not in markets) or name.endswith("."):
            return None
        if channel in SILENT:
            return ""
        if channel == ORDER_UPDATE or name == BALANCE_UPDATE:
            return name + KEY_MARK + public_key
        return None

    def follow(self, public_key: str) -> None:
        """A stream of this key has a reader."""
        owner = self._keys[public_key].owner
        self._listening.setdefault(owner, {})[public_key] = None
        if self._hub.has_readers(_balance_name(public_key)):
            self._watch(owner)

    def follow_named(self, name: str) -> None:
        """A stream that names its owner has a reader."""
        if name.startswith(BALANCE_UPDATE):
            self._watch(parse_hex(name.partition("@")[2], 20))

    def order_names(self, owner: str, market: str, time_ms: int) -> Iterator[str]:
        """The private streams that tell of an owner's orders in a market."""
        for public_key in self._heard(owner, time_ms):
            yield ORDER_UPDATE + KEY_MARK + public_key
            yield f"{ORDER_UPDATE}.{market}{KEY_MARK}{public_key}"

    def publish(self, committed: Committed) -> None:
        """After the frames about its orders."""
        entry = committed.entry
        for change in self._balances.taken(entry.seq):
            if not change.asset.startswith(LP_PREFIX):  # a colon breaks the convention's clients
                heard = [_balance_name(key) for key in self._heard(change.account, entry.time)]
                names = (*heard, *self._watched.get(change.account, ()))
                self._hub.push(names, self._frame(entry, change), replaceable=False)
        if entry.kind in ("ApproveApiKey", "RevokeApiKey"):
            for event in committed.events:
                self._key_changed(event)

    def forget_silent(self) -> None:
        """Owners whose readers all went away."""
        for owner, named in list(self._watched.items()):
            keyed = [_balance_name(key) for key in self._listening.get(owner, ())]
            if not any(self._hub.has_readers(name) for name in (*named, *keyed)):
                del self._watched[owner]
                self._balances.forget(owner)
        for owner, keys in list(self._listening.items()):
            for public_key in [key for key in keys if not self._hub.has_key(key)]:
                del keys[public_key]
            if not keys:
                del self._listening[owner]

    def _watch(self, owner: str) -> None:
        if owner not in self._watched:
            self._watched[owner] = named(BALANCE_UPDATE, owner)
            self._balances.watch(owner)

    def _heard(self, owner: str, time_ms: int) -> list[str]:
        """The keys of an owner that listen and may; those that may not are told."""
        heard = []
        for public_key in list(self._listening.get(owner, ())):
            if self._may_listen(public_key, time_ms):
                heard.append(public_key)
            else:
                self._end(public_key)
        return heard

    def _may_listen(self, public_key: str, time_ms: int) -> bool:
        key = self._keys.get(public_key)
        return key is not None and not key.revoked and time_ms // 1000 <= key.valid_until

    def _key_changed(self, event: object) -> None:
        if isinstance(event, ApiKeyApproved):
            self._keys[event.public_key] = ApiKey(event.owner, event.valid_until)
        elif isinstance(event, ApiKeyRevoked):
            key = self._keys[event.public_key]
            self._keys[event.public_key] = ApiKey(key.owner, key.valid_until, revoked=True)
            if event.public_key in self._listening.get(key.owner, ()):
                self._end(event.public_key)

    def _end(self, public_key: str) -> None:
        message = f"UNAUTHORIZED: key {public_key} was revoked or expired"
        frame = {"id": None, "error": {"code": UNAUTHORIZED, "message": message}}
        self._hub.drop_key(public_key, _encode(frame).decode())
        del self._listening[self._keys[public_key].owner][public_key]

    def _frame(self, entry: Entry, change: BalanceChange) -> str:
        decimals = self._state.assets[change.asset].decimals
        frame = {
            "e": "balanceUpdate",
            "E": entry.time * 1000,
            "a": change.asset,
            "A": whole_tokens(change.available, decimals),
            "L": whole_tokens(change.held, decimals),
            "S": "0",
            "seq": entry.seq,
        }
        return _encode(frame).decode()


def named(stream: str, owner: str) -> tuple[str, str]:
    """The spellings of a stream that names its owner: in lower case and with the checksum."""
    return f"{stream}@{owner}", f"{stream}@{address(owner)}"


def _balance_name(public_key: str) -> str:
    return BALANCE_UPDATE + KEY_MARK + public_key
