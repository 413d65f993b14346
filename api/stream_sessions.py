"""Whose account streams a socket may follow: those of the session that it showed, until that is
closed or expires.
"""

import asyncio
from collections.abc import Sequence

from api.account_stream import BALANCE_UPDATE, ORDER_UPDATE, SILENT, is_private
from api.hub import ACCOUNT, Hub, Reader
from api.sessions import SIGN_IN, Identity, Sessions
from api.visibility import Readers, stranger
from xyk.domain.events import OperatorChanged, SessionClosed
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import parse_hex
from xyk.engine.submission import Committed

SESSION_OVER = (1008, "the session is over: sign in again")


class StreamSessions:
    def __init__(self, sessions: Sessions, readers: Readers, hub: Hub) -> None:
        self._sessions = sessions
        self._hub = hub
        self._readers = readers
        self._shown: dict[Reader, tuple[Identity, asyncio.TimerHandle]] = {}

    def __len__(self) -> int:
        return len(self._shown)

    async def by_token(self, reader: Reader, token: str) -> Rejected | None:
        """The form `"token": "<jwt>"`; it replaces what the socket showed before, and ends what
        only that one may follow: its end would not end it any more."""
        identity = await self._sessions.authenticated(token)
        if isinstance(identity, Rejected):
            return identity
        if reader.closing is not None:  # meanwhile it left
            return None
        self.leave(reader)
        left_s = self._sessions.left_s(identity)
        ending = asyncio.get_running_loop().call_later(left_s, reader.close, *SESSION_OVER)
        self._shown[reader] = identity, ending
        for name in tuple(reader.names):
            if self.fault(reader, name) is not None:
                self._hub.unsubscribe(reader, name)
        return None

    def named(self, reader: Reader, name: str) -> str:
        """`account.orderUpdate` alone is the session's owner's own; empty where that never says
        anything."""
        shown = self._shown.get(reader)
        if shown is None or not is_private(name):
            return name
        if name in SILENT:
            return ""
        is_told = name.startswith(ORDER_UPDATE) or name == BALANCE_UPDATE
        return f"{name}@{shown[0].owner}" if is_told else name

    def fault(self, reader: Reader, name: str) -> Rejected | None:
        """Why the socket may not follow the stream, which exists."""
        if self._readers.is_public or is_private(name) or not name.startswith(ACCOUNT):
            return None
        shown = self._shown.get(reader)
        if shown is None:
            return Rejected(
                Code.UNAUTHORIZED,
                f'Accounts are private here; subscribe with "token": a session\'s. {SIGN_IN}',
            )
        owner = shown[0].owner
        named = parse_hex(name.partition("@")[2], 20)
        return None if named == owner or self._readers.reads_all(owner) else stranger(owner)

    def publish(self, committed: Sequence[Committed]) -> None:
        """Whoever signs out is out of the streams too; so is an operator that hands over."""
        if not self._shown:
            return
        for one in committed:
            for event in one.events:
                if isinstance(event, SessionClosed):
                    self._close(event.session)
                elif isinstance(event, OperatorChanged):
                    self._close("")

    def leave(self, reader: Reader) -> None:
        shown = self._shown.pop(reader, None)
        if shown is not None:
            shown[1].cancel()

    def _close(self, session: str) -> None:
        for reader, (identity, _) in tuple(self._shown.items()):
            if session in ("", identity.session):
                reader.close(*SESSION_OVER)
