"""The routes of a sign-in, and what a session may do instead of a signature: cancel.

On the routes of signed actions the Authorization header chooses the form: with a bearer token the
body names the orders and nothing is signed. What moves money is refused then, with the name of the
action to sign.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from api.gateway import Endpoint, Scope
from api.order_log import OrderLog
from api.outcomes import BehindJournal, named_outcome
from api.problems import Answer, decode, malformed, problem
from api.receipts import receipt
from api.refusals import refused
from api.services import Services
from api.sessions import SIGN_IN, Identity, Sessions, Tokens
from api.trading import ACTIONS_PATH, BEHIND, SIGNED_ROUTES
from api.views import address
from xyk.domain.commands import CancelAllOrders, CancelOrder
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import SESSION
from xyk.domain.units import Address, Uint32, decode_wire
from xyk.engine.entry import Evidence
from xyk.engine.submission import Submission

CHALLENGE_PATH = "/api/v1/auth/challenge"
SIGN_IN_PATH = "/api/v1/auth/signin"
REFRESH_PATH = "/api/v1/auth/refresh"
SIGN_OUT_PATH = "/api/v1/auth/signout"

_BEARER = b"bearer "


class ChallengeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: Address


class SignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`signature`: of the challenge's message by `personal_sign`."""

    nonce: str
    signature: str


class RefreshRequest(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    refresh_token: str


class SignOutRequest(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """`refreshToken`: where there is no access token any more."""

    refresh_token: str = ""


class CancelRequest(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """Exactly one of the two names an open order of the session's owner."""

    order_id: str = ""
    client_id: Uint32 = 0


class CancelAllRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`market` empty or absent: all."""

    market: str = ""


class ChallengeView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`message` is signed as it is, by `personal_sign`, before `expiresAt` (ms)."""

    nonce: str
    message: str
    expires_at: int


class TokensView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`token` goes into `Authorization: Bearer ...` until `expiresAt`; then `refreshToken` gives
    new ones, once, until `sessionExpiresAt`. Both in ms."""

    token: str
    token_type: str
    expires_at: int
    refresh_token: str
    session: str
    session_expires_at: int
    owner: str


class SignedOutView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    owner: str
    session: str


class AuthRoute(msgspec.Struct, frozen=True):
    path: str
    body: Any  # Structs' classes
    answer: Any
    summary: str


AUTH_ROUTES = (
    AuthRoute(CHALLENGE_PATH, ChallengeRequest, ChallengeView, "Begin a sign-in: what to sign"),
    AuthRoute(SIGN_IN_PATH, SignInRequest, TokensView, "Sign in with a wallet's signature"),
    AuthRoute(REFRESH_PATH, RefreshRequest, TokensView, "New tokens for a refresh token, once"),
    AuthRoute(SIGN_OUT_PATH, SignOutRequest, SignedOutView, "Close the session for ever"),
)
# The actions that a session may do by itself, and what it says then.
BY_SESSION: Mapping[type, type] = {CancelOrder: CancelRequest, CancelAllOrders: CancelAllRequest}

_encode = msgspec.json.Encoder().encode


def bearer_token(scope: Scope) -> str | None:
    """Of the Authorization header; None where there is none of that scheme."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == _BEARER:
            token: str = value[7:].strip().decode("latin-1")
            return token
    return None


def auth_endpoints(services: Services, sessions: Sessions) -> dict[tuple[str, str], Endpoint]:
    makers: Mapping[str, Callable[[Any, Scope], Awaitable[Any]]] = {
        CHALLENGE_PATH: _challenger(services, sessions),
        SIGN_IN_PATH: _signer_in(sessions),
        REFRESH_PATH: _refresher(sessions),
        SIGN_OUT_PATH: _signer_out(sessions),
    }
    return {
        ("POST", route.path): _endpoint(services, route.body, makers[route.path])
        for route in AUTH_ROUTES
    }


def with_sessions(
    table: Mapping[tuple[str, str], Endpoint],
    services: Services,
    log: OrderLog,
    sessions: Sessions,
) -> dict[tuple[str, str], Endpoint]:
    """The same routes, which take a bearer token too, or say what they need instead of it."""
    both = dict(table)
    for route in SIGNED_ROUTES:
        key = (route.method, route.path)
        if route.action in BY_SESSION:
            cancels = _cancel_endpoint(services, log, sessions, route.action)
            both[key] = _either(table[key], cancels)
        else:
            refuses = _refusing_endpoint(services, sessions, route.action.__name__)
            both[key] = _either(table[key], refuses)
    key = ("POST", ACTIONS_PATH)
    both[key] = _either(table[key], _refusing_endpoint(services, sessions, "each element"))
    return both


def _either(signed: Endpoint, by_session: Endpoint) -> Endpoint:
    async def endpoint(body: bytes, scope: Scope) -> Answer:
        chosen = signed if bearer_token(scope) is None else by_session
        return await chosen(body, scope)

    return endpoint


def _endpoint(
    services: Services, kind: Any, make: Callable[[Any, Scope], Awaitable[Any]]
) -> Endpoint:
    decoder = msgspec.json.Decoder(kind, dec_hook=decode_wire, strict=True)

    async def endpoint(body: bytes, scope: Scope) -> Answer:
        wish = decode(decoder, body or b"{}")
        outcome = wish if isinstance(wish, Rejected) else await make(wish, scope)
        if isinstance(outcome, Rejected):
            return refused(services, outcome)
        return Answer(200, _encode(outcome), [(b"cache-control", b"no-store")])

    return endpoint


def _challenger(services: Services, sessions: Sessions) -> Any:
    async def make(wish: ChallengeRequest, scope: Scope) -> ChallengeView | Rejected:
        message = sessions.challenge(wish.address, services.limits.client_ip(scope))
        if isinstance(message, Rejected):
            return message
        expires_s = sessions.challenges.expires(message)
        return ChallengeView(
            nonce=message.nonce, message=message.text(), expires_at=expires_s * 1000
        )

    return make


def _signer_in(sessions: Sessions) -> Any:
    async def make(wish: SignInRequest, _: Scope) -> TokensView | Rejected:
        return _view(await sessions.sign_in(wish.nonce, wish.signature))

    return make


def _refresher(sessions: Sessions) -> Any:
    async def make(wish: RefreshRequest, _: Scope) -> TokensView | Rejected:
        return _view(await sessions.refresh(wish.refresh_token))

    return make


def _signer_out(sessions: Sessions) -> Any:
    async def make(wish: SignOutRequest, scope: Scope) -> SignedOutView | Rejected:
        token = bearer_token(scope)
        if token is not None:
            found = await sessions.authenticated(token)
        elif wish.refresh_token:
            found = await sessions.by_refresh(wish.refresh_token)
        else:
            return _missing()
        fault = found if isinstance(found, Rejected) else await sessions.close(found)
        if fault is not None:
            return fault
        assert isinstance(found, Identity)
        return SignedOutView(owner=address(found.owner), session=found.session)

    return make


def _view(tokens: Tokens | Rejected) -> TokensView | Rejected:
    if isinstance(tokens, Rejected):
        return tokens
    identity = tokens.identity
    return TokensView(
        token=tokens.access,
        token_type="Bearer",
        expires_at=tokens.access_expires * 1000,
        refresh_token=tokens.refresh,
        session=identity.session,
        session_expires_at=identity.expires * 1000,
        owner=address(identity.owner),
    )


def _cancel_endpoint(
    services: Services, log: OrderLog, sessions: Sessions, action: Any
) -> Endpoint:
    """201 with the receipt, whose digest is null: what is not signed cannot be asked for again, and
    a repeated cancel finds no open order."""
    decoder: Any = msgspec.json.Decoder(BY_SESSION[action], dec_hook=decode_wire, strict=True)

    async def endpoint(body: bytes, scope: Scope) -> Answer:
        wish: Any = decode(decoder, body or b"{}")
        if not isinstance(wish, Rejected):
            wish = _named(wish)
        if isinstance(wish, Rejected):
            return refused(services, wish)
        identity = await sessions.authenticated(bearer_token(scope) or "")
        if isinstance(identity, Rejected):
            return refused(services, identity)
        command = action(owner=identity.owner, nonce=0, deadline=0, **msgspec.structs.asdict(wish))
        outcome = await services.writer.submit(
            Submission(command, Evidence(scheme=SESSION, signer=identity.session))
        )
        if isinstance(outcome, Rejected):
            return problem(outcome)
        try:
            orders = await named_outcome(services, log, outcome)
        except BehindJournal:
            return problem(BEHIND)
        return Answer(201, _encode(receipt(services.state, outcome, orders)))

    return endpoint


def _named(wish: CancelRequest | CancelAllRequest) -> CancelRequest | CancelAllRequest | Rejected:
    if isinstance(wish, CancelRequest) and bool(wish.order_id) == bool(wish.client_id):
        return malformed("Name the order by its orderId or by its clientId, one of them - at `$`")
    return wish


def _refusing_endpoint(services: Services, sessions: Sessions, name: str) -> Endpoint:
    async def endpoint(_: bytes, scope: Scope) -> Answer:
        identity = await sessions.authenticated(bearer_token(scope) or "")
        fault = identity if isinstance(identity, Rejected) else _unsigned(name)
        return refused(services, fault)

    return endpoint


def _unsigned(name: str) -> Rejected:
    return Rejected(
        Code.FORBIDDEN,
        f"A session reads and cancels orders; sign {name} with the wallet and send it without the "
        "Authorization header",
    )


def _missing() -> Rejected:
    return Rejected(
        Code.UNAUTHORIZED,
        f"Send the session's token as Authorization: Bearer, or its refreshToken; {SIGN_IN}",
    )
