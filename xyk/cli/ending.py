"""How a command that failed ends: one line on standard error and an exit code, no traceback."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

import typer

from xyk.cli.exits import CONFIG, INTERRUPTED, NO, Stop
from xyk.client.connection import Refused, Unanswered
from xyk.client.signing import WrongDeployment


@contextmanager
def ending() -> Generator[None, None, None]:
    try:
        yield
    except Stop as stop:
        end(stop)
    except WrongDeployment as fault:
        end(Stop(CONFIG, str(fault)))
    except (Refused, Unanswered, TimeoutError) as fault:
        end(Stop(NO, str(fault) or "the exchange did not answer in time"))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def end(stop: Stop) -> NoReturn:
    print(f"xyk: {stop.message}", file=sys.stderr, flush=True)
    raise typer.Exit(stop.code) from None
