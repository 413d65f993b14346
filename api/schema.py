"""OpenAPI at /schema and /schema/openapi.json: litestar describes the reads, the signed routes
stand outside of it and are described here from the very Structs that decode them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.enums import OpenAPIMediaType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.router import Router

from api import candle_examples, examples, examples_chain, examples_transactions
from api.auth import AUTH_ROUTES, BY_SESSION, SIGN_OUT_PATH, AuthRoute
from api.best_price import AfterGas, ComparedView, VenueFault
from api.chain import CHAIN_POSTS
from api.chain_quotes import CHAIN_QUOTE_PATH
from api.chains import ChainPost
from api.key_schema import add_key_routes
from api.market_queries import QUERY_ROUTES, QueryRoute
from api.order_quotes import ORDER_QUOTE_PATH, OrderWish
from api.orders import OrderQuery
from api.problems import Problem
from api.quotes import QUOTE_PATH, QuoteRequest, QuoteView
from api.receipts import (
    CancelAllReceipt,
    LiquidityReceipt,
    OrderReceipt,
    Receipt,
    SwapReceipt,
    TimerReceipt,
    WithdrawalReceipt,
)
from api.services import Services
from api.trading import (
    ACTIONS_PATH,
    FAUCET_PATH,
    SIGNED_ROUTES,
    FaucetRequest,
    SignedRoute,
)
from api.udf import UdfHistory
from xyk.domain import commands as cm
from xyk.domain.rejections import Code
from xyk.domain.units import BATCH_MAX, Address, Bytes32, Int32, Uint8, Uint32, Uint64, Uint256
from xyk.wallet.typed_data import Domain

Schema = dict[str, Any]

REF = "#/components/schemas/{name}"
RECEIPTS: Mapping[type, type[Receipt]] = {
    cm.SwapExactIn: SwapReceipt,
    cm.SwapExactOut: SwapReceipt,
    cm.AddLiquidity: LiquidityReceipt,
    cm.RemoveLiquidity: LiquidityReceipt,
    cm.Withdraw: WithdrawalReceipt,
    cm.PlaceOrder: OrderReceipt,
    cm.ReplaceOrder: OrderReceipt,
    cm.CancelOrder: OrderReceipt,
    cm.CancelAllOrders: CancelAllReceipt,
    cm.CancelAllAfter: TimerReceipt,
}

_UINT = {"type": "integer", "minimum": 0}
_FORMS: Mapping[type, Schema] = {
    Uint256: {
        "type": "string",
        "pattern": "^(0|[1-9][0-9]{0,77})$",
        "description": "base units, at most 2^256-1",
    },
    Uint64: _UINT,
    Uint32: {**_UINT, "maximum": 2**32 - 1},
    Uint8: {**_UINT, "maximum": 2**8 - 1},
    Int32: {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    Address: {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"},
    Bytes32: {"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"},
}
_SIGNATURE: Schema = {
    "type": "string",
    "description": "65 bytes r||s||v, or the 64 bytes of EIP-2098, over the action's typed data",
    "pattern": "^0x([0-9a-fA-F]{128}|[0-9a-fA-F]{130})$",
}
_PROBLEM: Schema = {
    "description": "`code` is for programs, `message` says what was wrong and what would be right",
    "content": {
        "application/json": {
            "schema": {"$ref": REF.format(name="Problem")},
            "example": examples.PROBLEM,
        }
    },
}
_BEARER: Schema = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "the `token` of a session: it reads what is private and cancels orders",
}
_REFUSED: Schema = {"4XX": _PROBLEM, "5XX": _PROBLEM}


class SchemaPlugin(OpenAPIRenderPlugin):
    def __init__(self, services: Services) -> None:
        super().__init__(path=["/", "/openapi.json"], media_type=OpenAPIMediaType.OPENAPI_JSON)
        self._services = services

    def render(self, request: Request[Any, Any, Any], openapi_schema: Schema) -> bytes:
        state = request.app.state
        if "schema_bytes" not in state:
            state["schema_bytes"] = msgspec.json.encode(whole_schema(request.app, self._services))
        encoded: bytes = state["schema_bytes"]
        return encoded

    def receive_router(self, router: Router) -> None:
        """Without litestar's own page for unknown paths below /schema: those get our 404."""
        router.routes[:] = [route for route in router.routes if "{" not in route.path]


def openapi_config(services: Services) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="xyk",
        version=services.settings.version,
        description="A self-hosted exchange: V2-exact pools, wallet-signed actions; see /docs.",
        render_plugins=[SchemaPlugin(services)],
    )


def whole_schema(app: Litestar, services: Services) -> Schema:
    """Made once an application: nothing in it changes while it runs."""
    known: Schema | None = app.state.get("schema")
    if known is None:
        known = app.state["schema"] = _complete(app.openapi_schema.to_schema(), services)
    return known


def _complete(reads: Schema, services: Services) -> Schema:
    """litestar's description of the reads, with everything that it cannot know."""
    document: Schema = msgspec.json.decode(msgspec.json.encode(reads))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _component_schemas()
    paths = document["paths"]
    for path, item in paths.items():
        for operation in item.values():
            _complete_read(operation, examples.READS.get(path))
    bars = paths["/udf/history"]["get"]["responses"]
    bars["200"] = _response("Bars", _ref("UdfHistory"), candle_examples.UDF_HISTORY)
    paths[QUOTE_PATH] = _quote_operations(schemas["QuoteRequest"])
    paths[CHAIN_QUOTE_PATH]["get"]["parameters"] += _parameters(schemas["ChainQuoteRequest"])
    paths["/api/v1/order"]["get"]["parameters"] = _parameters(schemas.pop("OrderQuery"))
    paths[ORDER_QUOTE_PATH]["get"]["parameters"] = _parameters(schemas.pop("OrderWish"))
    for asked in QUERY_ROUTES:
        parameters = _parameters(schemas.pop(asked.query.__name__))
        paths[asked.path] = {"get": _query_operation(asked, parameters)}
    for route in SIGNED_ROUTES:
        operation = _signed_operation(route, services.domain)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    for posted in CHAIN_POSTS:
        _complete_post(paths[posted.path]["post"], posted)
    for auth in AUTH_ROUTES:
        paths[auth.path] = {"post": _auth_operation(auth)}
    document["components"]["securitySchemes"] = {"session": _BEARER}
    paths[ACTIONS_PATH] = {"post": _actions_operation(services.domain)}
    if services.state.sandbox:
        paths[FAUCET_PATH] = {"post": _faucet_operation()}
    add_key_routes(document, _REFUSED, REF, _form)
    _write_tuples(document)
    return document


def _write_tuples(part: Any) -> None:
    """Our tuples are of one kind; said as a list of fixed length, more programs understand them
    than prefixItems (schemathesis 4.32 takes those for another draft's items)."""
    if isinstance(part, dict):
        items = part.pop("prefixItems", None)
        if items is not None:
            assert all(item == items[0] for item in items)
            part |= {"items": items[0], "minItems": len(items), "maxItems": len(items)}
        for inner in part.values():
            _write_tuples(inner)
    elif isinstance(part, list):
        for inner in part:
            _write_tuples(inner)


def _complete_read(operation: Schema, example: Any) -> None:
    """Our refusals for litestar's, and an example."""
    responses = operation["responses"]
    operation["responses"] = {"200": responses["200"], **_REFUSED}
    if example is not None:
        for content in responses["200"]["content"].values():
            content["example"] = example


def _complete_post(operation: Schema, route: ChainPost) -> None:
    """The body, which litestar was not told of, with an example of it and of the answer."""
    asked, answered = (examples_chain.POSTS | examples_transactions.POSTS)[route.path]
    operation["requestBody"] = _body(_ref(route.request.__name__), asked)
    shown = _response(route.summary, _ref(route.answer.__name__), answered)
    operation["responses"] = {"200": shown, **({"201": shown} if route.makes else {}), **_REFUSED}


def _query_operation(route: QueryRoute, parameters: list[Schema]) -> Schema:
    view = _ref(route.view.__name__)
    shown = {"type": "array", "items": view} if route.is_list else view
    answers = {"200": _response(route.summary, shown, examples.READS[route.path])}
    if route.without:
        answers["204"] = {"description": f"Nothing {route.without}"}
    return {
        "tags": ["markets"],
        "operationId": "".join(word.capitalize() for word in route.path.split("/")[3:]),
        "summary": route.summary,
        "parameters": parameters,
        "responses": {**answers, **_REFUSED},
    }


def _quote_operations(request: Schema) -> Schema:
    views = [_ref("QuoteView"), _ref("ChainQuoteView"), _ref("ComparedView")]

    def operation(name: str) -> Schema:
        return {
            "tags": ["quote"],
            "operationId": name,
            "summary": "Quote a swap",
            "responses": {
                "200": _response("The quote", {"anyOf": views}, examples.QUOTED),
                **_REFUSED,
            },
        }

    body = _body(_ref("QuoteRequest"), examples.QUOTE)
    return {
        "get": {**operation("ApiV1QuoteGetQuote"), "parameters": _parameters(request)},
        "post": {**operation("ApiV1QuotePostQuote"), "requestBody": body},
    }


def _signed_operation(route: SignedRoute, domain: Domain) -> Schema:
    name = route.action.__name__
    receipt = _ref(RECEIPTS.get(route.action, Receipt).__name__)
    body: Schema = {
        "type": "object",
        "required": ["action", "signature"],
        "additionalProperties": False,
        "properties": {"action": _ref(name), "signature": _SIGNATURE},
    }
    example = examples.receipt(route.action)
    by_session: Schema = {}
    description = f"Takes a signed {name}. The same action again gets its first receipt."
    if route.action in BY_SESSION:
        kind = BY_SESSION[route.action].__name__
        body = {"oneOf": [body, _ref(kind)]}
        by_session = {"security": [{}, {"session": []}]}
        description += f" With a session's bearer token it takes a {kind}, unsigned."
    return {
        "tags": ["trading"],
        "operationId": name,
        "summary": route.summary,
        "description": description,
        **by_session,
        "requestBody": _body(body, examples.signed(domain, route.action)),
        "responses": {
            "201": _response("Accepted and on disk", receipt, example),
            "200": _response("Accepted before: the first receipt", receipt, example),
            **_REFUSED,
        },
    }


def _actions_operation(domain: Domain) -> Schema:
    kinds = [route.action.__name__ for route in SIGNED_ROUTES]
    element = {
        "type": "object",
        "required": ["type", "action", "signature"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string", "enum": kinds},
            "action": {"oneOf": [_ref(kind) for kind in kinds]},
            "signature": _SIGNATURE,
        },
    }
    outcome = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "integer"}},
        "description": "status 201 or 200 with a receipt, else with code and message",
    }
    receipt = {"status": 201, **examples.receipt(cm.SwapExactIn)}
    return {
        "tags": ["trading"],
        "operationId": "Actions",
        "summary": f"Up to {BATCH_MAX} signed actions, each with its own outcome, in order",
        "requestBody": _body(
            {"type": "array", "maxItems": BATCH_MAX, "items": element},
            [{"type": "SwapExactIn", **examples.signed(domain, cm.SwapExactIn)}],
        ),
        "responses": {
            "200": _response(
                "One outcome for each action",
                {"type": "array", "items": outcome},
                [receipt, {"status": 422, **examples.PROBLEM}],
            ),
            **_REFUSED,
        },
    }


def _auth_operation(route: AuthRoute) -> Schema:
    """A sign-out takes the token, or the refresh token in its body."""
    security: list[Schema] = [{"session": []}, {}] if route.path == SIGN_OUT_PATH else [{}]
    body = _body(_ref(route.body.__name__), examples.AUTH[route.body.__name__])
    answer = examples.AUTH[route.answer.__name__]
    return {
        "tags": ["sessions"],
        "operationId": route.body.__name__.removesuffix("Request"),
        "summary": route.summary,
        "security": security,
        "requestBody": body,
        "responses": {
            "200": _response(route.summary, _ref(route.answer.__name__), answer),
            **_REFUSED,
        },
    }


def _faucet_operation() -> Schema:
    receipt = {**examples.receipt(cm.FaucetDeposit), "digest": None}
    return {
        "tags": ["sandbox"],
        "operationId": "Faucet",
        "summary": "Test funds; not idempotent",
        "requestBody": _body(_ref("FaucetRequest"), examples.FAUCET),
        "responses": {
            "201": _response("Credited", _ref("Receipt"), receipt),
            **_REFUSED,
        },
    }


def _component_schemas() -> dict[str, Schema]:
    kinds = [
        *(route.action for route in SIGNED_ROUTES),
        FaucetRequest,
        QuoteRequest,
        QuoteView,
        UdfHistory,
        *(OrderQuery, OrderWish),
        *(route.query for route in QUERY_ROUTES),
        *(route.view for route in QUERY_ROUTES),
        Problem,
        Receipt,
        *dict.fromkeys(RECEIPTS.values()),
        *BY_SESSION.values(),
        *(AfterGas, ComparedView, VenueFault),
        *dict.fromkeys(kind for route in CHAIN_POSTS for kind in (route.request, route.answer)),
        *dict.fromkeys(kind for route in AUTH_ROUTES for kind in (route.body, route.answer)),
    ]
    _, schemas = msgspec.json.schema_components(kinds, schema_hook=_form, ref_template=REF)
    schemas["ComparedView"]["properties"]["quotes"]["items"] = {
        "anyOf": [
            {"allOf": [_ref("QuoteView"), _ref("AfterGas")]},
            {"allOf": [_ref("ChainQuoteView"), _ref("AfterGas")]},
            _ref("VenueFault"),
        ]
    }
    schemas["Problem"]["properties"]["code"]["enum"] = [code.name for code in Code]
    return schemas


def _form(kind: type) -> Schema:
    return dict(_FORMS[kind])


def _parameters(request: Schema) -> list[Schema]:
    """The fields of a request as the names of a query."""
    return [
        {
            "name": name,
            "in": "query",
            "required": name in request.get("required", ()),
            "schema": schema,
        }
        for name, schema in request["properties"].items()
    ]


def _ref(name: str) -> Schema:
    return {"$ref": REF.format(name=name)}


def _body(schema: Schema, example: Any) -> Schema:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"required": True, "content": content}


def _response(description: str, schema: Schema, example: Any) -> Schema:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "content": content}
