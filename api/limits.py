"""How much one client may ask: token buckets by address on the net, by wallet and by key, and how
many sockets one may open. Nothing here ever stops a cancel.

A bucket is one number, the time at which it is full again (GCRA): a request moves it on by its
weight, and is refused where that is further ahead than the burst allows. What is full again need
not be remembered, so memory is bounded without losing anything that matters.
"""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec

from xyk.domain.commands import CancelAllAfter, CancelAllOrders, CancelOrder
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import SUBSCRIPTIONS_MAX

BUCKETS_MAX = 65_536  # of one kind; the least recently used are forgotten, about 10 MB
SECOND_NS = 1_000_000_000
IPV6_PREFIX = 64  # what one customer has: its addresses count as one

# What a request costs; 1 where its route is not named. A route with a name at its end is listed
# without it.
FREE = 0
WEIGHTS: Mapping[tuple[str, str], int] = {
    ("DELETE", "/api/v1/order"): FREE,
    ("DELETE", "/api/v1/orders"): FREE,
    ("POST", "/api/v1/orders/cancel-all-after"): FREE,
    ("POST", "/api/v1/actions"): FREE,  # by its elements, below
    ("POST", "/api/v1/auth/signout"): FREE,
    ("POST", "/api/v1/auth/challenge"): 5,
    ("POST", "/api/v1/auth/signin"): 20,
    ("POST", "/api/v1/auth/refresh"): 5,
    ("POST", "/api/v1/faucet"): 2,
    ("GET", "/api/v1/quote"): 2,
    ("POST", "/api/v1/quote"): 2,
    ("GET", "/api/v1/quote/order"): 5,  # walks the book twice, and nobody's funds bound it
    ("GET", "/api/v1/depth"): 2,
    ("GET", "/api/v1/orders"): 5,
    ("GET", "/api/v1/pools"): 2,
    ("GET", "/api/v1/accounts"): 2,
    ("GET", "/healthz"): FREE,
    ("GET", "/readyz"): FREE,
    ("GET", "/api/v1/journal"): 20,
    ("GET", "/api/v1/proof"): 5,
    ("GET", "/schema"): 5,
    ("GET", "/docs"): 5,
    ("GET", "/metrics"): 5,
}
# What an address pays for a request to a free route that nobody had the right to make.
FAILURE_WEIGHT = 20
IP_CHARACTERS_MAX = 64  # of a text that could be an address
ACTION_WEIGHT = 1  # of a signed action, alone or as an element of /api/v1/actions
CANCELS = frozenset({CancelOrder, CancelAllOrders, CancelAllAfter})


class Rate(msgspec.Struct, frozen=True):
    """`per_s` weights a second in the long run, `burst` at once."""

    per_s: int
    burst: int

    def __str__(self) -> str:
        return f"{self.per_s}:{self.burst}"

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """`PER_SECOND:BURST`. Raises ValueError."""
        per_s, _, burst = text.partition(":")
        numbers = [int(n) for n in (per_s, burst) if n.isascii() and n.isdigit() and len(n) <= 9]
        if len(numbers) != 2 or not numbers[0] or numbers[1] < max(WEIGHTS.values()):
            raise ValueError(
                f"{text!r} is no rate; expected PER_SECOND:BURST, such as 200:2000, with a burst "
                f"of {max(WEIGHTS.values())} or more"
            )
        return cls(*numbers)


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`trusted_proxies`: addresses or networks whose X-Forwarded-For is believed. `enabled` false:
    no limit of this file holds, except the subscriptions of a socket."""

    enabled: bool = True
    ip: Rate = Rate(10_000, 100_000)
    address: Rate = Rate(5_000, 50_000)
    key: Rate = Rate(5_000, 50_000)
    frames: Rate = Rate(100, 1_000)
    connections_per_ip: int = 512
    sockets_per_ip: int = 256
    subscriptions_per_socket: int = SUBSCRIPTIONS_MAX
    trusted_proxies: tuple[str, ...] = ()


class Limited(Rejected, frozen=True, kw_only=True):
    """A refusal that knows when it will be over."""

    retry_after_s: int


class Buckets:
    """One bucket a name. `clock_ns` only grows."""

    __slots__ = ("_burst_ns", "_clock_ns", "_full_ns", "_kept_max", "_unit_ns")

    def __init__(
        self, rate: Rate, clock_ns: Callable[[], int], kept_max: int = BUCKETS_MAX
    ) -> None:
        self._unit_ns = SECOND_NS // rate.per_s
        self._burst_ns = self._unit_ns * rate.burst
        self._clock_ns = clock_ns
        self._kept_max = kept_max
        self._full_ns: dict[str, int] = {}  # when it is full again; least recently used first

    def __len__(self) -> int:
        return len(self._full_ns)

    def take(self, name: str, weight: int) -> int:
        """0, or after how many ns the bucket will hold as much; then nothing is taken."""
        now_ns = self._clock_ns()
        full_ns = self._full_ns.pop(name, now_ns)
        taken_ns = (full_ns if full_ns > now_ns else now_ns) + weight * self._unit_ns
        late_ns = taken_ns - now_ns - self._burst_ns
        self._full_ns[name] = full_ns if late_ns > 0 else taken_ns
        if len(self._full_ns) > self._kept_max:
            del self._full_ns[next(iter(self._full_ns))]
        return late_ns if late_ns > 0 else 0


class Limits:
    """What all requests and sockets of a server share. Raises ValueError for proxies that are
    none."""

    def __init__(
        self, settings: LimitSettings, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.settings = settings
        self._is_on = settings.enabled
        self._clock_ns = clock_ns
        self._proxies = tuple(ip_network(text) for text in settings.trusted_proxies)
        self._by_ip = Buckets(settings.ip, clock_ns)
        self._by_address = Buckets(settings.address, clock_ns)
        self._by_key = Buckets(settings.key, clock_ns)
        self._connections: dict[str, int] = {}
        self._sockets: dict[str, int] = {}

    def of_request(self, scope: dict[str, Any]) -> Limited | None:
        """Before anything is read of its body."""
        if not self._is_on:
            return None
        weight = weight_of(scope["method"], scope["path"])
        return self.of_ip(scope, weight) if weight else None

    def of_failure(self, scope: dict[str, Any]) -> Limited | None:
        """After a request that cost nothing turned out to be forged. What is valid never comes
        here, so this stops no cancel."""
        if weight_of(scope["method"], scope["path"]) != FREE:
            return None
        return self.of_ip(scope, FAILURE_WEIGHT)

    def of_ip(self, scope: dict[str, Any], weight: int) -> Limited | None:
        if not self._is_on:
            return None
        late_ns = self._by_ip.take(self.client_ip(scope), weight)
        return _limited("Your address", self.settings.ip, late_ns) if late_ns else None

    def of_address(self, address: str, weight: int = ACTION_WEIGHT) -> Limited | None:
        """Of a wallet that is proven: by its signature or its session."""
        if not self._is_on:
            return None
        late_ns = self._by_address.take(address, weight)
        return _limited("The wallet", self.settings.address, late_ns) if late_ns else None

    def of_key(self, public_key: str, weight: int = ACTION_WEIGHT) -> Limited | None:
        """Of an API key whose signature is proven."""
        if not self._is_on:
            return None
        late_ns = self._by_key.take(public_key, weight)
        return _limited("The key", self.settings.key, late_ns) if late_ns else None

    def of_action(self, action: type, signer: str) -> Limited | None:
        """Of one signed action whose signature is proven; never of a cancel."""
        return None if action in CANCELS else self.of_address(signer)

    def connection_opens(self, peer: str) -> bool:
        """Whether it may; then `connection_closes` must be called. A trusted proxy opens as many as
        its clients need."""
        peer = _counted(peer) if ":" in peer else peer
        count = self._connections.get(peer, 0)
        if self._is_on and count >= self.settings.connections_per_ip:
            if not (self._proxies and self._is_trusted(peer)):
                return False
        self._connections[peer] = count + 1
        return True

    def connection_closes(self, peer: str) -> None:
        peer = _counted(peer) if ":" in peer else peer
        self._connections[peer] -= 1
        if not self._connections[peer]:
            del self._connections[peer]

    def socket_opens(self, ip: str) -> bool:
        """Whether it may; then `socket_closes` must be called."""
        count = self._sockets.get(ip, 0)
        if self._is_on and count >= self.settings.sockets_per_ip:
            return False
        self._sockets[ip] = count + 1
        return True

    def socket_closes(self, ip: str) -> None:
        self._sockets[ip] -= 1
        if not self._sockets[ip]:
            del self._sockets[ip]

    def frames(self) -> Buckets | None:
        """For the frames of one socket."""
        return Buckets(self.settings.frames, self._clock_ns, 1) if self._is_on else None

    def client_ip(self, scope: dict[str, Any]) -> str:
        """Whose request it is: the peer, or whom a trusted proxy names, the nearest first."""
        client = scope.get("client")
        peer: str = client[0] if client else ""
        if self._proxies and self._is_trusted(peer):
            peer = self._forwarded(scope, peer)
        return _counted(peer) if ":" in peer else peer

    def _forwarded(self, scope: dict[str, Any], peer: str) -> str:
        named = [v.decode("latin-1") for n, v in scope["headers"] if n == b"x-forwarded-for"]
        for one in reversed(",".join(named).split(",")):
            text = one.strip()
            if len(text) > IP_CHARACTERS_MAX or not _is_ip(text):
                return peer
            peer = text
            if not self._is_trusted(peer):
                return peer
        return peer

    def _is_trusted(self, peer: str) -> bool:
        return _is_ip(peer) and _within(peer, self._proxies)


def weight_of(method: str, path: str) -> int:
    weight = WEIGHTS.get((method, path))
    if weight is None:
        weight = WEIGHTS.get((method, path[: path.rfind("/")]))
        return weight or 1  # a free route frees itself, not what is below it
    return weight


def table(settings: LimitSettings) -> str:
    """What docs/limits.md says, in Markdown."""
    lines = [
        "| limit | flag and variable | default |",
        "|---|---|---|",
        f"| weight of requests an IP address (IPv6: a /{IPV6_PREFIX}), a second : at once "
        f"| `--limit-ip`, `XYK_LIMIT_IP` | {settings.ip} |",
        "| signed actions and private reads of a wallet, a second : at once "
        f"| `--limit-address`, `XYK_LIMIT_ADDRESS` | {settings.address} |",
        "| requests of an API key, a second : at once "
        f"| `--limit-key`, `XYK_LIMIT_KEY` | {settings.key} |",
        "| frames that a websocket sends us, a second : at once "
        f"| `--limit-frames`, `XYK_LIMIT_FRAMES` | {settings.frames} |",
        "| connections of HTTP an IP address, trusted proxies excepted "
        f"| `--connections-per-ip`, `XYK_CONNECTIONS_PER_IP` | {settings.connections_per_ip} |",
        "| websockets an IP address "
        f"| `--sockets-per-ip`, `XYK_SOCKETS_PER_IP` | {settings.sockets_per_ip} |",
        "| streams a websocket | `--subscriptions-per-socket`, `XYK_SUBSCRIPTIONS_PER_SOCKET` "
        f"| {settings.subscriptions_per_socket} |",
        "",
        "| request | weight |",
        "|---|---|",
        *(
            f"| {method} {path} | {weight or 'free'} |"
            for (method, path), weight in WEIGHTS.items()
            if path != "/api/v1/actions"
        ),
        f"| POST /api/v1/actions, each element that is no cancel | {ACTION_WEIGHT} |",
        "| POST /api/v1/actions, each cancel | free |",
        f"| a request to a free route that is answered 401 | {FAILURE_WEIGHT} |",
        "| everything else | 1 |",
    ]
    return "\n".join(lines) + "\n"


def _limited(who: str, rate: Rate, late_ns: int) -> Limited:
    seconds = -(-late_ns // SECOND_NS)
    return Limited(
        Code.TOO_MANY_REQUESTS,
        f"{who} asks for more than {rate.per_s} a second; wait {seconds} s and send the same bytes",
        retry_after_s=seconds,
    )


@lru_cache(maxsize=4_096)
def _counted(ip: str) -> str:
    """An IPv6 address as the network that its customer has; one that is mapped as IPv4 as that."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return ip
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address) >> 64 << 64, IPV6_PREFIX)))


@lru_cache(maxsize=4_096)
def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4_096)
def _within(ip: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    address = ip_address(ip)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return any(address.ipv4_mapped in network for network in networks)
    return any(address in network for network in networks)
