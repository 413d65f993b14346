"""`GET /api/v1/journal`: the committed entries with their evidence, for whoever checks them.

A page is read and written in small steps, so that neither the writer nor other readers wait for
one, and ends early where its entries are large.
"""

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, QueryParameter

from api.markets import View
from api.problems import JSON, Refused
from api.query import whole_number
from api.services import Given
from api.visibility import GivenVisitor
from xyk.domain.rejections import Rejected
from xyk.engine.entry import Entry
from xyk.engine.journal import Journal

LIMIT, LIMIT_MAX = 100, 1_000
PAGE_BYTES_MAX = 1024 * 1024  # of a page, reached by at most one entry more
STEP = 16  # entries read and written at once

_encode = msgspec.json.Encoder().encode


class EntryView(View, frozen=True, kw_only=True):
    """`command`, `evidence` and `events` are the very text of the row, JSON inside of a string:
    `hash` is the SHA-256 of previous, seq, time, rules, kind, command, evidence and events, joined
    by newlines. `time` in Unix ms.
    """

    seq: int
    time: int
    rules: int
    kind: str
    command: str
    evidence: str
    events: str
    previous: str
    hash: str


@get(
    "/api/v1/journal",
    summary="Entries of the journal, with evidence",
    tags=["audit"],
    responses={200: ResponseSpec(data_container=list[EntryView], description="The entries")},
)
async def get_journal(
    services: Given,
    visitor: GivenVisitor,
    first: Annotated[str, QueryParameter(name="from")] = "1",
    limit: FromQuery[str] = str(LIMIT),
) -> Response[bytes]:
    """Ascending from seq `from` without a gap, `limit` of them (1,000 at most) or fewer: a page
    holds about 1 MiB, so go on after the last one's seq. Empty beyond the last committed entry.
    Where accounts are private, for the operator's session alone."""
    start, count = whole_number(first, "from", 0), whole_number(limit, "limit", 1, LIMIT_MAX)
    for number in (start, count):
        if isinstance(number, Rejected):
            raise Refused(number)
    assert isinstance(start, int) and isinstance(count, int)
    await visitor.may_read_all("The journal")
    start = max(start, 1)
    last = min(start + count - 1, services.writer.committed_seq)
    return Response(await journal_page(services.journal, start, last), media_type=JSON)


async def journal_page(journal: Journal, first: int, last: int) -> bytes:
    """JSON of the entries from `first` to `last`, or of fewer where they are large."""
    parts: list[bytes] = []
    size = 0
    while first <= last and size < PAGE_BYTES_MAX:
        async for batch in journal.read(first - 1, min(first + STEP - 1, last)):
            for entry in batch:
                if size < PAGE_BYTES_MAX:
                    parts.append(_encode(entry_view(entry)))
                    size += len(parts[-1])
        first += STEP
    return b"[%b]" % b",".join(parts)


def entry_view(entry: Entry) -> EntryView:
    """A text that is no UTF-8 was not written by us: it is shown so that its hash does not fit."""
    command, evidence, events = (
        text.decode(errors="replace") for text in (entry.command, entry.evidence, entry.events)
    )
    return EntryView(
        seq=entry.seq,
        time=entry.time,
        rules=entry.rules,
        kind=entry.kind,
        command=command,
        evidence=evidence,
        events=events,
        previous=entry.previous,
        hash=entry.hash,
    )
