"""The operator's view: see operator.mjs."""

import pytest

from tests.browser.conftest import Run

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_operator_watches_and_pauses(scenarios: Run) -> None:
    scenarios("operator.mjs")
