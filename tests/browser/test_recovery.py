"""The server goes and comes back under open pages; and pages that see each other."""

import pytest

from tests.browser.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_a_page_shows_what_is_true_after_the_server_came_back(scenarios: Run) -> None:
    scenarios("recovery.mjs")


def test_a_pause_by_the_operator_closes_the_forms_until_trading_resumes(scenarios: Run) -> None:
    scenarios("paused.mjs")
