"""The log of a fault: where it came from, and nothing of what the program held at that moment."""

import subprocess
import sys

import pytest

from tests.server import ROOT

FAILING = """
from structlog import get_logger
from xyk.cli.log import configure_log
from xyk.cli.settings import LogFormat

configure_log(LogFormat("{form}"))

def fail(token):
    raise ValueError("what went wrong")

try:
    fail("s3cret" + "-value")
except ValueError:
    get_logger("api").exception("request failed")
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_values(form: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING.format(form=form)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "request failed" in done.stderr and "ValueError: what went wrong" in done.stderr
    assert "in fail" in done.stderr
    assert "s3cret-value" not in done.stderr
