"""Sessions: what a wallet's sign-in opens. One may cancel its owner's orders and nothing else,
until it is closed or expires.

A closed one is remembered until it would have expired: the message that opened it stays good until
then, and must not open it again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from xyk.domain.commands import CancelAllOrders, CancelOrder
from xyk.domain.events import AnyEvent, SessionClosed, SessionOpened
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.domain.units import SESSION_MAX_S, SESSIONS_PER_OWNER_MAX
from xyk.exchange.cancels import cancel_all_orders, cancel_order
from xyk.exchange.state import HOUR_S, Session, State

Outcome = tuple[AnyEvent, ...] | Rejected


def by_session(state: State, request: Request) -> Outcome:
    """A sign-in, or what a session asks for."""
    command: Any = request.command
    if isinstance(command, OpenSession):
        return open_session(state, request, command)
    fault = unopened(state, request.signer, command.owner, request.now_ms // 1000)
    if fault is not None:
        return fault
    decide = _SESSION_MAY.get(type(command))
    if decide is None:
        return Rejected(
            Code.FORBIDDEN,
            "A session reads and cancels; "
            f"{type(command).__name__} needs the signature of the owner's wallet",
        )
    return decide(state, request, command)


def open_session(state: State, request: Request, command: OpenSession) -> Outcome:
    now_s = request.now_ms // 1000
    if request.signer != command.owner:
        return Rejected(
            Code.INVALID_SIGNATURE,
            f"The signature gives {request.signer}, the message names {command.owner}; sign in "
            "with that address's own key",
        )
    if not now_s <= command.expires <= now_s + SESSION_MAX_S:
        return Rejected(
            Code.EXPIRED,
            f"The session's end {command.expires} must lie within {now_s} .. "
            f"{now_s + SESSION_MAX_S}",
        )
    known = [
        name for name, one in state.sessions.get(command.owner, {}).items() if one.expires >= now_s
    ]
    if command.session in known:
        return Rejected(Code.NONCE_USED, "This message opened a session before; ask for a new one")
    if len(known) >= SESSIONS_PER_OWNER_MAX:
        return Rejected(
            Code.ORDER_LIMIT,
            f"An owner may open {SESSIONS_PER_OWNER_MAX} sessions until the first of them expires; "
            "refresh one instead",
        )
    return (SessionOpened(owner=command.owner, session=command.session, expires=command.expires),)


def unopened(state: State, session: str, owner: str, now_s: int) -> Rejected | None:
    """Why the owner has no such session, if it has none."""
    known = state.sessions.get(owner, {}).get(session)
    if known is None:
        why = "is none of the owner's"
    elif known.closed:
        why = "was closed"
    elif now_s > known.expires:
        why = f"expired at {known.expires}"
    else:
        return None
    return Rejected(Code.UNAUTHORIZED, f"Session {session[:66]} {why}; sign in again")


def session_opened(state: State, event: SessionOpened) -> None:
    state.add_session(event.owner, event.session, Session(event.expires))


def session_closed(state: State, event: SessionClosed) -> None:
    sessions = state.sessions[event.owner]
    sessions[event.session] = Session(sessions[event.session].expires, closed=True)


def prune_sessions(state: State, now_ms: int) -> None:
    """Once an hour of the entries' own time, what expired by then is forgotten; nothing else is
    looked at.
    """
    now_s = now_ms // 1000
    hour = now_s // HOUR_S
    if hour == state.now_ms // 1000 // HOUR_S:
        return
    for past in [one for one in state.session_ends if one <= hour]:
        for owner, session in state.session_ends.pop(past):
            sessions = state.sessions.get(owner, {})
            known = sessions.get(session)
            if known is None:
                continue  # it was opened twice, the second time after it had ended
            if known.expires >= now_s:
                state.add_session(owner, session, known)
                continue
            del sessions[session]
            if not sessions:
                del state.sessions[owner]


def _close_session(state: State, request: Request, command: CloseSession) -> Outcome:
    if command.session != request.signer:
        return Rejected(Code.FORBIDDEN, "A session may close only itself")
    return (SessionClosed(owner=command.owner, session=command.session),)


def _cancel(state: State, request: Request, command: CancelOrder) -> Outcome:
    return _signed_fields(command) or cancel_order(state, request, command)


def _cancel_all(state: State, request: Request, command: CancelAllOrders) -> Outcome:
    return _signed_fields(command) or cancel_all_orders(state, request, command)


def _signed_fields(command: CancelOrder | CancelAllOrders) -> Rejected | None:
    """What a wallet signs, a session cannot claim."""
    if command.nonce or command.deadline:
        return Rejected(Code.FORBIDDEN, "A session's cancel has nonce 0 and deadline 0")
    return None


_SESSION_MAY: Mapping[type, Callable[[State, Request, Any], Outcome]] = {
    CancelOrder: _cancel,
    CancelAllOrders: _cancel_all,
    CloseSession: _close_session,
}
