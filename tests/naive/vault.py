"""What the twin remembers, in dicts and lists: balances, assets, markets, pairs."""

from copy import copy
from typing import Any, Self

from sha3 import keccak_256

from tests.naive.pair import Pair, refuse_if

Fields = dict[str, Any]
Outcome = dict[str, Any]
Event = dict[str, Any]

OUTSIDE, LOCKED = "outside", "locked"
TERMS = ("tickSize", "lotSize", "makerFeeBps", "takerFeeBps", "poolFeeBps", "book")


def ledger_token(symbol: str) -> str:
    digest: str = keccak_256(f"xyk:{symbol}".encode()).hexdigest()
    return "0x" + digest[-40:]


def left(order: Fields) -> int:
    """Lots that an order is still good for."""
    return int(order["quantity"] - order["filled"])


def pool_of(market: str) -> str:
    return f"pool:{market}"


class Vault:
    def __init__(self, genesis: Fields, now_ms: int) -> None:
        self.now_ms = now_ms
        self.operator: str = genesis["operator"]
        self.sandbox: bool = genesis["sandbox"]
        self.fee_recipient: str = genesis["operator"]
        self.protocol_recipient = ""
        self.seq = 1  # of the last entry; the genesis is the first
        self.assets: list[Fields] = []  # in the order of listing, LP shares among them
        self.markets: dict[str, Fields] = {}
        self.pairs: dict[str, Pair] = {}
        self.balances: dict[tuple[str, str], int] = {}  # (account, asset): available, or 0
        self.held: dict[tuple[str, str], int] = {}  # likewise; what open orders keep
        self.trades: dict[str, int] = {}
        self.nonces: set[tuple[str, int]] = set()
        self.agents: dict[tuple[str, str], Fields] = {}  # (owner, agent)
        self.api_keys: dict[str, Fields] = {}  # by public key: {owner, validUntil, revoked}
        self.sessions: list[Fields] = []  # {owner, session, expires, closed}
        for asset in genesis["assets"]:
            self._list_asset(asset["symbol"], asset.get("token", ""), asset["decimals"])
        for market in genesis["markets"]:
            self._make_market({**market, "implicit": False})

    def copy(self) -> Self:
        """What its verbs may change, apart; nonces, which they leave alone, are shared."""
        other = copy(self)
        for name, known in vars(self).items():
            if isinstance(known, list):
                setattr(other, name, [dict(x) if isinstance(x, dict) else x for x in known])
            elif isinstance(known, dict) and name != "pairs":
                setattr(
                    other,
                    name,
                    {k: dict(x) if isinstance(x, dict) else x for k, x in known.items()},
                )
        other.pairs = {name: pair.copy() for name, pair in self.pairs.items()}
        return other

    def balance(self, account: str, asset: str) -> int:
        return self.balances.get((account, asset), 0)

    def token(self, symbol: str) -> str:
        return next(str(asset["token"]) for asset in self.assets if asset["symbol"] == symbol)

    def _move(self, asset: str, source: str, target: str, amount: int) -> None:
        assert amount >= 0
        assert source == OUTSIDE or self.balance(source, asset) >= amount
        self.balances[source, asset] = self.balance(source, asset) - amount
        self.balances[target, asset] = self.balance(target, asset) + amount

    def _hold(self, owner: str, asset: str, amount: int) -> None:
        """From available to held; a negative amount comes back."""
        self.balances[owner, asset] = self.balance(owner, asset) - amount
        self.held[owner, asset] = self.held.get((owner, asset), 0) + amount
        assert self.balances[owner, asset] >= 0 <= self.held[owner, asset]

    def _issue(self, market: str, target: str, shares: int) -> None:
        if shares > 0:
            self._move(f"LP:{market}", OUTSIDE, target, shares)

    def _symbol_or_none(self, token: str) -> str | None:
        found = [str(asset["symbol"]) for asset in self.assets if asset["token"] == token]
        return found[0] if found else None

    def _symbol(self, token: str) -> str:
        symbol = self._symbol_or_none(token)
        refuse_if(symbol is None, "INVALID_ASSET")
        assert symbol is not None
        return symbol

    def decimals_of(self, symbol: str) -> int:
        return next(int(asset["decimals"]) for asset in self.assets if asset["symbol"] == symbol)

    def _all_closed(self, asset: str) -> bool:
        around = [one for one in self.markets.values() if asset in (one["base"], one["quote"])]
        return around != [] and all(one["status"] != "open" for one in around)

    def is_awake(self, name: str) -> bool:
        market, (base, quote) = self.markets[name], self.pairs[name].reserves
        if market["book"]:
            return bool(base >= max(10**6, market["lotSize"]) and quote >= 10**6)
        return base > 0 and quote > 0

    def _age(self, symbol: str) -> int:
        return [asset["symbol"] for asset in self.assets].index(symbol)

    def market_of(self, one: str, other: str) -> str | None:
        for name, market in self.markets.items():
            if {one, other} == {market["base"], market["quote"]}:
                return name
        return None

    def _list_asset(self, symbol: str, token: str, decimals: int) -> None:
        token = token or ledger_token(symbol)
        self.assets.append({"symbol": symbol, "token": token, "decimals": decimals})

    def _check_shares(self, base: str, quote: str) -> None:
        taken = self._symbol_or_none(ledger_token(f"LP:{base}_{quote}"))
        refuse_if(taken is not None, "INVALID_ASSET")

    def _make_market(self, terms: Fields) -> str:
        name = f"{terms['base']}_{terms['quote']}"
        kept = {key: terms[key] for key in ("base", "quote", "implicit")}
        self.markets[name] = {**kept, "status": "open"}
        self.pairs[name] = Pair(terms["poolFeeBps"])
        self._set_terms(name, terms)
        self._list_asset(f"LP:{name}", "", 18)
        return name

    def _set_terms(self, name: str, terms: Fields) -> None:
        self.markets[name].update({key: terms[key] for key in TERMS if key != "poolFeeBps"})
        self.pairs[name].fee_bps = terms["poolFeeBps"]
