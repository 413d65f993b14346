"""Our exchange as a venue, without any plumbing: decide, evolve and the invariants in memory.

The pool is one that a user made by the first deposit (no book, V2's rules alone). Time is made up.
"""

from itertools import count

from tests.chain.venue import LOCKED, PROTOCOL, Added, Refused, Removed, Snapshot, Swapped
from xyk.domain import market as accounts
from xyk.domain.commands import (
    AddLiquidity,
    Command,
    FaucetDeposit,
    Genesis,
    GenesisAsset,
    RemoveLiquidity,
    SetProtocolFee,
    SwapExactIn,
    SwapExactOut,
)
from xyk.domain.events import AnyEvent, LiquidityAdded, LiquidityRemoved, PoolSwapped
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET, GENESIS, Request
from xyk.domain.tokens import token_address
from xyk.domain.units import FAUCET_MAX, NONCE_SLOTS, ZERO_ADDRESS
from xyk.exchange import evolve, invariants
from xyk.exchange.decide import decide
from xyk.exchange.state import State

DEADLINE_S = 60
OPERATOR = "0x" + "0f" * 20


class PureExchange:
    """`funds` as in Uniswap. With `a_is_base` false B is the market's base (is listed later)."""

    def __init__(
        self, *, funds: dict[str, tuple[int, int]], start_s: int, a_is_base: bool = True
    ) -> None:
        self.now_s = start_s
        self.deadline_in_s = DEADLINE_S  # counted from now_s
        self.state = State()
        self._a_is_base = a_is_base
        self._slots = count()
        self._owners = {name: _address(index) for index, name in enumerate([*funds, PROTOCOL])}
        quote, base = ("B", "A") if a_is_base else ("A", "B")
        self._market = accounts.market_symbol(base, quote)
        self._apply(
            GENESIS,
            OPERATOR,
            Genesis(
                salt="0x" + "5a" * 32,
                operator=OPERATOR,
                fee_recipient=OPERATOR,
                sandbox=True,
                assets=(
                    GenesisAsset(symbol=quote, decimals=18),
                    GenesisAsset(symbol=base, decimals=18),
                ),
                markets=(),
            ),
        )
        self.set_protocol_fee(on=True)
        for name, amounts in funds.items():
            for symbol, amount in zip("AB", amounts, strict=True):
                self._fund(name, symbol, amount)

    def wait(self, seconds: int) -> None:
        self.now_s += seconds

    def set_protocol_fee(self, *, on: bool) -> None:
        recipient = self._owners[PROTOCOL] if on else ZERO_ADDRESS
        outcome = self._sign(
            SetProtocolFee(owner=OPERATOR, recipient=recipient, **self._stamps()), OPERATOR
        )
        assert not isinstance(outcome, Rejected), outcome

    def add(
        self, owner: str, *, a_desired: int, b_desired: int, a_min: int, b_min: int
    ) -> Added | Refused:
        outcome = self._sign(
            AddLiquidity(
                owner=self._owners[owner],
                token_a=token_address("A"),
                token_b=token_address("B"),
                amount_a_desired=a_desired,
                amount_b_desired=b_desired,
                amount_a_min=a_min,
                amount_b_min=b_min,
                **self._stamps(),
            ),
            self._owners[owner],
        )
        if isinstance(outcome, Rejected):
            return Refused(outcome.code.name)
        event = outcome[-1]
        assert isinstance(event, LiquidityAdded)
        return Added(*self._sides(event.amount_base, event.amount_quote), event.liquidity)

    def remove(self, owner: str, *, liquidity: int, a_min: int, b_min: int) -> Removed | Refused:
        outcome = self._sign(
            RemoveLiquidity(
                owner=self._owners[owner],
                token_a=token_address("A"),
                token_b=token_address("B"),
                liquidity=liquidity,
                amount_a_min=a_min,
                amount_b_min=b_min,
                **self._stamps(),
            ),
            self._owners[owner],
        )
        if isinstance(outcome, Rejected):
            return Refused(outcome.code.name)
        event = outcome[-1]
        assert isinstance(event, LiquidityRemoved)
        return Removed(*self._sides(event.amount_base, event.amount_quote))

    def swap_exact_in(
        self, owner: str, *, sell_a: bool, amount_in: int, min_out: int
    ) -> Swapped | Refused:
        token_in, token_out = _tokens(sell_a)
        swap = SwapExactIn(
            owner=self._owners[owner],
            token_in=token_in,
            token_out=token_out,
            amount_in=amount_in,
            min_amount_out=min_out,
            **self._stamps(),
        )
        return _swapped(self._sign(swap, self._owners[owner]))

    def swap_exact_out(
        self, owner: str, *, sell_a: bool, amount_out: int, max_in: int
    ) -> Swapped | Refused:
        token_in, token_out = _tokens(sell_a)
        swap = SwapExactOut(
            owner=self._owners[owner],
            token_in=token_in,
            token_out=token_out,
            amount_out=amount_out,
            max_amount_in=max_in,
            **self._stamps(),
        )
        return _swapped(self._sign(swap, self._owners[owner]))

    def snapshot(self) -> Snapshot:
        pool = self.state.pools.get(self._market)
        base, quote = (pool.reserve_base, pool.reserve_quote) if pool else (0, 0)
        of_base, of_quote = (
            (pool.price_base_cumulative, pool.price_quote_cumulative) if pool else (0, 0)
        )
        reserve_a, reserve_b = self._sides(base, quote)
        cumulative_a, cumulative_b = self._sides(of_base, of_quote)
        available = self.state.ledger.available
        shares = accounts.shares_symbol(self._market)
        holders = self._owners | {LOCKED: accounts.LOCKED}
        return Snapshot(
            reserve_a=reserve_a,
            reserve_b=reserve_b,
            total_supply=pool.total_supply if pool else 0,
            shares={name: available(holder, shares) for name, holder in holders.items()},
            balances_a={name: available(owner, "A") for name, owner in self._owners.items()},
            balances_b={name: available(owner, "B") for name, owner in self._owners.items()},
            k_last=pool.k_last if pool else 0,
            cumulative_a=cumulative_a,
            cumulative_b=cumulative_b,
            last_s=pool.last_s if pool else 0,
        )

    def _fund(self, name: str, symbol: str, amount: int) -> None:
        while amount:
            part = min(amount, FAUCET_MAX)
            deposit = FaucetDeposit(
                owner=self._owners[name], token=token_address(symbol), amount=part
            )
            self._apply(FAUCET, "", deposit)
            amount -= part

    def _stamps(self) -> dict[str, int]:
        nonce = self.now_s * NONCE_SLOTS + next(self._slots) % NONCE_SLOTS
        return {"nonce": nonce, "deadline": self.now_s + self.deadline_in_s}

    def _sign(self, command: Command, signer: str) -> tuple[AnyEvent, ...] | Rejected:
        before = self.state.digest()
        outcome = self._decide(EIP712, signer, command)
        assert self.state.digest() == before or not isinstance(outcome, Rejected)
        return outcome

    def _apply(self, scheme: str, signer: str, command: Command) -> None:
        outcome = self._decide(scheme, signer, command)
        assert not isinstance(outcome, Rejected), outcome

    def _decide(
        self, scheme: str, signer: str, command: Command
    ) -> tuple[AnyEvent, ...] | Rejected:
        state = self.state
        request = Request(
            seq=state.seq + 1,
            now_ms=self.now_s * 1000,
            signer=signer,
            digest="",
            scheme=scheme,
            command=command,
        )
        outcome = decide(state, request)
        if not isinstance(outcome, Rejected):
            evolve.apply(state, request.seq, request.now_ms, outcome)
            invariants.check_all(state)
        return outcome

    def _sides(self, base: int, quote: int) -> tuple[int, int]:
        """A pair of values in the market's order as (A's, B's)."""
        return (base, quote) if self._a_is_base else (quote, base)


def _swapped(outcome: tuple[AnyEvent, ...] | Rejected) -> Swapped | Refused:
    if isinstance(outcome, Rejected):
        return Refused(outcome.code.name)
    event = outcome[-1]
    assert isinstance(event, PoolSwapped)
    return Swapped(event.amount_in, event.amount_out)


def _tokens(sell_a: bool) -> tuple[str, str]:
    sold, bought = ("A", "B") if sell_a else ("B", "A")
    return token_address(sold), token_address(bought)


def _address(index: int) -> str:
    return f"0x{index + 1:040x}"
