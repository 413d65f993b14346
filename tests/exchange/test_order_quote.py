"""What is said of a limit order is what it then does: the same refusal, the same end, the same
amounts by the balances. Asking leaves no trace."""

import random
from typing import Any

import pytest

from tests.exchange.venue import (
    ALICE,
    BOB,
    CAROL,
    LOT,
    NOW_S,
    OPERATOR,
    Venue,
    both,
    refused,
)
from xyk.domain.commands import (
    ApproveAgent,
    Genesis,
    GenesisAsset,
    GenesisMarket,
    PlaceOrder,
    SetMarketStatus,
)
from xyk.domain.events import OrderClosed, OrderRested
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.order_quote import OrderQuote, quote_order

DUST = Genesis(
    salt="0x" + "5a" * 32,
    operator=OPERATOR,
    fee_recipient=OPERATOR,
    sandbox=True,
    assets=(GenesisAsset(symbol="USDC", decimals=0), GenesisAsset(symbol="ONE", decimals=0)),
    markets=(
        GenesisMarket(
            base="ONE",
            quote="USDC",
            tick_size=1,
            lot_size=1,
            maker_fee_bps=2,
            taker_fee_bps=5,
            book=True,
        ),
    ),
)
ORDER: dict[str, Any] = {
    "time_in_force": "GTC",
    "post_only": False,
    "self_trade_prevention": "",
    "trigger_price": 0,
    "trigger_above": False,
    "client_id": 0,
    "expires": 0,
    "nonce": 0,
    "deadline": 0,
}


def sides(venue: Venue, is_bid: bool, lots: int, ticks: int) -> dict[str, Any]:
    eth, usdc = (venue.token("ETH"), lots * LOT), (venue.token("USDC"), lots * ticks)
    sold, bought = (usdc, eth) if is_bid else (eth, usdc)
    return {
        "sell_token": sold[0],
        "sell_amount": sold[1],
        "buy_token": bought[0],
        "buy_amount": bought[1],
    }


def asked(
    venue: Venue, owner: str, is_bid: bool, lots: int, ticks: int, signer: str = "", **fields: Any
) -> OrderQuote | Rejected:
    place = PlaceOrder(owner=owner, **sides(venue, is_bid, lots, ticks), **(ORDER | fields))
    before = venue.state.digest()
    quote = quote_order(venue.state, place, venue.now_ms, signer or owner)
    assert venue.state.digest() == before, "a question touched the state"
    return quote


def quoted(*args: Any, **fields: Any) -> OrderQuote:
    quote = asked(*args, **fields)
    assert isinstance(quote, OrderQuote), quote
    return quote


def busy() -> Venue:
    """Spot is tick 200000. Bob and Carol bid and ask beside it in turn, 50 lots each."""
    venue = both()
    for step in range(1, 9):
        owner = BOB if step % 2 else CAROL
        venue.rest(
            "bid", owner, 50, 200_000 - 150 * step, time_in_force="GTD", expires=NOW_S + 100 * step
        )
        venue.rest("ask", owner, 50, 200_000 + 150 * step)
    return venue


def total(venue: Venue, owner: str, asset: str) -> int:
    return venue.has(owner, asset) + venue.held(owner, asset)


@pytest.mark.parametrize("seed", range(40))
def test_it_does_what_was_said(seed: int) -> None:
    dice = random.Random(seed)
    venue = busy()
    for _ in range(12):
        is_bid = dice.random() < 0.5
        ticks = 200_000 + dice.randrange(-1_500, 1_500)
        time_in_force = dice.choice(("GTC", "GTC", "IOC", "FOK"))
        fields = {
            "time_in_force": time_in_force,
            "post_only": time_in_force == "GTC" and dice.random() < 0.3,
            "self_trade_prevention": dice.choice(("", "RejectTaker", "RejectMaker", "RejectBoth")),
        }
        lots = dice.choice((1, 40, 400, 4_000, 10**8))
        quote = asked(venue, BOB, is_bid, lots, ticks, **fields)
        before = {asset: total(venue, BOB, asset) for asset in ("ETH", "USDC")}
        outcome = venue.do(
            PlaceOrder, BOB, **sides(venue, is_bid, lots, ticks), **fields_of(fields)
        )
        if isinstance(quote, Rejected):
            assert outcome == quote
            continue
        assert outcome == quote.refused if quote.refused else not isinstance(outcome, Rejected)
        if isinstance(outcome, Rejected):
            assert quote.end is None
            continue
        assert outcome[-1] == quote.end
        gave, got = ("USDC", "ETH") if is_bid else ("ETH", "USDC")
        spent, received = (quote.taken.amount_in, quote.taken.amount_out) if quote.taken else (0, 0)
        # What it met of his own, and did not cancel, is no fill.
        assert before[gave] - total(venue, BOB, gave) == spent
        assert total(venue, BOB, got) - before[got] == received


def fields_of(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (ORDER | fields).items() if name not in UNSTAMPED}


UNSTAMPED = ("nonce", "deadline")


def test_what_is_taken_what_rests_and_until_when() -> None:
    venue = busy()
    quote = quoted(venue, ALICE, True, 4_000, 200_700)
    base, paid = quote.amounts
    assert isinstance(quote.end, OrderRested)
    assert 0 < base < 4_000 * LOT and paid * 10**18 // base in range(2_000 * 10**6, 2_007 * 10**6)
    assert quote.impact_bps is not None and 0 < quote.impact_bps < 35 and quote.expires_s == 0
    sold = quoted(venue, ALICE, False, 4_000, 199_700, time_in_force="IOC")
    assert isinstance(sold.end, OrderClosed) and sold.expires_s == NOW_S + 100
    assert sold.taken is not None and sold.amounts[1] > sold.taken.amount_out, "gross of the fee"


def test_nothing_is_taken() -> None:
    quote = quoted(busy(), ALICE, True, 10, 190_000)
    assert (quote.taken is None or not quote.taken.lots) and quote.amounts == (0, 0)
    assert (quote.impact_bps, quote.expires_s) == (None, 0)
    assert isinstance(quote.end, OrderRested)


def test_fees_that_eat_all_of_a_fill_are_no_fault_but_what_it_does() -> None:
    """One unit of an asset without decimals: the taker's fee, rounded up, is a unit."""
    venue = Venue(DUST)
    for owner in (ALICE, BOB):
        venue.fund(owner, ONE=1_000, USDC=10**6)
    one, usdc = (venue.token("ONE"), 1), (venue.token("USDC"), 20_000)
    names = ("sell_token", "sell_amount", "buy_token", "buy_amount")
    fields = fields_of({})
    venue.do(PlaceOrder, BOB, **dict(zip(names, one + usdc, strict=True)), **fields)
    takes = dict(zip(names, usdc + one, strict=True))
    place = PlaceOrder(owner=ALICE, **takes, **ORDER)
    quote = quote_order(venue.state, place, venue.now_ms, ALICE)
    assert isinstance(quote, OrderQuote) and quote.taken is not None
    assert (quote.taken.amount_in, quote.taken.amount_out) == (20_000, 0)
    assert (quote.amounts, quote.impact_bps) == ((1, 20_000), 0)
    outcome = venue.do(PlaceOrder, ALICE, **takes, **fields)
    assert not isinstance(outcome, Rejected) and outcome[-1] == quote.end
    assert (total(venue, ALICE, "USDC"), total(venue, ALICE, "ONE")) == (10**6 - 20_000, 1_000)


def test_nobodys_funds_are_not_looked_at_and_an_owners_are() -> None:
    venue = busy()
    assert quoted(venue, "", True, 10**8, 200_700).refused is None
    theirs = quoted(venue, "0x" + "77" * 20, True, 10, 200_700)
    assert theirs.refused is not None and theirs.refused.code is Code.INSUFFICIENT_FUNDS
    assert theirs.end is None and theirs.amounts[0] > 0, "what it would have taken"


def test_an_agent_is_held_against_the_band_and_the_owner_is_not() -> None:
    venue = both()
    venue.rest("ask", BOB, 50, 205_000)
    venue.do(ApproveAgent, ALICE, agent=CAROL, valid_until=NOW_S + 10**6)
    far = {"time_in_force": "IOC"}
    assert quoted(venue, ALICE, True, 10**5, 300_000, **far).refused is None
    by_agent = quoted(venue, ALICE, True, 10**5, 300_000, signer=CAROL, **far)
    assert by_agent.refused is not None and by_agent.refused.code is Code.INVALID_PRICE


def test_what_is_no_order_of_an_open_market_is_refused() -> None:
    venue = busy()
    place = PlaceOrder(
        owner=ALICE,
        **(sides(venue, True, 10, 200_000) | {"buy_token": venue.token("USDC")}),
        **ORDER,
    )
    assert isinstance(quote_order(venue.state, place, venue.now_ms, ALICE), Rejected)
    paused = venue.do(
        SetMarketStatus,
        venue.state.operator,
        market="ETH_USDC",
        status="paused",
    )
    assert not isinstance(paused, Rejected)
    assert refused(asked(venue, ALICE, True, 10, 200_000))[0] is Code.TRADING_PAUSED
