"""Games with the order book: trading with oneself, wash trades for a rebate, prints with dust,
layers around the curve, and races of FOK, post-only and expiry.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.venue import (
    ALICE,
    BOB,
    BOBS_KEY,
    CAROL,
    LOT,
    NOW_S,
    OPERATOR,
    Venue,
    both,
    refused,
    with_book,
)
from tests.security.market_thief import Bazaar, done, genesis
from xyk.domain.commands import ApproveAgent, GenesisMarket, UpdateMarket
from xyk.domain.events import BookFilled, OrderClosed, PoolSwapped
from xyk.domain.market import OUTSIDE
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import BPS
from xyk.exchange.route import edge_of

DAVE = "0x" + "da" * 20  # Bob's other wallet, in the tests where he has one
AGENT = "0x" + "a9" * 20
MODES = ("RejectTaker", "RejectMaker", "RejectBoth", "")
int32 = st.integers(-210, 210) | st.integers(-1_001, 1_001) | st.integers(-(2**31), 2**31 - 1)


def tiny(**terms: Any) -> Bazaar:
    """B_Q: one lot is one unit, one tick one unit of Q; everybody has 10^18 of both."""
    market = GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=1, book=True, **terms)
    venue = Bazaar(genesis([("Q", 0), ("B", 0)], [market]))
    for owner in (ALICE, BOB, CAROL, DAVE):
        for asset in ("B", "Q"):
            venue.state.ledger.transfer(OUTSIDE, owner, asset, 10**18)
    return venue


def at(venue: Venue, side: str, owner: str, lots: int, ticks: int, **fields: Any) -> Any:
    base, quote = ("B", lots), ("Q", lots * ticks)
    return venue.order(owner, *((quote, base) if side == "bid" else (base, quote)), **fields)


def fees(venue: Venue, maker: int, taker: int, pool: int) -> bool:
    """Whether the operator may set them, by UpdateMarket."""
    terms = {"tick_size": 1, "lot_size": 1, "book": True, "market": "B_Q"}
    named = {"maker_fee_bps": maker, "taker_fee_bps": taker, "pool_fee_bps": pool}
    return not isinstance(venue.do(UpdateMarket, OPERATOR, **terms, **named), Rejected)


def wash(venue: Bazaar, side: str, lots: int, ticks: int) -> None:
    """Bob's one wallet trades with his other; together they never gain, nor does anybody lose."""
    before, others = venue.wealth(BOB, DAVE), venue.wealth(OPERATOR, ALICE, CAROL)
    other_side = "ask" if side == "bid" else "bid"
    if isinstance(at(venue, side, BOB, lots, ticks), Rejected):
        return
    events = done(at(venue, other_side, DAVE, lots, ticks, time_in_force="IOC"))
    assert any(isinstance(event, BookFilled) for event in events)
    after = venue.wealth(BOB, DAVE)
    for asset, had in before.items():
        assert after[asset] <= had, (asset, after[asset] - had)
        paid = venue.wealth(OPERATOR, ALICE, CAROL)[asset] - others[asset]
        assert paid == had - after[asset] >= 0


def test_a_wash_trade_never_pays_at_any_fees_that_a_listing_allows() -> None:
    """Every taker fee from 0 to the bound with its largest rebate, its largest maker fee and none;
    in dust, where a fee of less than a unit is rounded up and a rebate down."""
    venue, allowed = tiny(), 0
    for taker in range(260):
        for maker in (-taker, -taker // 2, 0, taker):
            if fees(venue, maker, taker, pool=100):
                allowed += 1
                for side, lots in (("bid", 1), ("ask", 3), ("bid", 9_999)):
                    wash(venue, side, lots, 10**4)
    highest = (BPS**2 - (BPS - 100) ** 2) // BPS
    assert allowed == 4 * (highest + 1), "bounded by the highest fee of a pool"


@given(
    maker=int32,
    taker=int32,
    pool=st.sampled_from([0, 1, 30, 99, 100, 101, 2**32 - 1]),
    lots=st.integers(1, 10**9),
    ticks=st.integers(1, 10**6),
    side=st.sampled_from(["bid", "ask"]),
)
def test_nor_at_fees_that_somebody_tries(
    maker: int, taker: int, pool: int, lots: int, ticks: int, side: str
) -> None:
    venue = tiny()
    if fees(venue, maker, taker, pool):
        assert -taker <= maker <= taker and pool <= 100
        wash(venue, side, lots, ticks)


def test_fees_that_change_while_an_order_rests_count_for_both_of_a_fill() -> None:
    """The rebate comes out of the same fill's taker fee: no order keeps the rebate of yesterday."""
    venue = tiny(maker_fee_bps=-50, taker_fee_bps=50, pool_fee_bps=30)
    done(at(venue, "ask", BOB, 10**4, 10))
    assert fees(venue, 0, 0, 30)
    before = venue.wealth(BOB, DAVE)
    done(at(venue, "bid", DAVE, 10**4, 10))
    assert venue.wealth(BOB, DAVE) == before


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["owner", "agent", "key", "swap"]),
            st.sampled_from(["Bid", "Ask"]),
            st.sampled_from(MODES),
            st.sampled_from(["GTC", "IOC", "FOK", "post"]),
            st.integers(1, 30),
            st.integers(-40, 40),
        ),
        max_size=12,
    )
)
def test_no_owner_ever_trades_with_itself_by_wallet_agent_or_key(
    steps: list[tuple[str, str, str, str, int, int]],
) -> None:
    """Owners are compared, not signers. Alice's pool and Carol's orders lie between Bob's."""
    venue = both()
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 99))
    venue.approve(BOB, BOBS_KEY)
    venue.rest("ask", CAROL, 20, 200_700)
    venue.rest("bid", CAROL, 20, 199_300)
    for who, side, mode, form, lots, ticks in steps:
        price = 200_000 + 40 * ticks
        fields: dict[str, Any] = {"self_trade_prevention": mode}
        fields |= {"post_only": True} if form == "post" else {"time_in_force": form}
        if who == "swap":
            pair = ("USDC", "ETH", lots * price) if side == "Bid" else ("ETH", "USDC", lots * LOT)
            outcome = venue.sell(BOB, *pair, signer=AGENT if lots % 2 else BOB)
        elif who == "key":
            text, quantity = f"{price // 100}.{price % 100:02}", f"0.{lots:04}"
            outcome = venue.by_key(BOBS_KEY, side=side, price=text, quantity=quantity, **fields)
        else:
            place = venue.bid if side == "Bid" else venue.ask
            outcome = place(BOB, lots, price, signer=AGENT if who == "agent" else BOB, **fields)
        fills = [] if isinstance(outcome, Rejected) else outcome
        assert not [e for e in fills if isinstance(e, BookFilled) and e.maker == e.taker]


def test_a_print_needs_a_hundredth_of_a_cent_and_a_whole_lot() -> None:
    """10^4 quote units and a lot: what is less fires no trigger and moves no last price. What is
    more does, be it one lot: MINIMUM_FILL_QUOTE is all that a print costs beside the fees."""
    venue = tiny()
    done(at(venue, "ask", ALICE, 10**4, 1))
    done(at(venue, "bid", CAROL, 10**4, 1))
    assert venue.state.last_fills["B_Q"] == (10**4, 10**4)
    stop = done(at(venue, "ask", ALICE, 10**4, 1, trigger_price=2, trigger_above=True))
    done(at(venue, "ask", BOB, 10**4, 3))
    done(venue.sell(DAVE, "Q", "B", 9_999))
    assert venue.state.last_fills["B_Q"] == (10**4, 10**4)
    assert not venue.state.open_orders.due
    done(venue.sell(DAVE, "Q", "B", 10**4 + 2))
    assert venue.state.last_fills["B_Q"] == (10_002, 3_334)
    assert list(venue.state.open_orders.due) == [stop[-1].order_id]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([BOB, DAVE]),
            st.sampled_from(["bid", "ask"]),
            st.integers(1, 3),
            st.integers(-300, 300),
        ),
        min_size=2,
        max_size=12,
    ),
    has_pool=st.booleans(),
)
def test_a_print_between_ones_own_wallets_lies_within_what_the_others_offer(
    steps: list[tuple[str, str, int, int]], has_pool: bool
) -> None:
    """To print beyond the best of all others, book and curve, is to take it first. Within the
    spread anybody may print one lot: there a stop stands on one lot's word."""
    venue = both() if has_pool else with_book()
    venue.fund(DAVE, ETH=10**21, USDC=10**13)
    for ticks, lots in ((200_650, 2), (201_500, 500)):
        venue.rest("ask", CAROL, lots, ticks)
        venue.rest("bid", CAROL, lots, 400_000 - ticks)
    book, market = venue.state.books["ETH_USDC"], venue.state.markets["ETH_USDC"]
    for who, side, lots, ticks in steps:
        outcome = (venue.bid if side == "bid" else venue.ask)(who, lots, 200_000 + 10 * ticks)
        for fill in () if isinstance(outcome, Rejected) else outcome:
            if not isinstance(fill, BookFilled) or fill.maker not in (BOB, DAVE):
                continue
            edge = edge_of(venue.state, market, sells_base=side == "ask")
            others = [
                level.price
                for level in (book.asks if side == "bid" else book.bids)
                if any(order.owner == CAROL for order in level)
            ]
            if side == "bid":
                assert min(others) >= fill.price and not edge.pool_reaches(fill.price - 1)
            else:
                assert max(others) <= fill.price and not edge.pool_reaches(fill.price + 1)


@given(
    layers=st.lists(
        st.tuples(
            st.sampled_from(["bid", "ask"]),
            st.integers(1, 40),
            st.integers(-900, 900) | st.sampled_from([-700, 700]),
        ),
        min_size=1,
        max_size=12,
    ),
    sells=st.booleans(),
    amount=st.integers(1, 60 * LOT) | st.integers(1, 60).map(lambda lots: lots * LOT),
)
def test_layers_around_the_curve_never_make_a_swap_worse_than_the_pool_alone(
    layers: list[tuple[str, int, int]], sells: bool, amount: int
) -> None:
    """For what the swap spends it gets at least what the pool would give for as much, but for a
    unit of rounding for each order that it meets."""
    venue = both()
    for side, lots, ticks in layers:
        place = venue.bid if side == "bid" else venue.ask
        place(CAROL, lots, 200_000 + ticks, post_only=True)
    pool = venue.state.pools["ETH_USDC"]
    one, two = ("ETH", "USDC") if sells else ("USDC", "ETH")
    amount = amount if sells else amount * 2_000 * 10**6 // 10**18 + 1
    reserves = (pool.reserve_base, pool.reserve_quote)
    had = venue.has(BOB, one), venue.has(BOB, two)
    outcome = venue.sell(BOB, one, two, amount)
    if isinstance(outcome, Rejected):
        assert outcome.code is Code.INSUFFICIENT_LIQUIDITY
        return
    spent, got = had[0] - venue.has(BOB, one), venue.has(BOB, two) - had[1]
    into, out_of = reserves if sells else reserves[::-1]
    alone = spent * 9_970 * out_of // (10_000 * into + spent * 9_970)
    met = sum(isinstance(event, BookFilled) for event in outcome)
    assert got >= alone - met - 1, (got, alone, met)


@given(
    rests=st.lists(
        st.tuples(st.sampled_from(["bid", "ask"]), st.integers(1, 20), st.integers(-90, 90)),
        max_size=8,
    ),
    has_pool=st.booleans(),
    side=st.sampled_from(["bid", "ask"]),
    lots=st.integers(1, 120),
    ticks=st.integers(-120, 120),
    mode=st.sampled_from(MODES),
)
def test_fok_is_all_or_nothing_and_post_only_never_takes(
    rests: list[tuple[str, int, int]],
    has_pool: bool,
    side: str,
    lots: int,
    ticks: int,
    mode: str,
) -> None:
    """Whatever rests at that moment, own orders among it: no race makes it otherwise."""
    for form in ({"time_in_force": "FOK"}, {"post_only": True}):
        venue = both() if has_pool else with_book()
        for number, (one, some, where) in enumerate(rests):
            owner = BOB if number % 3 == 2 else CAROL
            place = venue.bid if one == "bid" else venue.ask
            place(owner, some, 200_000 + 10 * where, post_only=True)
        outcome = (venue.bid if side == "bid" else venue.ask)(
            BOB, lots, 200_000 + 10 * ticks, self_trade_prevention=mode, **form
        )
        if isinstance(outcome, Rejected):
            continue
        base = 0
        for event in outcome:
            if isinstance(event, BookFilled):
                base += event.base_amount
            elif isinstance(event, PoolSwapped):
                base += event.amount_out if side == "bid" else event.amount_in
        assert base == (0 if "post_only" in form else lots * LOT)


@pytest.mark.parametrize("early_ms", [1, 0])
def test_an_expired_order_cannot_be_picked_off_to_the_millisecond(early_ms: int) -> None:
    venue = with_book()
    venue.rest("ask", CAROL, 10, 100_000, time_in_force="GTD", expires=NOW_S + 5)
    venue.now_ms = (NOW_S + 5) * 1_000 - early_ms
    outcome = venue.bid(BOB, 10, 100_000, time_in_force="IOC")
    if early_ms:
        assert any(isinstance(event, BookFilled) for event in done(outcome))
    else:
        assert refused(outcome)[0] is Code.INSUFFICIENT_LIQUIDITY
        [[closed]] = venue.clocked
        assert isinstance(closed, OrderClosed) and closed.reason == "GoodTillDate"
