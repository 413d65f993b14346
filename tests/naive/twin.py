"""The second mind: the whole exchange, slow and obviously right.

Written from DESIGN and from Uniswap V2, and imports nothing of ours: dicts, sets, lists that are
scanned, Fractions. `submit` takes the kind of a command, its camelCase fields with plain ints,
who signed (empty for the system's own commands) and the time, and answers a code of refusal as a
string, or the outcome as a dict; what orders and swaps did is listed in its `events`. A verb reads
as its refusals in the documented order on the left margin, then its movements. DESIGN names no code
for a few faults (a term of a market, a status that does not exist, the zero address, an approval
that is past or dead, shares as a token to remove); at those the twin takes the exchange's word for
the code, not for its place in the order.
"""

from collections.abc import Callable

from tests.naive.by_key import ByKeys
from tests.naive.custody import Custody
from tests.naive.liquidity import Liquidity
from tests.naive.pair import Refused, refuse_if
from tests.naive.roles import Roles
from tests.naive.sessions import Sessions
from tests.naive.swaps import Swaps
from tests.naive.vault import Fields, Outcome

DAY_S = 24 * 60 * 60

BY_AGENTS = {
    "SwapExactIn",
    "SwapExactOut",
    "AddLiquidity",
    "RemoveLiquidity",
    "PlaceOrder",
    "ReplaceOrder",
    "CancelOrder",
    "CancelAllOrders",
    "CancelAllAfter",
}
BY_OPERATOR = {
    "ListAsset",
    "ListMarket",
    "UpdateMarket",
    "SetMarketStatus",
    "SetProtocolFee",
    "SetOperator",
}
BY_CLOCK = {"ExpireOrder", "FireCancelTimer", "ActivateTrigger"}
BY_KEYS = {"ExecuteOrder", "CancelOpenOrder", "CancelOpenOrders"}
UNSIGNED = {"FaucetDeposit", *BY_CLOCK}


class Twin(Roles, Custody, Liquidity, Swaps, ByKeys, Sessions):
    def submit(
        self, kind: str, fields: Fields, signer: str, now_ms: int, digest: str = ""
    ) -> str | Outcome:
        assert now_ms >= self.now_ms
        self.now_ms = now_ms
        if kind in BY_CLOCK:
            assert self.next_due(now_ms, 1) == (kind, fields), "the clock does only what is due"
        verb: Callable[[Fields, str], Outcome] = getattr(self, f"do_{kind}")
        try:
            if kind in BY_KEYS:
                self.admit_key(kind, fields, signer, digest)
            elif kind not in UNSIGNED:
                self._admit(kind, fields, signer)
            outcome = verb({**fields, "digest": digest}, signer)
        except Refused as refused:
            return refused.code
        self.seq += 1
        if kind in BY_KEYS:
            self.requests.add(digest)
        elif kind not in UNSIGNED:
            self.nonces.add((signer, fields["nonce"]))
        return outcome

    def submit_by_session(
        self, kind: str, fields: Fields, signer: str, now_ms: int
    ) -> str | Outcome:
        """What a sign-in opens, and what a session asks for: without digest and nonce."""
        assert now_ms >= self.now_ms
        self.now_ms = now_ms
        try:
            self.admit_session(kind, fields, signer)
            outcome: Outcome = getattr(self, f"do_{kind}")(fields, signer)
        except Refused as refused:
            return refused.code
        self.seq += 1
        return outcome

    def imagine(self, kind: str, fields: Fields) -> Outcome | None:
        """What the owner's own command would do now; None if refused. For those who aim."""
        copy = self.copy()
        try:
            outcome: Outcome = getattr(copy, f"do_{kind}")(
                {**fields, "digest": ""}, fields["owner"]
            )
        except Refused:
            return None
        return outcome

    def _admit(self, kind: str, fields: Fields, signer: str) -> None:
        owner, now_s = fields["owner"], self.now_ms // 1000
        by_agent = signer != owner
        if by_agent:
            agent = self.agents.get((owner, signer))
            refuse_if(agent is None, "INVALID_SIGNATURE")
            assert agent is not None
            refuse_if(agent["revoked"] or now_s > agent["validUntil"], "UNAUTHORIZED")
            refuse_if(kind not in BY_AGENTS, "FORBIDDEN")
            refuse_if(kind == "AddLiquidity" and self._would_create(fields), "FORBIDDEN")
        refuse_if(kind in BY_OPERATOR and owner != self.operator, "FORBIDDEN")
        refuse_if(self.names_forbidden(kind, fields), "FORBIDDEN")
        refuse_if(fields.get("validUntil", now_s) < now_s, "EXPIRED")
        refuse_if(not now_s <= fields["deadline"] <= now_s + DAY_S, "EXPIRED")
        second = fields["nonce"] >> 8
        refuse_if(not now_s - 2 * DAY_S <= second <= now_s + 300, "NONCE_OUT_OF_WINDOW")
        refuse_if((signer, fields["nonce"]) in self.nonces, "NONCE_USED")

    def _would_create(self, fields: Fields) -> bool:
        """Whether this AddLiquidity makes a pool, which is the owner's own to sign."""
        two = [self._symbol_or_none(fields[token]) for token in ("tokenA", "tokenB")]
        if None in two or two[0] == two[1] or any(str(symbol).startswith("LP:") for symbol in two):
            return False
        market = self.market_of(str(two[0]), str(two[1]))
        return market is None or self.pairs[market].supply == 0
