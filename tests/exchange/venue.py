"""An exchange in memory: stamps commands, folds them, checks every invariant each time."""

from typing import Any

from xyk.domain.commands import (
    AddLiquidity,
    FaucetDeposit,
    Genesis,
    GenesisAsset,
    GenesisMarket,
    SwapExactIn,
)
from xyk.domain.events import AnyEvent
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET, GENESIS, Request
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check, check_all
from xyk.exchange.state import State

ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20
CAROL = "0x" + "ca" * 20
OPERATOR = "0x" + "0f" * 20
TREASURY = "0x" + "fe" * 20
NOBODY = "0x" + "99" * 20  # a token that is not listed
NOW_S = 1_795_200_000

Outcome = tuple[AnyEvent, ...] | Rejected

SANDBOX = Genesis(
    salt="0x" + "5a" * 32,
    operator=OPERATOR,
    fee_recipient=OPERATOR,
    sandbox=True,
    assets=tuple(
        GenesisAsset(symbol=symbol, decimals=decimals)
        for symbol, decimals in (("USDC", 6), ("BTC", 8), ("ETH", 18), ("SOL", 9))
    ),
    markets=(
        GenesisMarket(
            base="ETH",
            quote="USDC",
            tick_size=10**4,
            lot_size=10**14,
            maker_fee_bps=2,
            taker_fee_bps=5,
            book=True,
        ),
        GenesisMarket(base="BTC", quote="USDC", tick_size=10**5, lot_size=10**3),
        GenesisMarket(base="ETH", quote="BTC", tick_size=1, lot_size=10**12),
    ),
)


class Venue:
    """`do` returns the events of an accepted command, or the refusal, which must leave no trace."""

    def __init__(self, genesis: Genesis = SANDBOX) -> None:
        self.state = State()
        self.now_ms = NOW_S * 1000
        self._slot = 0
        self.genesis = self._run(genesis, GENESIS, "")

    def token(self, symbol: str) -> str:
        asset = self.state.assets.get(symbol)
        return asset.token if asset is not None else NOBODY

    def fund(self, owner: str, **amounts: int) -> None:
        for symbol, amount in amounts.items():
            outcome = self.faucet(owner, symbol, amount)
            assert not isinstance(outcome, Rejected), outcome

    def faucet(self, owner: str, symbol: str, amount: int) -> Outcome:
        deposit = FaucetDeposit(owner=owner, token=self.token(symbol), amount=amount)
        return self._run(deposit, FAUCET, "")

    def do(self, kind: type[Any], owner: str, *, signer: str = "", **fields: Any) -> Outcome:
        fields.setdefault("nonce", self.nonce())
        fields.setdefault("deadline", self.now_ms // 1000 + 60)
        return self._run(kind(owner=owner, **fields), EIP712, signer or owner)

    def nonce(self) -> int:
        """A fresh one for any signer."""
        self._slot += 1
        return (self.now_ms // 1000 - self._slot // 256 << 8) | self._slot % 256

    def sell(
        self, owner: str, asset_in: str, asset_out: str, amount_in: int, **fields: Any
    ) -> Outcome:
        return self.do(
            SwapExactIn,
            owner,
            token_in=self.token(asset_in),
            token_out=self.token(asset_out),
            amount_in=amount_in,
            min_amount_out=fields.pop("minimum", 0),
            **fields,
        )

    def add(
        self, owner: str, asset_a: str, amount_a: int, asset_b: str, amount_b: int, **fields: Any
    ) -> Outcome:
        return self.do(
            AddLiquidity,
            owner,
            token_a=self.token(asset_a),
            token_b=self.token(asset_b),
            amount_a_desired=amount_a,
            amount_b_desired=amount_b,
            amount_a_min=fields.pop("min_a", 0),
            amount_b_min=fields.pop("min_b", 0),
            **fields,
        )

    def has(self, owner: str, asset: str) -> int:
        return self.state.ledger.available(owner, asset)

    def _run(self, command: Any, scheme: str, signer: str) -> Outcome:
        request = Request(self.state.seq + 1, self.now_ms, signer, "", scheme, command)
        before = self.state.digest()
        outcome = decide(self.state, request)
        assert self.state.digest() == before, "decide touched the state"
        if not isinstance(outcome, Rejected):
            apply(self.state, request.seq, request.now_ms, outcome)
            check(self.state, outcome)
            check_all(self.state)
        return outcome


def seeded() -> Venue:
    """Alice has 1,000 ETH, 10 M USDC, 100 BTC; 100 ETH / 200,000 USDC and 10 ETH / 0.5 BTC lie in
    pools."""
    venue = Venue()
    venue.fund(ALICE, ETH=1_000 * 10**18, USDC=10_000_000 * 10**6, BTC=100 * 10**8)
    assert not isinstance(venue.add(ALICE, "ETH", 100 * 10**18, "USDC", 200_000 * 10**6), Rejected)
    assert not isinstance(venue.add(ALICE, "BTC", 5 * 10**7, "ETH", 10 * 10**18), Rejected)
    return venue
