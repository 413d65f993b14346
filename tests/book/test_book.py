"""The book as a thing with state: priority, links, sums."""

from xyk.book.book import Book
from xyk.book.order import Order


def order(number: int, *, is_bid: bool = True, price: int = 100, quantity: int = 5) -> Order:
    return Order(id=number, owner="0xa", is_bid=is_bid, price=price, quantity=quantity)


def test_best_prices_come_first_and_arrival_decides_within_a_level() -> None:
    book = Book()
    for number, price in ((1, 100), (2, 102), (3, 100), (4, 99)):
        book.add(order(number, price=price))
        book.add(order(number + 10, is_bid=False, price=price + 10))
    assert (book.best_bid, book.best_ask) == (102, 109)
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
