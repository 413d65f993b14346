"""A stolen agent or API key that works for a thief. It cannot take funds out, so it must trade
badly on purpose, against the thief's orders and pools. What the band bounds, and what not.
"""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.test_clock import traded
from tests.exchange.venue import (
    ALICE,
    BOB,
    BOBS_KEY,
    CAROL,
    LOT,
    NOW_S,
    Outcome,
    Venue,
    both,
    refused,
    seeded,
    with_book,
)
from tests.security.market_thief import by_clock, done
from xyk.domain.commands import (
    ActivateTrigger,
    ApproveAgent,
    ApproveApiKey,
    ReplaceOrder,
    RevokeAgent,
    SwapExactOut,
    Transfer,
    Withdraw,
)
from xyk.domain.events import OrderClosed
from xyk.domain.key_commands import KEY_COMMANDS
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import AGENT_BAND_BPS, BPS, UINT256_MAX
from xyk.exchange.due import next_due
from xyk.exchange.spot import spot_of

AGENT = "0x" + "a9" * 20
TAKER = Fraction(5, BPS)
WHOLE = 10**4  # a tick in quote units per whole ETH
MAKERS = {"ask": [200_700, 205_000, 219_000, 222_000, 10**6, 10**9], "bid": [199_300, 181_000, 5]}


def stolen(*, has_pool: bool) -> Venue:
    """Bob's agent and key are Carol's, who also rests orders at every bad price, and his pool of
    BTC has a spot of her making."""
    venue = both() if has_pool else with_book()
    for owner in (BOB, CAROL):
        venue.fund(owner, BTC=10**10)
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 999))
    venue.approve(BOB, BOBS_KEY)
    for ticks in MAKERS["ask"]:
        venue.rest("ask", CAROL, 2_000, ticks)
    for ticks in MAKERS["bid"]:
        venue.rest("bid", CAROL, 20_000, ticks)
    return venue


def spot(venue: Venue) -> Fraction:
    """Quote units per base unit."""
    found = spot_of(venue.state, venue.state.markets["ETH_USDC"])
    assert found is not None
    return Fraction(*found)


def purse(venue: Venue) -> tuple[int, int]:
    """Bob's (ETH, USDC), held or not."""
    base, quote = [venue.has(BOB, one) + venue.held(BOB, one) for one in ("ETH", "USDC")]
    return base, quote


def was_fair(before: tuple[int, int], after: tuple[int, int], price: Fraction) -> None:
    """Bob traded within the band around `price`, all marginal prices of it, so the average too;
    the taker's fee comes on top, and a unit of rounding for each of the few orders he met."""
    base, quote = after[0] - before[0], after[1] - before[1]
    band = Fraction(AGENT_BAND_BPS, BPS)
    if base > 0:
        assert -quote * (1 - TAKER) <= (base + 9) * price * (1 + band) + 9
    elif base < 0:
        assert quote + 9 >= -base * price * (1 - band) * (1 - TAKER)
    else:
        assert quote == 0


sides = st.sampled_from(["bid", "ask"])
lots = st.integers(1, 30) | st.integers(1, 60_000) | st.integers(6_001, 60_000)
limits = st.sampled_from([1, 180_000, 199_000, 201_000, 210_000, 220_000, 221_000, 10**6, 10**9])
forces = st.sampled_from(["GTC", "IOC", "FOK"])


def signed_by_agent(
    venue: Venue, form: str, side: str, size: int, ticks: int, when: str
) -> Outcome:
    if form == "order":
        place = venue.bid if side == "bid" else venue.ask
        return place(BOB, size, ticks, signer=AGENT, time_in_force=when)
    one, two = ("USDC", "ETH") if side == "bid" else ("ETH", "USDC")
    if form == "in":
        amount = size * LOT if side == "ask" else size * 200_000
        return venue.sell(BOB, one, two, amount, signer=AGENT)
    amount = size * LOT if side == "bid" else size * 200_000
    tokens = {"token_in": venue.token(one), "token_out": venue.token(two)}
    return venue.do(
        SwapExactOut, BOB, signer=AGENT, **tokens, amount_out=amount, max_amount_in=UINT256_MAX
    )


def signed_by_key(venue: Venue, form: str, side: str, size: int, ticks: int, when: str) -> Outcome:
    fields: dict[str, Any] = {"side": side.title(), "time_in_force": when}
    quantity = f"{size // 10_000}.{size % 10_000:04}"
    if form == "limit":
        price = f"{ticks // 100}.{ticks % 100:02}"
        return venue.by_key(BOBS_KEY, price=price, quantity=quantity, **fields)
    fields |= {"order_type": "Market", "slippage_tolerance": str(ticks)}
    fields["slippage_tolerance_type"] = "TickSize" if size % 2 else "Percent"
    if form == "quote":
        fields.pop("time_in_force")
        return venue.by_key(BOBS_KEY, quote_quantity=str(size), **fields)
    return venue.by_key(BOBS_KEY, quantity=quantity, **fields)


@given(
    has_pool=st.booleans(),
    form=st.sampled_from(["order", "in", "out", "limit", "market", "quote"]),
    side=sides,
    size=lots,
    ticks=limits,
    when=forces,
)
def test_one_command_of_an_agent_or_a_key_trades_within_a_tenth_of_spot(
    has_pool: bool, form: str, side: str, size: int, ticks: int, when: str
) -> None:
    """Swaps both ways, limit and market orders, however far the limit and however large the
    slippage tolerance, which has no ceiling of its own; what rests is bounded too."""
    venue = stolen(has_pool=has_pool)
    before, price = purse(venue), spot(venue)
    sign = signed_by_agent if form in ("order", "in", "out") else signed_by_key
    sign(venue, form, side, size, ticks, when)
    was_fair(before, purse(venue), price)
    for order in venue.state.open_orders.by_owner.get(BOB, {}).values():
        gross = Fraction(order.price * WHOLE, 10**18)
        worst = price * (BPS + (AGENT_BAND_BPS if order.is_bid else -AGENT_BAND_BPS)) / BPS
        assert gross <= worst if order.is_bid else gross >= worst


@given(
    who=st.sampled_from(["agent", "key", "replaced"]),
    side=sides,
    size=lots,
    ticks=limits,
    above=st.booleans(),
    market=st.booleans(),
    when=forces,
    has_pool=st.booleans(),
)
def test_a_trigger_order_of_theirs_meets_the_band_when_it_fires(
    who: str, side: str, size: int, ticks: int, above: bool, market: bool, when: str, has_pool: bool
) -> None:
    """It skips the band where it is placed, because spot will be another; so does a trigger order
    of the owner's own that they give another price. Then it trades within the band, or fails."""
    venue = stolen(has_pool=has_pool)
    done(venue.bid(ALICE, 1, 202_000))  # a last price
    quote, base = venue.state.last_fills["ETH_USDC"]
    last = quote * 10**18 // base // WHOLE
    trigger = last + (1 if above else -1)
    if who == "key":
        fields: dict[str, Any] = {"side": side.title(), "time_in_force": when}
        fields |= {"trigger_price": f"{trigger // 100}.{trigger % 100:02}"}
        fields |= {"trigger_quantity": f"{size // 10_000}.{size % 10_000:04}"}
        if market:
            fields |= {"order_type": "Market", "slippage_tolerance": str(ticks)}
            fields |= {"slippage_tolerance_type": "TickSize"}
        else:
            fields["price"] = f"{ticks // 100}.{ticks % 100:02}"
        outcome = venue.by_key(BOBS_KEY, **fields)
    else:
        place = venue.bid if side == "bid" else venue.ask
        signer = AGENT if who == "agent" else BOB
        named = {"trigger_price": trigger * WHOLE, "trigger_above": above}
        outcome = place(BOB, size, ticks, signer=signer, time_in_force=when, **named)
    if isinstance(outcome, Rejected):
        return
    [number] = venue.state.open_orders.by_owner[BOB]
    if who == "replaced":
        venue.replace(number, size, ticks + 1, signer=AGENT)
    if above:
        venue.bid(ALICE, 200, trigger + 1_000, early=True)
    else:
        venue.ask(ALICE, 200, trigger - 1_000, early=True)
    while (command := next_due(venue.state, venue.now_ms, 1)) is not None:
        assert isinstance(command, ActivateTrigger)
        before, price = purse(venue), spot(venue)
        by_clock(venue, command)
        was_fair(before, purse(venue), price)


def test_replacing_an_order_keeps_within_the_band_too() -> None:
    venue = stolen(has_pool=True)
    number = venue.rest("bid", BOB, 10, 190_000)
    assert refused(venue.replace(number, 10, 225_000, signer=AGENT))[0] is Code.INVALID_PRICE
    assert refused(venue.replace(number, 10**5, 220_001, signer=AGENT))[0] is Code.INVALID_PRICE
    order = venue.state.open_orders.by_id[number]
    fields = {"sell_token": venue.token("USDC"), "buy_token": venue.token("ETH")}
    amounts = {"sell_amount": 10 * 195_000, "buy_amount": 10 * LOT}
    done(venue.do(ReplaceOrder, BOB, signer=AGENT, order=order.digest, **fields, **amounts))


@pytest.mark.parametrize(
    ("side", "near", "far"), [("bid", 220_000, 220_001), ("ask", 180_000, 179_999)]
)
def test_what_rests_is_within_the_band_of_the_last_price(side: str, near: int, far: int) -> None:
    """Where there is no pool and no order, as in a market that was swept."""
    venue = with_book()
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 99))
    venue.approve(BOB, BOBS_KEY)
    place = venue.bid if side == "bid" else venue.ask
    assert refused(place(BOB, 1, near, signer=AGENT))[0] is Code.INVALID_PRICE, "no spot at all"
    traded(venue, 200_000)
    assert refused(place(BOB, 1, far, signer=AGENT))[0] is Code.INVALID_PRICE
    text = f"{far // 100}.{far % 100:02}"
    by_key = venue.by_key(BOBS_KEY, side=side.title(), price=text, quantity="0.0001")
    assert refused(by_key)[0] is Code.INVALID_PRICE
    done(place(BOB, 1, near, signer=AGENT))


def test_an_owners_trigger_that_an_agent_replaced_meets_the_band() -> None:
    venue = stolen(has_pool=True)
    done(venue.bid(ALICE, 1, 202_000))
    quote, base = venue.state.last_fills["ETH_USDC"]
    named = {"trigger_price": quote * 10**18 // base + 1, "trigger_above": True}
    placed = venue.bid(BOB, 10, 201_000, time_in_force="IOC", **named)
    number = done(placed)[-1].order_id
    done(venue.replace(number, 60_000, 10**6, signer=AGENT))
    before = purse(venue)
    done(venue.bid(ALICE, 200, 204_000))
    [[_, closed]] = venue.tick()
    assert isinstance(closed, OrderClosed) and closed.status == "TriggerFailed"
    assert purse(venue) == before


def test_of_several_hops_each_is_within_the_band() -> None:
    """So a route of three loses at most 1 - 0.9^3 of its amount, and the fees."""
    venue = seeded()
    venue.fund(BOB, USDC=10**12, BTC=10**8)
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 99))
    assert not isinstance(venue.sell(BOB, "USDC", "BTC", 9 * 10**8, signer=AGENT), Rejected)
    outcome = venue.sell(BOB, "USDC", "BTC", 5 * 10**9, signer=AGENT)
    assert refused(outcome)[0] is Code.SLIPPAGE_EXCEEDED
    assert not isinstance(venue.sell(BOB, "USDC", "BTC", 5 * 10**9), Rejected), "the owner may"
    outcome = venue.sell(BOB, "BTC", "USDC", 10**7, signer=AGENT)  # now it is the first hop
    assert refused(outcome)[0] is Code.SLIPPAGE_EXCEEDED


def test_a_key_can_neither_move_liquidity_nor_swap_nor_move_funds() -> None:
    assert sorted(KEY_COMMANDS) == ["CancelOpenOrder", "CancelOpenOrders", "ExecuteOrder"]


@pytest.mark.parametrize("kind", [Transfer, Withdraw, ApproveAgent, ApproveApiKey])
def test_an_agent_neither_moves_funds_nor_appoints_another(kind: type[Any]) -> None:
    venue = stolen(has_pool=True)
    fields: dict[type, dict[str, Any]] = {
        Transfer: {"token": venue.token("ETH"), "amount": 1, "recipient": CAROL},
        Withdraw: {"token": venue.token("ETH"), "amount": 1, "recipient": BOB},
        ApproveAgent: {"agent": CAROL, "valid_until": NOW_S + 9},
        ApproveApiKey: {"public_key": "0x" + "cc" * 32, "valid_until": NOW_S + 9},
    }
    code = refused(venue.do(kind, BOB, signer=AGENT, **fields[kind]))[0]
    assert code is Code.FORBIDDEN


def test_between_a_thiefs_own_orders_nine_tenths_take_two_dozen_commands() -> None:
    """The band binds a command, not a day. Where the thief is all there is on both sides, spot is
    the middle of his spread, at most 11:9 wide: a round trip of everything loses 2/11, no more."""
    venue = with_book()
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 999))
    ask, bid = 220_000, 180_000
    venue.fund(CAROL, ETH=10**22, USDC=10**14)
    worth = start = purse(venue)[1] + purse(venue)[0] * 200_000 * WHOLE // 10**18
    wider = venue.rest("ask", CAROL, 10, ask + 100), venue.rest("bid", CAROL, 10, bid - 100)
    outcome = venue.bid(BOB, 10, ask + 100, signer=AGENT, time_in_force="IOC")
    assert refused(outcome)[0] is Code.INVALID_PRICE
    for number in wider:
        done(venue.cancel(CAROL, number))
    commands = 0
    while worth * 10 > start:
        venue.rest("ask", CAROL, 10**7, ask)
        venue.rest("bid", CAROL, 10**8, bid)
        base, quote = purse(venue)
        place, size, ticks = (
            (venue.bid, quote // ask, ask) if commands % 2 else (venue.ask, base // LOT, bid)
        )
        done(place(BOB, size, ticks, signer=AGENT, time_in_force="IOC"))
        commands += 1
        base, quote = purse(venue)
        now = quote + base * 200_000 * WHOLE // 10**18
        assert now * 10_000 >= worth * (BPS - AGENT_BAND_BPS - 6), "a tenth a command"
        worth = now
        for number in list(venue.state.open_orders.by_owner.get(CAROL, {})):
            done(venue.cancel(CAROL, number))
    assert commands >= 22


def test_a_spot_that_the_thief_moved_first_is_what_the_band_is_around() -> None:
    """Not stopped: with funds of his own he turns the pool, lets the agent trade, and turns it
    back. One order moves the price by a tenth at most, so it takes at most 5 % of a reserve; a
    deposit has no such bound. What is left is to revoke, and to give an agent an account of its
    own."""
    venue = seeded()
    venue.fund(BOB, USDC=10**12, ETH=10**21)
    done(venue.do(ApproveAgent, BOB, agent=AGENT, valid_until=NOW_S + 99))
    venue.fund(CAROL, USDC=10**13)
    done(venue.sell(CAROL, "USDC", "ETH", 600_000 * 10**6))  # spot times sixteen
    pool = venue.state.pools["ETH_USDC"]
    reserve = pool.reserve_quote
    assert isinstance(venue.sell(BOB, "USDC", "ETH", reserve // 19, signer=AGENT), Rejected)
    done(venue.sell(BOB, "USDC", "ETH", reserve // 22, signer=AGENT))
    base, quote = pool.reserve_base * 10, pool.reserve_quote * 10
    fault = refused(venue.add(BOB, "ETH", base // 9, "USDC", quote // 10, signer=AGENT))
    assert fault[0] is Code.SLIPPAGE_EXCEEDED
    minimums = {"min_a": base // 21, "min_b": quote // 21}
    done(venue.add(BOB, "ETH", base // 20, "USDC", quote // 20, **minimums, signer=AGENT))


def test_a_revoked_agents_triggers_still_meet_the_band() -> None:
    """Revoking ends what an agent may sign, not what it signed: CancelAllOrders ends that."""
    venue = stolen(has_pool=True)
    done(venue.bid(ALICE, 1, 202_000))
    quote, base = venue.state.last_fills["ETH_USDC"]
    trigger = quote * 10**18 // base + 1
    placed = venue.bid(
        BOB,
        60_000,
        10**6,
        signer=AGENT,
        time_in_force="IOC",
        trigger_price=trigger,
        trigger_above=True,
    )
    number = done(placed)[-1].order_id
    done(venue.do(RevokeAgent, BOB, agent=AGENT))
    before = purse(venue)
    done(venue.bid(ALICE, 200, 204_000))
    [[_, closed]] = venue.tick()
    assert isinstance(closed, OrderClosed)
    assert (closed.order_id, closed.status) == (number, "TriggerFailed")
    assert purse(venue) == before
