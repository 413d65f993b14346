"""Each view in light and dark, on a desk and on a phone, for whoever cannot see or cannot point."""

import pytest

from tests.browser.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_the_views(scenarios: Run) -> None:
    """axe-core finds nothing serious, and nothing is wider than the screen."""
    scenarios("views.mjs")


def test_by_keyboard_alone(scenarios: Run) -> None:
    scenarios("keyboard.mjs")
