"""Each row carries its own fault and every later one that can stand beside it: the first one named
wins.

The rows go through `decide`; the codes before it (malformed, signature form) are the api's and the
wallet's, with tests of their own.
"""

from typing import Any

import pytest

from tests.exchange.venue import ALICE, BOB, CAROL, NOBODY, NOW_S, OPERATOR, Venue, seeded
from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    RemoveLiquidity,
    RevokeAgent,
    SetMarketStatus,
    SwapExactIn,
    SwapExactOut,
    Transfer,
    Withdraw,
)
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import RESERVE_MAX

LATE = NOW_S - 1
EARLY_NONCE = NOW_S - 3 * 86_400 << 8
USED_NONCE = (NOW_S << 8) + 200
HUGE = 2**200


def venue_with_agents() -> Venue:
    """Bob is Alice's agent, Carol was; one nonce of Alice and Bob is used."""
    venue = seeded()
    for agent in (BOB, CAROL):
        venue.do(ApproveAgent, ALICE, agent=agent, valid_until=NOW_S + 10**6)
    venue.do(RevokeAgent, ALICE, agent=CAROL)
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**15, nonce=USED_NONCE), Rejected)
    return venue


def swap(venue: Venue, **changes: Any) -> Any:
    """A swap that is wrong in every way that `changes` does not mend."""
    fields: dict[str, Any] = dict(
        token_in=NOBODY,
        token_out=NOBODY,
        amount_in=0,
        min_amount_out=HUGE,
        nonce=EARLY_NONCE,
        deadline=LATE,
    )
    fields.update(changes)
    return venue.do(SwapExactIn, ALICE, **fields)


IN_TIME = dict(deadline=NOW_S + 60)
NONCE = dict(IN_TIME, nonce=(NOW_S << 8) + 201)


def test_swap_exact_in_by_descending_precedence() -> None:
    venue = venue_with_agents()
    eth, usdc, sol = venue.token("ETH"), venue.token("USDC"), venue.token("SOL")

    assert swap(venue, signer=NOBODY).code is Code.INVALID_SIGNATURE
    assert swap(venue, signer=CAROL).code is Code.UNAUTHORIZED
    assert swap(venue).code is Code.EXPIRED
    assert swap(venue, deadline=NOW_S + 86_401).code is Code.EXPIRED
    assert swap(venue, **IN_TIME).code is Code.NONCE_OUT_OF_WINDOW
    assert swap(venue, **IN_TIME, nonce=NOW_S + 301 << 8).code is Code.NONCE_OUT_OF_WINDOW
    assert swap(venue, **IN_TIME, nonce=USED_NONCE).code is Code.NONCE_USED
    assert swap(venue, **NONCE).code is Code.INVALID_ASSET
    assert swap(venue, **NONCE, token_in=eth).code is Code.INVALID_ASSET
    assert swap(venue, **NONCE, token_in=eth, token_out=sol).code is Code.POOL_NOT_FOUND
    venue.do(SetMarketStatus, OPERATOR, market="*", status="paused")
    assert swap(venue, **NONCE, token_in=eth, token_out=eth).code is Code.TRADING_PAUSED
    assert swap(venue, **NONCE, token_in=eth, token_out=usdc).code is Code.TRADING_PAUSED
    venue.do(SetMarketStatus, OPERATOR, market="*", status="open")
    assert swap(venue, **NONCE, token_in=eth, token_out=eth).code is Code.SAME_TOKEN
    to_usdc = dict(NONCE, token_in=eth, token_out=usdc)
    assert swap(venue, **to_usdc).code is Code.INVALID_QUANTITY
    assert swap(venue, **to_usdc, amount_in=HUGE).code is Code.INSUFFICIENT_FUNDS
    # The pool of BTC_USDC is empty; ETH_BTC exists, so there is a path but nothing to trade on it.
    unseeded = Venue()
    unseeded.fund(ALICE, ETH=10**20)
    refusal = swap(unseeded, **to_usdc, amount_in=10**20)
    assert refusal.code is Code.INSUFFICIENT_LIQUIDITY
    assert swap(venue, **to_usdc, amount_in=1).code is Code.INSUFFICIENT_LIQUIDITY
    venue.fund(ALICE, ETH=RESERVE_MAX)
    assert swap(venue, **to_usdc, amount_in=RESERVE_MAX).code is Code.RESERVE_OVERFLOW
    assert swap(venue, **to_usdc, amount_in=10**18).code is Code.SLIPPAGE_EXCEEDED
    assert not isinstance(swap(venue, **to_usdc, amount_in=10**18, min_amount_out=1), Rejected)


def test_swap_exact_out_by_descending_precedence() -> None:
    venue = seeded()
    poor = CAROL

    def buy(owner: str, **changes: Any) -> Any:
        fields: dict[str, Any] = dict(
            token_in=venue.token("USDC"),
            token_out=venue.token("ETH"),
            amount_out=0,
            max_amount_in=0,
        )
        fields.update(changes)
        return venue.do(SwapExactOut, owner, **fields)

    assert buy(poor, token_in=NOBODY).code is Code.INVALID_ASSET
    assert buy(poor, token_out=venue.token("SOL")).code is Code.POOL_NOT_FOUND
    assert buy(poor, token_out=venue.token("USDC")).code is Code.SAME_TOKEN
    assert buy(poor).code is Code.INVALID_QUANTITY
    assert buy(poor, amount_out=100 * 10**18).code is Code.INSUFFICIENT_LIQUIDITY
    assert buy(poor, amount_out=10**18).code is Code.INSUFFICIENT_FUNDS
    assert buy(ALICE, amount_out=10**18).code is Code.SLIPPAGE_EXCEEDED
    price = 200_000 * 10**6 * 10**18 * 10_000 // (99 * 10**18 * 9_970) + 1
    assert buy(ALICE, amount_out=10**18, max_amount_in=price - 1).code is Code.SLIPPAGE_EXCEEDED
    assert not isinstance(buy(ALICE, amount_out=10**18, max_amount_in=price), Rejected)


def test_exact_out_past_the_reserve_bound_names_funds_first() -> None:
    venue = Venue()
    venue.fund(ALICE, BTC=10**18, USDC=RESERVE_MAX)
    venue.add(ALICE, "BTC", 10**7, "USDC", RESERVE_MAX - 10**20)

    def buy() -> Any:
        return venue.do(
            SwapExactOut,
            ALICE,
            token_in=venue.token("USDC"),
            token_out=venue.token("BTC"),
            amount_out=10**6,
            max_amount_in=0,
        )

    assert buy().code is Code.INSUFFICIENT_FUNDS
    venue.fund(ALICE, USDC=RESERVE_MAX)
    assert buy().code is Code.RESERVE_OVERFLOW


def test_add_liquidity_by_descending_precedence() -> None:
    venue = venue_with_agents()
    eth, usdc = venue.token("ETH"), venue.token("USDC")
    shares = venue.token("LP:ETH_USDC")

    def add(**changes: Any) -> Any:
        fields: dict[str, Any] = dict(
            token_a=eth,
            token_b=usdc,
            amount_a_desired=0,
            amount_b_desired=0,
            amount_a_min=HUGE,
            amount_b_min=HUGE,
        )
        fields.update(changes)
        return venue.do(AddLiquidity, fields.pop("owner", ALICE), **fields)

    assert add(token_a=NOBODY, token_b=NOBODY).code is Code.INVALID_ASSET
    assert add(token_b=NOBODY).code is Code.INVALID_ASSET
    assert add(token_a=shares, token_b=shares).code is Code.INVALID_ASSET
    venue.do(SetMarketStatus, OPERATOR, market="*", status="cancel_only")
    assert add(token_b=eth).code is Code.TRADING_PAUSED
    assert add().code is Code.TRADING_PAUSED
    venue.do(SetMarketStatus, OPERATOR, market="*", status="open")
    assert add(token_b=eth).code is Code.SAME_TOKEN
    assert add().code is Code.INVALID_QUANTITY
    assert add(amount_a_desired=1).code is Code.INVALID_QUANTITY
    big = dict(amount_a_desired=HUGE, amount_b_desired=HUGE)
    assert add(**big).code is Code.INSUFFICIENT_FUNDS
    assert add(owner=BOB, **big).code is Code.INSUFFICIENT_FUNDS
    dust = dict(amount_a_desired=1, amount_b_desired=1)
    assert add(**dust).code is Code.INSUFFICIENT_LIQUIDITY
    bitcoin = dict(token_b=venue.token("BTC"), amount_a_desired=10**6, amount_b_desired=1)
    assert venue.add(ALICE, "BTC", 1_000, "USDC", 1_000).code is Code.INSUFFICIENT_LIQUIDITY
    assert add(**bitcoin).code is Code.INSUFFICIENT_LIQUIDITY
    venue.fund(ALICE, ETH=RESERVE_MAX, USDC=RESERVE_MAX)
    most = dict(amount_a_desired=RESERVE_MAX, amount_b_desired=RESERVE_MAX)
    assert add(**most).code is Code.RESERVE_OVERFLOW
    fair = dict(amount_a_desired=10**18, amount_b_desired=2_000 * 10**6)
    assert add(**fair).code is Code.SLIPPAGE_EXCEEDED
    assert add(**fair, amount_a_min=0).code is Code.SLIPPAGE_EXCEEDED
    assert add(**fair, signer=BOB, amount_a_min=0, amount_b_min=0).code is Code.SLIPPAGE_EXCEEDED
    assert not isinstance(add(**fair, amount_a_min=0, amount_b_min=0), Rejected)


def test_remove_liquidity_by_descending_precedence() -> None:
    venue = seeded()
    eth, usdc = venue.token("ETH"), venue.token("USDC")

    def remove(**changes: Any) -> Any:
        fields: dict[str, Any] = dict(
            token_a=eth, token_b=usdc, liquidity=0, amount_a_min=HUGE, amount_b_min=HUGE
        )
        fields.update(changes)
        return venue.do(RemoveLiquidity, fields.pop("owner", ALICE), **fields)

    assert remove(token_a=NOBODY, token_b=NOBODY).code is Code.INVALID_ASSET
    assert remove(token_b=venue.token("SOL")).code is Code.POOL_NOT_FOUND
    assert remove(token_b=eth).code is Code.SAME_TOKEN
    venue.do(SetMarketStatus, OPERATOR, market="*", status="paused")
    assert remove(token_b=eth).code is Code.SAME_TOKEN
    assert remove().code is Code.INVALID_QUANTITY
    assert remove(liquidity=HUGE).code is Code.INSUFFICIENT_FUNDS
    assert remove(owner=BOB, liquidity=1).code is Code.INSUFFICIENT_FUNDS
    assert remove(liquidity=1).code is Code.INSUFFICIENT_LIQUIDITY
    assert remove(liquidity=10**15).code is Code.SLIPPAGE_EXCEEDED
    assert remove(liquidity=10**15, amount_a_min=0).code is Code.SLIPPAGE_EXCEEDED
    done = remove(liquidity=10**15, amount_a_min=0, amount_b_min=0)
    assert not isinstance(done, Rejected), "RemoveLiquidity works in every market status"


@pytest.mark.parametrize("kind", [Transfer, Withdraw])
def test_transfer_and_withdraw_by_descending_precedence(kind: type[Any]) -> None:
    venue = venue_with_agents()
    zero = "0x" + "0" * 40

    def move(**changes: Any) -> Any:
        fields: dict[str, Any] = dict(token=NOBODY, amount=0, recipient=zero)
        fields.update(changes)
        return venue.do(kind, ALICE, **fields)

    eth = venue.token("ETH")
    late = dict(deadline=LATE, nonce=EARLY_NONCE)
    assert move(signer=NOBODY, **late).code is Code.INVALID_SIGNATURE
    assert move(signer=CAROL, **late).code is Code.UNAUTHORIZED
    assert move(signer=BOB, **late).code is Code.FORBIDDEN
    assert move(**late).code is Code.EXPIRED
    assert move().code is Code.INVALID_ASSET
    assert move(token=eth).code is Code.INVALID_QUANTITY
    assert move(token=eth, amount=HUGE).code is Code.INVALID_ORDER
    assert move(token=eth, amount=HUGE, recipient=BOB).code is Code.INSUFFICIENT_FUNDS
    assert not isinstance(move(token=eth, amount=1, recipient=BOB), Rejected)


def test_every_message_says_what_would_be_right() -> None:
    venue = venue_with_agents()
    eth, usdc = venue.token("ETH"), venue.token("USDC")
    expected = {
        "signer": (dict(signer=NOBODY), f"gives {NOBODY}"),
        "revoked": (dict(signer=CAROL), "was revoked"),
        "late": ({}, f"server's time is {NOW_S}"),
        "nonce": (IN_TIME, f"within {NOW_S - 2 * 86_400} .. {NOW_S + 300}"),
        "asset": (NONCE, "GET /api/v1/assets"),
        "zero": (dict(NONCE, token_in=eth, token_out=usdc), "at least 1 base unit"),
        "funds": (
            dict(NONCE, token_in=eth, token_out=usdc, amount_in=HUGE),
            f"Needs {HUGE} base units of ETH",
        ),
        "slippage": (
            dict(NONCE, token_in=eth, token_out=usdc, amount_in=10**18),
            "same nonce",
        ),
    }
    for name, (changes, words) in expected.items():
        assert words in swap(venue, **changes).message, name


def test_expired_agent_is_told_so() -> None:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=NOW_S + 10)
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**15, signer=BOB), Rejected)
    venue.now_ms += 10_999
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**15, signer=BOB), Rejected)
    venue.now_ms += 1
    refusal = venue.sell(ALICE, "ETH", "USDC", 10**15, signer=BOB)
    assert isinstance(refusal, Rejected)
    assert refusal.code is Code.UNAUTHORIZED
    assert "expired" in refusal.message
    assert refusal.http_status == 401
