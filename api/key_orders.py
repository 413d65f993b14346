"""Orders by an API key: placed one by one or up to a hundred at once, cancelled, and looked at.

Each order of a batch is a command of its own and has its own outcome. What is answered is the order
as its own entry left it; the convention answers 200 and does not know a first time from a second:
the same signed request again is refused.
"""

import asyncio
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from api.gateway import Endpoint, Scope
from api.key_order_views import AnyKeyOrder, key_order
from api.key_reads import Asked
from api.key_requests import (
    KeyHeaders,
    batch_parameters,
    body_parameters,
    headers_of,
    signed_text,
)
from api.markets import SPOT, market_named
from api.order_log import OrderLog, named_orders
from api.problems import Answer, Refused, malformed, problem
from api.refusals import counted, queue_full, refused
from api.services import Services
from xyk.domain.key_commands import ExecuteOrder
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import ED25519
from xyk.domain.units import BATCH_MAX, Uint32, Uint64
from xyk.engine.entry import Evidence
from xyk.engine.order_record import OrderRecord, record_of
from xyk.engine.submission import Committed, Submission
from xyk.exchange.key_requests import window_fault
from xyk.wallet.api_key import Parameters, command_of, request_digest

ORDER_EXECUTE, ORDER_CANCEL, ORDER_CANCEL_ALL = "orderExecute", "orderCancel", "orderCancelAll"
CHECKED_AT_ONCE = 16  # orders of a batch before other requests get their turn

_encode = msgspec.json.Encoder().encode


TEXT_MAX, ELEMENT_TEXT_MAX = 2_048, 300  # characters of a signed text, and besides for each order
BATCH_USED = Rejected(
    Code.INVALID_CLIENT_REQUEST,
    "Orders of this very batch were accepted before; look them up, and sign what is missing anew",
    409,
)


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Exactly one of `orderId` and `clientId`."""

    symbol: str
    order_id: Uint64 | None = None
    client_id: Uint32 | None = None


class OrdersQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str = ""
    market_type: str = SPOT


class BatchErr(msgspec.Struct, frozen=True, kw_only=True):
    """An element that was refused."""

    code: str
    message: str
    operation: str = "Err"


async def open_order(asked: Asked) -> AnyKeyOrder:
    """404 for what neither rests nor waits for its trigger."""
    query = asked.query(OrderQuery)
    if (query.order_id is None) == (query.client_id is None):
        raise Refused(malformed("Name exactly one of orderId and clientId - at `$`"))
    state, orders = asked.services.state, asked.services.state.open_orders
    await market_named(asked.services, query.symbol)
    if query.order_id is not None:
        order = orders.by_id.get(query.order_id)
    else:
        assert query.client_id is not None
        order = orders.by_client_id.get((asked.owner, query.client_id))
    if order is None or order.owner != asked.owner or order.market != query.symbol:
        await asked.services.committed(None)
        _not_found()
    return await asked.services.committed(key_order(state, record_of(state, order.id)))


async def open_orders(asked: Asked) -> list[AnyKeyOrder]:
    """Oldest first."""
    query = asked.query(OrdersQuery)
    if query.symbol:
        await market_named(asked.services, query.symbol)
    state = asked.services.state
    own = state.open_orders.by_owner.get(asked.owner)
    views = [
        key_order(state, record_of(state, number))
        for number, order in sorted(own.items() if own else ())
        if query.market_type == SPOT and query.symbol in ("", order.market)
    ]
    return await asked.services.committed(views)


def key_command(services: Services, log: OrderLog, instruction: str) -> Endpoint:
    """One command in a JSON object: the order, or for a cancel of all the list of orders."""

    async def endpoint(body: bytes, scope: Scope) -> Answer:
        headers = headers_of(scope)
        if isinstance(headers, Rejected):
            return refused(services, headers)
        parameters = body_parameters(body)
        if isinstance(parameters, Rejected):
            return refused(services, parameters)
        text = signed_text(headers, instruction, [parameters])
        if isinstance(text, Rejected):
            return refused(services, text)
        digest = request_digest(headers.public_key, text, 0)
        submission = _submission(headers, instruction, parameters, text, digest, 0)
        if isinstance(submission, Rejected):
            return refused(services, submission)
        late = _unfit(services, headers, text, 1)
        if late is not None:
            return refused(services, late)
        if instruction == ORDER_EXECUTE:  # no limit ever stops a cancel
            limited = services.limits.of_key(headers.public_key)
            if limited is not None:
                return refused(services, limited)
        outcome = await services.writer.submit(submission)
        if isinstance(outcome, Rejected):
            return problem(outcome)
        orders = await _outcome(services, log, outcome)
        views = [key_order(services.state, order) for order in orders]
        return Answer(200, _encode(views if instruction == ORDER_CANCEL_ALL else views[0]))

    return endpoint


def key_batch(services: Services, log: OrderLog) -> Endpoint:
    """Each order its own outcome, in order: `operation` Ok with the order, or Err with code and
    message. Only what is no list of objects, or not signed as one, is refused as a whole."""

    async def endpoint(body: bytes, scope: Scope) -> Answer:
        headers = headers_of(scope)
        if isinstance(headers, Rejected):
            return refused(services, headers)
        elements = batch_parameters(body)
        if isinstance(elements, Rejected):
            return refused(services, elements)
        if not 0 < len(elements) <= BATCH_MAX:
            return refused(
                services, malformed(f"{len(elements)} orders; send 1 to {BATCH_MAX} - at `$`")
            )
        text = signed_text(headers, ORDER_EXECUTE, elements)
        if isinstance(text, Rejected):
            return refused(services, text)
        late = _unfit(services, headers, text, len(elements))
        if late is not None:
            return refused(services, late)
        digests = [
            request_digest(headers.public_key, text, index) for index in range(len(elements))
        ]
        if _was_accepted(services, headers, digests):
            return refused(services, await services.committed(BATCH_USED))
        limited = services.limits.of_key(headers.public_key, len(elements))
        if limited is not None:
            return refused(services, limited)
        asked: list[Submission | Rejected] = []
        for index, parameters in enumerate(elements):
            if index and index % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
            digest = digests[index]
            asked.append(_submission(headers, ORDER_EXECUTE, parameters, text, digest, index))
        outcomes = await services.writer.submit_batch(
            [one for one in asked if isinstance(one, Submission)]
        )
        full = queue_full(outcomes)
        if full is not None:
            return problem(full)
        return Answer(200, await _elements(services, log, asked, outcomes))

    return endpoint


def _unfit(services: Services, headers: KeyHeaders, text: str, elements: int) -> Rejected | None:
    """What is not worth a place in the queue, nor anything of the key's limit: a request out of its
    time, which anybody may have kept, and one whose text would swell the journal, since each
    element keeps all of it."""
    bound = TEXT_MAX + ELEMENT_TEXT_MAX * elements
    if len(text) > bound:
        return malformed(
            f"The signed text has {len(text)} characters; for {elements} orders it may have {bound}"
        )
    return window_fault(services.now_ms(), headers.timestamp, headers.window)


def _was_accepted(services: Services, headers: KeyHeaders, digests: list[str]) -> bool:
    """Any of it: the elements that were refused must not execute when somebody sends it again."""
    expires_ms = headers.timestamp + headers.window
    return any(services.state.request_used(digest, expires_ms) for digest in digests)


def _submission(
    headers: KeyHeaders,
    instruction: str,
    parameters: Parameters,
    text: str,
    digest: str,
    index: int,
) -> Submission | Rejected:
    command = command_of(instruction, parameters, headers.timestamp, headers.window)
    if isinstance(command, Rejected):
        return command
    return Submission(
        command,
        Evidence(
            scheme=ED25519,
            signer=headers.public_key,
            digest=digest,
            signature=headers.signature,
            text=text,
            index=index,
        ),
    )


async def _outcome(
    services: Services, log: OrderLog, committed: Committed
) -> Sequence[OrderRecord]:
    """The orders that the command was about, as its entry left them; as they stand now where that
    was thousands of entries ago."""
    kept = log.outcome(committed.entry.seq)
    if kept is not None:
        return kept
    found = []
    for number in named_orders(committed):
        order = log.open(number) or log.closed(number) or await services.history.order(number)
        assert order is not None, f"order {number} was placed"
        found.append(order)
    return found


async def _elements(
    services: Services,
    log: OrderLog,
    asked: list[Submission | Rejected],
    outcomes: Sequence[Committed | Rejected],
) -> bytes:
    """A JSON array."""
    answered = iter(outcomes)
    parts: list[bytes] = []
    for one in asked:
        outcome: Committed | Rejected = one if isinstance(one, Rejected) else next(answered)
        if isinstance(outcome, Rejected):
            if outcome is one:  # the writer has not seen it, so it is counted here
                counted(services, outcome)
            parts.append(_encode(BatchErr(code=outcome.code.name, message=outcome.message)))
        else:
            assert isinstance(outcome.command, ExecuteOrder)
            [order] = await _outcome(services, log, outcome)
            view = _encode(key_order(services.state, order))
            parts.append(b'{"operation":"Ok",' + view[1:])
    return b"[%b]" % b",".join(parts)


def _not_found() -> NoReturn:
    raise Refused(
        Rejected(
            Code.RESOURCE_NOT_FOUND,
            "Not Found: no order of yours by this name is open; /wapi/v1/history/orders has all",
        )
    )
