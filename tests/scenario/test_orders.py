"""Every table of orders, line by line, by the exchange and by its naive twin."""

import pytest

from tests.scenario import market_verbs, order_verbs, orders, own_orders, standing, triggers
from tests.scenario.language import Stage

TABLES = {**orders.SCENARIOS, **standing.SCENARIOS, **own_orders.SCENARIOS, **triggers.SCENARIOS}


@pytest.mark.parametrize("name", TABLES)
def test_orders(name: str) -> None:
    assert order_verbs.__doc__ and market_verbs.__doc__, "both are read for their verbs"
    Stage().play(TABLES[name])
