"""Receipts: what an accepted action did, from its events alone, so that a repeated one reads the
same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from api.views import address, event_view, token_of
from xyk.domain.commands import (
    AddLiquidity,
    RemoveLiquidity,
    SwapExactIn,
    SwapExactOut,
    Withdraw,
)
from xyk.domain.events import LiquidityAdded, LiquidityRemoved, PoolSwapped, Withdrawn
from xyk.engine.submission import Committed
from xyk.exchange.state import State

POOL, BOOK = "pool", "book"  # venues


class Receipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`timestamp` is Unix ms, `digest` the action's (null for the faucet). `events` are the
    journal's, amounts as strings.
    """

    seq: int
    timestamp: int
    digest: str | None
    events: list[dict[str, Any]]


class FeeView(msgspec.Struct, frozen=True):
    market: str
    venue: str
    token: str
    amount: str


class HopView(msgspec.Struct, frozen=True, rename="camel"):
    """One venue's part of a route. A pool's fee is in `tokenIn` and inside `amountIn`, the book's
    is in `tokenOut` and taken off before `amountOut`."""

    market: str
    venue: str
    token_in: str
    token_out: str
    amount_in: str
    amount_out: str
    fee: str


class DustView(msgspec.Struct, frozen=True):
    """What could not be traded and stayed with the owner."""

    token: str
    amount: str


class SwapReceipt(Receipt, frozen=True, kw_only=True):
    """`fee` is null where fees were paid in several tokens."""

    amount_in: str
    amount_out: str
    fee: str | None
    fees: list[FeeView]
    route: list[HopView]
    dust: list[DustView]


class LiquidityReceipt(Receipt, frozen=True, kw_only=True):
    """Amounts in the order in which the action names its tokens; `liquidity` in shares."""

    amount_a: str
    amount_b: str
    liquidity: str
    pool: str


class WithdrawalReceipt(Receipt, frozen=True, kw_only=True):
    token: str
    amount: str
    recipient: str
    status: str


def receipt(state: State, committed: Committed) -> Receipt:
    """`state` only names tokens, which never change; all amounts are the events'."""
    make = _KINDS.get(type(committed.command), _plain)
    return make(state, committed)


def fees_of(hops: Sequence[HopView]) -> list[FeeView]:
    return [
        FeeView(
            hop.market, hop.venue, hop.token_in if hop.venue == POOL else hop.token_out, hop.fee
        )
        for hop in hops
    ]


def single_fee(fees: Sequence[FeeView]) -> str | None:
    """All fees as one amount; None where they were paid in several tokens."""
    if len({fee.token for fee in fees}) != 1:
        return None
    return str(sum(int(fee.amount) for fee in fees))


def _plain(state: State, committed: Committed) -> Receipt:
    return Receipt(**_common(committed))


def _common(committed: Committed) -> dict[str, Any]:
    entry = committed.entry
    return {
        "seq": entry.seq,
        "timestamp": entry.time,
        "digest": committed.evidence.digest or None,
        "events": [event_view(event) for event in committed.events],
    }


def _swap(state: State, committed: Committed) -> Receipt:
    hops = [
        HopView(
            event.market,
            POOL,
            token_of(state, event.asset_in),
            token_of(state, event.asset_out),
            str(event.amount_in),
            str(event.amount_out),
            str(event.fee),
        )
        for event in committed.events
        if isinstance(event, PoolSwapped)
    ]
    return SwapReceipt(
        **_common(committed),
        amount_in=hops[0].amount_in,
        amount_out=hops[-1].amount_out,
        fee=single_fee(fees_of(hops)),
        fees=fees_of(hops),
        route=hops,
        dust=[],
    )


def _liquidity(state: State, committed: Committed) -> Receipt:
    command = committed.command
    assert isinstance(command, AddLiquidity | RemoveLiquidity)
    moved = next(
        event for event in committed.events if isinstance(event, LiquidityAdded | LiquidityRemoved)
    )
    amount_a, amount_b = moved.amount_base, moved.amount_quote
    if command.token_a != state.assets[state.markets[moved.market].base].token:
        amount_a, amount_b = amount_b, amount_a
    return LiquidityReceipt(
        **_common(committed),
        amount_a=str(amount_a),
        amount_b=str(amount_b),
        liquidity=str(moved.liquidity),
        pool=moved.market,
    )


def _withdrawal(state: State, committed: Committed) -> Receipt:
    moved = next(event for event in committed.events if isinstance(event, Withdrawn))
    return WithdrawalReceipt(
        **_common(committed),
        token=token_of(state, moved.asset),
        amount=str(moved.amount),
        recipient=address(moved.recipient),
        status="confirmed",
    )


_KINDS: Mapping[type, Callable[[State, Committed], Receipt]] = {
    SwapExactIn: _swap,
    SwapExactOut: _swap,
    AddLiquidity: _liquidity,
    RemoveLiquidity: _liquidity,
    Withdraw: _withdrawal,
}
