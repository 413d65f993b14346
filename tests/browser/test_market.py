"""What the trade screen tells of a market: see market.mjs."""

import pytest

from tests.browser.conftest import Run
from tests.browser.month import trade_for_a_month

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_what_the_market_shows_is_what_the_exchange_has(scenarios: Run) -> None:
    scenarios("market.mjs", prepare=trade_for_a_month)
