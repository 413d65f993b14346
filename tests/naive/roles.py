"""Who may do what: agents, API keys, and the operator's verbs."""

from fractions import Fraction

from tests.naive.open_orders import OpenOrders
from tests.naive.pair import BPS, RESERVE_MAX, refuse_if
from tests.naive.vault import TERMS, Fields, Outcome, ledger_token

ZERO = "0x" + "0" * 40
AGENTS_MAX = API_KEYS_MAX = 64
DECIMALS_MAX = 36
BOOK_FEE_MAX, POOL_FEE_MAX = 1_000, 100  # bps
FIXED_WHILE_ORDERS = ("tickSize", "lotSize", "poolFeeBps", "book")
SYMBOL = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class Roles(OpenOrders):
    # -- agents and keys ---------------------------------------------------------------------

    def names_forbidden(self, kind: str, fields: Fields) -> bool:
        """Whether the command names somebody who can never have that role."""
        if kind == "ApproveAgent":
            known = self.agents.get((fields["owner"], fields["agent"]), {"revoked": False})
            return fields["agent"] in (ZERO, fields["owner"]) or known["revoked"]
        if kind == "ApproveApiKey":
            key = self.api_keys.get(fields["publicKey"], fields)
            return bool(key["owner"] != fields["owner"])
        return kind == "SetOperator" and fields["operator"] == ZERO

    def do_ApproveAgent(self, fields: Fields, signer: str) -> Outcome:
        owner, agent = fields["owner"], fields["agent"]
        count = sum(1 for of, other in self.agents if of == owner and other != agent)
        refuse_if(count >= AGENTS_MAX, "ORDER_LIMIT")
        self.agents[owner, agent] = {"validUntil": fields["validUntil"], "revoked": False}
        return {}

    def do_RevokeAgent(self, fields: Fields, signer: str) -> Outcome:
        known = self.agents.get((fields["owner"], fields["agent"]))
        refuse_if(known is None or known["revoked"], "RESOURCE_NOT_FOUND")
        assert known is not None
        known["revoked"] = True
        return {}

    def do_ApproveApiKey(self, fields: Fields, signer: str) -> Outcome:
        owner, key = fields["owner"], fields["publicKey"]
        mine = [other for other, known in self.api_keys.items() if known["owner"] == owner]
        refuse_if(len([other for other in mine if other != key]) >= API_KEYS_MAX, "ORDER_LIMIT")
        self.api_keys[key] = {"owner": owner, "validUntil": fields["validUntil"], "revoked": False}
        return {}

    def do_RevokeApiKey(self, fields: Fields, signer: str) -> Outcome:
        known = self.api_keys.get(fields["publicKey"])
        mine = known is not None and known["owner"] == fields["owner"] and not known["revoked"]
        refuse_if(not mine, "RESOURCE_NOT_FOUND")
        assert known is not None
        known["revoked"] = True
        return {}

    # -- the operator ------------------------------------------------------------------------

    def do_ListAsset(self, fields: Fields, signer: str) -> Outcome:
        symbol, decimals = fields["symbol"], fields["decimals"]
        refuse_if(not 1 <= len(symbol) <= 12 or not set(symbol) <= SYMBOL, "INVALID_ASSET")
        token = ledger_token(symbol) if fields["token"] == ZERO else fields["token"]
        for asset in self.assets:
            refuse_if(symbol == asset["symbol"] or token == asset["token"], "INVALID_ASSET")
        refuse_if(decimals > DECIMALS_MAX, "INVALID_QUANTITY")
        self._list_asset(symbol, token, decimals)
        return {}

    def do_ListMarket(self, fields: Fields, signer: str) -> Outcome:
        base, quote = fields["base"], fields["quote"]
        listed = {asset["symbol"] for asset in self.assets if "LP:" not in asset["symbol"]}
        refuse_if(not {base, quote} <= listed, "INVALID_ASSET")
        known = self.market_of(base, quote)
        if known is not None:
            takes_over = self.markets[known]["implicit"] and self.markets[known]["base"] == base
            refuse_if(not takes_over, "INVALID_MARKET")
        refuse_if(base == quote, "SAME_TOKEN")
        self._check_terms(fields, base)
        if known is not None:
            self._check_orders(known, fields)
        else:
            self._check_shares(base, quote)
        terms = {name: fields[name] for name in (*TERMS, "base", "quote")}
        if known is None:
            self._make_market({**terms, "implicit": False})
        else:
            self._set_terms(known, fields)
            self.markets[known]["implicit"] = False
        return {}

    def do_UpdateMarket(self, fields: Fields, signer: str) -> Outcome:
        name = fields["market"]
        refuse_if(name not in self.markets, "INVALID_MARKET")
        self._check_terms(fields, self.markets[name]["base"])
        self._check_orders(name, fields)
        self._set_terms(name, fields)
        return {}

    def _check_orders(self, name: str, fields: Fields) -> None:
        has_orders = any(order["market"] == name for order in self.orders)
        present = {**self.markets[name], "poolFeeBps": self.pairs[name].fee_bps}
        changes = any(fields[term] != present[term] for term in FIXED_WHILE_ORDERS)
        refuse_if(has_orders and changes, "INVALID_ORDER")

    def _check_terms(self, fields: Fields, base: str) -> None:
        """Tick, lot and fees as DESIGN section 4 allows them."""
        tick, lot, book = fields["tickSize"], fields["lotSize"], fields["book"]
        maker, taker, pool = fields["makerFeeBps"], fields["takerFeeBps"], fields["poolFeeBps"]
        decimals = self.decimals_of(base)
        refuse_if(not 0 < tick <= RESERVE_MAX, "INVALID_PRICE")
        refuse_if(pool > POOL_FEE_MAX, "INVALID_PRICE")
        refuse_if(max(abs(maker), abs(taker)) > BOOK_FEE_MAX, "INVALID_PRICE")
        refuse_if(taker < maker or taker + maker < 0, "INVALID_PRICE")
        keeps_pool, keeps_taker = 1 - Fraction(pool, BPS), 1 - Fraction(taker, BPS)
        refuse_if(book and keeps_pool**2 > keeps_taker, "INVALID_PRICE")
        refuse_if(not 0 < lot <= RESERVE_MAX, "INVALID_QUANTITY")
        refuse_if(book and tick * lot % 10**decimals != 0, "INVALID_QUANTITY")

    def do_SetMarketStatus(self, fields: Fields, signer: str) -> Outcome:
        name, status = fields["market"], fields["status"]
        refuse_if(name != "*" and name not in self.markets, "INVALID_MARKET")
        refuse_if(status not in ("open", "cancel_only", "paused"), "INVALID_ORDER")
        for market in self.markets:
            if name in ("*", market):
                self.markets[market]["status"] = status
        return {}

    def do_SetProtocolFee(self, fields: Fields, signer: str) -> Outcome:
        self.protocol_recipient = "" if fields["recipient"] == ZERO else fields["recipient"]
        return {}

    def do_SetOperator(self, fields: Fields, signer: str) -> Outcome:
        self.operator = fields["operator"]
        return {}
