"""Swaps over one to three pools: amounts, routes, events, agents' price band."""

import pytest

from tests.exchange.venue import ALICE, BOB, NOW_S, OPERATOR, Venue, seeded
from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    ListAsset,
    SetMarketStatus,
    SwapExactOut,
)
from xyk.domain.events import NonceUsed, PoolSwapped
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import ZERO_ADDRESS
from xyk.exchange.route import best_exact_in, best_exact_out


def out(amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int = 30) -> int:
    """V2's getAmountOut, written out."""
    effective = amount_in * (10_000 - fee_bps)
    return effective * reserve_out // (reserve_in * 10_000 + effective)


def test_sell_over_one_pool_moves_exactly_v2s_amounts() -> None:
    venue = seeded()
    expected = out(10**18, 100 * 10**18, 200_000 * 10**6)
    before = venue.has(ALICE, "USDC")
    events = venue.sell(ALICE, "ETH", "USDC", 10**18, minimum=expected)
    assert not isinstance(events, Rejected)
    assert isinstance(events[0], NonceUsed)
    assert events[1:] == (
        PoolSwapped(
            owner=ALICE,
            market="ETH_USDC",
            asset_in="ETH",
            asset_out="USDC",
            amount_in=10**18,
            amount_out=expected,
            fee=3 * 10**15,
            reserve_base=101 * 10**18,
            reserve_quote=200_000 * 10**6 - expected,
            trade_id=1,
            price_forming=True,
        ),
    )
    assert venue.has(ALICE, "USDC") == before + expected
    refused = venue.sell(ALICE, "ETH", "USDC", 10**18, minimum=expected)
    assert isinstance(refused, Rejected) and refused.code is Code.SLIPPAGE_EXCEEDED


def test_buy_pays_v2s_floor_plus_one_and_receives_exactly() -> None:
    venue = seeded()
    before = venue.has(ALICE, "ETH"), venue.has(ALICE, "USDC")
    events = venue.do(
        SwapExactOut,
        ALICE,
        token_in=venue.token("USDC"),
        token_out=venue.token("ETH"),
        amount_out=10**18,
        max_amount_in=10**30,
    )
    assert not isinstance(events, Rejected)
    cost = 200_000 * 10**6 * 10**18 * 10_000 // (99 * 10**18 * 9_970) + 1
    assert venue.has(ALICE, "ETH") - before[0] == 10**18
    assert before[1] - venue.has(ALICE, "USDC") == cost


def test_two_hops_chain_and_leave_nothing_in_between() -> None:
    venue = seeded()
    bitcoin = venue.has(ALICE, "BTC")
    ether = out(10**9, 200_000 * 10**6, 100 * 10**18)
    expected = out(ether, 10 * 10**18, 5 * 10**7)
    events = venue.sell(ALICE, "USDC", "BTC", 10**9)
    assert not isinstance(events, Rejected)
    assert [event.market for event in events[1:]] == ["ETH_USDC", "ETH_BTC"]
    assert venue.has(ALICE, "BTC") - bitcoin == expected
    assert events[1].amount_out == events[2].amount_in == ether


def test_best_route_wins_and_ties_go_to_fewer_hops() -> None:
    venue = seeded()
    venue.add(ALICE, "BTC", 10 * 10**8, "USDC", 1_000_000 * 10**6)
    direct = best_exact_in(venue.state, "BTC", "USDC", 10**4)
    assert not isinstance(direct, Rejected)
    assert [hop.edge.market.symbol for hop in direct.hops] == ["BTC_USDC"]
    # Against a poor direct pool the way over ETH gives more.
    worse = seeded()
    worse.add(ALICE, "BTC", 10 * 10**8, "USDC", 10_000 * 10**6)
    detour = best_exact_in(worse.state, "BTC", "USDC", 10**4)
    assert not isinstance(detour, Rejected)
    assert [hop.edge.market.symbol for hop in detour.hops] == ["ETH_BTC", "ETH_USDC"]
    back = best_exact_out(worse.state, "BTC", "USDC", detour.amount_out)
    assert not isinstance(back, Rejected)
    assert [hop.edge.market.symbol for hop in back.hops] == ["ETH_BTC", "ETH_USDC"]
    assert back.amount_in <= 10**4


def test_three_hops_are_found_and_four_are_not() -> None:
    venue = seeded()
    venue.fund(ALICE, SOL=10**15)
    venue.add(ALICE, "SOL", 10**12, "BTC", 10**7)
    events = venue.sell(ALICE, "SOL", "USDC", 10**9)
    assert not isinstance(events, Rejected)
    assert [event.market for event in events[1:]] == ["SOL_BTC", "ETH_BTC", "ETH_USDC"]
    for symbol, neighbour in (("DOGE", "SOL"), ("CAT", "DOGE")):
        venue.do(ListAsset, OPERATOR, symbol=symbol, token=ZERO_ADDRESS, decimals=8)
        venue.fund(ALICE, **{symbol: 10**15})
        venue.add(ALICE, symbol, 10**12, neighbour, 10**12)
    far = venue.sell(ALICE, "CAT", "USDC", 10**9)
    assert isinstance(far, Rejected) and far.code is Code.POOL_NOT_FOUND


def test_a_closed_market_is_no_edge() -> None:
    venue = seeded()
    venue.add(ALICE, "BTC", 10 * 10**8, "USDC", 1_000_000 * 10**6)
    venue.do(SetMarketStatus, OPERATOR, market="BTC_USDC", status="cancel_only")
    events = venue.sell(ALICE, "BTC", "USDC", 10**5)
    assert not isinstance(events, Rejected)
    assert [event.market for event in events[1:]] == ["ETH_BTC", "ETH_USDC"]
    venue.do(SetMarketStatus, OPERATOR, market="BTC_USDC", status="open")
    venue.do(SetMarketStatus, OPERATOR, market="ETH_BTC", status="paused")
    events = venue.sell(ALICE, "BTC", "USDC", 10**5)
    assert not isinstance(events, Rejected)
    assert [event.market for event in events[1:]] == ["BTC_USDC"]


def test_a_path_that_overflows_is_avoided_where_another_serves() -> None:
    venue = Venue()
    most = 2**112 - 1
    venue.fund(ALICE, BTC=most, USDC=most, ETH=most)
    venue.add(ALICE, "BTC", most - 10, "USDC", 10**20)
    venue.add(ALICE, "ETH", 10**20, "BTC", 10)
    venue.fund(ALICE, BTC=most, ETH=10**20, USDC=10**20)
    venue.add(ALICE, "ETH", 10**20, "USDC", 10**13)
    over_ether = best_exact_in(venue.state, "BTC", "USDC", 1_000)
    assert not isinstance(over_ether, Rejected) and not over_ether.overflows
    assert [hop.edge.market.symbol for hop in over_ether.hops] == ["ETH_BTC", "ETH_USDC"]
    costly = best_exact_out(venue.state, "BTC", "USDC", 10**5)
    assert not isinstance(costly, Rejected) and not costly.overflows


def test_a_dormant_pool_beside_a_book_is_skipped_and_wakes_again() -> None:
    venue = Venue()
    venue.fund(ALICE, ETH=10**20, USDC=10**12)
    assert not isinstance(venue.add(ALICE, "ETH", 10**14 - 1, "USDC", 10**9), Rejected)
    asleep = venue.sell(ALICE, "ETH", "USDC", 10**10)
    assert isinstance(asleep, Rejected) and asleep.code is Code.INSUFFICIENT_LIQUIDITY
    no_buy = best_exact_out(venue.state, "ETH", "USDC", 1)
    assert isinstance(no_buy, Rejected) and no_buy.code is Code.INSUFFICIENT_LIQUIDITY
    assert not isinstance(venue.add(ALICE, "ETH", 10**14, "USDC", 10**12), Rejected)
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**10), Rejected)


@pytest.mark.parametrize(
    ("amount_in", "forming"),
    [(10**14 - 1, False), (10**14, True)],
    ids=["less than a lot", "one lot"],
)
def test_only_fills_of_a_lot_form_the_price(amount_in: int, forming: bool) -> None:
    venue = seeded()
    events = venue.sell(ALICE, "ETH", "USDC", amount_in)
    assert not isinstance(events, Rejected)
    assert events[1].price_forming is forming


def test_dust_in_quote_does_not_form_the_price() -> None:
    venue = seeded()
    for quote, forming in ((9_999, False), (10**6, True)):
        events = venue.sell(ALICE, "USDC", "ETH", quote)
        assert not isinstance(events, Rejected)
        assert events[1].price_forming is forming


def test_trade_ids_are_sequential_per_market() -> None:
    venue = seeded()
    ids = []
    for _ in range(3):
        events = venue.sell(ALICE, "USDC", "BTC", 10**9)
        assert not isinstance(events, Rejected)
        ids.append([event.trade_id for event in events[1:]])
    assert ids == [[1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize("sells_base", [True, False])
def test_an_agent_may_move_the_price_by_the_band_and_no_unit_more(sells_base: bool) -> None:
    """Marginal price after x, with fee: (d*ri + n*x)^2 / (n*d*ri*ro); bisected here."""
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=NOW_S + 10**6)
    reserve_in = 100 * 10**18 if sells_base else 200_000 * 10**6
    n, d = 9_970, 10_000
    low, high = 0, reserve_in
    while high - low > 1:
        middle = (low + high) // 2
        marginal = (d * reserve_in + n * middle) ** 2
        spot = n * d * reserve_in**2
        within = marginal * 9_000 <= spot * 10_000 if sells_base else marginal * 10 <= spot * 11
        low, high = (middle, high) if within else (low, middle)
    assert low > reserve_in // 30
    pair = ("ETH", "USDC") if sells_base else ("USDC", "ETH")
    refused = venue.sell(ALICE, *pair, high, signer=BOB)
    assert isinstance(refused, Rejected) and refused.code is Code.SLIPPAGE_EXCEEDED
    assert "agent" in refused.message
    assert not isinstance(venue.sell(ALICE, *pair, low, signer=BOB), Rejected)


def test_an_agent_may_not_seed_a_pool_but_may_grow_it() -> None:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=NOW_S + 10**6)
    first = venue.add(ALICE, "BTC", 10**8, "USDC", 10**11, signer=BOB)
    assert isinstance(first, Rejected) and first.code is Code.FORBIDDEN
    unknown = venue.add(ALICE, "BTC", 10**8, "SOL", 10**11, signer=BOB)
    assert isinstance(unknown, Rejected) and unknown.code is Code.FORBIDDEN
    grown = venue.do(
        AddLiquidity,
        ALICE,
        signer=BOB,
        token_a=venue.token("ETH"),
        token_b=venue.token("USDC"),
        amount_a_desired=10**18,
        amount_b_desired=2_000 * 10**6,
        amount_a_min=95 * 10**16,
        amount_b_min=1_900 * 10**6,
    )
    assert not isinstance(grown, Rejected)


def test_pool_shares_cannot_be_swapped() -> None:
    venue = seeded()
    refused = venue.sell(ALICE, "LP:ETH_USDC", "USDC", 10**9)
    assert isinstance(refused, Rejected) and refused.code is Code.POOL_NOT_FOUND


def test_routes_between_unconnected_assets_say_so() -> None:
    venue = seeded()
    for best in (best_exact_in, best_exact_out):
        refused = best(venue.state, "SOL", "USDC", 10**6)
        assert isinstance(refused, Rejected) and refused.code is Code.POOL_NOT_FOUND


def test_the_cheapest_way_to_an_exact_output_wins_over_a_dearer_longer_one() -> None:
    venue = seeded()
    venue.add(ALICE, "BTC", 10 * 10**8, "USDC", 200_000 * 10**6)
    route = best_exact_out(venue.state, "USDC", "BTC", 10**5)
    assert not isinstance(route, Rejected)
    assert [hop.edge.market.symbol for hop in route.hops] == ["BTC_USDC"]
