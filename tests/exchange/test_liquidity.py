"""Deposits and withdrawals of liquidity, the protocol fee, implicit markets."""

from math import isqrt

import pytest

from tests.exchange.venue import ALICE, BOB, OPERATOR, TREASURY, Outcome, Venue, seeded
from xyk.domain.commands import ListAsset, ListMarket, RemoveLiquidity, SetProtocolFee
from xyk.domain.events import LiquidityAdded, LiquidityRemoved, MarketListed
from xyk.domain.market import LOCKED
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import ZERO_ADDRESS


def remove(venue: Venue, owner: str, one: str, other: str, liquidity: int) -> Outcome:
    return venue.do(
        RemoveLiquidity,
        owner,
        token_a=venue.token(one),
        token_b=venue.token(other),
        liquidity=liquidity,
        amount_a_min=0,
        amount_b_min=0,
    )


def test_worked_example_of_the_first_deposits() -> None:
    """facts/routing.md: 10 ETH / 0.5 BTC, then 1 ETH / 0.04 BTC."""
    venue = seeded()
    assert venue.has(ALICE, "LP:ETH_BTC") == 22_360_679_773_997
    assert venue.has(LOCKED, "LP:ETH_BTC") == 1_000
    events = venue.add(ALICE, "ETH", 10**18, "BTC", 4 * 10**6)
    assert not isinstance(events, Rejected)
    added = events[-1]
    assert isinstance(added, LiquidityAdded)
    assert (added.amount_base, added.amount_quote) == (8 * 10**17, 4 * 10**6)
    assert added.liquidity == 1_788_854_381_999


@pytest.mark.parametrize("flipped", [False, True], ids=["A is base", "B is base"])
def test_the_order_of_tokens_does_not_matter(flipped: bool) -> None:
    venue = seeded()
    sides = ("USDC", 10**9, "ETH", 10**18) if flipped else ("ETH", 10**18, "USDC", 10**9)
    events = venue.add(ALICE, *sides)
    assert not isinstance(events, Rejected)
    assert (events[-1].amount_base, events[-1].amount_quote) == (5 * 10**17, 10**9)


def test_removing_everything_leaves_the_locked_minimum() -> None:
    """v2-periphery Router01.spec: 1e18 / 4e18, all out: (1e18 - 500, 4e18 - 2000)."""
    venue = Venue()
    venue.fund(ALICE, BTC=10**18, USDC=4 * 10**18)
    venue.add(ALICE, "BTC", 10**18, "USDC", 4 * 10**18)
    assert venue.has(ALICE, "LP:BTC_USDC") == 2 * 10**18 - 1_000
    events = remove(venue, ALICE, "BTC", "USDC", 2 * 10**18 - 1_000)
    assert not isinstance(events, Rejected)
    removed = events[-1]
    assert isinstance(removed, LiquidityRemoved)
    assert (removed.amount_base, removed.amount_quote) == (10**18 - 500, 4 * 10**18 - 2_000)
    assert (removed.reserve_base, removed.reserve_quote) == (500, 2_000)
    assert removed.total_supply == 1_000
    refill = venue.add(ALICE, "BTC", 10**18 - 500, "USDC", 4 * 10**18 - 2_000)
    assert not isinstance(refill, Rejected)
    assert refill[-1].locked == 0


def test_protocol_fee_on_equals_v2_cores_spec() -> None:
    """1000e18 / 1000e18, swap 1e18, burn all (UniswapV2Pair.spec)."""
    venue = Venue()
    venue.do(SetProtocolFee, OPERATOR, recipient=TREASURY)
    venue.fund(ALICE, BTC=1_001 * 10**18, USDC=1_000 * 10**18)
    venue.add(ALICE, "BTC", 1_000 * 10**18, "USDC", 1_000 * 10**18)
    swapped = venue.sell(ALICE, "BTC", "USDC", 10**18)
    assert not isinstance(swapped, Rejected)
    assert swapped[-1].amount_out == 996_006_981_039_903_216
    burned = remove(venue, ALICE, "BTC", "USDC", 1_000 * 10**18 - 1_000)
    assert not isinstance(burned, Rejected)
    assert venue.state.ledger.supply("LP:BTC_USDC") == 1_000 + 249_750_499_251_388
    assert venue.has(TREASURY, "LP:BTC_USDC") == 249_750_499_251_388
    assert burned[-1].reserve_base == 1_000 + 250_000_187_312_969
    assert burned[-1].reserve_quote == 1_000 + 249_501_683_697_445
    assert burned[-1].k_last == burned[-1].reserve_base * burned[-1].reserve_quote


def test_protocol_fee_off_forgets_k_last_and_first_event_after_on_mints_nothing() -> None:
    venue = seeded()
    venue.sell(ALICE, "ETH", "USDC", 10**18)
    venue.do(SetProtocolFee, OPERATOR, recipient=TREASURY)
    first = venue.add(ALICE, "ETH", 10**18, "USDC", 10**10)
    assert not isinstance(first, Rejected)
    assert first[-1].protocol_liquidity == 0 and first[-1].k_last > 0
    venue.sell(ALICE, "ETH", "USDC", 10**18)
    pool = venue.state.pools["ETH_USDC"]
    root, root_last = isqrt(pool.reserve_base * pool.reserve_quote), isqrt(pool.k_last)
    expected = pool.total_supply * (root - root_last) // (5 * root + root_last)
    second = venue.add(ALICE, "ETH", 10**18, "USDC", 10**10)
    assert not isinstance(second, Rejected)
    assert second[-1].protocol_liquidity == expected > 0
    assert venue.has(TREASURY, "LP:ETH_USDC") == expected
    venue.do(SetProtocolFee, OPERATOR, recipient=ZERO_ADDRESS)
    venue.sell(ALICE, "ETH", "USDC", 10**18)
    third = venue.add(ALICE, "ETH", 10**18, "USDC", 10**10)
    assert not isinstance(third, Rejected)
    assert third[-1].protocol_liquidity == 0 and third[-1].k_last == 0


def test_a_users_first_deposit_makes_an_implicit_market_with_the_later_asset_as_base() -> None:
    venue = Venue()
    venue.fund(BOB, SOL=10**12, BTC=10**9)
    for symbol in ("SOL", "BTC"):
        assert venue.has(BOB, symbol)
    events = venue.add(BOB, "BTC", 10**8, "SOL", 10**11)
    assert not isinstance(events, Rejected)
    listed = events[1]
    assert isinstance(listed, MarketListed)
    assert (listed.market, listed.base, listed.quote) == ("SOL_BTC", "SOL", "BTC")
    assert (listed.tick_size, listed.lot_size) == (1, 10**3)
    assert (listed.book, listed.implicit, listed.pool_fee_bps) == (False, True, 30)
    assert (listed.maker_fee_bps, listed.taker_fee_bps) == (0, 0)
    assert venue.token("LP:SOL_BTC").startswith("0x")


def test_an_asset_of_few_decimals_gets_a_lot_of_one_unit() -> None:
    venue = Venue()
    venue.do(ListAsset, OPERATOR, symbol="TINY", token=ZERO_ADDRESS, decimals=2)
    venue.fund(BOB, TINY=10**12, USDC=10**12)
    events = venue.add(BOB, "TINY", 10**8, "USDC", 10**8)
    assert not isinstance(events, Rejected)
    assert events[1].lot_size == 1


def test_the_operator_takes_an_implicit_market_over_once() -> None:
    venue = Venue()
    venue.fund(BOB, SOL=10**12, USDC=10**12)
    venue.add(BOB, "SOL", 10**11, "USDC", 10**10)
    venue.sell(BOB, "SOL", "USDC", 10**9)
    shares = venue.has(BOB, "LP:SOL_USDC")
    reserves = venue.state.pools["SOL_USDC"].reserve_base
    terms = dict(
        tick_size=10**4,
        lot_size=10**6,
        maker_fee_bps=2,
        taker_fee_bps=5,
        pool_fee_bps=25,
        book=True,
    )
    reversed_ = venue.do(ListMarket, OPERATOR, base="USDC", quote="SOL", **terms)
    assert isinstance(reversed_, Rejected)
    assert (reversed_.code, reversed_.http_status) == (Code.INVALID_MARKET, 409)
    taken = venue.do(ListMarket, OPERATOR, base="SOL", quote="USDC", **terms)
    assert not isinstance(taken, Rejected)
    market, pool = venue.state.markets["SOL_USDC"], venue.state.pools["SOL_USDC"]
    assert (market.book, market.implicit, market.lot_size) == (True, False, 10**6)
    assert (pool.fee_bps, pool.reserve_base) == (25, reserves)
    assert venue.has(BOB, "LP:SOL_USDC") == shares
    sold = venue.sell(BOB, "SOL", "USDC", 10**9)
    assert not isinstance(sold, Rejected) and sold[-1].trade_id == 2
    again = venue.do(ListMarket, OPERATOR, base="SOL", quote="USDC", **terms)
    assert isinstance(again, Rejected)
    assert (again.code, again.http_status) == (Code.INVALID_MARKET, 409)


def test_burning_shares_worth_less_than_a_unit_is_refused() -> None:
    venue = Venue()
    venue.fund(ALICE, BTC=10**18, USDC=10**18)
    venue.add(ALICE, "BTC", 10**12, "USDC", 10**3)
    refused = remove(venue, ALICE, "BTC", "USDC", 1)
    assert isinstance(refused, Rejected) and refused.code is Code.INSUFFICIENT_LIQUIDITY
    assert "more at once" in refused.message


def test_shares_are_transferable_value() -> None:
    from xyk.domain.commands import Transfer

    venue = seeded()
    shares = venue.has(ALICE, "LP:ETH_USDC")
    moved = venue.do(
        Transfer, ALICE, token=venue.token("LP:ETH_USDC"), amount=shares, recipient=BOB
    )
    assert not isinstance(moved, Rejected)
    events = remove(venue, BOB, "USDC", "ETH", shares)
    assert not isinstance(events, Rejected)
    assert venue.has(BOB, "ETH") == events[-1].amount_base > 0
