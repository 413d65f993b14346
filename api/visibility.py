"""Who may read what belongs to one owner.

Public (the default): anybody, as on a chain. Private: the owner, by a session or by an API key that
signs the query as ACCOUNT_QUERY, and the operator, who reads everything. A stranger learns nothing
of whether what was asked for exists: an owner that is named and is not the reader's is FORBIDDEN
whatever it has, and what is named by its id alone is not found.
"""

from typing import Any

from litestar.di import NamedDependency

from api.auth import bearer_token
from api.gateway import has_key
from api.key_reads import authorized
from api.key_requests import query_parameters
from api.problems import Refused
from api.services import PRIVATE, PUBLIC, Services
from api.sessions import SIGN_IN, Sessions
from xyk.domain.rejections import Code, Rejected

ACCOUNT_QUERY = "accountQuery"  # the instruction that a key signs, whichever of these reads it is
NO_CREDENTIALS = Rejected(
    Code.UNAUTHORIZED,
    "Accounts are private here; send a session's token as Authorization: Bearer, or let an API key "
    f"sign the query as {ACCOUNT_QUERY}. {SIGN_IN}",
)


class Readers:
    """Proves who reads. Raises ValueError for a visibility that is none."""

    def __init__(self, services: Services, sessions: Sessions) -> None:
        if services.settings.visibility not in (PUBLIC, PRIVATE):
            raise ValueError(f"visibility is {PUBLIC} or {PRIVATE}")
        self._services = services
        self._sessions = sessions
        self.is_public = services.settings.visibility == PUBLIC

    def reads_all(self, owner: str) -> bool:
        """The operator of this moment."""
        return owner == self._services.state.operator

    async def known(self, scope: dict[str, Any]) -> str:
        """The owner (lower case) whose credentials the request carries, who pays for what is asked.
        Every form of credentials is joined here. Raises Refused."""
        if has_key(scope):
            parameters = query_parameters(scope)
            if isinstance(parameters, Rejected):
                raise Refused(parameters)
            return await authorized(self._services, scope, ACCOUNT_QUERY, parameters)
        token = bearer_token(scope)
        if token is None:
            raise Refused(NO_CREDENTIALS)
        identity = await self._sessions.authenticated(token)
        if isinstance(identity, Rejected):
            raise Refused(identity)
        limited = self._services.limits.of_address(identity.owner)
        if limited is not None:
            raise Refused(limited)
        return identity.owner


class Visitor:
    """The reader of one request."""

    def __init__(self, readers: Readers, scope: Any) -> None:
        self._readers = readers
        self._scope = scope

    async def may_read(self, owner: str) -> None:
        """`owner` in lower case, as the request names it; empty: all of them at once. Raises
        Refused."""
        if self._readers.is_public:
            return
        reader = await self._readers.known(self._scope)
        if reader != owner and not self._readers.reads_all(reader):
            raise Refused(stranger(reader))

    async def may_read_all(self, what: str) -> None:
        """`what` holds everybody's things: only the operator's where accounts are private. Raises
        Refused."""
        if self._readers.is_public:
            return
        if not self._readers.reads_all(await self._readers.known(self._scope)):
            raise Refused(
                Rejected(
                    Code.FORBIDDEN,
                    f"{what} holds everybody's accounts, which are private here; sign in with the "
                    "operator's wallet",
                )
            )

    async def reads(self) -> str:
        """Whose things the request may be answered with where it names no owner; empty: anybody's.
        Raises Refused."""
        if self._readers.is_public:
            return ""
        reader = await self._readers.known(self._scope)
        return "" if self._readers.reads_all(reader) else reader


def stranger(reader: str) -> Rejected:
    return Rejected(
        Code.FORBIDDEN, f"Accounts are private here; you may read those of {reader}, name that one"
    )


GivenVisitor = NamedDependency[Visitor]  # as litestar hands it to a handler
