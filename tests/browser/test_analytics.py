"""The figures over time: see analytics.mjs."""

import pytest

from tests.browser.conftest import Run
from tests.browser.month import trade_for_a_month

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_figures_are_sums_over_what_was_traded(scenarios: Run) -> None:
    scenarios("analytics.mjs", prepare=trade_for_a_month)
