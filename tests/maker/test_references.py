"""Over HTTP: each of the places that a price comes from, and what happens where it gives none."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import pytest

from tests.maker.conftest import Makers
from tests.maker.desk import WHOLE_BASE, WHOLE_QUOTE, Desk, put, until
from tests.maker.maker import Maker
from tests.server import running_server
from xyk.maker.quoting import Price
from xyk.maker.walk import Walk

PAIR = ("--size", "0.5", "--levels", "1", "--skew", "0", "--tolerance", "0")
NARROW = (*PAIR, "--spread-bps", "20")
WIDE = (*PAIR, "--spread-bps", "80")  # beyond the fee of a pool that stands still
CENT_EACH = Decimal("0.02")  # what rounding a bid and an ask may come to
# Beyond an agent's band even once the far side has moved and the middle of the book with it.
JUMPS = pytest.mark.parametrize("jump", ["2600", "1600"], ids=["up", "down"])


def middle(maker: Maker) -> Decimal:
    bid, ask = maker.until_quoting(1, 1)
    return (bid.price + ask.price) / 2


def best_middle(desk: Desk, market: str) -> Decimal:
    best = desk.get(f"/bbo/{market}")
    return (Decimal(best["bidPrice"]) + Decimal(best["askPrice"])) / 2


def is_around(maker: Maker, price: Decimal | int) -> bool:
    """But for what rounding widens the spread by."""
    return abs(middle(maker) - price) <= Decimal("0.01")


@pytest.fixture
def price(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "price"
    file.write_text("2000\n")
    yield file


def test_the_pool(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market()).start(*WIDE)
    assert is_around(maker, 2_000)
    wallet, token = desk.trader(maker.market), maker.base
    desk.act(wallet, lambda client: client.sell(token, "USDC", 5 * WHOLE_BASE))
    price = desk.pool_price(maker.market)
    assert price < 1_985
    until(lambda: is_around(maker, price))


def test_a_file(desk: Desk, makers: Makers, price: Path) -> None:
    maker = makers(desk.market()).start(*WIDE, "--reference", f"file:{price}")
    assert is_around(maker, 2_000)
    put(price, "2001.37")
    until(lambda: is_around(maker, Decimal("2001.37")))


@pytest.mark.parametrize("text", ["", "0", "-1", "2e3", "two thousand", None])
def test_a_file_without_a_price(desk: Desk, makers: Makers, price: Path, text: str | None) -> None:
    """Nothing rests while nobody knows the price; it comes back when somebody does."""
    maker = makers(desk.market()).start(*WIDE, "--reference", f"file:{price}")
    maker.until_quoting(1, 1)
    if text is None:
        price.unlink()
    else:
        put(price, text)
    maker.until_state("waiting", str(price))
    until(lambda: not maker.open)
    put(price, "2000")
    assert is_around(maker, 2_000)


@JUMPS
def test_a_file_jumps_where_there_is_no_pool(
    desk: Desk, makers: Makers, price: Path, jump: str
) -> None:
    """Further than an agent's order may be from the middle of the book: it goes in steps. Never a
    quote on the wrong side of the new price."""
    market = desk.market(has_pool=False)
    terms = {"price": "2000", "quantity": "0.1"}
    for side in ("Ask", "Bid"):  # the first price, which an agent's orders are held against
        desk.act(
            desk.trader(market),
            lambda client, side=side: client.place_order(market, side, **terms),
        )
    maker = makers(market).start(*NARROW, "--reference", f"file:{price}")
    assert is_around(maker, 2_000)
    before = desk.head()
    put(price, jump)
    until(lambda: is_around(maker, Decimal(jump)))
    orders = [one for one in maker.actions(before) if one.kind in ("PlaceOrder", "ReplaceOrder")]
    assert orders
    assert all(one.price < Decimal(jump) for one in orders if one.is_bid)
    assert all(one.price > Decimal(jump) for one in orders if not one.is_bid)


@JUMPS
def test_a_file_jumps_and_the_pool_does_not(
    desk: Desk, makers: Makers, price: Path, jump: str
) -> None:
    """The side that would trade with the pool stays outside its fee; the other one is where the
    new price says. Whoever buys or sells all that it offers pays no less, and gets no more."""
    maker = makers(desk.market()).start(*NARROW, "--reference", f"file:{price}")
    assert is_around(maker, 2_000)
    before = desk.head()
    put(price, jump)
    new = Decimal(jump)
    far = new * (Decimal("1.001") if new > 2_000 else Decimal("0.999"))

    def has_moved() -> bool:
        bid, ask = maker.until_quoting(1, 1)
        return abs((ask if new > 2_000 else bid).price - far) <= Decimal("0.01")

    until(has_moved)
    bid, ask = maker.until_quoting(1, 1)
    if new > 2_000:
        assert Decimal(2_006) < bid.price < 2_007
    else:
        assert Decimal(1_994) <= ask.price < 1_995
    orders = [one for one in maker.actions(before) if one.kind in ("PlaceOrder", "ReplaceOrder")]
    assert len(orders) >= 2
    assert all(one.price < new for one in orders if one.is_bid)
    assert all(one.price > new for one in orders if not one.is_bid)
    assert "INVALID_ORDER" not in maker.shown


def test_another_market_of_this_exchange(desk: Desk, makers: Makers) -> None:
    """The middle of its book and pool; and its quotes follow it."""
    other = desk.market(2_000)
    maker = makers(desk.market(1_999)).start(*WIDE, "--reference", f"market:{other}")
    assert abs(middle(maker) - best_middle(desk, other)) < CENT_EACH
    wallet, token = desk.trader(other), other.partition("_")[0]
    desk.act(wallet, lambda client: client.sell(token, "USDC", WHOLE_BASE))
    price = best_middle(desk, other)
    assert price < 1_998
    until(lambda: abs(middle(maker) - price) < CENT_EACH)


@pytest.mark.slow
def test_a_market_of_another_exchange(desk: Desk, makers: Makers, tmp_path: Path) -> None:
    """Where it is lost, the quotes are taken back; where it comes again, they too."""
    with running_server(tmp_path / "other") as server:
        there = Desk(server)
        other = there.market(2_000)
        maker = makers(desk.market()).start(*WIDE, "--reference", f"market:{other}@{server.url}")
        assert abs(middle(maker) - best_middle(there, other)) < CENT_EACH
        server.kill()
        maker.until_state("waiting", f"the connection to {server.url} is lost")
        until(lambda: not maker.open)
        server.start()
        assert abs(middle(maker) - best_middle(there, other)) < CENT_EACH


def test_a_walk_is_the_same_for_the_same_seed(desk: Desk, makers: Makers) -> None:
    """Each price that it quoted around is one of the seed's, in its order."""
    maker = makers(desk.market()).start(*NARROW, "--reference", "walk", "--seed", "5")
    maker.until_quoting(1, 1)
    until(lambda: sum(one.kind == "ReplaceOrder" for one in maker.actions()) >= 6)
    kinds = ("PlaceOrder", "ReplaceOrder")
    asks = [one.price for one in maker.actions() if one.kind in kinds and not one.is_bid]
    walk = Walk(5, Price(2_000 * WHOLE_QUOTE, WHOLE_BASE))
    steps = [walk.price(), *(walk.step() for _ in range(300))]
    ways = [quoted(step) for step in steps]
    assert asks[0] == ways[0]
    place = 0
    for ask in asks:
        place = ways.index(ask, place)


def quoted(price: Price) -> Decimal:
    """The ask half of 20 bps above it, rounded up to a cent; by hand."""
    exact = Decimal(price.quote * WHOLE_BASE) / Decimal(price.base * WHOLE_QUOTE)
    return (exact * Decimal("1.001")).quantize(Decimal("0.01"), rounding=ROUND_CEILING)
