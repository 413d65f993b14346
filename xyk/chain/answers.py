"""What a node's JSON-RPC answer says: results, refusals, and which refusals another endpoint may
answer better. Whatever bytes come in, what goes out is one of these or Unusable.
"""

import re
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from enum import IntEnum
from typing import Any

import msgspec

from xyk.chain.rpc import RpcError

TEXT_MAX = 2_000  # characters of a node's words that are looked at
DEPTH_MAX = 4  # of the objects in which some nodes wrap what a contract returned
LIMIT_EXCEEDED = -32005  # both "too many requests" and "too many results"

# Refusals of eth_getLogs that a smaller range cures. No two providers use the same words.
TOO_MUCH = re.compile(
    r"range|results|\blogs?\b|response size|blocks|too large|query timeout|took too long", re.I
)
# What only the node's view of the chain and of the transaction decides: true on every endpoint.
TRUE = re.compile(
    r"revert|nonce too|already known|known transaction|already imported|insufficient funds"
    r"|underpriced|intrinsic gas|invalid opcode|out of gas|gas required exceeds|exceeds block gas"
    r"|VM execution|stack (?:under|over)flow|invalid jump|invalid sender|fee cap|less than block",
    re.I,
)
BUSY_CODES = frozenset({429, LIMIT_EXCEEDED, -32029, -32097})
BUSY = re.compile(
    r"rate.{0,3}limit|too many requests|requests? (?:per|rate|count|limit)|compute units"
    r"|per second|throughput|\bcapacity\b|\bquota\b|\bcredits\b|slow down",
    re.I,
)
# Unknown and unsupported method, resource not found or unavailable, internal error.
ELSEWHERE_CODES = frozenset({-32601, -32004, -32001, -32002, -32603})
ELSEWHERE = re.compile(
    r"header not found|(?:unknown|missing|no such) (?:block|header)|block not found|trie node"
    r"|state .*(?:not|un)\s?available|historical|pruned|syncing|not synced|upstream|time[d ]*out"
    r"|internal|head block|beyond|try again|temporar|unavailable|backend|gateway|pool is full"
    r"|(?:not|un)\s?support|unauthori|api.?key|forbidden|authenticat|project id",
    re.I,
)
WRAPPERS = ("data", "result", "return", "output", "error", "originalError", "cause")
HEX = re.compile(r"0x((?:[0-9a-fA-F]{2})+)(?![0-9a-fA-F])")


class Unusable(Exception):
    """The endpoint gave nothing that can be used; the message says what it did."""


class Busy(Unusable):
    """It wants to be left alone. `pause_s`: for how long at least; 0 where it does not say."""

    def __init__(self, message: str, pause_s: float = 0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class BatchRefused(Exception):
    """The endpoint takes no batch of this length."""


class Verdict(IntEnum):
    """On a refusal, or the worst one of a batch."""

    TRUE = 0  # every endpoint would say so
    ELSEWHERE = 1  # this endpoint cannot know; another one may
    BUSY = 2


class _Answer(msgspec.Struct):
    id: Any = None
    result: Any = msgspec.UNSET
    error: Any = None


_DECODER = msgspec.json.Decoder(_Answer | list[_Answer])


def decode(body: bytes, ids: Sequence[int]) -> list[Any]:
    """A result or an RpcError for each id; one id was asked for by itself, several in a batch.

    Raises Unusable and BatchRefused.
    """
    try:
        answer = _DECODER.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        start = body[:TEXT_MAX].decode(errors="replace")
        raise Unusable(f"an answer that is not JSON-RPC: {start}") from None
    if len(ids) == 1 and isinstance(answer, _Answer):
        return [_outcome(answer, ids[0])]
    if isinstance(answer, _Answer):
        _refuse_batch(answer)
    by_id: dict[Any, _Answer] = {}
    for one in answer if isinstance(answer, list) else ():
        if type(one.id) is int:
            by_id[one.id] = one
    if len(by_id) != len(ids) or any(number not in by_id for number in ids):
        raise Unusable(f"a batch of {len(ids)} was not answered call by call")
    return [_outcome(by_id[number], number) for number in ids]


def verdict(method: str, outcome: Any) -> Verdict:
    if not isinstance(outcome, RpcError):
        return Verdict.TRUE
    code, message = outcome.code, outcome.message
    if outcome.data or code == 3 or TRUE.search(message):
        return Verdict.TRUE
    if method == "eth_getLogs" and TOO_MUCH.search(message):
        return Verdict.TRUE
    if BUSY.search(message) or (code in BUSY_CODES and method != "eth_getLogs"):
        return Verdict.BUSY
    if code in ELSEWHERE_CODES or ELSEWHERE.search(message):
        return Verdict.ELSEWHERE
    return Verdict.TRUE


def refusal(error: Any) -> RpcError:
    """Of an `error` member, whatever it is."""
    fields = error if isinstance(error, dict) else {"message": error}
    code, message = fields.get("code"), fields.get("message")
    text = message if isinstance(message, str) and message else "an error without a message"
    data = revert_data(fields.get("data"))
    if not data and "revert" in text.lower():
        data = _call_data(text)
    return RpcError(code if type(code) is int else 0, text[:TEXT_MAX], data)


def revert_data(value: Any, depth: int = 0) -> bytes:
    """What a contract returned, from `error.data`: its hex, or in an object, or among words."""
    if isinstance(value, str):
        whole = HEX.fullmatch(value)
        return bytes.fromhex(whole[1]) if whole else _call_data(value)
    if isinstance(value, dict) and depth < DEPTH_MAX:
        # Ganache has one object for each transaction's hash.
        for key in (*WRAPPERS, *(key for key in value if key.startswith("0x"))):
            if found := revert_data(value.get(key), depth + 1):
                return found
    return b""


def pause_s(retry_after: str) -> float:
    """Seconds of the HTTP header, which may be a date; 0 where it says nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _call_data(text: str) -> bytes:
    """The first hex in `text` that is a selector and whole words of arguments."""
    found = (bytes.fromhex(digits) for digits in HEX.findall(text))
    return next((raw for raw in found if len(raw) % 32 == 4), b"")


def _outcome(answer: _Answer, number: int) -> Any:
    if answer.error is not None:
        if answer.id not in (number, None):
            raise Unusable("an answer to another call")
        return refusal(answer.error)
    if answer.result is msgspec.UNSET:
        raise Unusable("an answer with neither a result nor an error")
    if type(answer.id) is not int or answer.id != number:
        raise Unusable("an answer to another call")
    return answer.result


def _refuse_batch(answer: _Answer) -> None:
    """One answer to several calls. Raises what it means."""
    fault = refusal(answer.error)
    if verdict("", fault) is Verdict.BUSY:
        raise Busy(fault.message)
    if "batch" in fault.message.lower() or -32700 <= fault.code <= -32600:
        raise BatchRefused
    raise Unusable(f"one answer to a batch: {fault.message}")
