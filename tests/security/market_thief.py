"""A venue that somebody tries to rob, and what counts as having robbed it."""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.exchange.venue import OPERATOR, SANDBOX, Outcome, Venue, refused
from xyk.domain.commands import (
    CancelAllOrders,
    ClockCommand,
    Genesis,
    GenesisAsset,
    GenesisMarket,
    RemoveLiquidity,
    SwapExactOut,
)
from xyk.domain.market import shares_symbol
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import CLOCK, ED25519, EIP712, Request
from xyk.domain.units import UINT256_MAX
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check, check_all, crossed

Wealth = dict[str, int]


def genesis(
    assets: Iterable[tuple[str, int]], markets: Sequence[GenesisMarket], operator: str = OPERATOR
) -> Genesis:
    """A sandbox of these assets (symbol, decimals) and markets."""
    return Genesis(
        salt="0x" + "5a" * 32,
        operator=operator,
        fee_recipient=operator,
        sandbox=True,
        assets=tuple(GenesisAsset(symbol=name, decimals=decimals) for name, decimals in assets),
        markets=tuple(markets),
    )


class Bazaar(Venue):
    """A venue where the one alarm may ring: `alarms` are the markets that crossed. Every other
    invariant is checked after every command; with `is_fast` only what production checks."""

    def __init__(self, opening: Genesis = SANDBOX, *, is_fast: bool = False) -> None:
        self.alarms: list[str] = []
        self.is_fast = is_fast
        super().__init__(opening)

    def _run(self, command: Any, scheme: str, signer: str) -> Outcome:
        seq = self.state.seq + 1
        digest = f"0x{seq:064x}" if scheme in (EIP712, ED25519) else ""
        request = Request(seq, self.now_ms, signer, digest, scheme, command)
        outcome = decide(self.state, request)
        if isinstance(outcome, Rejected):
            assert outcome.code is not Code.SERVER_ERROR, outcome
            return outcome
        apply(self.state, seq, self.now_ms, outcome)
        check(self.state, outcome)
        if not self.is_fast:
            check_all(self.state)
        self.alarms += crossed(self.state, outcome)
        return outcome

    def buy(self, owner: str, asset_in: str, asset_out: str, amount_out: int) -> Outcome:
        return self.do(
            SwapExactOut,
            owner,
            token_in=self.token(asset_in),
            token_out=self.token(asset_out),
            amount_out=amount_out,
            max_amount_in=UINT256_MAX,
        )

    def remove(self, owner: str, market: str, liquidity: int) -> Outcome:
        terms = self.state.markets[market]
        return self.do(
            RemoveLiquidity,
            owner,
            token_a=self.token(terms.base),
            token_b=self.token(terms.quote),
            liquidity=liquidity,
            amount_a_min=0,
            amount_b_min=0,
        )

    def cash_out(self, *owners: str) -> None:
        """Everything cancelled, every share burned that is worth a unit of both assets."""
        for owner in owners:
            done(self.do(CancelAllOrders, owner, market=""))
            for market in self.state.markets:
                shares = self.has(owner, shares_symbol(market))
                if shares:
                    outcome = self.remove(owner, market, shares)
                    assert not isinstance(outcome, Rejected) or worthless(outcome)

    def wealth(self, *owners: str) -> Wealth:
        """Base units of each listed asset, available and held, of all owners together."""
        return {
            asset: sum(self.has(owner, asset) + self.held(owner, asset) for owner in owners)
            for asset, listed in self.state.assets.items()
            if not listed.is_shares
        }


def done(outcome: Outcome) -> tuple[Any, ...]:
    assert not isinstance(outcome, Rejected), outcome
    return outcome


def by_clock(venue: Venue, command: ClockCommand) -> tuple[Any, ...]:
    """What is due next, at a moment of the test's own choice."""
    return done(venue._run(command, CLOCK, ""))


def worthless(outcome: Outcome) -> bool:
    return refused(outcome)[0] is Code.INSUFFICIENT_LIQUIDITY


def gained(before: Wealth, after: Wealth) -> Wealth:
    """By asset, where something was got for nothing: more of one asset and less of none. Empty
    where not."""
    change = {asset: after[asset] - before[asset] for asset in before}
    return change if min(change.values()) >= 0 and max(change.values()) > 0 else {}
