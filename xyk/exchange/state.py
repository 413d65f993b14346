"""Everything that the exchange knows, as one value that `evolve` changes and `decide` reads.

It is a fold over the journal's events: no clock, no database, nothing that cannot be rebuilt.
`dump` gives it as plain JSON values; the digest of that text is what snapshots and `/status` show.
"""

from hashlib import sha256
from typing import Any

import msgspec

from pools.pool import Pool
from xyk.book.book import Book
from xyk.domain.market import Asset, Market
from xyk.domain.units import NONCE_SLOTS
from xyk.exchange.edge import Edge, Path
from xyk.exchange.open_orders import OpenOrders
from xyk.ledger.ledger import Ledger

HOUR_S = 60 * 60

_canonical = msgspec.json.Encoder(order="deterministic")


class Agent(msgspec.Struct, frozen=True):
    """`valid_until` in unix seconds, inclusive. A revoked agent stays revoked for ever."""

    valid_until: int
    revoked: bool = False


class ApiKey(msgspec.Struct, frozen=True):
    """An Ed25519 public key belongs for ever to the first owner that approved it."""

    owner: str
    valid_until: int
    revoked: bool = False


class Session(msgspec.Struct, frozen=True):
    """`expires` in unix seconds, inclusive. A closed session stays closed for ever."""

    expires: int
    closed: bool = False


class State:
    __slots__ = (
        "agents",
        "api_keys",
        "assets",
        "books",
        "chain_id",
        "contract",
        "edges",
        "fee_recipient",
        "has_ordered",
        "keys_of",
        "last_fills",
        "ledger",
        "lot_values",
        "markets",
        "neighbours",
        "nonce_floor",
        "nonces",
        "now_ms",
        "open_orders",
        "operator",
        "pairs",
        "paths",
        "pools",
        "protocol_recipient",
        "requests",
        "salt",
        "sandbox",
        "seq",
        "session_ends",
        "sessions",
        "token_edges",
        "tokens",
        "trade_ids",
    )

    def __init__(self) -> None:
        self.seq = 0
        self.now_ms = 0
        self.salt = ""
        self.operator = ""
        self.fee_recipient = ""
        self.protocol_recipient = ""  # empty = V2's protocol fee is off
        self.sandbox = False
        self.chain_id = 0
        self.contract = ""
        self.assets: dict[str, Asset] = {}
        self.markets: dict[str, Market] = {}
        self.pools: dict[str, Pool] = {}
        self.ledger = Ledger()
        self.agents: dict[str, dict[str, Agent]] = {}
        self.api_keys: dict[str, ApiKey] = {}
        self.sessions: dict[str, dict[str, Session]] = {}  # owner -> id; pruned when expired
        self.trade_ids: dict[str, int] = {}  # market -> the last one given
        self.nonces: dict[int, dict[str, int]] = {}  # second -> signer -> bits of used slots
        self.nonce_floor = 0  # every word of an earlier second was pruned
        # Digests of keys' requests by the second in which they expire, pruned after it.
        self.requests: dict[int, dict[str, None]] = {}
        self.open_orders = OpenOrders()
        self.last_fills: dict[str, tuple[int, int]] = {}  # market -> last price: (quote, base)
        self.has_ordered = False  # whether any order was ever placed
        # Derived from the above:
        # Hour since 1970 -> (owner, id) of those that expire in it.
        self.session_ends: dict[int, list[tuple[str, str]]] = {}
        self.keys_of: dict[str, list[str]] = {}  # owner -> every key that it ever approved
        self.books: dict[str, Book] = {}  # of the markets that have one
        self.lot_values: dict[str, int] = {}  # market -> Market.lot_value
        self.tokens: dict[str, str] = {}  # address -> symbol
        self.pairs: dict[tuple[str, str], str] = {}  # both orders -> market
        self.neighbours: dict[str, list[str]] = {}  # asset -> its markets, in order of listing
        self.paths: dict[tuple[str, str], tuple[Path, ...]] = {}  # a cache of route.open_paths
        self.edges: dict[tuple[str, bool], Edge] = {}  # a cache of route.edge_of
        self.token_edges: dict[tuple[str, str], Edge] = {}  # (sold, bought): of edge_between

    def nonce_used(self, signer: str, nonce: int) -> bool:
        word = self.nonces.get(nonce // NONCE_SLOTS)
        return word is not None and bool(word.get(signer, 0) >> (nonce % NONCE_SLOTS) & 1)

    def nonce_used_for(self, owner: str, signer: str, nonce: int) -> bool:
        """Whether the signer, the owner or any agent of the owner used the nonce.

        Only then may the digest be one that was accepted before: a digest names its owner and
        nonce.
        """
        word = self.nonces.get(nonce // NONCE_SLOTS)
        if word is None:
            return False
        slot = nonce % NONCE_SLOTS
        if word.get(signer, 0) >> slot & 1 or word.get(owner, 0) >> slot & 1:
            return True
        return any(word.get(agent, 0) >> slot & 1 for agent in self.agents.get(owner, ()))

    def request_used(self, digest: str, expires_ms: int) -> bool:
        return digest in self.requests.get(expires_ms // 1000, ())

    def add_api_key(self, public_key: str, key: ApiKey) -> None:
        """A new key, or one that is there until another time."""
        if public_key not in self.api_keys:
            self.keys_of.setdefault(key.owner, []).append(public_key)
        self.api_keys[public_key] = key

    def add_session(self, owner: str, session: str, one: Session) -> None:
        self.sessions.setdefault(owner, {})[session] = one
        self.session_ends.setdefault(one.expires // HOUR_S, []).append((owner, session))

    def add_asset(self, asset: Asset) -> None:
        self.assets[asset.symbol] = asset
        self.tokens[asset.token] = asset.symbol

    def add_market(self, market: Market) -> None:
        """A new market, or another version of one that is there."""
        if market.symbol not in self.markets:
            self.pairs[market.base, market.quote] = market.symbol
            self.pairs[market.quote, market.base] = market.symbol
            for asset in (market.base, market.quote):
                self.neighbours.setdefault(asset, []).append(market.symbol)
        self.markets[market.symbol] = market
        self.lot_values[market.symbol] = market.lot_value(self.assets[market.base].decimals)
        if not market.book:
            self.books.pop(market.symbol, None)
        elif market.symbol not in self.books:
            self.books[market.symbol] = Book()
        self.paths.clear()
        self.edges.clear()
        self.token_edges.clear()

    def dump(self) -> dict[str, Any]:
        """Plain JSON values with string keys; `load` is its inverse."""
        return {
            "seq": self.seq,
            "now_ms": self.now_ms,
            "salt": self.salt,
            "operator": self.operator,
            "fee_recipient": self.fee_recipient,
            "protocol_recipient": self.protocol_recipient,
            "sandbox": self.sandbox,
            "chain_id": self.chain_id,
            "contract": self.contract,
            "assets": list(self.assets.values()),
            "markets": list(self.markets.values()),
            "pools": [pool.dump() for pool in self.pools.values()],
            "ledger": self.ledger.dump(),
            "agents": self.agents,
            "api_keys": self.api_keys,
            "trade_ids": self.trade_ids,
            "nonces": {str(second): word for second, word in self.nonces.items()},
            "nonce_floor": self.nonce_floor,
            "last_fills": self.last_fills,
            **({"has_ordered": True} if self.has_ordered else {}),
            **({"sessions": self.sessions} if self.sessions else {}),
            **self.open_orders.dump(),
            **({"requests": self._requests()} if self.requests else {}),
        }

    def _requests(self) -> dict[str, list[str]]:
        return {str(second): list(digests) for second, digests in self.requests.items()}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "State":
        """`dumped` is what `dump` gave, once through JSON. Raises msgspec.ValidationError or
        KeyError.
        """
        state = cls()
        for name in ("seq", "now_ms", "nonce_floor", "chain_id"):
            setattr(state, name, msgspec.convert(dumped[name], int))
        for name in ("salt", "operator", "fee_recipient", "protocol_recipient", "contract"):
            setattr(state, name, msgspec.convert(dumped[name], str))
        state.sandbox = msgspec.convert(dumped["sandbox"], bool)
        for asset in msgspec.convert(dumped["assets"], list[Asset]):
            state.add_asset(asset)
        for market in msgspec.convert(dumped["markets"], list[Market]):
            state.add_market(market)
        for pool in (Pool.load(one) for one in dumped["pools"]):
            state.pools[pool.market] = pool
        state.ledger = Ledger.load(dumped["ledger"])
        state.agents = msgspec.convert(dumped["agents"], dict[str, dict[str, Agent]])
        for public_key, key in msgspec.convert(dumped["api_keys"], dict[str, ApiKey]).items():
            state.add_api_key(public_key, key)
        state.trade_ids = msgspec.convert(dumped["trade_ids"], dict[str, int])
        state.nonces = {int(second): word for second, word in dumped["nonces"].items()}
        for second, digests in dumped.get("requests", {}).items():
            state.requests[int(second)] = dict.fromkeys(digests)
        state.last_fills = msgspec.convert(dumped["last_fills"], dict[str, tuple[int, int]])
        state.has_ordered = dumped.get("has_ordered", False)
        sessions = msgspec.convert(dumped.get("sessions", {}), dict[str, dict[str, Session]])
        for owner, opened in sessions.items():
            for session, one in opened.items():
                state.add_session(owner, session, one)
        state.open_orders = OpenOrders.load(dumped)
        resting = [order for order in state.open_orders.by_id.values() if order.priority]
        for order in sorted(resting, key=lambda order: order.priority):
            state.books[order.market].add(order)
        return state

    def encode(self) -> bytes:
        """The canonical text: deterministic JSON, keys sorted."""
        return _canonical.encode(self.dump())

    def digest(self) -> str:
        """Hex SHA-256 of the canonical text. Last prices count only once there was an order, which
        they matter to: journals from before there were any keep their digests.
        """
        dumped = self.dump()
        if not self.has_ordered:
            del dumped["last_fills"]
        return sha256(_canonical.encode(dumped)).hexdigest()
