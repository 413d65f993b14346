"""Pages of an owner's orders of which the read tables show only the first few: the same, and in the
same order, however far they have come."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from api.key_history import order_history
from api.key_reads import Asked
from xyk.engine.order_record import OrderRecord
from xyk.storage.history import OrderFilter, Page

OWNER, COUNT = "0x" + "11" * 20, 7


def order(number: int, **changes: Any) -> OrderRecord:
    """Placed by entry `10 * number`."""
    record = OrderRecord(
        order_id=10 * number,
        seq=10 * number,
        digest="",
        owner=OWNER,
        market="ETH_USDC",
        is_bid=True,
        price=10**6,
        quantity=10**18,
        executed_base=0,
        executed_quote=0,
        status="New",
        reason="",
        time_in_force="GTC",
        post_only=False,
        self_trade_prevention="RejectTaker",
        client_id=0,
        expires=0,
        trigger_price=0,
        trigger_above=False,
        triggered_ms=0,
        created_ms=0,
        updated_ms=0,
    )
    return replace(record, **changes)


class Tables:
    """Orders up to an id, as they were then; stands for the history."""

    def __init__(self, orders: list[OrderRecord]) -> None:
        self.orders = orders

    def _wanted(self, wanted: OrderFilter) -> list[OrderRecord]:
        return [one for one in self.orders if one.order_id <= wanted.up_to]

    async def count_orders(self, wanted: OrderFilter) -> int:
        return len(self._wanted(wanted))

    async def orders_page(self, wanted: OrderFilter, page: Page) -> list[OrderRecord]:
        found = self._wanted(wanted)
        if not page.ascending:
            found.reverse()
        return found[page.offset : page.offset + page.limit]


class Log:
    """What committed entries made of all orders; the even ones are cancelled by now."""

    def __init__(self, orders: list[OrderRecord]) -> None:
        self.orders = {one.order_id: one for one in orders}

    def open(self, number: int) -> OrderRecord | None:
        one = self.orders.get(number)
        return one if one is not None and one.status == "New" else None

    def closed(self, number: int) -> OrderRecord | None:
        return None  # forgotten while the tables were read

    def closed_of(self, owner: str) -> dict[int, OrderRecord]:
        return {n: one for n, one in self.orders.items() if one.status != "New"}

    def placed_after(self, number: int) -> list[OrderRecord]:
        return [one for n, one in self.orders.items() if n > number][::-1]


async def committed(view: object) -> object:
    return view


@pytest.mark.parametrize("shown", range(COUNT + 1))
@pytest.mark.parametrize("direction", ["Asc", "Desc"])
async def test_every_page_with_every_lag(shown: int, direction: str) -> None:
    state: Any = SimpleNamespace(
        markets={"ETH_USDC": SimpleNamespace(base="ETH", quote="USDC")},
        assets={"ETH": SimpleNamespace(decimals=18), "USDC": SimpleNamespace(decimals=6)},
    )
    numbers = range(1, COUNT + 1)
    log = Log(
        [order(n) if n % 2 else order(n, status="Cancelled", seq=10 * n + 5) for n in numbers]
    )
    services: Any = SimpleNamespace(
        state=state,
        committed=committed,
        projected=lambda: 10 * shown,
        # They may show more than is known for certain.
        history=Tables([order(n) for n in range(1, min(shown + 1, COUNT) + 1)]),
    )
    expected = [(str(10 * n), "New" if n % 2 else "Cancelled") for n in numbers]
    if direction == "Desc":
        expected.reverse()
    for limit in (1, 2, 3, COUNT, 100):
        for offset in range(COUNT + 2):
            parameters = {"limit": str(limit), "offset": str(offset), "sortDirection": direction}
            asked = Asked(services, log, OWNER, parameters)  # type: ignore[arg-type]
            page = await order_history(asked)
            got = [(one.id, one.status) for one in page.view]
            assert got == expected[offset : offset + limit], (limit, offset)
            assert page.total == COUNT
