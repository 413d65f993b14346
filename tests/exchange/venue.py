"""An exchange in memory: stamps commands, folds them, checks every invariant each time."""

from typing import Any

from xyk.domain.commands import (
    AddLiquidity,
    ApproveApiKey,
    CancelOrder,
    FaucetDeposit,
    Genesis,
    GenesisAsset,
    GenesisMarket,
    PlaceOrder,
    ReplaceOrder,
    SwapExactIn,
)
from xyk.domain.events import AnyEvent, OrderPlaced
from xyk.domain.key_commands import ExecuteOrder
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import CLOCK, ED25519, EIP712, FAUCET, GENESIS, Request
from xyk.exchange.decide import decide
from xyk.exchange.due import next_due
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check, check_all, crossed, nothing_is_crossed
from xyk.exchange.state import State

ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20
CAROL = "0x" + "ca" * 20
OPERATOR = "0x" + "0f" * 20
TREASURY = "0x" + "fe" * 20
BOBS_KEY = "0x" + "b1" * 32
CAROLS_KEY = "0x" + "c1" * 32
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


LOT = 10**14  # of ETH_USDC: 0.0001 ETH; a tick is 0.01 USDC per ETH, so one quote unit a lot


class Venue:
    """`do` returns the events of an accepted command, or the refusal, which must leave no trace.

    As the writer does, it runs what the clock has to do before each command; `clocked` keeps those
    events. Orders are named in lots and ticks of ETH_USDC.
    """

    def __init__(self, genesis: Genesis = SANDBOX) -> None:
        self.state = State()
        self.now_ms = NOW_S * 1000
        self._slot = 0
        self.next_digest = ""  # of the next command; empty: a fresh one
        self.clocked: list[tuple[AnyEvent, ...]] = []
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

    def do(
        self, kind: type[Any], owner: str, *, signer: str = "", early: bool = False, **fields: Any
    ) -> Outcome:
        """`early`: before the clock had all its turns, as after 100 activations in a row."""
        if not early:
            self.tick()
        fields.setdefault("nonce", self.nonce())
        fields.setdefault("deadline", self.now_ms // 1000 + 60)
        return self._run(kind(owner=owner, **fields), EIP712, signer or owner)

    def approve(self, owner: str, key: str, valid_until: int = NOW_S + 86_400) -> None:
        outcome = self.do(ApproveApiKey, owner, public_key=key, valid_until=valid_until)
        assert not isinstance(outcome, Rejected), outcome

    def by_key(
        self, key: str, kind: type[Any] = ExecuteOrder, *, digest: str = "", **fields: Any
    ) -> Outcome:
        """An order of ETH_USDC unless told otherwise, signed just now."""
        self.tick()
        fields = {"timestamp": self.now_ms, "window": 5_000, "symbol": "ETH_USDC", **fields}
        if kind is ExecuteOrder:
            fields = {"side": "Bid", "order_type": "Limit", **fields}
        self.next_digest = digest
        return self._run(kind(**fields), ED25519, key)

    def tick(self) -> list[tuple[AnyEvent, ...]]:
        """Runs what is due at this time; the events of each clock entry."""
        fresh: list[tuple[AnyEvent, ...]] = []
        while (command := next_due(self.state, self.now_ms, 1)) is not None:
            outcome = self._run(command, CLOCK, "")
            assert not isinstance(outcome, Rejected), "the clock is never refused"
            fresh.append(outcome)
        self.clocked += fresh
        return fresh

    def order(
        self, owner: str, sold: tuple[str, int], bought: tuple[str, int], **fields: Any
    ) -> Outcome:
        """Sells an amount of one asset for an amount of another; the price is their ratio."""
        fields.setdefault("time_in_force", "GTC")
        fields.setdefault("post_only", False)
        fields.setdefault("self_trade_prevention", "")
        fields.setdefault("trigger_price", 0)
        fields.setdefault("trigger_above", False)
        fields.setdefault("client_id", 0)
        fields.setdefault("expires", 0)
        return self.do(PlaceOrder, owner, **self._amounts(sold, bought), **fields)

    def bid(self, owner: str, lots: int, ticks: int, **fields: Any) -> Outcome:
        return self.order(owner, ("USDC", lots * ticks), ("ETH", lots * LOT), **fields)

    def ask(self, owner: str, lots: int, ticks: int, **fields: Any) -> Outcome:
        return self.order(owner, ("ETH", lots * LOT), ("USDC", lots * ticks), **fields)

    def rest(self, side: str, owner: str, lots: int, ticks: int, **fields: Any) -> int:
        """The id of a bid or ask that was accepted and is open."""
        outcome = (self.bid if side == "bid" else self.ask)(owner, lots, ticks, **fields)
        assert not isinstance(outcome, Rejected), outcome
        placed = next(event for event in outcome if isinstance(event, OrderPlaced))
        assert placed.order_id in self.state.open_orders.by_id, outcome
        return placed.order_id

    def replace(self, number: int, lots: int, ticks: int, **fields: Any) -> Outcome:
        """The open order gets a new total and price; its owner signs."""
        order = self.state.open_orders.by_id[number]
        sold, bought = ("USDC", lots * ticks), ("ETH", lots * LOT)
        if not order.is_bid:
            sold, bought = bought, sold
        named = {"order": order.digest, **self._amounts(sold, bought), **fields}
        return self.do(ReplaceOrder, order.owner, **named)

    def cancel(self, owner: str, number: int, **fields: Any) -> Outcome:
        fields.setdefault("client_id", 0)
        return self.do(CancelOrder, owner, order_id=str(number), **fields)

    def book(self, market: str = "ETH_USDC") -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(bids, asks) as (ticks, lots), best first."""
        book = self.state.books[market]
        return book.depth(True, 99), book.depth(False, 99)

    def held(self, owner: str, asset: str) -> int:
        return self.state.ledger.held(owner, asset)

    def _amounts(self, sold: tuple[str, int], bought: tuple[str, int]) -> dict[str, Any]:
        return {
            "sell_token": self.token(sold[0]),
            "sell_amount": sold[1],
            "buy_token": self.token(bought[0]),
            "buy_amount": bought[1],
        }

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
        seq = self.state.seq + 1
        digest = self.next_digest or f"0x{seq:064x}" if scheme in (EIP712, ED25519) else ""
        self.next_digest = ""
        request = Request(seq, self.now_ms, signer, digest, scheme, command)
        before = self.state.digest()
        outcome = decide(self.state, request)
        assert self.state.digest() == before, "decide touched the state"
        if not isinstance(outcome, Rejected):
            apply(self.state, request.seq, request.now_ms, outcome)
            check(self.state, outcome)
            check_all(self.state)
            assert crossed(self.state, outcome) == ()
            nothing_is_crossed(self.state)
        return outcome


def seeded() -> Venue:
    """Alice has 1,000 ETH, 10 M USDC, 100 BTC; 100 ETH / 200,000 USDC and 10 ETH / 0.5 BTC lie in
    pools."""
    venue = Venue()
    venue.fund(ALICE, ETH=1_000 * 10**18, USDC=10_000_000 * 10**6, BTC=100 * 10**8)
    assert not isinstance(venue.add(ALICE, "ETH", 100 * 10**18, "USDC", 200_000 * 10**6), Rejected)
    assert not isinstance(venue.add(ALICE, "BTC", 5 * 10**7, "ETH", 10 * 10**18), Rejected)
    return venue


def with_book() -> Venue:
    """Bob and Carol have 1,000 ETH and 10 M USDC each; nothing lies in a pool or rests."""
    venue = Venue()
    for owner in (ALICE, BOB, CAROL):
        venue.fund(owner, ETH=1_000 * 10**18, USDC=10_000_000 * 10**6)
    return venue


def both() -> Venue:
    """As `with_book`, and 100 ETH / 200,000 USDC of Alice lie in the pool: spot is tick 200000."""
    venue = with_book()
    assert not isinstance(venue.add(ALICE, "ETH", 100 * 10**18, "USDC", 200_000 * 10**6), Rejected)
    return venue


def refused(outcome: Any) -> tuple[Code, str]:
    assert isinstance(outcome, Rejected), outcome
    return outcome.code, outcome.message
