"""What a test needs besides Python, and what happens where it is missing."""

import os
from typing import NoReturn

import pytest


def require(name: str, why: str) -> NoReturn:
    """`name` is missing: skip because of `why`, or fail where XYK_REQUIRE_<NAME> forbids the skip.

    Each reason is listed once when pytest ends (conftest.py); `.ci/run` forbids the skips.
    """
    variable = f"XYK_REQUIRE_{name.upper()}"
    if os.environ.get(variable, "0") not in ("", "0"):
        pytest.fail(f"{why}, and {variable} is set", pytrace=False)
    pytest.skip(f"{why} ({variable}=1 forbids this skip)")
