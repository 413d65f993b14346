"""What is wrong with a request to a deployment, thrown from wherever it is found."""

from xyk.domain.rejections import Code, Rejected


class Refused(Exception):
    """Answered as its `rejected`."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.message)
        self.rejected = rejected


def refused(code: Code, message: str) -> Refused:
    """`message` says what is wrong and what would be right."""
    return Refused(Rejected(code, message))
