"""Every integer of every signed action at the edges of its type and of the exchange: 2^64, 2^112,
2^128, 2^256. A refusal has its code and leaves no trace; what is accepted keeps every invariant;
nothing raises. Time is data too: the year 2106, and milliseconds beyond 2^63.
"""

from itertools import combinations, product
from typing import Any

import msgspec
import pytest

from amm.oracle import CUMULATIVE_MODULUS, Q112
from tests.exchange.venue import (
    ALICE,
    BOB,
    BOBS_KEY,
    CAROL,
    LOT,
    NOW_S,
    OPERATOR,
    Outcome,
    Venue,
    refused,
    seeded,
)
from xyk.domain.commands import ACTIONS, CancelAllOrders
from xyk.domain.events import OrderPlaced
from xyk.domain.market import OUTSIDE
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import (
    DEADLINE_AHEAD_S,
    NONCE_FUTURE_S,
    NONCE_PAST_S,
    RESERVE_MAX,
    UINT256_MAX,
)

POWERS = (31, 32, 53, 63, 64, 112, 128, 256)
EDGES = sorted({0, 1} | {2**power + step for power in POWERS for step in (-1, 0, 1)})
BY_OPERATOR = ("ListAsset", "ListMarket", "UpdateMarket", "SetMarketStatus", "SetProtocolFee")


def edges(low: int, high: int) -> list[int]:
    """Those of a type, its own two included."""
    return sorted({low, high, *(edge for edge in EDGES if low <= edge <= high)})


def numbers(kind: type[Any]) -> dict[str, list[int]]:
    """The edges of each integer field of a command."""
    return {
        field.name: edges(field.type.low, field.type.high)
        for field in msgspec.structs.fields(kind)
        if hasattr(field.type, "low")
    }


def rich() -> Venue:
    """Bob has 2^112-1 of all; so much lies in no pool; orders rest, and one waits."""
    venue = seeded()
    for owner in (BOB, CAROL):
        venue.fund(owner, **dict.fromkeys(("USDC", "BTC", "ETH", "SOL"), RESERVE_MAX))
    venue.rest("ask", ALICE, 50, 220_000)
    venue.rest("bid", ALICE, 50, 180_000)
    venue.sell(ALICE, "ETH", "USDC", 10**18)
    venue.rest("bid", BOB, 50, 170_000, client_id=7)
    return venue


def plain(venue: Venue, name: str) -> dict[str, Any]:
    """Fields of a command that is accepted, or nearly."""
    token = venue.token
    own = venue.state.open_orders.by_owner.get(BOB, {})
    digest = next((order.digest for order in own.values()), "0x" + "00" * 32)
    pair = {"token_a": token("ETH"), "token_b": token("USDC")}
    swap = {"token_in": token("ETH"), "token_out": token("USDC")}
    terms = {"tick_size": 10**4, "lot_size": 10**14, "maker_fee_bps": 2, "taker_fee_bps": 5}
    traded = {"sell_token": token("ETH"), "sell_amount": 10**16, "buy_token": token("USDC")}
    bid = {"sell_token": token("USDC"), "sell_amount": 8_500_000, "buy_token": token("ETH")}
    fields: dict[str, dict[str, Any]] = {
        "SwapExactIn": {**swap, "amount_in": 10**16, "min_amount_out": 0},
        "SwapExactOut": {**swap, "amount_out": 10**6, "max_amount_in": UINT256_MAX},
        "AddLiquidity": {**pair, "amount_a_desired": 10**18, "amount_b_desired": 10**10}
        | {"amount_a_min": 0, "amount_b_min": 0},
        "RemoveLiquidity": {**pair, "liquidity": 10**9, "amount_a_min": 0, "amount_b_min": 0},
        "PlaceOrder": {**traded, "buy_amount": 25 * 10**6, "time_in_force": "GTC"}
        | {"post_only": False, "self_trade_prevention": "RejectMaker", "trigger_price": 0}
        | {"trigger_above": True, "client_id": 0, "expires": 0},
        "ReplaceOrder": {**bid, "buy_amount": 50 * LOT, "order": digest},
        "CancelOrder": {"order_id": "", "client_id": 7},
        "CancelAllOrders": {"market": ""},
        "CancelAllAfter": {"market": "", "timeout_seconds": 60},
        "Transfer": {"token": token("ETH"), "amount": 1, "recipient": CAROL},
        "Withdraw": {"token": token("ETH"), "amount": 1, "recipient": CAROL},
        "ApproveAgent": {"agent": CAROL, "valid_until": NOW_S + 9},
        "RevokeAgent": {"agent": CAROL},
        "ApproveApiKey": {"public_key": BOBS_KEY, "valid_until": NOW_S + 9},
        "RevokeApiKey": {"public_key": BOBS_KEY},
        "ListAsset": {"symbol": "DOT", "token": "0x" + "00" * 20, "decimals": 6},
        "ListMarket": {"base": "SOL", "quote": "ETH", **terms, "pool_fee_bps": 30, "book": True},
        "UpdateMarket": {"market": "BTC_USDC", **terms, "pool_fee_bps": 30, "book": True},
        "SetMarketStatus": {"market": "*", "status": "open"},
        "SetProtocolFee": {"recipient": CAROL},
        "SetOperator": {"operator": OPERATOR},
    }
    return fields[name]


def ask(venue: Venue, name: str, **changes: int) -> Outcome:
    """What `plain` says but for the changes; the venue checks every invariant and every refusal."""
    owner = OPERATOR if name in BY_OPERATOR or name == "SetOperator" else BOB
    outcome = venue.do(ACTIONS[name], owner, **{**plain(venue, name), **changes})
    if isinstance(outcome, Rejected):
        assert outcome.code is not Code.SERVER_ERROR and outcome.message
    return outcome


@pytest.mark.parametrize("name", ACTIONS)
def test_no_edge_of_any_integer_of_any_action_breaks_anything(name: str) -> None:
    venue = rich()
    for field, values in numbers(ACTIONS[name]).items():
        for value in values:
            ask(venue, name, **{field: value})
    assert not isinstance(venue.do(CancelAllOrders, BOB, market=""), Rejected)


@pytest.mark.parametrize("name", ACTIONS)
def test_nor_do_two_edges_at_once_one_command_after_the_other(name: str) -> None:
    """Where two amounts have to be large together, as a deposit's have, to come near a bound. The
    invariants, which look after each command, know the bounds of reserves and supplies."""
    venue = rich()
    for asset in ("USDC", "ETH"):
        venue.state.ledger.transfer(OUTSIDE, BOB, asset, 2**120)  # so that no command is too dear
    at_ends = {
        field: [value for value in (1, 2**64, RESERVE_MAX, 2**112, 2**128) if value in values]
        + values[-1:]
        for field, values in numbers(ACTIONS[name]).items()
        if field not in ("nonce", "deadline")
    }
    for (one, values), (other, others) in combinations(at_ends.items(), 2):
        for value, beside in product(values, others):
            ask(venue, name, **{one: value, other: beside})


def test_reserves_reach_2_to_the_112_less_one_and_not_a_unit_more() -> None:
    """A pool that is full takes nothing more, gives on both sides, and pays everything back."""
    venue = Venue()
    for owner in (BOB, CAROL):
        venue.fund(owner, SOL=RESERVE_MAX, BTC=RESERVE_MAX)
    added = venue.add(BOB, "SOL", RESERVE_MAX, "BTC", RESERVE_MAX - 1)
    assert not isinstance(added, Rejected)
    code, message = refused(venue.sell(CAROL, "BTC", "SOL", 2))
    assert code is Code.RESERVE_OVERFLOW and "2^112-1" in message
    for amounts in ((1, 1), (2, RESERVE_MAX), (RESERVE_MAX, RESERVE_MAX)):
        outcome = venue.add(CAROL, "SOL", amounts[0], "BTC", amounts[1])
        assert isinstance(outcome, Rejected), amounts
    shares = venue.has(BOB, "LP:SOL_BTC")
    removed = venue.do(
        ACTIONS["RemoveLiquidity"],
        BOB,
        token_a=venue.token("SOL"),
        token_b=venue.token("BTC"),
        liquidity=shares,
        amount_a_min=RESERVE_MAX - 1_001,
        amount_b_min=RESERVE_MAX - 1_002,
    )
    assert not isinstance(removed, Rejected)


def test_the_faucet_never_makes_more_than_2_to_the_128_of_an_asset() -> None:
    venue = Venue()
    venue.state.ledger.transfer("outside", ALICE, "USDC", 2**128 - RESERVE_MAX)
    assert not isinstance(venue.faucet(BOB, "USDC", RESERVE_MAX), Rejected)
    assert refused(venue.faucet(CAROL, "USDC", 1))[0] is Code.RESERVE_OVERFLOW


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("full", ["SOL", "BTC"])
def test_each_reserve_has_its_own_bound(full: str, is_first: bool) -> None:
    """A deposit that only one of the two has no room for, whichever the action names first."""
    venue = Venue()
    other = "BTC" if full == "SOL" else "SOL"
    for owner in (BOB, CAROL):
        venue.fund(owner, SOL=RESERVE_MAX, BTC=RESERVE_MAX)
    assert not isinstance(venue.add(BOB, full, RESERVE_MAX - 3, other, 2**110), Rejected)
    sides = (full, 40, other, 10) if is_first else (other, 10, full, 40)
    assert refused(venue.add(CAROL, *sides))[0] is Code.RESERVE_OVERFLOW


def test_an_order_of_2_to_the_112_less_one_is_taken_for_what_it_is_and_no_larger_one() -> None:
    """In whole lots of ETH; and in USDC, at a price that is a whole number of ticks."""
    most, lots = RESERVE_MAX // LOT * LOT, 10**10
    quote = RESERVE_MAX // lots * lots
    for name, amounts, code in (
        ("sell_amount", (most, most), Code.INSUFFICIENT_FUNDS),
        ("sell_amount", (most + LOT, most + LOT), Code.INVALID_QUANTITY),
        ("buy_amount", (lots * LOT, quote), None),
        ("buy_amount", (lots * LOT, quote + lots), Code.INVALID_QUANTITY),
    ):
        venue = rich()
        if code is Code.INSUFFICIENT_FUNDS:
            venue.sell(BOB, "ETH", "USDC", 10**18)
        outcome = ask(venue, "PlaceOrder", sell_amount=amounts[0], buy_amount=amounts[1])
        if code is None:
            assert not isinstance(outcome, Rejected), (name, outcome)
        else:
            found, message = refused(outcome)
            assert found is code, (name, message)
            assert ("2^112-1" in message) is (code is Code.INVALID_QUANTITY)


@pytest.mark.parametrize("field", ["sell_amount", "buy_amount"])
def test_an_order_beyond_2_to_the_112_is_refused_and_not_rounded(field: str) -> None:
    for value in (2**112, 2**128, 2**256 - 1):
        code = refused(ask(rich(), "PlaceOrder", **{field: value}))[0]
        assert code in (Code.INVALID_QUANTITY, Code.INVALID_PRICE, Code.INSUFFICIENT_FUNDS)


def test_a_price_beyond_2_to_the_112_ticks_is_refused_as_a_price() -> None:
    """Of one lot, where a tick is a unit of quote."""
    code, message = refused(ask(rich(), "PlaceOrder", sell_amount=LOT, buy_amount=2**112))
    assert code is Code.INVALID_PRICE and "at most 2^112-1 of them" in message


def test_a_swap_of_2_to_the_256_less_one_is_refused_for_what_it_lacks() -> None:
    venue = rich()
    assert refused(ask(venue, "SwapExactIn", amount_in=UINT256_MAX))[0] is Code.INSUFFICIENT_FUNDS
    assert refused(ask(venue, "SwapExactIn", amount_in=2**112))[0] is Code.INSUFFICIENT_FUNDS
    assert refused(ask(venue, "SwapExactIn", amount_in=2**112 - 1))[0] is Code.RESERVE_OVERFLOW
    outcome = refused(ask(venue, "SwapExactOut", amount_out=UINT256_MAX))
    assert outcome[0] is Code.INSUFFICIENT_LIQUIDITY
    outcome = refused(ask(venue, "SwapExactIn", min_amount_out=UINT256_MAX))
    assert outcome[0] is Code.SLIPPAGE_EXCEEDED


def test_a_deadline_and_a_nonce_far_off_are_refused_as_such() -> None:
    venue = rich()
    for deadline in (0, NOW_S - 1, NOW_S + DEADLINE_AHEAD_S + 1, 2**63, 2**64 - 1):
        assert refused(ask(venue, "Transfer", deadline=deadline))[0] is Code.EXPIRED
    for nonce in (0, 255, NOW_S + NONCE_FUTURE_S + 1 << 8, 2**63, 2**64 - 1):
        assert refused(ask(venue, "Transfer", nonce=nonce))[0] is Code.NONCE_OUT_OF_WINDOW
    now_s = venue.now_ms // 1000
    for deadline in (now_s, now_s + DEADLINE_AHEAD_S):
        assert not isinstance(ask(venue, "Transfer", deadline=deadline), Rejected)
    first, last = now_s - NONCE_PAST_S, now_s + NONCE_FUTURE_S
    for second, is_in in ((first, True), (first - 1, False), (last, True), (last + 1, False)):
        outcome = ask(venue, "Transfer", nonce=second << 8 | 255)
        assert isinstance(outcome, Rejected) is not is_in


@pytest.mark.parametrize("field", ["price", "quantity", "quote_quantity", "slippage_tolerance"])
def test_no_decimal_of_a_key_breaks_anything(field: str) -> None:
    """78 digits, the point anywhere, as a limit, a market and a trigger order."""
    venue = rich()
    venue.approve(BOB, BOBS_KEY)
    ends = ("0", "1", "9" * 78, "0." + "0" * 76 + "1", "1" + "0" * 77, str(2**112), str(2**256))
    for text in (*ends, f"{2**64}.{2**64}", "00", "0" * 78):
        for side in ("Bid", "Ask"):
            for more in _key_forms(field, text):
                outcome = venue.by_key(BOBS_KEY, side=side, **more)
                if isinstance(outcome, Rejected):
                    assert outcome.code is not Code.SERVER_ERROR and outcome.message


@pytest.mark.parametrize("side", ["Bid", "Ask"])
def test_a_decimal_beyond_2_to_the_112_is_refused_for_its_field(side: str) -> None:
    """Not for funds, nor for a market that is too shallow: what it would cost is never computed.
    The message has the field and its text, not an amount that nobody sent."""
    venue = rich()
    venue.approve(BOB, BOBS_KEY)
    wrong = {"price": Code.INVALID_PRICE, "quantity": Code.INVALID_QUANTITY}
    wrong |= {"quote_quantity": Code.INVALID_QUANTITY}
    told = {"trigger_price": "triggerPrice", "trigger_quantity": "triggerQuantity"}
    told |= {"quote_quantity": "quoteQuantity"}
    for field, code in wrong.items():
        for text in ("9" * 78, "1" + "0" * 77, str(2**256), str(2**112), "0", "0" * 78):
            for more in _key_forms(field, text):
                found, message = refused(venue.by_key(BOBS_KEY, side=side, **more))
                assert found is code, (more, message)
                name = next(name for name, value in more.items() if value == text)
                assert message.startswith(f"{told.get(name, name)} {text} "), message


@pytest.mark.parametrize(
    ("side", "amount", "price"),
    [("Ask", {"quantity": "2"}, 1), ("Bid", {"quote_quantity": "20"}, RESERVE_MAX)],
)
def test_a_tolerance_of_everything_ends_at_a_price_that_there_is(
    side: str, amount: dict[str, Any], price: int
) -> None:
    venue = rich()
    venue.approve(BOB, BOBS_KEY)
    tolerance = {"slippage_tolerance": "9" * 78, "slippage_tolerance_type": "TickSize"}
    placed = venue.by_key(BOBS_KEY, order_type="Market", side=side, **amount, **tolerance)
    assert not isinstance(placed, Rejected), placed
    assert [event.price for event in placed if isinstance(event, OrderPlaced)] == [price]


def _key_forms(field: str, text: str) -> list[dict[str, Any]]:
    market: dict[str, Any] = {"order_type": "Market"}
    if field == "price":
        return [
            {"price": text, "quantity": "0.01"},
            {"price": text, "quantity": "0.01", "time_in_force": "IOC"},
            {"price": "2000", "trigger_price": text, "trigger_quantity": "0.01"},
        ]
    if field == "quantity":
        return [
            {"price": "2000", "quantity": text},
            {**market, "quantity": text},
            {"price": "1000", "trigger_price": "1500", "trigger_quantity": text},
        ]
    if field == "quote_quantity":
        return [{**market, "quote_quantity": text}]
    return [
        {**market, "quantity": "0.01", "slippage_tolerance": text, "slippage_tolerance_type": one}
        for one in ("TickSize", "Percent")
    ]


@pytest.mark.parametrize("turn_s", [2**31, 2**32, 2**53, (2**63) // 1000, 2**63])
def test_time_passes_every_turn_of_somebodys_clock(turn_s: int) -> None:
    """2106 is where V2's oracle wraps its uint32; 2^63 ms is where others end. Nonces, deadlines,
    expiries, the pool's clock and its TWAP go on; V2's modular difference gives the same price."""
    venue = seeded()
    venue.now_ms = turn_s * 1000 - 1
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**18), Rejected)
    resting = venue.rest("ask", ALICE, 5, 250_000, time_in_force="GTD", expires=turn_s + 7)
    pool = venue.state.pools["ETH_USDC"]
    before_s, before = pool.last_s, pool.price_base_cumulative
    price = pool.reserve_quote * Q112 // pool.reserve_base
    venue.now_ms = turn_s * 1000 + 6_999
    assert not isinstance(venue.sell(ALICE, "ETH", "USDC", 10**18), Rejected)
    assert resting in venue.state.open_orders.by_id
    elapsed_s = (pool.last_s % 2**32 - before_s % 2**32) % 2**32  # as V2's uint32 has it
    assert elapsed_s == pool.last_s - before_s == 7
    assert (pool.price_base_cumulative - before) % CUMULATIVE_MODULUS == price * elapsed_s
    assert pool.twap(venue.now_ms // 1000, 7) == (price, 7)
    venue.now_ms += 1
    venue.tick()
    assert resting not in venue.state.open_orders.by_id


def test_cumulative_prices_wrap_at_2_to_the_256_and_the_average_does_not_notice() -> None:
    venue = seeded()
    pool = venue.state.pools["ETH_USDC"]
    venue.now_ms += 60_000
    venue.sell(ALICE, "ETH", "USDC", 10**12)
    pool.price_base_cumulative = CUMULATIVE_MODULUS - 1  # years of an extreme price
    pool.price_quote_cumulative = CUMULATIVE_MODULUS - 1
    pool.observations.clear()
    venue.sell(ALICE, "ETH", "USDC", 10**12)
    price = pool.reserve_quote * Q112 // pool.reserve_base
    venue.now_ms += 3_600_000
    venue.sell(ALICE, "ETH", "USDC", 10**12)
    assert pool.price_base_cumulative < CUMULATIVE_MODULUS - 1, "it wrapped"
    assert pool.twap(venue.now_ms // 1000, 3_600) == (price, 3_600)
