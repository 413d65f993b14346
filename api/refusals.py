"""Refusals on the routes of commands: those that the writer has not seen are counted here."""

from collections.abc import Sequence

from api.problems import Answer, problem
from api.services import Services
from xyk.domain.rejections import Code, Rejected
from xyk.engine.submission import Committed


def counted(services: Services, rejected: Rejected) -> Rejected:
    services.metrics.refused(rejected.code)
    return rejected


def refused(services: Services, rejected: Rejected) -> Answer:
    return problem(counted(services, rejected))


def queue_full(outcomes: Sequence[Committed | Rejected]) -> Rejected | None:
    """The refusal of a batch of which nothing got a place in the queue; None where any did."""
    for outcome in outcomes:
        if not isinstance(outcome, Rejected) or outcome.code is not Code.OVERLOADED:
            return None
    first = outcomes[0] if outcomes else None
    return first if isinstance(first, Rejected) else None
