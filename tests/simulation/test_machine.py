"""Hypothesis plays users: rules are their verbs, invariants are sentences, and every step goes to
the naive twin too. At the end the recorded events, folded from nothing, give the same digest."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.naive.vault import Fields, Outcome
from tests.simulation.cast import (
    AGENTS,
    ALICE,
    ASSETS,
    BOB,
    CAROL,
    OPERATOR,
    START_MS,
    ZERO,
    sandbox,
)
from tests.simulation.minds import Minds
from tests.simulation.order_rules import BOOKS, OrderRules

OWNERS = (ALICE, BOB, CAROL)
NIGHT_PARTS, NIGHT_EXAMPLES = 20, 250

owners = st.sampled_from(OWNERS)
assets = st.sampled_from(tuple(ASSETS))
LISTED = (("ETH", "USDC"), ("BTC", "USDC"), ("ETH", "BTC"))
couples = st.one_of(
    st.sampled_from(LISTED),
    st.sampled_from(LISTED).map(lambda couple: (couple[1], couple[0])),
    st.permutations(tuple(ASSETS)).map(lambda some: (some[0], some[1])),
)
parts = st.sampled_from((100, 1_000, 3_333, 5_000, 9_999, 10_000, 10_001, 1, 0))  # bps of a balance
amounts = st.one_of(st.integers(0, 3_000), st.integers(0, 2**70), st.just(2**112 - 1))
slacks = st.sampled_from((0, 1, -1, None))  # how far a limit lies from the exact outcome
signers = st.sampled_from((None, None, None, None, None, *AGENTS))
markets = st.sampled_from(("ETH_USDC", "BTC_USDC", "ETH_BTC", "*"))


class Exchange(OrderRules):
    def __init__(self) -> None:
        super().__init__()
        self.minds = Minds(sandbox(), START_MS)
        self.now_ms = START_MS
        self.slot = 0
        self.outcome: str | Outcome = {}
        self.remember()

    @property
    def state_pools(self) -> dict[str, tuple[int, int]]:
        """k and shares of every pool that has some."""
        pools = self.minds.state.pools.values()
        return {
            pool.market: (pool.reserve_base * pool.reserve_quote, pool.total_supply)
            for pool in pools
            if pool.total_supply
        }

    def remember(self) -> None:
        self.before = self.state_pools
        self.digest = self.minds.state.digest()

    def send(self, kind: str, fields: Fields, signer: str | None = None) -> None:
        self.let_time_pass()
        now_s = self.now_ms // 1000
        if kind != "FaucetDeposit":
            self.slot += 1
            nonce = (now_s - self.slot // 256) << 8 | self.slot % 256
            fields = {**fields, "nonce": nonce, "deadline": now_s + 60}
        self.outcome = self.minds.do(kind, fields, signer or fields["owner"], self.now_ms)

    def let_time_pass(self) -> None:
        """What is due comes first, so that a refusal is compared with the state that it met."""
        self.minds.now_ms = self.now_ms
        self.minds.let_the_clock_work()
        self.remember()

    def token(self, symbol: str) -> str:
        return self.minds.twin.token(symbol)

    def part(self, owner: str, asset: str, bps: int) -> int:
        return self.minds.twin.balance(owner, asset) * bps // 10_000

    # -- verbs -------------------------------------------------------------------------------

    @initialize(amount=st.sampled_from((10**22, 10**12, 10**8, 10**4)))
    def begin(self, amount: int) -> None:
        """Alice and Bob have some of everything; Alice opens the listed pools."""
        for owner in (ALICE, BOB):
            for asset in ASSETS:
                self.faucet(owner, asset, amount)
        for couple in (("ETH", "USDC"), ("BTC", "USDC"), ("BTC", "ETH")):
            self.add(ALICE, couple, 3_000, 2_000, None, None)
        for owner in (ALICE, BOB):  # a book that is there from the start
            for is_bid in (True, False):
                for market in BOOKS:
                    self.place_post_only(owner, market, is_bid, -40, 500)

    @rule(owner=owners, asset=assets, amount=amounts)
    def faucet(self, owner: str, asset: str, amount: int) -> None:
        self.send("FaucetDeposit", {"owner": owner, "token": self.token(asset), "amount": amount})

    @rule(owner=owners, couple=couples, a=parts, b=parts, slack=slacks, signer=signers)
    def add(
        self,
        owner: str,
        couple: tuple[str, str],
        a: int,
        b: int,
        slack: int | None,
        signer: str | None,
    ) -> None:
        fields: Fields = {
            "owner": owner,
            "tokenA": self.token(couple[0]),
            "tokenB": self.token(couple[1]),
            "amountADesired": self.part(owner, couple[0], a),
            "amountBDesired": self.part(owner, couple[1], b),
            "amountAMin": 0,
            "amountBMin": 0,
        }
        exact = self.minds.twin.imagine("AddLiquidity", fields)
        if slack is not None and exact:
            fields |= self.minimums(couple[0], exact, slack)
        self.send("AddLiquidity", fields, signer)

    @rule(owner=owners, couple=couples, bps=parts, slack=slacks, signer=signers)
    def remove(
        self, owner: str, couple: tuple[str, str], bps: int, slack: int | None, signer: str | None
    ) -> None:
        market = self.minds.state.pairs.get(couple, "NONE")
        fields: Fields = {
            "owner": owner,
            "tokenA": self.token(couple[0]),
            "tokenB": self.token(couple[1]),
            "liquidity": self.part(owner, f"LP:{market}", bps),
            "amountAMin": 0,
            "amountBMin": 0,
        }
        exact = self.minds.twin.imagine("RemoveLiquidity", fields)
        if slack is not None and exact:
            fields |= self.minimums(couple[0], exact, slack)
        self.send("RemoveLiquidity", fields, signer)

    def minimums(self, token_a: str, exact: Outcome, slack: int) -> Fields:
        a, b = exact["amountBase"], exact["amountQuote"]
        if not exact["market"].startswith(f"{token_a}_"):
            a, b = b, a
        return {"amountAMin": max(0, a + slack), "amountBMin": max(0, b)}

    @rule(owner=owners, couple=couples, bps=parts, slack=slacks, signer=signers)
    def sell(
        self, owner: str, couple: tuple[str, str], bps: int, slack: int | None, signer: str | None
    ) -> None:
        fields: Fields = {
            "owner": owner,
            "tokenIn": self.token(couple[0]),
            "tokenOut": self.token(couple[1]),
            "amountIn": self.part(owner, couple[0], bps),
            "minAmountOut": 0,
        }
        exact = self.minds.twin.imagine("SwapExactIn", fields)
        if slack is not None and exact:
            fields["minAmountOut"] = exact["amountOut"] + slack
        self.send("SwapExactIn", fields, signer)
        if slack == 1 and exact:
            assert isinstance(self.outcome, str), "one more than the exact output is refused"

    @rule(owner=owners, couple=couples, bps=parts, slack=slacks, signer=signers)
    def buy(
        self, owner: str, couple: tuple[str, str], bps: int, slack: int | None, signer: str | None
    ) -> None:
        pool = self.minds.state.pools.get(self.minds.state.pairs.get(couple, ""))
        reserve = min(pool.reserve_base, pool.reserve_quote) if pool else 1_000_000
        fields: Fields = {
            "owner": owner,
            "tokenIn": self.token(couple[0]),
            "tokenOut": self.token(couple[1]),
            "amountOut": reserve * bps // 10_000,
            "maxAmountIn": 2**256 - 1,
        }
        exact = self.minds.twin.imagine("SwapExactOut", fields)
        if slack is not None and exact:
            fields["maxAmountIn"] = exact["amountIn"] + slack
        self.send("SwapExactOut", fields, signer)
        if slack == -1 and exact:
            assert isinstance(self.outcome, str), "one less than the exact input is refused"

    @rule(owner=owners, recipient=owners, asset=assets, bps=parts, leaves=st.booleans())
    def transfer_or_withdraw(
        self, owner: str, recipient: str, asset: str, bps: int, leaves: bool
    ) -> None:
        fields: Fields = {"owner": owner, "token": self.token(asset), "recipient": recipient}
        fields["amount"] = self.part(owner, asset, bps)
        self.send("Withdraw" if leaves else "Transfer", fields)

    @rule(owner=owners, agent=st.sampled_from(AGENTS), lasts_s=st.sampled_from((0, 60, 10**6)))
    def approve(self, owner: str, agent: str, lasts_s: int) -> None:
        until = self.now_ms // 1000 + lasts_s
        self.send("ApproveAgent", {"owner": owner, "agent": agent, "validUntil": until})

    @rule(owner=owners, agent=st.sampled_from(AGENTS))
    def revoke(self, owner: str, agent: str) -> None:
        self.send("RevokeAgent", {"owner": owner, "agent": agent})

    @rule(market=markets, status=st.sampled_from((*["open"] * 4, "paused", "cancel_only")))
    def set_status(self, market: str, status: str) -> None:
        self.send("SetMarketStatus", {"owner": OPERATOR, "market": market, "status": status})

    @rule(recipient=st.sampled_from((ZERO, CAROL)))
    def set_protocol_fee(self, recipient: str) -> None:
        self.send("SetProtocolFee", {"owner": OPERATOR, "recipient": recipient})

    @rule(seconds=st.sampled_from((0, 1, 59, 3_600, 2 * 24 * 3_600)))
    def wait(self, seconds: int) -> None:
        self.remember()
        self.outcome = {}
        self.now_ms += seconds * 1_000
        self.let_time_pass()

    # -- what always holds -------------------------------------------------------------------

    @invariant()
    def both_minds_know_the_same(self) -> None:
        self.minds.compare_everything("A step")

    @invariant()
    def a_refusal_leaves_no_trace(self) -> None:
        if isinstance(self.outcome, str):
            assert self.minds.state.digest() == self.digest

    @invariant()
    def every_asset_sums_to_zero(self) -> None:
        totals = dict.fromkeys((asset for _, asset in self.minds.twin.balances), 0)
        ledger = self.minds.state.ledger
        for asset in totals:
            totals[asset] = sum(available + held for _, available, held in ledger.balances(asset))
        assert set(totals.values()) <= {0}

    @invariant()
    def k_falls_only_where_shares_are_burned(self) -> None:
        for market, (k, shares) in self.before.items():
            k_now, shares_now = self.state_pools[market]
            assert k_now >= k or shares_now < shares

    @invariant()
    def a_share_loses_worth_only_to_the_protocol(self) -> None:
        """sqrt(k) per share, as k / shares^2; the protocol's mint counts as shares of before."""
        for market, (k, shares) in self.before.items():
            if isinstance(self.outcome, dict) and self.outcome.get("market") == market:
                shares += self.outcome["protocolLiquidity"]
            k_now, shares_now = self.state_pools[market]
            assert k_now * shares**2 >= k * shares_now**2

    @invariant()
    def a_pool_is_never_emptied(self) -> None:
        for pool in self.minds.state.pools.values():
            assert (
                (pool.total_supply >= 1_000) == (pool.reserve_base > 0) == (pool.reserve_quote > 0)
            )

    def teardown(self) -> None:
        assert self.minds.replayed().digest() == self.minds.state.digest()


TestExchange = Exchange.TestCase
TestExchange.settings = settings(max_examples=120, stateful_step_count=50, derandomize=True)


@pytest.mark.nightly
def test_the_exchange_all_night() -> None:
    """In parts: until a run ends Hypothesis keeps its last 10,000 results with choices and spans,
    0.33 MB an example of 80 steps. Each part draws anew; the first failure ends the night.
    """
    part = settings(max_examples=NIGHT_EXAMPLES, stateful_step_count=80)
    for _ in range(NIGHT_PARTS):
        run_state_machine_as_test(Exchange, settings=part)
