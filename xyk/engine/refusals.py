"""What the writer itself refuses, and which of decide's refusals are not the last word."""

from xyk.domain.rejections import Code, Rejected
from xyk.engine.intake import Answer
from xyk.engine.submission import Submission

# Refusals that come before NONCE_USED: the action may have been accepted so long ago that its nonce
# is forgotten. A nonce that is known to be used was looked up before decide was asked.
MAY_BE_KNOWN = frozenset(
    {Code.UNAUTHORIZED, Code.FORBIDDEN, Code.EXPIRED, Code.NONCE_OUT_OF_WINDOW}
)


def may_be_known(answer: Answer | None) -> bool:
    return isinstance(answer, Rejected) and answer.code in MAY_BE_KNOWN


def overloaded(why: str) -> Rejected:
    return Rejected(Code.OVERLOADED, f"{why}; retry the same bytes")


def stranger(submission: Submission) -> Rejected:
    signer = submission.evidence.signer
    return Rejected(
        Code.INVALID_SIGNATURE,
        f"The signature gives {signer}, which is neither the owner nor an agent of it",
    )


QUEUE_FULL = overloaded("The queue is full")
CLOCK_JUMPED = overloaded("The server's clock jumped and waits for its operator")
