"""Over HTTP: what it holds stays within --max-base and --max-quote whatever is filled, and what it
sends is replacements. The arithmetic of both is in test_quoting.py and test_changes.py."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

from tests.maker.conftest import Makers
from tests.maker.desk import Desk, put, until
from tests.maker.exposure import moments
from tests.maker.maker import Maker, shown

TIGHT = ("--size", "0.5", "--levels", "3", "--step-bps", "5", "--skew", "0")


def sweep(desk: Desk, maker: Maker, *, sells: bool) -> None:
    """Somebody takes all that the maker has on one side, until it wants no more there."""
    wallet = desk.trader(maker.market)
    while True:
        side = [one for one in maker.open if one.is_bid is sells]
        if not side and maker.lines[-1] == ("quoting", shown(maker.open)):
            return
        if side:
            whole = sum(one.quantity for one in side)
            worst = side[-1].price
            desk.take(wallet, maker.market, "Ask" if sells else "Bid", worst, f"{whole:f}")


def test_it_never_holds_more_base(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market(), base=1).start(*TIGHT, "--max-base", "1.75")
    first = maker.until_quoting(2, 2)
    assert [one.quantity for one in first if one.is_bid] == [Decimal("0.5"), Decimal("0.25")]
    sweep(desk, maker, sells=True)
    assert desk.holds(maker.owner, maker.base) == Decimal("1.75")
    maker.until_quoting(0, 3)
    sweep(desk, maker, sells=False)
    maker.until_quoting(3, 0)
    assert desk.holds(maker.owner, maker.base) == 0
    sweep(desk, maker, sells=True)
    assert desk.holds(maker.owner, maker.base) == Decimal("1.75")
    past = list(moments(desk, maker.owner, maker.market, Decimal(1), Decimal(40_000)))
    assert max(one.most_base for one in past) == Decimal("1.75")
    assert not any(one.is_crossed for one in past)


def test_it_never_holds_more_quote(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market(), quote=1_000).start(*TIGHT, "--max-quote", "2501.5")
    first = maker.until_quoting(2, 2)
    asks = [one for one in first if not one.is_bid]
    worth = sum(one.price * one.quantity for one in asks)
    assert Decimal(2_501) < 1_000 + worth <= Decimal("2501.5")
    sweep(desk, maker, sells=False)
    assert Decimal(2_501) < desk.holds(maker.owner, "USDC") <= Decimal("2501.5")
    past = moments(desk, maker.owner, maker.market, Decimal(20), Decimal(1_000))
    assert max(one.most_quote for one in past) <= Decimal("2501.5")


def test_it_replaces_and_cancels_nothing(desk: Desk, makers: Makers, tmp_path: Path) -> None:
    """Five moves of the price are five times six replacements, all signed by the agent."""
    price = tmp_path / "price"
    put(price, "2000")
    maker = makers(desk.market()).start(*TIGHT, "--reference", f"file:{price}")
    maker.until_quoting(3, 3)
    ids = [one["id"] for one in desk.open_orders(maker.owner, maker.market)]
    for moved in range(1, 6):
        best = Decimal(2_000 + moved) * Decimal("0.999")
        put(price, str(2_000 + moved))
        until(lambda best=best: 0 <= best - maker.until_quoting(3, 3)[0].price < Decimal("0.01"))
    assert [one["id"] for one in desk.open_orders(maker.owner, maker.market)] == ids
    actions = maker.actions()
    kinds = Counter(one.kind for one in actions)
    assert kinds == Counter(
        PlaceOrder=6,
        ReplaceOrder=30,
        ApproveAgent=1,
        FaucetDeposit=2,
        CancelAllAfter=kinds["CancelAllAfter"],
    )
    agent = maker.agent
    signers = {one.kind: one.signer for one in actions if one.kind != "FaucetDeposit"}
    assert signers.pop("ApproveAgent") == maker.owner != agent
    assert set(signers.values()) == {agent}
