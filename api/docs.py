"""The reference for people at /docs, from the tables that drive the routes."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.response import Redirect

from api.feed import SPELLINGS
from api.guides import links
from api.page import page, page_response
from api.schema import Schema, whole_schema
from api.services import Given
from xyk.domain.rejections import Code

CHANNELS: Mapping[str, str] = {
    "pool": "after each change: reserves [base, quote], k, totalSupply in base units, spotPrice",
    "trade": "each price-forming fill: p price, q quantity, b and a the buyer's and seller's order "
    'ids ("0" is the pool), t trade id, m buyer is maker',
    "ticker": "every second once there is a price: o h l c of 24 hours, v base and V quote volume, "
    "n trades",
}
# Streams whose names are not made by that rule: stream, alias, frames.
MORE_STREAMS = (
    (
        "depth.SYMBOL",
        "depth@SYMBOL, depth.200ms.SYMBOL, depth.600ms.SYMBOL, depth.1000ms.SYMBOL",
        "every 100 ms (or the time named): a asks and b bids that changed, [price, quantity], "
        "quantity 0 is gone; U and u: first and last update id, U is one more than the u before; "
        "empty where nothing changed. Take GET /api/v1/depth and go on from its lastUpdateId",
    ),
    (
        "bookTicker.SYMBOL",
        "bookTicker@SYMBOL",
        "when it changes: b B best bid and its quantity, a A best ask, u update id",
    ),
    (
        "account.orderUpdate@0xOWNER",
        "account.orderUpdate.SYMBOL@0xOWNER",
        "what becomes of an owner's orders, in the convention's letters: e orderAccepted, "
        "orderFill, orderCancelled, orderExpired, orderModified, triggerPlaced, triggerFailed. "
        "The address in lower case or with its checksum; a session that is shown may leave it "
        "out. Where accounts are private it needs the owner's session or the operator's",
    ),
    (
        "account.orderUpdate",
        "account.orderUpdate.SYMBOL",
        "the same of the owner whose API key signed the SUBSCRIBE",
    ),
    (
        "account.balanceUpdate",
        "account.balanceUpdate@0xOWNER",
        "of that owner, or of the one that is named as above: a asset, A available, L locked after "
        "each change of either, in whole tokens; nothing at the start, GET /api/v1/capital has it",
    ),
)


@get("/docs", include_in_schema=False)
async def get_docs(request: Request[Any, Any, Any], services: Given) -> Response[str]:
    """Made once an application: it is the dearest of all answers, and anybody may ask for it."""
    state = request.app.state
    if "docs" not in state:
        state["docs"] = reference(whole_schema(request.app, services))
    return page_response(state["docs"])


@get("/", include_in_schema=False)
async def get_root() -> Redirect:
    return Redirect("/docs", status_code=307)


def reference(schema: Schema) -> str:
    """Every route with its example, every stream, every refusal."""
    groups: dict[str, list[str]] = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    routes = [
        f"<h3>{escape(tag)}</h3>{''.join(groups[tag])}"
        for tag in sorted(groups, key=lambda tag: (tag != "trading", tag))
    ]
    streams = [
        (f"{usual}SYMBOL", f"{alias}SYMBOL", CHANNELS[channel])
        for channel, (usual, alias) in SPELLINGS.items()
    ]
    streams += MORE_STREAMS
    refusals = [(str(code.status), code.name, code.value[1]) for code in Code]
    body = _BODY.format(
        version=escape(schema["info"]["version"]),
        guides=links(),
        routes="".join(routes),
        streams=_table(("stream", "alias", "frames"), streams),
        refusals=_table(("status", "code", "meaning"), refusals),
    )
    return page("xyk API", body)


def _operation(method: str, path: str, operation: Schema) -> str:
    parts = [f"<p>{escape(operation.get('description') or '')}</p>"]
    names = ", ".join(parameter["name"] for parameter in operation.get("parameters", ()))
    if names:
        parts.append(f"<p>Parameters: {escape(names)}</p>")
    if "requestBody" in operation:
        parts.append(_example("request", operation["requestBody"]))
    parts += [_example(status, one) for status, one in operation["responses"].items()]
    summary = f"<b>{method.upper()}</b> {escape(path)} <i>{escape(operation['summary'])}</i>"
    return f"<details><summary>{summary}</summary>{''.join(parts)}</details>"


def _example(label: str, holder: Schema) -> str:
    content: Schema = next(iter(holder.get("content", {}).values()), {})
    if "example" not in content:
        return ""
    text = msgspec.json.format(msgspec.json.encode(content["example"])).decode()
    return f"<p>{escape(label)}</p><pre>{escape(text)}</pre>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<table class="reference"><tr>{top}</tr>{body}</table>'


_BODY = """<h1>xyk {version}</h1>
<p>Guides for each kind of user:</p>{guides}
<p>The same for programs: <a href="/schema">/schema</a> (OpenAPI).</p>
<h2>Signing</h2>
<p>Every change is an action that a wallet signs (EIP-712): <code>{{"action": {{...}}, "signature":
"0x..."}}</code>. <a href="/api/v1/domain">GET /api/v1/domain</a> gives domain and types. uint256
values are decimal strings of base units, smaller integers are numbers. A nonce is unix seconds
&lt;&lt; 8 | slot (0 to 255); a deadline is unix seconds. The same action again gets its first
receipt with 200, so what was not answered is sent again as it is. To change an intent, sign the new
one with the same nonce: at most one of both can happen. The examples are signed for this deployment
by the key 0x00..01.</p>
<p>An API key (Ed25519), approved by <code>POST /api/v1/api-keys</code>, signs in the Backpack
convention: headers X-API-Key, X-Signature, X-Timestamp (ms), X-Window (5000), over
<code>instruction=I</code>, the parameters sorted by name, timestamp and window, joined by
<code>&amp;</code>; a SUBSCRIBE of account streams carries <code>"signature": [key, signature,
timestamp, window]</code>. A key trades and reads, it never moves funds.</p>
<h2>Sessions</h2>
<p>POST /api/v1/auth/challenge gives a message (EIP-4361) that the wallet signs with personal_sign;
POST /api/v1/auth/signin takes the signature and gives a token for <code>Authorization: Bearer
...</code> and a refresh token, which is good once: used again it closes the session. With its token
a session reads its owner's account, follows account streams (<code>"token"</code> beside
<code>"params"</code>) and cancels, unsigned: DELETE /api/v1/order with <code>{{"orderId"}}</code>
or <code>{{"clientId"}}</code>, DELETE /api/v1/orders with <code>{{"market"}}</code>. It never
trades, moves or withdraws.</p>
<h2>Limits</h2>
<p>Who asks too much is answered 429 with Retry-After in seconds. No limit ever stops a cancel.</p>
<h2>Routes</h2>{routes}
<h2>Streams</h2>
<p>Websocket at <code>/</code> or <code>/ws</code>: <code>{{"method": "SUBSCRIBE", "params":
["trade.ETH_USDC"], "id": 1}}</code>, answered only where there is an id. Frames are
<code>{{"stream", "data"}}</code>; E and T are microseconds, decimals are strings, seq is the
journal entry. A slow reader misses older pool, ticker and bookTicker frames; where it would miss
trades, depth or order updates it is closed with 1008.</p>
<p>Orders that wait for a trigger are shown where their owner, id or digest is asked for, and are
left out of what is asked by market. The journal has them all.</p>{streams}
<h2>Refusals</h2>
<p>Where a request has several faults, the first one of this table is named.</p>{refusals}
"""
