"""Swaps and orders by hand in chromium, each asked back from the exchange."""

import pytest

from tests.browser.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.mark.parametrize("file", ["trading.mjs", "orders.mjs", "estimate.mjs"])
def test_what_a_trader_presses_is_what_the_exchange_has(scenarios: Run, file: str) -> None:
    scenarios(file)
