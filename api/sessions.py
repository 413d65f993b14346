"""Signing in and staying so: from a challenge to a session in the journal, and its tokens.

The server builds the whole message (EIP-4361) and keeps it under a one-time nonce; the client gives
back the nonce and a signature. The name of the exchange in it is a setting, never a header of the
client. A session is open as long as the state says so: whoever signs out, out of whichever process,
is out at once.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from api.challenges import Challenges
from api.services import Services
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import SESSION
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.engine.entry import Evidence
from xyk.engine.submission import Submission
from xyk.exchange.sessions import unopened
from xyk.wallet.access_token import Claims, TokenFault, TokenMint, refresh_hash
from xyk.wallet.session import SignIn, chain_named, recover_sign_in, session_id

ACCESS_S = 15 * 60
SESSION_S = 7 * 24 * 60 * 60

SIGN_IN = "POST /api/v1/auth/challenge begins a sign-in"


class Identity(NamedTuple):
    """Who a token proved. `expires` in unix seconds: of the session."""

    owner: str
    session: str
    expires: int


class Tokens(NamedTuple):
    """`access` is good until `access_expires`, the session until `expires`; unix seconds."""

    identity: Identity
    access: str
    access_expires: int
    refresh: str


class Sessions:
    def __init__(self, services: Services) -> None:
        """Raises ValueError where the public URL is none."""
        self._services = services
        self._uri, self._domain = public_origin(services.settings.public_url)
        self._mint = TokenMint(services.secret, services.domain.salt)
        self.challenges = Challenges(self._now_s)

    def challenge(self, address: str, ip: str) -> SignIn | Rejected:
        """`address` in lower case."""

        def make(nonce: str, now_s: int) -> SignIn:
            domain = self._services.domain
            return SignIn(
                domain=self._domain,
                uri=self._uri,
                address=address,
                chain_id=chain_named(domain),
                nonce=nonce,
                issued=now_s,
                expires=now_s + SESSION_S,
                salt=domain.salt,
            )

        return self.challenges.open(ip, make)

    async def sign_in(self, nonce: str, signature: str) -> Tokens | Rejected:
        """The challenge is gone before its signature is looked at."""
        message = self.challenges.take(nonce)
        if message is None:
            return Rejected(Code.UNAUTHORIZED, f"The challenge is unknown, used or over; {SIGN_IN}")
        text = message.text()
        signer = recover_sign_in(text, signature)
        if isinstance(signer, Rejected):
            return signer
        if signer != message.address:
            return Rejected(
                Code.INVALID_SIGNATURE,
                f"The signature gives {signer}, the message names {message.address}; sign its text "
                f"with personal_sign by that address, and begin anew: {SIGN_IN}",
            )
        identity = Identity(signer, session_id(text), message.expires)
        outcome = await self._services.writer.submit(
            Submission(
                OpenSession(owner=signer, session=identity.session, expires=identity.expires),
                Evidence(scheme=SESSION, signer=signer, signature=signature, text=text),
            )
        )
        if isinstance(outcome, Rejected):
            return outcome
        refresh = self._mint.refresh(identity.session)
        tokens = self._services.refresh_tokens
        await tokens.sweep(self._now_s())
        await tokens.put(identity.session, signer, refresh_hash(refresh), identity.expires)
        return self._tokens(identity, refresh)

    async def refresh(self, token: str) -> Tokens | Rejected:
        """New tokens for a refresh token, once. One that was used before was stolen, now or then:
        it ends the session."""
        found = await self.by_refresh(token)
        if isinstance(found, Rejected):
            return found
        fresh = self._mint.refresh(found.session)
        tokens = self._services.refresh_tokens
        if await tokens.rotate(found.session, refresh_hash(token), refresh_hash(fresh)):
            return self._tokens(found, fresh)
        closed = await self.close(found)
        if closed is not None:
            return closed
        return Rejected(
            Code.UNAUTHORIZED,
            "The refresh token was used before, so its session was closed; sign in again",
        )

    async def close(self, identity: Identity) -> Rejected | None:
        """For ever, in the journal."""
        outcome = await self._services.writer.submit(
            Submission(
                CloseSession(owner=identity.owner, session=identity.session),
                Evidence(scheme=SESSION, signer=identity.session),
            )
        )
        if isinstance(outcome, Rejected):
            return outcome
        await self._services.refresh_tokens.remove(identity.session)
        return None

    async def authenticated(self, token: str) -> Identity | Rejected:
        """Whose access token it is; UNAUTHORIZED unless its session is open."""
        try:
            claims = self._mint.read_access(token, self._now_s())
        except TokenFault as fault:
            return Rejected(Code.UNAUTHORIZED, f"{fault}; {SIGN_IN}")
        return await self._open(claims.owner, claims.session)

    async def by_refresh(self, token: str) -> Identity | Rejected:
        """The open session that a refresh token, used or not, was made for."""
        try:
            session = self._mint.read_refresh(token)
        except TokenFault as fault:
            return Rejected(Code.UNAUTHORIZED, str(fault))
        owner = await self._services.refresh_tokens.owner(session)
        if owner is None:
            return Rejected(Code.UNAUTHORIZED, f"The session is over; {SIGN_IN}")
        return await self._open(owner, session)

    def left_s(self, identity: Identity) -> int:
        """How long the session is still open."""
        return max(0, identity.expires + 1 - self._now_s())

    async def _open(self, owner: str, session: str) -> Identity | Rejected:
        state = self._services.state
        fault = unopened(state, session, owner, self._now_s())
        if fault is not None:  # perhaps since an entry that is not committed yet
            return await self._services.committed(fault)
        return Identity(owner, session, state.sessions[owner][session].expires)

    def _tokens(self, identity: Identity, refresh: str) -> Tokens:
        now_s = self._now_s()
        expires = min(now_s + ACCESS_S, identity.expires + 1)
        claims = Claims(identity.owner, identity.session, expires)
        return Tokens(identity, self._mint.access(claims, now_s), expires, refresh)

    def _now_s(self) -> int:
        return self._services.now_ms() // 1000


def public_origin(url: str) -> tuple[str, str]:
    """The URL as it stands in a message, and its host and port."""
    parts = urlsplit(url)
    is_fit = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not is_fit or parts.path.strip("/") or parts.query or parts.fragment or not url.isascii():
        raise ValueError(f"{url!r} is no public URL; expected one such as https://xyk.example.org")
    return f"{parts.scheme}://{parts.netloc}", parts.netloc
