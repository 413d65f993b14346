"""Liquidity through the page: see pool.mjs."""

import pytest

from tests.browser.conftest import Run

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_liquidity_by_hand_is_what_the_exchange_did(scenarios: Run) -> None:
    scenarios("pool.mjs")
