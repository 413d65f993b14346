"""PlaceOrder and ReplaceOrder: each row carries its own fault and every later one that can stand
beside it; the first one named wins, and nothing changes. Every message says what would be right.
"""

from typing import Any

import pytest

from tests.exchange.venue import (
    ALICE,
    BOB,
    CAROL,
    LOT,
    NOBODY,
    NOW_S,
    OPERATOR,
    Venue,
    both,
    refused,
    with_book,
)
from xyk.domain.commands import (
    ApproveAgent,
    PlaceOrder,
    ReplaceOrder,
    RevokeAgent,
    SetMarketStatus,
)
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import RESERVE_MAX
from xyk.exchange import orders, walk

LATE = NOW_S - 1
EARLY_NONCE = NOW_S - 3 * 86_400 << 8
MANY = 2**120 * LOT  # base units, whole lots, more than anybody has


def busy() -> Venue:
    """Bob bids 1 ETH at 1,950 with clientId 7 and asks 1 ETH at 2,100; he has an agent and had one;
    the last price is 2,100."""
    venue = both()
    venue.rest("bid", BOB, 10_000, 195_000, client_id=7)
    venue.rest("ask", BOB, 10_000, 210_000)
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    venue.do(ApproveAgent, BOB, agent=CAROL, valid_until=NOW_S + 10**6)
    venue.do(RevokeAgent, BOB, agent=CAROL)
    return venue


def half_lots(ticks: int) -> dict[str, Any]:
    """Far too much at an even number of ticks, but half a lot off."""
    halves = 3**100
    return dict(sell_amount=ticks // 2 * halves, buy_amount=LOT // 2 * halves)


def place(venue: Venue, **changes: Any) -> Any:
    """Bob's order, wrong in every way that `changes` does not mend."""
    fields: dict[str, Any] = dict(
        sell_token=NOBODY,
        buy_token=NOBODY,
        sell_amount=0,
        buy_amount=0,
        time_in_force="GFD",
        post_only=True,
        self_trade_prevention="Skip",
        trigger_price=2_000 * 10**6,
        trigger_above=False,
        client_id=2**32,
        expires=5,
        nonce=EARLY_NONCE,
        deadline=LATE,
    )
    fields.update(changes)
    sold, bought = fields.pop("sell_token"), fields.pop("buy_token")
    return venue.do(
        PlaceOrder, fields.pop("owner", BOB), sell_token=sold, buy_token=bought, **fields
    )


class Rows:
    """What every row has mended so far is in `mended`."""

    def __init__(self) -> None:
        self.venue = busy()
        self.mended: dict[str, Any] = {}

    def __call__(self, code: Code, words: str, **changes: Any) -> None:
        before = self.venue.state.digest()
        found, message = refused(place(self.venue, **self.mended | changes))
        assert (found, words in message) == (code, True), message
        assert self.venue.state.digest() == before


def test_place_order_by_descending_precedence_up_to_its_price() -> None:
    row = Rows()
    venue = row.venue
    eth, usdc, shares = venue.token("ETH"), venue.token("USDC"), venue.token("LP:ETH_USDC")
    row(Code.INVALID_SIGNATURE, "neither the owner", signer=NOBODY)
    row(Code.UNAUTHORIZED, "was revoked", signer=CAROL)
    row(Code.EXPIRED, "deadline")
    row(Code.NONCE_OUT_OF_WINDOW, "must lie within", deadline=NOW_S + 60)
    row.mended = dict(deadline=NOW_S + 60, nonce=(NOW_S << 8) + 250)
    row(Code.INVALID_ASSET, f"address {NOBODY}")
    row(Code.INVALID_ASSET, f"address {NOBODY}", sell_token=eth)
    row(Code.INVALID_ASSET, "pool shares", sell_token=shares, buy_token=shares)
    row(
        Code.INVALID_MARKET,
        "ETH and SOL have no market",
        sell_token=eth,
        buy_token=venue.token("SOL"),
    )
    venue.do(SetMarketStatus, OPERATOR, market="*", status="cancel_only")
    row(Code.TRADING_PAUSED, "Every market of ETH", sell_token=eth, buy_token=eth)
    row(Code.TRADING_PAUSED, "ETH_USDC is cancel_only", sell_token=eth, buy_token=usdc)
    venue.do(SetMarketStatus, OPERATOR, market="*", status="open")
    row(Code.SAME_TOKEN, "Both tokens are ETH", sell_token=eth, buy_token=eth)
    row.mended |= dict(sell_token=usdc, buy_token=eth)
    row(Code.INVALID_QUANTITY, "at least 1 base unit", buy_amount=MANY)
    row(Code.INVALID_QUANTITY, "at least 1 base unit", sell_amount=1)
    odd = 10**18 + 1  # base units: no whole lots
    row(
        Code.INVALID_PRICE,
        "the nearest valid price is 1980000000",
        sell_amount=1_980_000_001 * 2**120,
        buy_amount=10**18 * 2**120,
    )
    row(Code.INVALID_PRICE, "the nearest valid price is 10000", sell_amount=1, buy_amount=odd)
    row(
        Code.INVALID_PRICE, "at most 2^112-1 of them", sell_amount=10**4 * 2**112, buy_amount=10**18
    )
    fair = half_lots(198_000)
    row(Code.INVALID_PRICE, "no last price yet", **fair)
    assert not isinstance(venue.ask(CAROL, 10, 195_000, time_in_force="IOC"), Rejected)
    last = venue.state.last_fills["ETH_USDC"]
    price = last[0] * 10**18 // last[1]
    row(Code.INVALID_PRICE, f"is {price} USDC base units per whole ETH; name one below it", **fair)
    row(Code.INVALID_PRICE, "name one above it", **fair, trigger_price=price, trigger_above=True)


def test_place_order_by_descending_precedence_from_its_quantity_on() -> None:
    row = Rows()
    venue = row.venue
    assert not isinstance(venue.ask(CAROL, 10, 195_000, time_in_force="IOC"), Rejected)
    row.mended = dict(
        deadline=NOW_S + 60,
        nonce=(NOW_S << 8) + 250,
        sell_token=venue.token("USDC"),
        buy_token=venue.token("ETH"),
    )
    waits = dict(trigger_price=1_900 * 10**6)
    far = half_lots(220_002)
    at_once: dict[str, Any] = dict(far, trigger_price=0, time_in_force="")
    row(Code.INVALID_PRICE, "bid at most 2199", **at_once, signer=ALICE)
    row(Code.INVALID_PRICE, "bid at most 2199", **at_once | dict(time_in_force="GTD"), signer=ALICE)
    row(Code.INVALID_QUANTITY, f"not whole lots of {LOT}", **far, **waits, signer=ALICE)
    off = dict(sell_amount=198_000 * 3 // 2, buy_amount=LOT // 2 * 3)
    row(Code.INVALID_QUANTITY, f"the nearest quantity is {LOT} or {2 * LOT}", **waits, **off)
    off = dict(sell_amount=9_999, buy_amount=LOT // 2)
    row(Code.INVALID_QUANTITY, f"the nearest quantity is {LOT}", **waits, **off)
    row(Code.INVALID_QUANTITY, "must be at least 10000", **waits, sell_amount=9_999, buy_amount=LOT)
    row(
        Code.INVALID_QUANTITY,
        "at most 2^112-1",
        **waits,
        sell_amount=198_000 * (MANY // LOT),
        buy_amount=MANY,
    )
    row(
        Code.INVALID_QUANTITY,
        "at most 2^112-1",
        **waits,
        sell_amount=(RESERVE_MAX // 10**4 + 1) * 10**4,
        buy_amount=10**18,
    )
    rich = dict(sell_amount=198_000 * 10**10, buy_amount=10**10 * LOT)
    form: list[tuple[str, dict[str, Any]]] = [
        ("timeInForce 'GFD' is unknown; use one of GTC, IOC, FOK, GTD", waits),
        (
            "selfTradePrevention 'Skip' is unknown; use one of RejectTaker",
            dict(time_in_force="IOC"),
        ),
        ("postOnly cannot go with IOC", dict(self_trade_prevention="RejectBoth")),
        ("postOnly cannot go with triggerPrice", dict(time_in_force="GTC")),
        ("expires goes with GTD only; set it to 0 for GTC", dict(trigger_price=0)),
        (f"must lie after the server's time {NOW_S}", dict(time_in_force="GTD")),
        ("clientId 4294967296 must be below 2^32", dict(expires=NOW_S + 1)),
        ("clientId 7 is in use", dict(client_id=7)),
        ("Order would immediately match and take", dict(client_id=8)),
    ]
    row.mended |= dict(rich, sell_amount=211_000 * 10**10)
    for words, change in form:
        row.mended |= change
        row(Code.INVALID_ORDER, words)
    row.mended |= dict(post_only=False)
    row(Code.INSUFFICIENT_FUNDS, f"Needs {211_000 * 10**10} base units of USDC")
    row.mended |= dict(sell_amount=211_000 * 10, buy_amount=10 * LOT)
    assert not isinstance(place(venue, **row.mended), Rejected)


def test_what_the_walk_refuses_by_descending_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order of Bob's agent Alice, too large for him and for the market in every row."""
    venue = busy()
    venue.rest("ask", CAROL, 10_000, 230_000)
    assert not isinstance(venue.ask(CAROL, 10, 195_000, time_in_force="IOC"), Rejected)
    many = 10**8

    def row(code: Code, words: str, ticks: int, time_in_force: str, **fields: Any) -> None:
        outcome = venue.bid(
            fields.pop("owner", BOB), many, ticks, time_in_force=time_in_force, **fields
        )
        found, message = refused(outcome)
        assert (found, words in message) == (code, True), message

    agent = dict(signer=ALICE)
    row(Code.INVALID_ORDER, "match and take", 210_000, "GTC", **agent, post_only=True)
    row(Code.INVALID_ORDER, "its own owner; cancel that one", 230_000, "FOK", **agent)
    both_ways = dict(agent, self_trade_prevention="RejectBoth")
    row(Code.INVALID_ORDER, "its own owner; cancel that one", 230_000, "FOK", **both_ways)
    others = dict(self_trade_prevention="RejectMaker")
    row(Code.INVALID_PRICE, "at most 1000 bps from spot", 230_000, "IOC", **agent, **others)
    monkeypatch.setattr(orders, "ORDERS_PER_OWNER_MAX", 2)
    row(Code.ORDER_LIMIT, "An owner may have 2 open orders", 230_000, "GTC", **others)
    row(Code.ORDER_LIMIT, "An owner may have 2", 190_000, "GTC", trigger_price=10**9)
    monkeypatch.setattr(orders, "ORDERS_PER_OWNER_MAX", 3)
    monkeypatch.setattr(orders, "ORDERS_PER_MARKET_MAX", 3)
    row(Code.ORDER_LIMIT, "ETH_USDC has 3 open orders", 190_000, "GTC")
    for time_in_force in ("IOC", "FOK"):
        needs = f"Needs {many * 190_000} base units of USDC, "
        row(Code.INSUFFICIENT_FUNDS, needs, 190_000, time_in_force)
        venue.fund(ALICE, USDC=10**15)
        row(Code.INSUFFICIENT_LIQUIDITY, "within the limit", 190_000, time_in_force, owner=ALICE)
    words = "of 100000000 lots can be filled within the limit; FOK takes all or nothing"
    row(Code.INSUFFICIENT_LIQUIDITY, words, 201_000, "FOK", owner=ALICE)


def test_a_walk_that_met_only_itself_is_refused() -> None:
    venue = with_book()
    venue.rest("ask", BOB, 10, 200_000)
    code, message = refused(venue.bid(BOB, 10, 200_000))
    assert code is Code.INVALID_ORDER and "before anybody else" in message


def test_a_reserve_past_its_bound_is_refused_last() -> None:
    venue = Venue()
    venue.fund(ALICE, ETH=RESERVE_MAX, USDC=RESERVE_MAX)
    deep = RESERVE_MAX - 10**15
    assert not isinstance(venue.add(ALICE, "ETH", 10**18, "USDC", deep), Rejected)
    venue.fund(BOB, USDC=RESERVE_MAX)
    ticks = deep // 5_000
    for time_in_force in ("GTC", "FOK"):
        code, message = refused(venue.bid(BOB, 1_000, ticks, time_in_force=time_in_force))
        assert code is Code.RESERVE_OVERFLOW and "2^112-1" in message
    number = venue.rest("bid", BOB, 1_000, 100)
    assert refused(venue.replace(number, 1_000, ticks))[0] is Code.RESERVE_OVERFLOW


def test_without_a_book_nothing_rests() -> None:
    """BTC_USDC has a pool only."""
    venue = both()
    venue.fund(BOB, BTC=10**10)
    venue.fund(ALICE, BTC=10**10)
    venue.add(ALICE, "BTC", 10**9, "USDC", 500_000 * 10**6)
    sold, bought = ("BTC", 10**6), ("USDC", 490 * 10**6)
    last = 49_000 * 10**6
    for fields in (
        dict(time_in_force="GTC"),
        dict(time_in_force="GTD", expires=NOW_S + 60),
        dict(time_in_force="GTC", post_only=True),
    ):
        code, message = refused(venue.order(BOB, sold, bought, **fields))
        assert code is Code.INVALID_ORDER and "no book where an order could rest" in message
    taken = venue.order(BOB, sold, bought, time_in_force="FOK")
    assert not isinstance(taken, Rejected)
    assert [type(event).__name__ for event in taken] == [
        "NonceUsed",
        "OrderPlaced",
        "PoolSwapped",
        "OrderClosed",
    ]
    assert venue.has(BOB, "BTC") == 10**10 - 10**6
    waits = dict(time_in_force="IOC", trigger_price=last // 2)
    assert refused(venue.order(BOB, sold, bought, **waits))[0] is Code.INVALID_ORDER
    partly = venue.order(BOB, ("BTC", 10**9), ("USDC", 490_000 * 10**6), time_in_force="IOC")
    assert not isinstance(partly, Rejected)
    assert partly[-1].reason == "ImmediateOrCancel"


def test_replace_order_by_descending_precedence() -> None:
    venue = busy()
    venue.rest("ask", ALICE, 10_000, 205_000)
    number = venue.rest("bid", BOB, 10_000, 190_000)
    assert not isinstance(venue.ask(CAROL, 20_000, 195_000, time_in_force="IOC"), Rejected)
    partly = next(iter(venue.state.open_orders.by_owner[BOB]))
    assert venue.state.open_orders.by_id[partly].filled
    filled = venue.state.open_orders.by_id[partly].filled
    eth, usdc = venue.token("ETH"), venue.token("USDC")
    late: dict[str, Any] = {}

    def row(code: Code, words: str, owner: str = BOB, **changes: Any) -> None:
        fields: dict[str, Any] = dict(
            order="0x" + "77" * 32,
            sell_token=NOBODY,
            buy_token=NOBODY,
            sell_amount=0,
            buy_amount=0,
        )
        found, message = refused(venue.do(ReplaceOrder, owner, **fields | late | changes))
        assert (found, words in message) == (code, True), message

    row(Code.INVALID_ASSET, "GET /api/v1/assets")
    row(Code.INVALID_MARKET, "no market", sell_token=eth, buy_token=venue.token("SOL"))
    venue.do(SetMarketStatus, OPERATOR, market="*", status="paused")
    twice = dict(sell_token=eth, buy_token=eth)
    row(Code.RESOURCE_NOT_FOUND, "Not Found", **twice)
    late |= dict(sell_token=eth, buy_token=usdc)
    row(Code.RESOURCE_NOT_FOUND, "Not Found")
    late |= dict(order=venue.state.open_orders.by_id[partly].digest)
    row(Code.RESOURCE_NOT_FOUND, "Not Found", owner=ALICE)
    row(Code.TRADING_PAUSED, "Every market of ETH", **twice)
    row(Code.TRADING_PAUSED, "paused; cancels work")
    venue.do(SetMarketStatus, OPERATOR, market="*", status="open")
    row(Code.SAME_TOKEN, "Both tokens are ETH", **twice)
    row(Code.INVALID_QUANTITY, "at least 1 base unit")
    row(Code.INVALID_PRICE, "nearest valid price", sell_amount=10**18 + 1, buy_amount=10**9)
    row(Code.INVALID_PRICE, "at most 2^112-1", sell_amount=1, buy_amount=10**50)
    cheap = dict(sell_amount=LOT // 2 * 3, buy_amount=170_000 * 3 // 2)
    row(Code.INVALID_PRICE, "ask at least 17", **cheap, signer=ALICE)
    row(Code.INVALID_QUANTITY, "not whole lots", **cheap)
    row(Code.INVALID_QUANTITY, "at least 10000", sell_amount=LOT, buy_amount=9_999)
    few = dict(sell_amount=filled * LOT, buy_amount=filled * 195_000)
    words = f"name at least {(filled + 1) * LOT}"
    row(Code.INVALID_QUANTITY, words, **few)
    more = dict(sell_amount=10**6 * LOT, buy_amount=10**6 * 195_000)
    row(Code.INVALID_ORDER, "a bid in ETH_USDC; a replacement keeps market and side", **more)
    bitcoin = dict(sell_token=venue.token("BTC"), sell_amount=10**8, buy_amount=10**11)
    row(Code.INVALID_ORDER, "keeps market and side", **bitcoin)
    late |= dict(sell_token=usdc, buy_token=eth)
    rich = dict(sell_amount=10**8 * 230_000, buy_amount=10**8 * LOT)
    row(Code.INVALID_PRICE, "bid at most", **rich, signer=ALICE)
    held = venue.held(BOB, "USDC")
    assert held == (10_000 - filled) * 195_000 + 10_000 * 190_000
    available = venue.has(BOB, "USDC") + (10_000 - filled) * 195_000
    words = f"Needs {(10**8 - filled) * 195_000} base units of USDC, {available} are available"
    row(Code.INSUFFICIENT_FUNDS, words, sell_amount=10**8 * 195_000, buy_amount=10**8 * LOT)
    assert not isinstance(venue.replace(number, 20_000, 190_000), Rejected)


def test_what_the_walk_of_a_replacement_refuses() -> None:
    venue = with_book()
    post_only = venue.rest("bid", BOB, 10, 190_000, post_only=True)
    own = venue.rest("bid", BOB, 10, 190_000)
    venue.rest("ask", CAROL, 5, 220_000)
    code, message = refused(venue.replace(post_only, 11, 220_000))
    assert code is Code.INVALID_ORDER and "match and take" in message
    venue.rest("ask", BOB, 10, 210_000)
    code, message = refused(venue.replace(own, 11, 220_000))
    assert code is Code.INVALID_ORDER and "before anybody else" in message
    venue.do(ApproveAgent, BOB, agent=ALICE, valid_until=NOW_S + 10**6)
    venue.rest("bid", CAROL, 10, 209_000)
    thin = venue.rest("bid", BOB, 10, 180_000, self_trade_prevention="RejectMaker")
    venue.rest("ask", CAROL, 5, 240_000)
    code, _ = refused(venue.replace(thin, 10, 240_000, signer=ALICE))
    assert code is Code.INVALID_PRICE


def test_a_sweep_of_too_many_orders_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "FILLS_MAX", 2)
    venue = busy()
    venue.fund(CAROL, USDC=10**13)
    for ticks in (200_700, 200_800):
        venue.rest("ask", ALICE, 1_000, ticks)
    code, message = refused(venue.bid(CAROL, 10**6, 210_000))
    assert (code, "nearer limit" in message) == (Code.ORDER_LIMIT, True)
    before = venue.has(CAROL, "USDC")
    code, message = refused(venue.sell(CAROL, "USDC", "ETH", 10**12))
    assert (code, "orders; use another amount" in message) == (Code.INSUFFICIENT_LIQUIDITY, True)
    assert venue.has(CAROL, "USDC") == before
    assert not isinstance(venue.bid(CAROL, 10**6, 200_800, time_in_force="IOC"), Rejected)
