"""OpenAPI of what an API key signs, from the table that routes it. A path that takes the native
form too is described once, with both.
"""

from typing import Any

import msgspec

from api import key_examples
from api.key_orders import BatchErr
from api.key_reads import PageQuery
from api.key_routes import KEY_ROUTES, ORDERS, UNSIGNED, WITHDRAWALS, KeyRoute

Schema = dict[str, Any]

SECURITY = "apiKey"
SCHEMES: Schema = {
    SECURITY: {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "Base64 of an approved Ed25519 public key. X-Signature is the base64 of its "
        "signature over `instruction=I`, the parameters sorted by name, timestamp and window",
    }
}
PAGE_HEADERS = ("X-Page-Count", "X-Current-Page", "X-Page-Size", "X-Total")
_TEXT: Schema = {"type": "string"}
_WITHDRAWAL: Schema = {
    "type": "object",
    "required": ["address", "blockchain", "quantity", "symbol"],
    "properties": dict.fromkeys(("address", "blockchain", "quantity", "symbol"), _TEXT),
}


def add_key_routes(document: Schema, refused: Schema, template: str, form: Any) -> None:
    """`refused`: the responses of refusals; `template` of references; `form`: msgspec's hook for
    the types that it does not know."""
    paths, components = document["paths"], document["components"]
    components["securitySchemes"] = SCHEMES
    answers = [route.answer for route in KEY_ROUTES if route.answer is not None]
    bodies = list(dict.fromkeys([route.body for route in KEY_ROUTES if route.body is not None]))
    queries = list(dict.fromkeys([route.query for route in KEY_ROUTES if route.query is not None]))
    forms, schemas = msgspec.json.schema_components(
        [*answers, *bodies, BatchErr, *queries], schema_hook=form, ref_template=template
    )
    answered = [route for route in KEY_ROUTES if route.answer is not None]
    shapes = dict(zip(answered, forms, strict=False))  # the others come after them
    parameters = {query: _parameters(schemas.pop(query.__name__)) for query in queries}
    for body in bodies:
        _without_stamp(schemas[body.__name__])
    components["schemas"] |= schemas
    for route in KEY_ROUTES:
        operation = _operation(route, shapes.get(route), template)
        operation["parameters"] = [*parameters.get(route.query, ()), *_headers()]
        operation["responses"] |= refused
        item = paths.setdefault(route.path, {})
        native = item.get(route.method.lower())
        item[route.method.lower()] = operation if native is None else _both(native, operation)


def _operation(route: KeyRoute, answer: Schema | None, template: str) -> Schema:
    place = (route.method, route.path)
    is_batch = place == ("POST", ORDERS)
    operation: Schema = {
        "tags": ["api keys"],
        "operationId": route.instruction + ("Batch" if is_batch else ""),
        "summary": route.summary,
        "description": f"Signed by an API key, instruction `{route.instruction}`.",
        "security": [{SECURITY: []}],
        "responses": {},
    }
    if route.body is not None or place == ("POST", WITHDRAWALS):
        body = _ref(route.body.__name__, template) if route.body is not None else _WITHDRAWAL
        body = {"type": "array", "minItems": 1, "items": body} if is_batch else body
        operation["requestBody"] = {
            "required": True,
            "content": {_JSON: {"schema": body, "example": key_examples.BODIES[place]}},
        }
    if is_batch:
        done = {"required": ["operation"], "properties": {"operation": {"const": "Ok"}}}
        order = {"anyOf": [_ref(name, template) for name in ("LimitOrder", "MarketOrder")]}
        items = {"anyOf": [{"allOf": [done, order]}, _ref("BatchErr", template)]}
        answer = {"type": "array", "items": items}
    if answer is not None:
        example = key_examples.ANSWERS.get(place, [])
        shown = answer if place in key_examples.ANSWERS else {"type": "array", "maxItems": 0}
        operation["responses"]["200"] = {
            "description": route.summary,
            "content": {_JSON: {"schema": shown, "example": example}},
        }
        if route.query is not None and issubclass(route.query, PageQuery):
            headers = {name: {"schema": {"type": "integer"}} for name in PAGE_HEADERS}
            operation["responses"]["200"]["headers"] = headers
    elif route.method == "PATCH":
        operation["responses"]["200"] = {"description": "Nothing was changed; the body is empty"}
    return operation


_JSON = "application/json"


def _both(native: Schema, keyed: Schema) -> Schema:
    """One operation for a path that takes either form; the header X-API-Key decides."""
    known = {each["name"] for each in native.get("parameters", ())}
    also = [
        {**each, "required": False} for each in keyed["parameters"] if each["name"] not in known
    ]
    merged = {
        **native,
        "description": f"{native.get('description', '')} Or, with the header X-API-Key, in the "
        f"convention's form: {keyed['description']}".strip(),
        "security": [{}, *keyed["security"]],
        "parameters": [*native.get("parameters", ()), *also],
    }
    if "requestBody" in native:
        merged["requestBody"] = _either(native["requestBody"], keyed["requestBody"])
    answers = native["responses"]
    answer = _either(answers["200"], keyed["responses"]["200"])
    merged["responses"] = {**answers, "200": answer}
    return merged


def _either(native: Schema, keyed: Schema) -> Schema:
    """A body or an answer of one form or the other; the example is the native one."""
    content = native["content"][_JSON]
    forms = [content["schema"], keyed["content"][_JSON]["schema"]]
    return {**native, "content": {_JSON: {**content, "schema": {"anyOf": forms}}}}


def _without_stamp(schema: Schema) -> None:
    """Timestamp and window come in headers. Unknown parameters are tolerated."""
    schema.pop("additionalProperties", None)
    schema["properties"] = {
        name: form for name, form in schema["properties"].items() if name not in UNSIGNED
    }
    schema["required"] = [name for name in schema.get("required", ()) if name not in UNSIGNED]


def _headers() -> list[Schema]:
    return [
        {"name": name, "in": "header", "required": required, "schema": form}
        for name, required, form in (
            ("X-Signature", True, _TEXT),
            ("X-Timestamp", True, {"type": "integer", "description": "Unix ms"}),
            ("X-Window", False, {"type": "integer", "maximum": 60_000, "default": 5_000}),
        )
    ]


def _parameters(query: Schema) -> list[Schema]:
    return [
        {"name": name, "in": "query", "required": name in query.get("required", ()), "schema": form}
        for name, form in query["properties"].items()
    ]


def _ref(name: str, template: str) -> Schema:
    return {"$ref": template.format(name=name)}
