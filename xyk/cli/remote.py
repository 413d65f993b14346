"""The journal of a remote server, page by page, and what that server said of itself: the anchors of
`xyk verify --url`."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from xyk.cli.exits import CONFIG, STORAGE, Stop
from xyk.cli.verify import Anchor, Broken
from xyk.client.connection import Answer, Connection, Refused, Unanswered
from xyk.engine.entry import Entry

PAGE = 1_000  # entries asked for at once; the server gives fewer where they are large
TEXTS = ("command", "evidence", "events")
UNREADABLE = (msgspec.DecodeError, ValueError, KeyError, TypeError, AttributeError)

_plain = msgspec.json.Decoder(list[dict[str, Any]])


class Mark(msgspec.Struct, frozen=True):
    seq: int
    digest: str = ""
    root: str = ""


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What we take from /api/v1/status; servers before 0.2 publish no liabilities."""

    seq: int
    hash: str
    state_digest: Mark | None = None
    liabilities: Mark | None = None

    def anchors(self) -> list[Anchor]:
        found = [Anchor("/status", self.seq, hash=self.hash)]
        if self.state_digest is not None:
            mark = self.state_digest
            found.append(Anchor("/status stateDigest", mark.seq, digest=mark.digest))
        if self.liabilities is not None:
            mark = self.liabilities
            found.append(Anchor("/status liabilities", mark.seq, root=mark.root))
        return found


async def status_of(connection: Connection) -> Status:
    """Raises Stop where nobody answers, or not as an exchange."""
    answer = await _get(connection, "/api/v1/status", {})
    try:
        return msgspec.json.decode(answer.body, type=Status)
    except msgspec.DecodeError as fault:
        raise Stop(CONFIG, f"{connection.base_url} is no exchange of ours: {fault}") from None


async def pages(connection: Connection, head: int) -> AsyncIterator[Sequence[Entry]]:
    """The entries from 1 to `head`; the next page is on its way while one is checked. Raises Broken
    for a page that cannot be, Stop where nobody answers."""
    after = 0
    coming = _start(connection, after, head)
    try:
        while after < head:
            page = _entries(await coming, after)
            if not page:
                raise Broken(after + 1, f"missing: the server gives nothing after {after}")
            page = page[: head - after]
            after += len(page)
            if after < head:
                coming = _start(connection, after, head)
            yield page
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError, Stop):
            await coming


def entry_of(plain: Mapping[str, Any]) -> Entry:
    """Raises one of UNREADABLE."""
    values = {
        name: plain[name].encode() if name in TEXTS else plain[name]
        for name in Entry.__struct_fields__
    }
    return msgspec.convert(values, Entry)


def _start(connection: Connection, after: int, head: int) -> asyncio.Task[Answer]:
    params = {"from": str(after + 1), "limit": str(min(PAGE, head - after))}
    return asyncio.create_task(_get(connection, "/api/v1/journal", params))


def _entries(answer: Answer, after: int) -> list[Entry]:
    found: list[Entry] = []
    try:
        for plain in _plain.decode(answer.body):
            found.append(entry_of(plain))
    except UNREADABLE as fault:
        seq = after + len(found) + 1
        raise Broken(seq, f"the server's page cannot be read: {fault!r}") from None
    return found


async def _get(connection: Connection, path: str, params: dict[str, str]) -> Answer:
    try:
        answer = await connection.request("GET", path, params=params)
        if answer.status >= 400:
            answer.json()  # raises the refusal
    except (Refused, Unanswered) as fault:
        raise Stop(STORAGE, f"{connection.base_url}{path}: {fault}") from None
    return answer
