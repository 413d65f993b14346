"""What an API key signed: whether it may and whether it is in time, then its command.

In the order of the refusals' precedence: form, time and replay (INVALID_CLIENT_REQUEST), then the
key. Each request works once: its digest is remembered until its window closes, and after that the
window refuses it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from xyk.domain.events import AnyEvent, RequestUsed
from xyk.domain.key_commands import (
    WINDOW_MAX_MS,
    CancelOpenOrder,
    CancelOpenOrders,
    ExecuteOrder,
    KeyCommand,
)
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.units import TIMESTAMP_AHEAD_MS
from xyk.exchange.cancels import cancel_open_order, cancel_open_orders
from xyk.exchange.key_orders import execute_order
from xyk.exchange.key_terms import shape_fault
from xyk.exchange.state import ApiKey, State

Outcome = tuple[AnyEvent, ...] | Rejected

BY_KEY: Mapping[type, Callable[[State, Request, Any, str], Outcome]] = {
    ExecuteOrder: execute_order,
    CancelOpenOrder: lambda state, request, command, owner: cancel_open_order(
        state, command, owner
    ),
    CancelOpenOrders: lambda state, request, command, owner: cancel_open_orders(
        state, command, owner
    ),
}


def decide_by_key(state: State, request: Request, command: KeyCommand) -> Outcome:
    expires_ms = command.timestamp + command.window
    fault = shape_fault(command) or window_fault(request.now_ms, command.timestamp, command.window)
    if fault is not None:
        return fault
    if state.request_used(request.digest, expires_ms):
        return Rejected(
            Code.INVALID_CLIENT_REQUEST,
            "The same request was accepted before; sign a new one with another timestamp",
            status=409,
        )
    key = key_of(state, request.signer, request.now_ms)
    if isinstance(key, Rejected):
        return key
    outcome = BY_KEY[type(command)](state, request, command, key.owner)
    if isinstance(outcome, Rejected):
        return outcome
    used = RequestUsed(public_key=request.signer, digest=request.digest, expires_ms=expires_ms)
    return (used, *outcome)


def key_of(state: State, public_key: str, now_ms: int) -> ApiKey | Rejected:
    """The key with its owner, if it may act now."""
    key = state.api_keys.get(public_key)
    if key is None:
        return Rejected(
            Code.UNAUTHORIZED,
            f"Key {public_key} is not approved; its owner signs ApproveApiKey first",
        )
    if key.revoked:
        return Rejected(
            Code.UNAUTHORIZED, f"Key {public_key} was revoked; let its owner approve it again"
        )
    if now_ms // 1000 > key.valid_until:
        return Rejected(
            Code.UNAUTHORIZED,
            f"Key {public_key} expired at {key.valid_until}; let its owner approve it again",
        )
    return key


def window_fault(now_ms: int, timestamp: int, window: int) -> Rejected | None:
    """Whether a request of `timestamp` is good now; all three in ms. Its window is inclusive; a
    client's clock may run TIMESTAMP_AHEAD_MS ahead.
    """
    if not 1 <= window <= WINDOW_MAX_MS:
        wrong = f"X-Window {window} must be 1 to {WINDOW_MAX_MS} ms"
    elif now_ms > timestamp + window:
        wrong = (
            f"Request has expired: timestamp {timestamp} and window {window} ended before the "
            f"server's time {now_ms}; set the clock, or use a larger window"
        )
    elif timestamp > now_ms + TIMESTAMP_AHEAD_MS:
        wrong = (
            f"Invalid timestamp {timestamp}: more than {TIMESTAMP_AHEAD_MS} ms ahead of the "
            f"server's time {now_ms}; use Unix milliseconds and set the clock"
        )
    else:
        return None
    return Rejected(Code.INVALID_CLIENT_REQUEST, wrong)
