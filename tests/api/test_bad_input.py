"""What is no request at all: 400 with the path of the field, or 413; and nothing changes."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from tests.api.desk import Desk, Json, encoded, message_of, refusal
from xyk.domain.units import BODY_MAX, UINT256_MAX

MALFORMED = (400, "INVALID_CLIENT_REQUEST")
TOO_LARGE = (413, "TOO_LARGE")


def raw(text: str) -> msgspec.Raw:
    """JSON as it stands, also where no encoder would write it."""
    return msgspec.Raw(text.encode())


# What stands in place of amountIn, which is a uint256.
NOT_A_UINT256: dict[str, Any] = {
    "a number": 5,
    "a float": 1.5,
    "a whole float": raw("1.0"),
    "an exponent as a number": raw("1e18"),
    "a bool": True,
    "null": None,
    "a list": [1],
    "an object": {},
    "negative": "-1",
    "minus zero": "-0",
    "an exponent": "1e18",
    "hexadecimal": "0x10",
    "a line feed at the end": "1\n",
    "a space": " 1",
    "a plus": "+1",
    "an underscore": "1_000",
    "a point": "1.0",
    "a leading zero": "01",
    "empty": "",
    "other digits": "١٢",
    "a superscript": "²",
    "2^256": str(UINT256_MAX + 1),
    "79 digits": "1" * 79,
}
# What stands in place of nonce, which is a uint64.
NOT_A_UINT64: dict[str, Any] = {
    "a float": 1.5,
    "a whole float": raw("1.0"),
    "an exponent": raw("1e3"),
    "a bool": True,
    "null": None,
    "negative": -1,
    "2^64": 2**64,
    "2^64 as a string": str(2**64),
    "a leading zero": "01",
    "a line feed at the end": "1\n",
    "hexadecimal": "0x10",
    "empty": "",
}
NOT_AN_ADDRESS: dict[str, Any] = {
    "a number": 5,
    "a symbol": "ETH",
    "no 0x": "00" * 20,
    "19 bytes": "0x" + "00" * 19,
    "21 bytes": "0x" + "00" * 21,
    "no hex": "0x" + "zz" * 20,
    "0X": "0X" + "00" * 20,
    "a line feed at the end": "0x" + "00" * 19 + "0\n",
    "null": None,
}


def fields(kinds: dict[str, dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(field, value, id=f"{field} is {name}")
        for field, values in kinds.items()
        for name, value in values.items()
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    fields({"amountIn": NOT_A_UINT256, "nonce": NOT_A_UINT64, "tokenIn": NOT_AN_ADDRESS}),
)
async def test_a_field_of_another_form_is_named(desk: Desk, field: str, value: Any) -> None:
    before = await seq(desk)
    body = desk.body(desk.swap())
    body["action"][field] = value

    response = await desk.sell(body)

    assert refusal(response) == MALFORMED
    assert f"`$.action.{field}`" in message_of(response)
    assert await seq(desk) == before


def without(*path: str) -> Callable[[Json], Json]:
    def change(body: Json) -> Json:
        inner = body
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return body

    return change


def with_more(*path: str) -> Callable[[Json], Json]:
    def change(body: Json) -> Json:
        inner = body
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = 1
        return body

    return change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (with_more("note"), "$.note"),
        (with_more("action", "slippage"), "$.action.slippage"),
        (without("signature"), "$.signature"),
        (without("action"), "$.action"),
        (without("action", "deadline"), "$.action.deadline"),
        (lambda body: {**body, "signature": 5}, "$.signature"),
        (lambda body: {**body, "action": []}, "$.action"),
        (lambda body: [body], "$"),
        (lambda body: None, "$"),
        (lambda body: "text", "$"),
    ],
)
async def test_the_form_of_the_body_is_strict(
    desk: Desk, change: Callable[[Json], object], path: str
) -> None:
    response = await desk.sell(change(desk.body(desk.swap())))
    assert refusal(response) == MALFORMED
    assert f"`{path}`" in message_of(response)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="no body"),
        pytest.param(b" ", id="a space"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{}x", id="something behind"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'{"action":{"owner":"\xff"}}', id="no UTF-8 inside"),
        pytest.param(b'{"signature":"\\ud800"}', id="half a surrogate pair"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param(b"[" * 100_000, id="100,000 lists deep"),
        pytest.param(b'{"action":' * 100 + b"1", id="100 objects deep"),
        pytest.param(
            b'{"action":{"amountIn":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
            id="100,000 lists deep where a field is",
        ),
    ],
)
@pytest.mark.parametrize(
    "path", ["/api/v1/sell", "/api/v1/actions", "/api/v1/faucet", "/api/v1/quote"]
)
async def test_what_is_no_json_is_malformed(
    http: httpx.AsyncClient, path: str, body: bytes
) -> None:
    assert refusal(await http.post(path, content=body)) == MALFORMED


@pytest.mark.parametrize(
    "path", ["/api/v1/sell", "/api/v1/actions", "/api/v1/faucet", "/api/v1/quote"]
)
@pytest.mark.parametrize("size", [BODY_MAX + 1, 10 * 1024 * 1024])
async def test_a_large_body_is_refused(http: httpx.AsyncClient, path: str, size: int) -> None:
    assert refusal(await http.post(path, content=b" " * size)) == TOO_LARGE


@pytest.mark.parametrize("path", ["/api/v1/sell", "/api/v1/quote"])
async def test_a_large_body_without_a_length_is_refused(http: httpx.AsyncClient, path: str) -> None:
    async def chunks() -> Any:
        for _ in range(BODY_MAX // 4096 + 2):
            yield b" " * 4096

    response = await http.post(path, content=chunks())
    assert "content-length" not in response.request.headers
    assert refusal(response) == TOO_LARGE


async def test_the_largest_body_is_read(desk: Desk) -> None:
    body = encoded(desk.body(desk.swap()))
    assert (await desk.sell(body.ljust(BODY_MAX))).status_code == 201


async def test_an_announced_large_body_is_refused_before_it_is_sent(url: str) -> None:
    """As curl asks: the head alone, with `Expect: 100-continue`."""
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port), timeout=60) as connection:
        connection.sendall(
            b"POST /api/v1/sell HTTP/1.1\r\nHost: exchange\r\nExpect: 100-continue\r\n"
            b"Content-Length: 10485760\r\n\r\n"
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


async def test_the_connection_goes_on_after_a_refusal(http: httpx.AsyncClient, desk: Desk) -> None:
    """What is left of a body that was too large is not taken for the next request."""
    assert refusal(await desk.sell(b"x" * (BODY_MAX + 1))) == TOO_LARGE
    assert (await http.get("/api/v1/ping")).text == "pong"
    assert (await desk.sell(desk.body(desk.swap()))).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "RESOURCE_NOT_FOUND"),
        ("POST", "/api/v1/sell/", 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/schema/nothing", 404, "RESOURCE_NOT_FOUND"),
        ("GET", "/api/v1/sell", 405, "INVALID_CLIENT_REQUEST"),
        ("DELETE", "/api/v1/sell", 405, "INVALID_CLIENT_REQUEST"),
        ("PUT", "/api/v1/assets", 405, "INVALID_CLIENT_REQUEST"),
        ("POST", "/api/v1/status", 405, "INVALID_CLIENT_REQUEST"),
    ],
)
async def test_unknown_routes_and_methods(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await http.request(method, path)
    assert refusal(response) == (status, code)
    if status == 405:
        assert method not in response.headers["allow"]


async def test_reads_and_signed_routes_share_paths(http: httpx.AsyncClient) -> None:
    for path in ("/api/v1/assets", "/api/v1/markets"):
        assert (await http.get(path)).status_code == 200
        assert refusal(await http.post(path, content=b"{}")) == MALFORMED
        allowed = (await http.put(path)).headers["allow"].split(", ")
        assert {"GET", "POST"} <= set(allowed)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"owner": "me", "token": "ETH"}, "$.owner"),
        ({"owner": "0x" + "00" * 20, "token": "ETH"}, "$.owner"),
        ({"owner": "0x" + "11" * 20}, "$.token"),
        ({"owner": "0x" + "11" * 20, "token": "0x11"}, "$.token"),
        ({"owner": "0x" + "11" * 20, "token": "ETH", "amount": 5}, "$.amount"),
        ({"owner": "0x" + "11" * 20, "token": "ETH", "gift": True}, "$.gift"),
    ],
)
async def test_the_faucet_is_strict_too(http: httpx.AsyncClient, body: Json, path: str) -> None:
    response = await http.post("/api/v1/faucet", content=encoded(body))
    assert refusal(response) == MALFORMED
    assert f"`{path}`" in message_of(response)


async def seq(desk: Desk) -> int:
    value = (await desk.http.get("/api/v1/status")).json()["seq"]
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("path", ["/api/v1/sell", "/api/v1/actions", "/api/v1/quote"])
def test_a_client_that_writes_before_it_reads_sees_the_413(url: str, path: str) -> None:
    """urllib closes its connections and writes all of the 10 MB first."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url + path, data=b" " * 10**7), timeout=60)
    assert refused.value.code == 413
    assert json.load(refused.value)["code"] == "TOO_LARGE"
