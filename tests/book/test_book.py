"""The book as a thing with state: priority, links, sums."""

import gc
import json

import pytest

from xyk.book.book import Book
from xyk.book.level import Level
from xyk.book.order import DUMPED, Order
from xyk.book.terms import PLAIN, Terms, shared_terms


def order(number: int, *, is_bid: bool = True, price: int = 100, quantity: int = 5) -> Order:
    return Order(id=number, owner="0xa", is_bid=is_bid, price=price, quantity=quantity)


def test_best_prices_come_first_and_arrival_decides_within_a_level() -> None:
    book = Book()
    for number, price in ((1, 100), (2, 102), (3, 100), (4, 99)):
        book.add(order(number, price=price))
        book.add(order(number + 10, is_bid=False, price=price + 10))
    assert (book.best_bid, book.best_ask) == (102, 109) and book.is_two_sided
    assert [[one.id for one in level] for level in book.bids] == [[2], [1, 3], [4]]
    assert [[one.id for one in level] for level in book.asks] == [[14], [11, 13], [12]]
    assert book.depth(True, 2) == [(102, 5), (100, 10)]
    assert book.depth(False, 9) == [(109, 5), (110, 10), (112, 5)]


def test_an_order_that_leaves_points_nowhere_and_its_level_goes_with_the_last() -> None:
    book = Book()
    one, two, three = order(1), order(2), order(3)
    for each in (one, two, three):
        book.add(each)
    book.remove(two)
    assert [each.id for each in next(iter(book.bids))] == [1, 3]
    assert two.level is two.before is two.after is None
    book.remove(one)
    book.remove(three)
    assert book.best_bid is None and book.depth(True, 5) == [] and book.count == 0


def test_fills_and_reductions_keep_the_place() -> None:
    book = Book()
    one, two = order(1), order(2)
    book.add(one)
    book.add(two)
    book.fill(one, 2)
    assert book.depth(True, 1) == [(100, 8)] and one.remaining == 3
    book.reduce(one, 4)
    assert book.depth(True, 1) == [(100, 7)]
    book.fill(one, 2)
    assert [each.id for each in next(iter(book.bids))] == [2] and one.remaining == 0


def test_a_level_far_from_the_touch_among_thousands_is_found() -> None:
    """Enough prices for several runs, added from both ends and taken out of the middle."""
    book, orders = Book(), {}
    prices = [*range(1, 6_000, 2), *range(6_000, 0, -2)]
    for number, price in enumerate(prices, 1):
        orders[price] = order(number, is_bid=False, price=price)
        book.add(orders[price])
    assert [level.price for level in book.asks] == sorted(prices)
    for price in range(500, 5_500):
        book.remove(orders[price])
    left = [*range(1, 500), *range(5_500, 6_001)]
    assert [level.price for level in book.asks] == left
    for price in left:
        assert book.best_ask == price
        book.fill(orders[price], 5)
    assert book.best_ask is None and list(book.asks) == []


def test_an_emptied_book_leaves_nothing_to_the_collector() -> None:
    """Levels are the collector's to track; orders are not, see test_against_scan.py."""

    def levels() -> int:
        return sum(type(one) is Level for one in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = levels()
        book = Book()
        for number in range(1, 1_000):
            book.add(order(number, price=100 + number % 50))
        while (level := book.bids.best) is not None:
            assert level.first is not None
            book.fill(level.first, 5)
        assert levels() == before
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert not gc.is_tracked(order(1))


def test_an_order_reads_its_terms_and_keeps_them_through_json() -> None:
    terms = Terms("GTD", True, "RejectBoth", True, 1_800_000_000, 2_000_000_000, True)
    one = Order(7, "0xa", True, 100, 9, digest="0x12", market="ETH_USDC", client_id=5, terms=terms)
    one.filled, one.priority, one.created_ms = 2, 8, 1_795_200_000_000
    dumped = json.loads(json.dumps(one.dump()))
    assert list(dumped) == list(DUMPED) and one.remaining == 7
    again = Order.load(dumped)
    assert again.dump() == dumped and again.terms == terms and again.level is None
    assert dumped["time_in_force"] == "GTD" and dumped["trigger_above"] is True
    assert (one.post_only, one.self_trade_prevention, one.by_agent) == (True, "RejectBoth", True)
    assert (one.expires, one.trigger_price) == (1_800_000_000, 2_000_000_000)


def test_an_order_shows_itself_without_its_neighbours() -> None:
    book = Book()
    for number in range(1, 2_000):
        book.add(order(number))
    assert book.bids.best is not None
    shown = repr(book.bids.best.first)
    assert shown.startswith("Order(id=1, ") and len(shown) < 500


def test_the_same_terms_are_one_object() -> None:
    assert shared_terms("GTC", False, "RejectTaker", False) is PLAIN
    assert shared_terms("GTC", True, "RejectMaker", True) is shared_terms(
        "GTC", True, "RejectMaker", True
    )
    assert shared_terms("GTD", False, "RejectTaker", False) == Terms("GTD")


@pytest.mark.parametrize("lots", [0, 6])
def test_no_more_is_filled_than_there_is(lots: int) -> None:
    book, one = Book(), order(1)
    book.add(one)
    with pytest.raises(AssertionError):
        book.fill(one, lots)
    assert book.depth(True, 1) == [(100, 5)] and one.filled == 0
