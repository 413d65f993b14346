"""A real market maker against a real server, and what may happen to both: neither leaves an order
behind that nobody looks after."""

import signal
import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.maker.conftest import Makers
from tests.maker.desk import POOL_FEE_BPS, WHOLE_BASE, WHOLE_QUOTE, Desk, put, until
from tests.server import running_server
from xyk.domain.market import CANCEL_ONLY, OPEN, PAUSED

LADDER = ("--size", "0.5", "--levels", "3", "--spread-bps", "80")
LEAST_TIMEOUT_S = 5
DIME = Decimal("0.1")


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_the_server_restarts(tmp_path: Path, makers: Makers, by: signal.Signals) -> None:
    """The orders that the maker finds again are its own: it doubles none, and goes on."""
    with running_server(tmp_path / "data") as server:
        desk = Desk(server)
        maker = makers(desk.market(), on=desk).start(*LADDER, "--timeout", "600")
        before = maker.until_quoting(3, 3)
        placed = desk.open_orders(maker.owner, maker.market)
        server.stop(by)
        maker.until_state("silent", server.url)
        server.start()
        assert maker.until_quoting(3, 3) == before
        now = desk.open_orders(maker.owner, maker.market)
        assert [one["id"] for one in now] == [one["id"] for one in placed]
        sell(desk, maker.market, 1)  # and it goes on from there
        until(lambda: maker.until_quoting(3, 3)[0].price < before[0].price)
        kinds = [one.kind for one in maker.actions()]
        assert kinds.count("PlaceOrder") == 6
        assert maker.stop() == 0
        assert maker.open == []


@pytest.mark.slow
def test_the_server_is_away_until_the_switch_fires(tmp_path: Path, makers: Makers) -> None:
    with running_server(tmp_path / "data") as server:
        desk = Desk(server)
        maker = makers(desk.market(), on=desk)
        maker.start(*LADDER, "--timeout", str(LEAST_TIMEOUT_S))
        before = maker.until_quoting(3, 3)
        server.kill()
        [*_, armed] = [one for one in maker.actions() if one.kind == "CancelAllAfter"]
        fires_ms = armed.events[-1]["firesMs"]
        until(lambda: time.time() * 1000 > fires_ms)
        server.start()
        assert maker.until_quoting(3, 3) == before
        kinds = [one.kind for one in maker.actions()]
        assert kinds.count("FireCancelTimer") == 1
        assert kinds.count("PlaceOrder") == 12
        assert maker.stop() == 0
        assert maker.open == []


@pytest.mark.slow
def test_it_is_killed_and_the_switch_takes_its_orders_back(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market()).start(*LADDER, "--timeout", str(LEAST_TIMEOUT_S))
    before = maker.until_quoting(3, 3)
    maker.kill()
    assert maker.open == before, "nobody takes them back at once"
    until(lambda: not maker.open)
    *_, fired = maker.actions()
    assert fired.kind == "FireCancelTimer"
    assert [one["reason"] for one in fired.events[1:]] == ["CancelAllAfter"] * 6

    maker.start(*LADDER, "--timeout", str(LEAST_TIMEOUT_S))
    assert maker.until_quoting(3, 3) == before
    kinds = [one.kind for one in maker.actions()]
    assert kinds.count("ApproveAgent") == 1, "the agent of before is still good"
    assert maker.stop() == 0
    assert maker.open == []


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_orderly_end_cancels_all_and_disarms(
    desk: Desk, makers: Makers, by: signal.Signals
) -> None:
    maker = makers(desk.market()).start(*LADDER)
    maker.until_quoting(3, 3)
    assert maker.stop(by) == 0
    assert maker.open == []
    assert maker.lines[-1] == ("ended", "no orders; all orders are cancelled")
    *_, cancel, disarm = maker.actions()
    assert [cancel.kind, disarm.kind] == ["CancelAllOrders", "CancelAllAfter"]
    assert disarm.command["timeoutSeconds"] == 0


@pytest.mark.slow
def test_an_end_that_nobody_hears_says_what_becomes_of_the_orders(
    tmp_path: Path, makers: Makers
) -> None:
    with running_server(tmp_path / "data") as server:
        desk = Desk(server)
        maker = makers(desk.market(), on=desk).start(*LADDER)
        maker.until_quoting(3, 3)
        server.kill()
        maker.until_state("silent")
        assert maker.stop() == 1
        assert "are cancelled by the switch within 30 s" in maker.shown
        assert "Traceback" not in maker.shown


def sell(desk: Desk, market: str, base: int) -> None:
    """Whole tokens, for whatever they bring."""
    wallet = desk.trader(market)
    token = market.partition("_")[0]
    desk.act(wallet, lambda client: client.sell(token, "USDC", base * WHOLE_BASE))


def buy(desk: Desk, market: str, quote: int) -> None:
    """For so many whole USDC."""
    wallet = desk.trader(market)
    token = market.partition("_")[0]
    desk.act(wallet, lambda client: client.sell("USDC", token, quote * WHOLE_QUOTE))


@pytest.mark.parametrize("rises", [True, False], ids=["up", "down"])
def test_a_swap_moves_the_pool_by_a_fifth(desk: Desk, makers: Makers, rises: bool) -> None:
    """It goes through the ladder first. Then the quotes are around the price that it left, and
    none was in the way of another."""
    maker = makers(desk.market(2_000)).start(*LADDER, "--skew", "0")
    maker.until_quoting(3, 3)
    before = desk.head()
    if rises:
        buy(desk, maker.market, 200_000)
    else:
        sell(desk, maker.market, 122)
    price = desk.pool_price(maker.market)
    assert abs(price / 2_000 - 1) > Decimal("0.2")
    swept = maker.until_quoting(3, 3)
    bids, asks = [one for one in swept if one.is_bid], [one for one in swept if not one.is_bid]
    half = Decimal("0.004")
    cent = Decimal("0.01")
    assert 0 <= price * (1 - half) - bids[0].price < cent
    assert 0 <= asks[0].price - price * (1 + half) < cent
    assert "INVALID_ORDER" not in maker.shown
    quoted = [one for one in maker.actions(before) if one.kind in ("PlaceOrder", "ReplaceOrder")]
    assert quoted
    assert all(one.price <= price for one in quoted if one.is_bid)
    assert all(one.price >= price for one in quoted if not one.is_bid)


def test_a_pause_and_the_end_of_it(desk: Desk, makers: Makers) -> None:
    """The pool of a paused market stands still, so that nothing but the market itself tells."""
    maker = makers(desk.market()).start(*LADDER, "--timeout", "6")
    before = maker.until_quoting(3, 3)
    desk.set_status(maker.market, PAUSED)
    maker.until_state("paused", "is not open for trading")
    until(lambda: not maker.open)
    desk.set_status(maker.market, OPEN)
    assert maker.until_quoting(3, 3) == before
    assert maker.stop() == 0
    assert maker.open == []


def test_a_pause_while_the_price_moves(desk: Desk, makers: Makers, tmp_path: Path) -> None:
    """Cancels go through when nothing else does: it takes its quotes back and says why."""
    price = tmp_path / "price"
    put(price, "2000\n")
    maker = makers(desk.market()).start(*LADDER, "--reference", f"file:{price}")
    maker.until_quoting(3, 3)
    desk.set_status(maker.market, CANCEL_ONLY)
    put(price, "1990\n")
    maker.until_state("paused")
    until(lambda: not maker.open)
    desk.set_status(maker.market, OPEN)
    assert maker.until_quoting(3, 3)[0].price == Decimal("1982.04")


def test_a_new_tick_and_lot_while_it_waits(desk: Desk, makers: Makers) -> None:
    """The operator makes both coarser while nothing rests. Then it offers as much as before, at
    prices that the market takes."""
    maker = makers(desk.market(2_001)).start(*LADDER)
    before = maker.until_quoting(3, 3)
    assert any(one.price % DIME for one in before)
    desk.set_status(maker.market, CANCEL_ONLY)
    maker.until_state("paused")
    until(lambda: not maker.open)
    terms = {"tick_size": WHOLE_QUOTE // 10, "lot_size": WHOLE_BASE // 10}
    fees = {"maker_fee_bps": 0, "taker_fee_bps": 0, "pool_fee_bps": POOL_FEE_BPS}
    desk.act(
        desk.operator,
        lambda client: client.update_market(maker.market, **terms, **fees, book=True),
    )
    desk.set_status(maker.market, OPEN)
    now = maker.until_quoting(3, 3)
    assert [one.quantity for one in now] == [one.quantity for one in before]
    assert not any(one.price % DIME for one in now)
    for old, new in zip(before, now, strict=True):
        assert 0 <= (old.price - new.price if old.is_bid else new.price - old.price) < DIME
    assert maker.stop() == 0
    assert maker.open == []
