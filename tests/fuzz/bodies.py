"""Targets for what a client posts: the decoders alone, which must give the same Struct again, and
the whole gateway, which must answer everything and never with a fault of ours.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from api import examples
from api.auth import AUTH_ROUTES, CancelAllRequest, CancelRequest
from api.key_orders import ORDER_EXECUTE
from api.key_requests import batch_parameters, body_parameters, query_parameters
from api.key_routes import KEY_ROUTES
from api.market_queries import QUERY_ROUTES
from api.problems import Problem, decode
from api.query import parser
from api.quotes import QuoteRequest
from api.trading import ELEMENTS, SIGNED_ROUTES, Elements, FaucetRequest, Signed
from tests.fuzz.exchange import KEY, OWNER, Headers, Reply, exchange
from xyk.client.signed import sign
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import decode_wire
from xyk.wallet.api_key import command_of, commands_of, signed_texts
from xyk.wallet.typed_data import Domain, message
from xyk.wallet.verify import verify_action

DOMAIN = Domain("0x" + "5a" * 32)
KINDS: tuple[Any, ...] = (
    *(Signed[route.action] for route in SIGNED_ROUTES),
    Elements,
    FaucetRequest,
    QuoteRequest,
    CancelRequest,
    CancelAllRequest,
    *(route.body for route in AUTH_ROUTES),
)
DECODERS = tuple(
    msgspec.json.Decoder(kind, dec_hook=decode_wire, strict=True)  # as every endpoint has one
    for kind in KINDS
)
SIGNED_KINDS = len(SIGNED_ROUTES)
QUERIES = tuple((route.query, parser(route.query)) for route in QUERY_ROUTES)
TIMESTAMP, WINDOW = 1_790_000_000_000, 5_000
# What a request may be answered; 500 is a fault, 503 does not happen where nothing is busy.
STATUSES = {200, 201, 204, 307, 400, 401, 403, 404, 405, 409, 413, 422, 429, 501}
CODES = {code.name for code in Code}


def bodies(data: bytes) -> None:
    """The first byte chooses the route. Accepted: the same Struct again from its own wire form, and
    hashed and recovered without a fault."""
    index = data[0] % len(DECODERS) if data else 0
    found: Any = decode(DECODERS[index], data[1:])
    if isinstance(found, Rejected):
        refused_as_malformed(found)
        return
    if index < SIGNED_KINDS:
        again = {"action": message(found.action), "signature": found.signature}
    elif index == SIGNED_KINDS:
        again = [wire_element(element) for element in found]  # type: ignore[assignment]
    else:
        again = _wire(found)
    assert decode(DECODERS[index], msgspec.json.encode(again)) == found, found
    for one in found if index == SIGNED_KINDS else [found] if index < SIGNED_KINDS else []:
        proof = verify_action(DOMAIN, one.action, one.signature)
        assert isinstance(proof, tuple) or proof.code is Code.INVALID_SIGNATURE


def wire_element(element: Any) -> dict[str, Any]:
    kind = type(element.action).__name__
    assert isinstance(element, ELEMENTS[kind])
    return {"type": kind, "action": message(element.action), "signature": element.signature}


def _wire(found: Any) -> Any:
    """uint256 as text, which these Structs name amount or amountIn and the like."""
    plain = msgspec.to_builtins(found)
    return {
        name: str(value) if name.lower().startswith("amount") and value is not None else value
        for name, value in plain.items()
    }


def queries(data: bytes) -> None:
    """The first byte chooses the route; the rest is a query string. One of known fields, written
    again, is read as the same."""
    kind, parse = QUERIES[data[0] % len(QUERIES) if data else 0]
    found = parse(data[1:])
    if isinstance(found, Rejected):
        refused_as_malformed(found)
        return
    values = {k: v for k, v in msgspec.to_builtins(found).items() if v not in ("", None)}
    again = "&".join(f"{k}={quote(_text(v), safe='')}" for k, v in values.items())
    assert parse(again.encode("latin-1")) == found, (kind, again)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def key_bodies(data: bytes) -> None:
    """The first byte: an object, an array, or a query string; of an instruction. What is read as
    parameters is signed as a text; where every element may be a command, the text asks for the very
    same commands, in both of its forms."""
    first, body = (data[0], data[1:]) if data else (0, b"")
    instruction = (ORDER_EXECUTE, "orderCancel", "orderCancelAll", "balanceQuery")[first // 3 % 4]
    elements: Any
    if first % 3 == 0:
        elements = body_parameters(body)
    elif first % 3 == 1:
        elements = batch_parameters(body)
    else:
        elements = query_parameters({"query_string": body})
    if isinstance(elements, Rejected):
        refused_as_malformed(elements)
        return
    elements = elements if isinstance(elements, list) else [elements]
    texts = signed_texts(instruction, elements, TIMESTAMP, WINDOW)
    asked = [command_of(instruction, each, TIMESTAMP, WINDOW) for each in elements]
    if elements and not any(isinstance(one, Rejected) for one in asked):
        for text in texts:
            assert commands_of(text) == tuple(asked), text
    for one in asked:
        if isinstance(one, Rejected):
            assert one.code in (Code.INVALID_CLIENT_REQUEST, Code.INVALID_ORDER), one
    for text in texts:
        commands_of(text)


def refused_as_malformed(rejected: Rejected) -> None:
    assert rejected.code is Code.INVALID_CLIENT_REQUEST, rejected
    assert rejected.http_status == 400 and rejected.message, rejected


READS = (
    *(route.path for route in QUERY_ROUTES),
    *("/api/v1/quote", "/api/v1/klines", "/api/v1/market", "/api/v1/order", "/api/v1/orders"),
    *("/udf/history", "/udf/symbols", "/udf/search", "/listing/coingecko/historical_trades"),
    *("/listing/coingecko/orderbook", "/listing/geckoterminal/events"),
    *("/listing/geckoterminal/pair", "/listing/geckoterminal/asset"),
    *("/api/v1/accounts/0x" + "11" * 20, "/api/v1/pools/ETH_USDC", "/docs/bots"),
    "/api/v1/quote/order",
)
PLACES: tuple[tuple[str, str, str], ...] = (  # method, path, instruction of a key
    *((route.method, route.path, "") for route in SIGNED_ROUTES),
    *(("POST", path, "") for path in ("/api/v1/actions", "/api/v1/faucet", "/api/v1/quote")),
    *(("POST", route.path, "") for route in AUTH_ROUTES),
    *((route.method, route.path, route.instruction) for route in KEY_ROUTES),
    *(("GET", path, "") for path in READS),
)


def gateway(data: bytes) -> None:
    """The first byte chooses a route, the second whether the API key or a bearer token goes with
    it; the rest is the body, or the query. What can be signed is signed, so that it comes far."""
    method, path, instruction = PLACES[data[0] % len(PLACES) if data else 0]
    rest = data[2:]
    is_read = method == "GET"
    headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
    if instruction:
        headers += _key_headers(method, path, instruction, rest)
    elif data[1:2] >= b"\x80":
        headers.append((b"authorization", b"Bearer " + data[2:40].replace(b"\n", b"")))
    else:
        rest = _signed(method, path, rest)
    body, query = (b"", rest) if is_read else (rest, b"")
    target = exchange()
    reply = target.run(target.http(method, path, body, query, headers))
    answered(reply)


def answered(reply: Reply) -> None:
    """Well, or refused with a code of ours."""
    assert reply.status in STATUSES, reply
    if reply.status >= 400:
        fault = msgspec.json.decode(reply.body, type=Problem)
        assert fault.code in CODES and fault.message, fault


def _key_headers(method: str, path: str, instruction: str, rest: bytes) -> Headers:
    elements: Any
    if method == "GET":
        elements = query_parameters({"query_string": rest})
    elif (method, path) == ("POST", "/api/v1/orders"):
        elements = batch_parameters(rest)
    else:
        elements = body_parameters(rest)
    signed = [] if isinstance(elements, Rejected) else elements
    now_ms = exchange().services.now_ms()
    signed = signed if isinstance(signed, list) else [signed]
    texts = signed_texts(instruction, signed, now_ms, WINDOW)
    named = {
        b"x-api-key": b64encode(bytes.fromhex(KEY.public[2:])),
        b"x-signature": KEY.sign(texts[0]).encode(),
        b"x-timestamp": str(now_ms).encode(),
        b"x-window": str(WINDOW).encode(),
    }
    return list(named.items())


def _signed(method: str, path: str, body: bytes) -> bytes:
    """Where it is an action of the wallet's with nonce 0: stamped and signed as a client does."""
    for index, route in enumerate(SIGNED_ROUTES):
        if (route.method, route.path) == (method, path):
            found: Any = decode(DECODERS[index], body)
            is_ours = not isinstance(found, Rejected) and found.action.owner == OWNER.address
            if not is_ours or found.action.nonce:
                return body
            action = msgspec.structs.replace(found.action, **exchange().stamp())
            return sign(OWNER, exchange().services.domain, action).body
    return body


def body_seeds() -> Iterator[bytes]:
    for index, route in enumerate(SIGNED_ROUTES):
        signed = examples.signed(DOMAIN, route.action)
        yield bytes([index]) + msgspec.json.encode(signed)
    batch = [
        {"type": route.action.__name__, **examples.signed(DOMAIN, route.action)}
        for route in SIGNED_ROUTES[:4]
    ]
    others = [batch, examples.FAUCET, examples.QUOTE, {"orderId": "7"}, {"market": "ETH_USDC"}]
    others += [examples.AUTH[route.body.__name__] for route in AUTH_ROUTES]
    for index, body in enumerate(others, start=SIGNED_KINDS):
        yield bytes([index]) + msgspec.json.encode(body)


def query_seeds() -> Iterator[bytes]:
    for index in range(len(QUERIES)):
        yield bytes([index]) + b"symbol=ETH_USDC&interval=1d&limit=100&offset=20"
    yield b"\x00symbol=ETH_USDC&limit=%2B7&symbol=%C3%A9%ff&&="


ORDER = {
    "symbol": "ETH_USDC",
    "side": "Bid",
    "orderType": "Limit",
    "price": "1900.55",
    "quantity": "0.5",
    "clientId": 7,
    "postOnly": True,
    "timeInForce": "GTC",
}
MARKET = {"symbol": "ETH_USDC", "side": "Ask", "orderType": "Market", "quoteQuantity": "25.5"}


def key_body_seeds() -> Iterator[bytes]:
    encode = msgspec.json.encode
    yield b"\x00" + encode(ORDER)
    yield b"\x00" + encode({**MARKET, "slippageTolerance": "1.5", "triggerPrice": None})
    yield b"\x01" + encode([ORDER, MARKET])
    yield b"\x02symbol=ETH_USDC&orderType=Limit&side=Bid"
    yield b"\x03" + encode({"symbol": "ETH_USDC", "orderId": "12"})
    yield b"\x06" + encode({"symbol": "ETH_USDC", "note": "12.5% a/b"})


def gateway_seeds() -> Iterator[bytes]:
    for index, (method, path, instruction) in enumerate(PLACES):
        start = bytes([index, 0])
        if method == "GET":
            yield start + b"symbol=ETH_USDC&interval=1h&startTime=0&limit=5&tokenIn=ETH&amountIn=9"
        elif instruction:
            body = [ORDER, MARKET] if path == "/api/v1/orders" and method == "POST" else ORDER
            yield start + msgspec.json.encode(body)
        elif index < SIGNED_KINDS:
            action = examples.action(SIGNED_ROUTES[index].action)
            fields = {"owner": OWNER.address, "nonce": 0, "deadline": 0}
            ours = msgspec.structs.replace(action, **fields)
            yield start + msgspec.json.encode({"action": message(ours), "signature": "0x"})
        elif path == "/api/v1/actions":
            batch = [{"type": "Transfer", **examples.signed(DOMAIN, SIGNED_ROUTES[9].action)}]
            yield start + msgspec.json.encode(batch)
        else:
            yield start + msgspec.json.encode(examples.FAUCET)
