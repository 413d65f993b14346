"""Cancels and the operator's terms: what they refuse."""

from typing import Any

import pytest

from tests.exchange.venue import BOB, CAROL, OPERATOR, both, refused, with_book
from xyk.domain.commands import CancelAllAfter, CancelAllOrders, CancelOrder, UpdateMarket
from xyk.domain.rejections import Code, Rejected


@pytest.mark.parametrize("text", ["9", "x", "", "01", "-1", "1.0", "9" * 21, "٣", " 1", "0"])
def test_a_cancel_that_names_no_open_order_is_not_found(text: str) -> None:
    venue = with_book()
    venue.rest("bid", BOB, 10, 190_000)
    fields = dict(order_id=text, client_id=0)
    code, message = refused(venue.do(CancelOrder, BOB, **fields))
    assert code is Code.RESOURCE_NOT_FOUND and "Not Found" in message


def test_cancels_refuse_foreign_orders_and_unknown_markets() -> None:
    venue = with_book()
    number = venue.rest("bid", BOB, 10, 190_000, client_id=3)
    assert refused(venue.cancel(CAROL, number))[0] is Code.RESOURCE_NOT_FOUND
    assert refused(venue.do(CancelOrder, CAROL, order_id="", client_id=3))[0] is (
        Code.RESOURCE_NOT_FOUND
    )
    assert refused(venue.do(CancelAllOrders, BOB, market="X_Y"))[0] is Code.INVALID_MARKET
    timer = dict(market="X_Y", timeout_seconds=86_401)
    assert refused(venue.do(CancelAllAfter, BOB, **timer))[0] is Code.INVALID_MARKET
    timer = dict(market="", timeout_seconds=86_401)
    code, message = refused(venue.do(CancelAllAfter, BOB, **timer))
    assert code is Code.INVALID_QUANTITY and "1 to 86400" in message


def test_terms_stay_while_an_order_is_open() -> None:
    venue = both()
    terms: dict[str, Any] = dict(
        market="ETH_USDC",
        tick_size=10**4,
        lot_size=10**14,
        maker_fee_bps=-2,
        taker_fee_bps=7,
        pool_fee_bps=30,
        book=True,
    )
    number = venue.rest("bid", BOB, 10, 190_000)
    for change in (
        dict(tick_size=10**5),
        dict(lot_size=10**15),
        dict(pool_fee_bps=40),
        dict(book=False),
    ):
        code, message = refused(venue.do(UpdateMarket, OPERATOR, **terms | change))
        assert code is Code.INVALID_ORDER and "1 open orders; only makerFeeBps" in message
    assert not isinstance(venue.do(UpdateMarket, OPERATOR, **terms), Rejected)
    venue.cancel(BOB, number)
    assert not isinstance(venue.do(UpdateMarket, OPERATOR, **terms | dict(book=False)), Rejected)
    assert "ETH_USDC" not in venue.state.books
