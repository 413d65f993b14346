"""Reads that an API key signs: who asks, and what it asks for in the Struct of its route.

Like every read they wait until all that they can have seen is on disk. A signature is good as long
as its window lasts; reading twice changes nothing, so a repeated one is answered again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from api.gateway import Endpoint, Scope
from api.key_requests import KeyHeaders, headers_of, query_parameters, signed_text
from api.order_log import OrderLog
from api.problems import Answer, Headers, Refused, convert, malformed, problem
from api.services import Services
from xyk.domain.rejections import Rejected
from xyk.domain.units import Uint32, Uint64, decode_wire
from xyk.exchange.key_requests import key_of, window_fault
from xyk.wallet.api_key import Parameters

LIMIT_DEFAULT, LIMIT_MAX = 100, 1_000
NUMBER_MAX = 2**62  # of what a database is asked with; no id and no time comes near it

Q = TypeVar("Q")

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """A verified request. `parameters` by their names on the wire, snake_case spellings under the
    convention's name."""

    services: Services
    log: OrderLog
    owner: str
    parameters: Parameters

    def query(self, kind: type[Q]) -> Q:
        """Raises Refused. Unknown parameters are tolerated."""
        found = convert(self.parameters, kind, decode_wire)
        if isinstance(found, Rejected):
            raise Refused(found)
        return found


class Paged(msgspec.Struct, frozen=True):
    """An answer with the convention's headers of a page."""

    view: Any
    total: int
    limit: int
    offset: int

    def headers(self) -> Headers:
        numbers = {
            b"x-page-count": -(-self.total // self.limit),
            b"x-current-page": self.offset // self.limit + 1,
            b"x-page-size": self.limit,
            b"x-total": self.total,
        }
        return [(name, b"%d" % number) for name, number in numbers.items()]


class PageQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`limit` above 1,000 is 1,000. `sortDirection` Asc or Desc, newest first by default."""

    limit: Uint32 = LIMIT_DEFAULT
    offset: Uint64 = 0
    sort_direction: str = "Desc"

    def checked(self) -> tuple[int, int, bool]:
        """Limit, offset, and whether oldest first. Raises Refused."""
        if not self.limit:
            raise Refused(malformed(f"Expected 1 to {LIMIT_MAX} - at `$.limit`"))
        if self.sort_direction not in ("Asc", "Desc"):
            raise Refused(malformed("Expected Asc or Desc - at `$.sortDirection`"))
        ascending = self.sort_direction == "Asc"
        return min(self.limit, LIMIT_MAX), countable(self.offset), ascending


def countable(number: int) -> int:
    """A number of a query as a database can take it: the convention's have 64 bits unsigned."""
    return min(number, NUMBER_MAX)


Handler = Callable[[Asked], Awaitable[Any]]


def key_read(services: Services, log: OrderLog, instruction: str, handler: Handler) -> Endpoint:
    """Answers 200 with the handler's view."""

    async def endpoint(_: bytes, scope: Scope) -> Answer:
        try:
            parameters = query_parameters(scope)
            if isinstance(parameters, Rejected):
                raise Refused(parameters)
            owner = await authorized(services, scope, instruction, parameters)
            view = await handler(Asked(services, log, owner, _camel_names(parameters)))
        except Refused as refused:
            services.metrics.refused(refused.rejected.code)
            return problem(refused.rejected)
        if isinstance(view, Paged):
            return Answer(200, _encode(view.view), view.headers())
        return Answer(200, _encode(view))

    return endpoint


async def authorized(
    services: Services, scope: Scope, instruction: str, parameters: Parameters
) -> str:
    """The owner of the key that signed this just now. Raises Refused."""
    headers = headers_of(scope)
    if isinstance(headers, Rejected):
        raise Refused(headers)
    text = signed_text(headers, instruction, [parameters])
    if isinstance(text, Rejected):
        raise Refused(text)
    owner = await services.committed(key_owner(services, headers))
    if isinstance(owner, Rejected):
        raise Refused(owner)
    limited = services.limits.of_key(headers.public_key)
    if limited is not None:
        raise Refused(limited)
    return owner


def key_owner(services: Services, headers: KeyHeaders) -> str | Rejected:
    """From the state; what it says may leave when that is committed."""
    now_ms = services.now_ms()
    fault = window_fault(now_ms, headers.timestamp, headers.window)
    if fault is not None:
        return fault
    key = key_of(services.state, headers.public_key, now_ms)
    return key if isinstance(key, Rejected) else key.owner


def _camel_names(parameters: Mapping[str, str]) -> Parameters:
    """One client of the convention sends some names as its language writes them."""
    return {_camel(name.split("_")): value for name, value in parameters.items()}


def _camel(words: Sequence[str]) -> str:
    return words[0] + "".join([word.capitalize() for word in words[1:]])
