"""A quote is the swap that it describes: same amounts, same refusals; prices from Fractions."""

from fractions import Fraction
from math import ceil, floor

import pytest

from tests.exchange.venue import ALICE, NOBODY, OPERATOR, TREASURY, Venue, seeded
from xyk.domain.commands import RemoveLiquidity, SetProtocolFee, SwapExactIn
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import RESERVE_MAX
from xyk.exchange.quote import (
    Quote,
    burn_value,
    max_amount_in,
    min_amount_out,
    quote_exact_in,
    quote_exact_out,
    spot_price,
)


def quoted(outcome: Quote | Rejected) -> Quote:
    assert isinstance(outcome, Quote), outcome
    return outcome


@pytest.mark.parametrize(("one", "other"), [("ETH", "USDC"), ("USDC", "ETH")])
def test_one_hop_in_quote_per_base(one: str, other: str) -> None:
    venue = seeded()
    amount = 10**18 if one == "ETH" else 2_000 * 10**6
    quote = quoted(quote_exact_in(venue.state, venue.token(one), venue.token(other), amount))
    assert Fraction(*quote.spot_price) == 2_000
    route = quote.route
    eth, usdc = route.amount_in, route.amount_out
    if one == "USDC":
        eth, usdc = usdc, eth
    assert Fraction(*quote.execution_price) == Fraction(usdc, 10**6) / Fraction(eth, 10**18)
    reserve_in, reserve_out = (100 * 10**18, 200_000 * 10**6)
    if one == "USDC":
        reserve_in, reserve_out = reserve_out, reserve_in
    n, d = 9_970, 10_000
    marginal = Fraction((d * reserve_in + n * amount) ** 2, n * d * reserve_in * reserve_out)
    tick = 10**4
    if one == "ETH":  # a seller's worst price is below, on the tick
        assert quote.worst_price == floor(10**18 / marginal / tick) * tick
    else:
        assert quote.worst_price == ceil(10**18 * marginal / tick) * tick
    assert quote.impact_bps == ceil(Fraction(10_000 * route.amount_out, reserve_out))
    swapped = venue.sell(ALICE, one, other, amount)
    assert not isinstance(swapped, Rejected)
    assert swapped[-1].amount_out == route.amount_out


def test_several_hops_in_token_out_per_token_in() -> None:
    venue = seeded()
    quote = quoted(quote_exact_in(venue.state, venue.token("USDC"), venue.token("BTC"), 10**9))
    assert quote.worst_price is None
    assert Fraction(*quote.spot_price) == Fraction(1, 2_000) * Fraction(1, 20)
    route = quote.route
    out = Fraction(route.amount_out, 10**8)
    assert Fraction(*quote.execution_price) == out / Fraction(route.amount_in, 10**6)
    assert len(route.hops) == 2


def test_a_worst_price_below_one_tick_is_none() -> None:
    venue = Venue()
    venue.fund(ALICE, ETH=10**30, BTC=10**18)
    venue.add(ALICE, "ETH", 10**24, "BTC", 10**4)
    quote = quoted(quote_exact_in(venue.state, venue.token("ETH"), venue.token("BTC"), 10**29))
    assert quote.worst_price is None


def test_exact_out_costs_what_the_swap_costs() -> None:
    venue = seeded()
    state = venue.state
    quote = quoted(quote_exact_out(state, venue.token("USDC"), venue.token("ETH"), 10**18))
    assert quote.route.amount_out == 10**18
    cost = 200_000 * 10**6 * 10**18 * 10_000 // (99 * 10**18 * 9_970) + 1
    assert quote.route.amount_in == cost


def test_quotes_are_refused_where_swaps_are() -> None:
    venue = seeded()
    state, eth, usdc = venue.state, venue.token("ETH"), venue.token("USDC")
    for quote in (quote_exact_in, quote_exact_out):
        for one, other, amount, code in (
            (NOBODY, usdc, 1, Code.INVALID_ASSET),
            (eth, eth, 1, Code.SAME_TOKEN),
            (eth, venue.token("SOL"), 1, Code.POOL_NOT_FOUND),
            (eth, usdc, 0, Code.INVALID_QUANTITY),
        ):
            refused = quote(state, one, other, amount)
            assert isinstance(refused, Rejected) and refused.code is code
    small = quote_exact_in(state, eth, usdc, 1)
    assert isinstance(small, Rejected) and small.code is Code.INSUFFICIENT_LIQUIDITY
    big = quote_exact_in(state, eth, usdc, RESERVE_MAX)
    assert isinstance(big, Rejected) and big.code is Code.RESERVE_OVERFLOW


@pytest.mark.parametrize(("slippage", "low", "high"), [(0, 999, 999), (50, 994, 1_004)])
def test_slippage_rounds_against_nobody_but_the_bound(slippage: int, low: int, high: int) -> None:
    assert min_amount_out(999, slippage) == low
    assert max_amount_in(999, slippage) == high


def test_slippage_of_everything() -> None:
    assert min_amount_out(999, 10_000) == 0
    assert max_amount_in(999, 10_000) == 1_998


def test_spot_price_of_an_empty_pool_is_none() -> None:
    venue = seeded()
    assert spot_price(venue.state, venue.state.markets["BTC_USDC"]) is None
    spot = spot_price(venue.state, venue.state.markets["ETH_BTC"])
    assert spot is not None and Fraction(*spot) == Fraction(1, 20)


def test_shares_are_worth_what_removing_them_would_pay() -> None:
    venue = seeded()
    venue.do(SetProtocolFee, OPERATOR, recipient=TREASURY)
    venue.add(ALICE, "ETH", 10**18, "USDC", 10**10)
    venue.do(
        SwapExactIn,
        ALICE,
        token_in=venue.token("ETH"),
        token_out=venue.token("USDC"),
        amount_in=10**19,
        min_amount_out=0,
    )
    shares = venue.has(ALICE, "LP:ETH_USDC")
    assert burn_value(venue.state, "ETH_USDC", 0) == (0, 0)
    value = burn_value(venue.state, "ETH_USDC", shares)
    removed = venue.do(
        RemoveLiquidity,
        ALICE,
        token_a=venue.token("ETH"),
        token_b=venue.token("USDC"),
        liquidity=shares,
        amount_a_min=0,
        amount_b_min=0,
    )
    assert not isinstance(removed, Rejected)
    assert (removed[-1].amount_base, removed[-1].amount_quote) == value
