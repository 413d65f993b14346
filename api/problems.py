"""How everything that goes wrong is said: a status and {"code", "message"}, from one place."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from api.limits import Limited
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import BODY_MAX
from xyk.engine.writer import WriterStopped

RETRY_AFTER_S = 1
JSON = "application/json; charset=utf-8"

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]

_log = structlog.get_logger("api")
_encode = msgspec.json.Encoder().encode
_PATH = re.compile(r" - at `(?P<path>[^`]*)`\Z")
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(?P<field>[^`]*)`")


class Answer(NamedTuple):
    """A whole response; `body` is JSON."""

    status: int
    body: bytes
    headers: Headers = []  # noqa: RUF012 - never mutated


class Problem(msgspec.Struct, frozen=True):
    """The body of every refusal."""

    code: str
    message: str


class Refused(Exception):
    """Raised where a read is refused, answered as its `rejected`."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.message)
        self.rejected = rejected


def problem(rejected: Rejected) -> Answer:
    status = rejected.http_status
    body = _encode(Problem(rejected.code.name, rejected.message))
    if status in (429, 503):
        wait_s = rejected.retry_after_s if isinstance(rejected, Limited) else RETRY_AFTER_S
        return Answer(status, body, [(b"retry-after", str(wait_s).encode())])
    return Answer(status, body)


def hanging_up(rejected: Rejected) -> Answer:
    """The same as the connection's last word."""
    answer = problem(rejected)
    return answer._replace(headers=[*answer.headers, (b"connection", b"close")])


def malformed(message: str) -> Rejected:
    return Rejected(Code.INVALID_CLIENT_REQUEST, message)


TOO_LARGE = Rejected(
    Code.TOO_LARGE,
    f"The body is larger than {BODY_MAX} bytes; split it, /api/v1/actions takes 100 actions",
)
SERVER_ERROR = Rejected(Code.SERVER_ERROR, "A fault of ours; nothing was changed")
STOPPING = Rejected(
    Code.OVERLOADED, "The server is stopping; send the same bytes again, they execute at most once"
)


def no_such_route(method: str, path: str) -> Rejected:
    return Rejected(
        Code.RESOURCE_NOT_FOUND, f"There is no {method} {path[:200]}; GET /docs lists the routes"
    )


def _allow(methods: Iterable[str]) -> str:
    """The header; what takes GET takes HEAD (api/gateway)."""
    known = set(methods)
    return ", ".join(sorted(known | {"HEAD"} if "GET" in known else known))


def method_not_allowed(method: str, path: str, allowed: Iterable[str]) -> Answer:
    allow = _allow(allowed)
    rejected = Rejected(
        Code.INVALID_CLIENT_REQUEST, f"{path[:200]} does not take {method}; it takes {allow}", 405
    )
    return problem(rejected)._replace(headers=[(b"allow", allow.encode())])


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T | Rejected:
    """The request, or what is wrong with it and where: JSON of the strict form, no deeper than it
    must be.
    """
    if not body:
        return malformed("The body is empty; expected a JSON object - at `$`")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as fault:
        return malformed(_located(str(fault)))
    except msgspec.DecodeError as fault:
        return malformed(f"{fault} - at `$`")
    except UnicodeDecodeError:
        return malformed("The body is not UTF-8 - at `$`")
    except RecursionError:
        return malformed("The JSON is nested too deeply - at `$`")


def convert(values: Mapping[str, object], kind: type[T], dec_hook: Any) -> T | Rejected:
    """As `decode`, from the strings of a query."""
    try:
        return msgspec.convert(values, kind, dec_hook=dec_hook)
    except msgspec.ValidationError as fault:
        return malformed(_located(str(fault)))


def convert_lenient(
    values: Mapping[str, object], kind: type[T], dec_hook: Any = None
) -> T | Rejected:
    """As `convert`; numbers and booleans may be texts."""
    try:
        return msgspec.convert(values, kind, strict=False, dec_hook=dec_hook)
    except msgspec.ValidationError as fault:
        return malformed(_located(str(fault)))


def _located(message: str) -> str:
    """msgspec names the parent of an unknown or missing field; the path should end in the field
    itself.
    """
    found = _PATH.search(message)
    path = found["path"] if found else "$"
    text = message[: found.start()] if found else message
    field = _FIELD.match(text)
    if field:
        path = f"{path}.{field['field']}"
    return f"{text} - at `{path}`"


def answer_exception(request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    """litestar's exception handler for everything."""
    answer = problem(_rejected(request, fault))
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    if isinstance(fault, HTTPException) and fault.status_code == 405 and fault.headers:
        given = {name.lower(): value for name, value in fault.headers.items()}
        headers["allow"] = _allow(given["allow"].split(", "))
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=JSON)


def _rejected(request: Request[Any, Any, Any], fault: Exception) -> Rejected:
    path = request.scope["path"]
    if isinstance(fault, Refused):
        return fault.rejected
    if isinstance(fault, WriterStopped):
        return STOPPING
    if isinstance(fault, HTTPException):
        if fault.status_code == 404:
            return no_such_route(request.method, path)
        if fault.status_code == 405:
            return Rejected(
                Code.INVALID_CLIENT_REQUEST,
                f"{path[:200]} does not take {request.method}; GET /docs lists the routes",
                405,
            )
        if fault.status_code == 413:
            return TOO_LARGE
        if fault.status_code < 500:
            return malformed(fault.detail)
    _log.error("request failed", route=path, exc_info=fault)
    return SERVER_ERROR
