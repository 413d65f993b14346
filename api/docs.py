"""OpenAPI at /schema and a page for people at /docs, both from the tables that drive the routes.

litestar describes the reads; the signed routes stand outside of it and are described here from the
same Structs that decode them. The page is plain HTML and loads nothing from anywhere.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec
from litestar import Litestar

from api.problems import Problem
from api.trading import ACTIONS_PATH, FAUCET_PATH, SIGNED_ROUTES, SignedRoute
from xyk.domain.rejections import Code

_NUMBERS = {"uint64": "integer", "uint32": "integer", "uint8": "integer", "int32": "integer"}
_EXAMPLES = {
    "address": "0x70c97aEDf7449ba9778B9C0E5DCAe631077C1918",
    "uint256": "1000000000000000000",
    "uint64": 459571200007,
    "uint32": 30,
    "uint8": 18,
    "int32": 5,
    "bytes32": "0x" + "ab" * 32,
}
_NAMED = {
    "deadline": 1795200060,
    "validUntil": 1795286400,
    "symbol": "ETH",
    "base": "ETH",
    "quote": "USDC",
    "market": "ETH_USDC",
    "status": "open",
}
_SIGNATURE = "0x" + "12" * 65


def schema(app: Litestar, sandbox: bool) -> dict[str, Any]:
    """The whole OpenAPI document."""
    document = app.openapi_schema.to_schema()
    paths: dict[str, Any] = document.setdefault("paths", {})
    components = document.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = _problem_schema()
    for route in SIGNED_ROUTES:
        name = route.action.__name__
        components[name] = action_schema(route.action)
        body = {
            "type": "object",
            "additionalProperties": False,
            "required": ["action", "signature"],
            "properties": {
                "action": {"$ref": f"#/components/schemas/{name}"},
                "signature": {"type": "string", "description": "65 bytes r,s,v or EIP-2098, 0x"},
            },
        }
        example = {"action": action_example(route.action), "signature": _SIGNATURE}
        operation = _operation(route.summary, "trading", name, body, example, ("201", "200"))
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    element = {"type": SIGNED_ROUTES[0].action.__name__}
    swap = {**element, "action": action_example(SIGNED_ROUTES[0].action), "signature": _SIGNATURE}
    batch = {"type": "array", "maxItems": 100, "items": {"type": "object"}}
    paths[ACTIONS_PATH] = {
        "post": _operation("Up to 100 actions", "trading", "Actions", batch, [swap], ("200",))
    }
    if sandbox:
        wish = {"owner": _EXAMPLES["address"], "token": "ETH", "amount": _EXAMPLES["uint256"]}
        paths[FAUCET_PATH] = {
            "post": _operation(
                "Test funds", "sandbox", "Faucet", {"type": "object"}, wish, ("201",)
            )
        }
    return document


def action_schema(action: Any) -> dict[str, Any]:
    """JSON schema of an action as it travels."""
    properties = {}
    for field in msgspec.structs.fields(action):
        solidity = getattr(field.type, "solidity", None)
        if solidity is None:
            kind = "boolean" if field.type is bool else "string"
            properties[field.encode_name] = {"type": kind}
        elif solidity == "uint256":
            properties[field.encode_name] = {
                "type": "string",
                "pattern": "^(0|[1-9][0-9]{0,77})$",
                "description": "uint256, base units",
            }
        else:
            kind = _NUMBERS.get(solidity, "string")
            properties[field.encode_name] = {"type": kind, "description": solidity}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def action_example(action: Any) -> dict[str, Any]:
    example: dict[str, Any] = {}
    for field in msgspec.structs.fields(action):
        solidity = getattr(field.type, "solidity", "bool" if field.type is bool else "string")
        example[field.encode_name] = _NAMED.get(
            field.encode_name, False if solidity == "bool" else _EXAMPLES.get(solidity, "")
        )
    return example


def page(document: dict[str, Any]) -> str:
    """Every route and every refusal, readable without a script."""
    rows = []
    for path, item in sorted(document["paths"].items()):
        for method, operation in item.items():
            rows.append((method.upper(), path, operation.get("summary", "")))
    routes = _table(("method", "path", "what"), rows)
    refusals = _table(
        ("status", "code", "meaning"),
        [(str(code.status), code.name, code.value[1]) for code in Code],
    )
    signed = _table(("action", "fields"), [_fields(route) for route in SIGNED_ROUTES])
    return _PAGE.format(routes=routes, refusals=refusals, signed=signed)


def _fields(route: SignedRoute) -> tuple[str, str]:
    names = ", ".join(field.encode_name for field in msgspec.structs.fields(route.action))
    return route.action.__name__, names


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _operation(
    summary: str, tag: str, name: str, body: Any, example: Any, answers: Sequence[str]
) -> dict[str, Any]:
    refused = {
        "description": "Refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return {
        "summary": summary,
        "operationId": name,
        "tags": [tag],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example}},
        },
        "responses": {
            **{
                status: {"description": "The receipt, or the answers in order"}
                for status in answers
            },
            "4XX": refused,
            "5XX": refused,
        },
    }


def _problem_schema() -> dict[str, Any]:
    fields = [field.encode_name for field in msgspec.structs.fields(Problem)]
    properties: dict[str, Any] = {name: {"type": "string"} for name in fields}
    properties["code"]["enum"] = [code.name for code in Code]
    return {"type": "object", "required": fields, "properties": properties}


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>xyk API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left;
  vertical-align: top }}
td:nth-child(-n+2) {{ font-family: ui-monospace, monospace; font-size: 13px }}
</style></head><body>
<h1>xyk</h1>
<p>Every change is an action that a wallet signs (EIP-712). <a href="/api/v1/domain">GET
/api/v1/domain</a> gives the domain and the types; post <code>{{"action": {{...}}, "signature":
"0x..."}}</code>. The same bytes again get the first receipt. <a href="/schema">OpenAPI</a>.</p>
<h2>Routes</h2>{routes}
<h2>Signed actions</h2>{signed}
<h2>Refusals, first one first</h2>{refusals}
<h2>Stream</h2>
<p>Websocket at <code>/</code> or <code>/ws</code>: <code>{{"method": "SUBSCRIBE", "params":
["pool.ETH_USDC", "trade.ETH_USDC", "ticker.ETH_USDC"]}}</code>.</p>
</body></html>
"""
