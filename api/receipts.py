"""Receipts: what an accepted action did, from its events alone, so that a repeated one reads the
same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from api.views import address, event_view, token_of
from xyk.domain.commands import (
    AddLiquidity,
    RemoveLiquidity,
    SwapExactIn,
    SwapExactOut,
    Withdraw,
)
from xyk.domain.events import LiquidityAdded, LiquidityRemoved, PoolSwapped, Withdrawn
from xyk.engine.writer import Committed
from xyk.exchange.state import State

View = dict[str, Any]


def receipt(state: State, committed: Committed) -> View:
    """`state` only names tokens, which never change; all amounts are the events'."""
    entry = committed.entry
    view: View = {
        "seq": entry.seq,
        "timestamp": entry.time,
        "digest": committed.evidence.digest or None,
        "events": [event_view(event) for event in committed.events],
    }
    summary = _SUMMARIES.get(type(committed.command))
    if summary is not None:
        view.update(summary(state, committed))
    return view


def hop_view(
    state: State,
    market: str,
    asset_in: str,
    asset_out: str,
    amount_in: int,
    amount_out: int,
    fee: int,
) -> View:
    """One pool's part of a route; the fee is in `tokenIn`."""
    return {
        "market": market,
        "venue": "pool",
        "tokenIn": token_of(state, asset_in),
        "tokenOut": token_of(state, asset_out),
        "amountIn": str(amount_in),
        "amountOut": str(amount_out),
        "fee": str(fee),
    }


def fee_views(hops: list[View]) -> list[View]:
    return [
        {
            "market": hop["market"],
            "venue": hop["venue"],
            "token": hop["tokenIn"],
            "amount": hop["fee"],
        }
        for hop in hops
    ]


def single_fee(hops: list[View]) -> str | None:
    """The fee as one amount; None where it was paid in several tokens."""
    return hops[0]["fee"] if len(hops) == 1 else None


def _swap(state: State, committed: Committed) -> View:
    swaps = [event for event in committed.events if isinstance(event, PoolSwapped)]
    hops = [
        hop_view(
            state,
            swap.market,
            swap.asset_in,
            swap.asset_out,
            swap.amount_in,
            swap.amount_out,
            swap.fee,
        )
        for swap in swaps
    ]
    return {
        "amountIn": hops[0]["amountIn"],
        "amountOut": hops[-1]["amountOut"],
        "fee": single_fee(hops),
        "fees": fee_views(hops),
        "route": hops,
        "dust": [],
    }


def _liquidity(state: State, committed: Committed) -> View:
    """Amounts in the order in which the action names its tokens."""
    command = committed.command
    assert isinstance(command, AddLiquidity | RemoveLiquidity)
    moved = next(
        event for event in committed.events if isinstance(event, LiquidityAdded | LiquidityRemoved)
    )
    amounts = (moved.amount_base, moved.amount_quote)
    base = state.assets[state.markets[moved.market].base]
    amount_a, amount_b = amounts if command.token_a == base.token else amounts[::-1]
    return {
        "amountA": str(amount_a),
        "amountB": str(amount_b),
        "liquidity": str(moved.liquidity),
        "pool": moved.market,
    }


def _withdrawal(state: State, committed: Committed) -> View:
    moved = next(event for event in committed.events if isinstance(event, Withdrawn))
    return {
        "token": token_of(state, moved.asset),
        "amount": str(moved.amount),
        "recipient": address(moved.recipient),
        "status": "confirmed",
    }


_SUMMARIES: Mapping[type, Callable[[State, Committed], View]] = {
    SwapExactIn: _swap,
    SwapExactOut: _swap,
    AddLiquidity: _liquidity,
    RemoveLiquidity: _liquidity,
    Withdraw: _withdrawal,
}
