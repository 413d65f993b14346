"""Who may sign what, and when: every way in which a key's request is refused."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.desk import Json, message_of, refusal
from tests.api.key_user import KeyUser, limit, now_ms, told
from xyk.client.client import Client

CAPITAL, ORDER = "/api/v1/capital", "/api/v1/order"
BALANCE_QUERY = "balanceQuery"
UNSIGNED, REPLAYED = (401, "INVALID_SIGNATURE"), (409, "INVALID_CLIENT_REQUEST")
MALFORMED, UNAUTHORIZED = (400, "INVALID_CLIENT_REQUEST"), (401, "UNAUTHORIZED")
BID = limit("ETH_USDC", "Bid", "0.01", "1900.55")
# A worked example of the convention's documents: the seed is the bytes 0 to 31.
GOLDEN = {
    "X-API-Key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
    "X-Signature": "a4gmR8Xzxq4kesPQPh+39Xb0N8FwQHErhW0+IqFZwB16ABD3p1x0BQdEvhLGYJ5A22WNBDqY0y"
    "+j7dyg1MURBw==",
    "X-Timestamp": "1750793021519",
}


@pytest.fixture
async def key(http: httpx.AsyncClient, alice: Client) -> KeyUser:
    return await KeyUser(http).approved(alice)


async def test_a_read_may_be_repeated(key: KeyUser) -> None:
    headers = key.headers(BALANCE_QUERY, [{}])
    answers = [await key.http.get(CAPITAL, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == {
        "USDC": {"available": "1000", "locked": "0", "staked": "0"},
        "ETH": {"available": "1000", "locked": "0", "staked": "0"},
    }


async def test_an_old_golden_signature_is_good_and_expired(http: httpx.AsyncClient) -> None:
    """The window may be left out: 5000 was signed then."""
    late = await http.get(CAPITAL, headers=GOLDEN)
    assert refusal(late) == MALFORMED
    assert "Request has expired" in message_of(late)
    other = await http.get(CAPITAL, headers={**GOLDEN, "X-Window": "5001"})
    assert refusal(other) == UNSIGNED


@pytest.mark.parametrize(
    ("change", "expected", "says"),
    [
        (lambda h: h.pop("X-Signature"), MALFORMED, "X-Signature"),
        (lambda h: h.pop("X-Timestamp"), MALFORMED, "X-Timestamp"),
        (lambda h: h.update({"X-Timestamp": "soon"}), MALFORMED, "Invalid timestamp"),
        (lambda h: h.update({"X-Timestamp": "-5"}), MALFORMED, "Invalid timestamp"),
        (lambda h: h.update({"X-Window": "60001"}), MALFORMED, "60000"),
        (lambda h: h.update({"X-Window": "0"}), MALFORMED, "60000"),
        (lambda h: h.update({"X-Window": "5.0"}), MALFORMED, "window"),
        (lambda h: h.update({"X-API-Key": "AAAA"}), MALFORMED, "32 bytes"),
        (lambda h: h.update({"X-API-Key": "%" * 44}), MALFORMED, "base64"),
        (lambda h: h.update({"X-Signature": "AAAA"}), UNSIGNED, "64 bytes"),
        (lambda h: h.update({"X-Signature": GOLDEN["X-Signature"]}), UNSIGNED, "did not sign"),
        (lambda h: h.update({"X-Window": "4999"}), UNSIGNED, "did not sign"),
    ],
)
async def test_headers_that_are_wrong(
    key: KeyUser, change: Callable[[Any], object], expected: tuple[int, str], says: str
) -> None:
    for method, path, instruction, body in (
        ("GET", CAPITAL, BALANCE_QUERY, {}),
        ("POST", ORDER, "orderExecute", BID),
        ("DELETE", ORDER, "orderCancel", {"symbol": "ETH_USDC", "orderId": "1"}),
        ("POST", "/api/v1/orders", "orderExecute", [BID]),
    ):
        elements = body if isinstance(body, list) else [body]
        headers = key.headers(instruction, elements)
        change(headers)
        content = {} if method == "GET" else {"json": body}
        answer = await key.http.request(method, path, headers=headers, **content)
        assert refusal(answer) == expected, (method, answer.text)
        assert says in message_of(answer)


async def test_a_key_only_route_says_what_it_needs(http: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", CAPITAL),
        ("GET", "/wapi/v1/history/fills"),
        ("POST", "/api/v1/orders"),
    ):
        answer = await http.request(method, path)
        assert refusal(answer) == MALFORMED
        assert "X-API-Key" in message_of(answer)


@pytest.mark.parametrize(
    ("shift", "window", "good"),
    [
        (-4_000, 5_000, True),
        (-6_000, 5_000, False),
        (-50_000, 60_000, True),
        (-61_000, 60_000, False),
        (4_000, 5_000, True),
        (30_000, 60_000, False),
    ],
)
async def test_the_window(key: KeyUser, shift: int, window: int, good: bool) -> None:
    stamp = now_ms() + shift
    headers = key.headers(BALANCE_QUERY, [{}], timestamp=stamp, window=window)
    read = await key.http.get(CAPITAL, headers=headers)
    order = await key.order(BID, timestamp=stamp, window=window)
    if good:
        assert (read.status_code, order.status_code) == (200, 200), order.text
        return
    for answer in (read, order):
        assert refusal(answer) == MALFORMED
        assert "timestamp" in message_of(answer)
        expected = "Request has expired" if shift < 0 else "Invalid timestamp"
        assert expected in message_of(answer)


async def test_an_order_is_taken_once(key: KeyUser) -> None:
    stamp = now_ms()
    first = await key.order(BID, timestamp=stamp)
    again = await key.order(BID, timestamp=stamp)
    assert first.status_code == 200
    assert refusal(again) == REPLAYED
    [order] = await told(key, "/api/v1/orders", "orderQueryAll")
    assert order == first.json()


async def test_a_changed_value_was_not_signed(key: KeyUser) -> None:
    headers = key.headers("orderExecute", [BID])
    for body in ({**BID, "quantity": "0.02"}, {**BID, "postOnly": False}):
        assert refusal(await key.http.post(ORDER, json=body, headers=headers)) == UNSIGNED
    headers = key.headers("orderQueryAll", [{"symbol": "ETH_USDC"}])
    answer = await key.http.get("/api/v1/orders", params={"symbol": "BTC_USDC"}, headers=headers)
    assert refusal(answer) == UNSIGNED
    other = key.headers("orderCancel", [BID])
    assert refusal(await key.http.post(ORDER, json=BID, headers=other)) == UNSIGNED


async def test_values_are_signed_as_they_stand(key: KeyUser) -> None:
    """A number keeps its digits, true is true, and null says nothing."""
    signed = {"clientId": "1e1", "price": "1900.550", "postOnly": "true", "symbol": "ETH_USDC"}
    headers = key.headers("orderExecute", [{**BID, **signed}])
    body = (
        b'{"symbol":"ETH_USDC","side":"Bid","orderType":"Limit","quantity":"0.01", '
        b'"price": 1900.550 ,"postOnly":true,"clientId":%b,"timeInForce":null}'
    )
    wrong = await key.http.post(ORDER, content=body % b"1e1", headers=headers)
    assert refusal(wrong) == MALFORMED, "signed as it stands, and no integer"
    unlike = await key.http.post(ORDER, content=body % b"10", headers=headers)
    assert refusal(unlike) == UNSIGNED
    signed["clientId"] = "10"
    headers = key.headers("orderExecute", [{**BID, **signed}])
    good = await key.http.post(ORDER, content=body % b"10", headers=headers)
    assert good.status_code == 200, good.text
    assert (good.json()["clientId"], good.json()["price"]) == (10, "1900.55")
    assert good.json()["postOnly"] is True


async def test_a_python_boolean_in_a_query(key: KeyUser) -> None:
    """bpx-py sends True and signs true."""
    named = {"symbol": "ETH_USDC", "side": "Ask", "reduceOnly": "true"}
    headers = key.headers("maxOrderQuantity", [named])
    params = {**named, "reduceOnly": "True"}
    answer = await key.http.get("/api/v1/account/limits/order", params=params, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("encoded", [False, True])
async def test_special_characters(http: httpx.AsyncClient, alice: Client, encoded: bool) -> None:
    """Both forms of the signed text reach the refusal that a good signature gets."""
    key = await KeyUser(http, encoded=encoded).approved(alice)
    body = {"address": "a b/c+d", "blockchain": "Solana", "quantity": "1", "symbol": "USDC"}
    answer = await key.send("POST", "/wapi/v1/capital/withdrawals", "withdraw", body)
    assert refusal(answer) == (403, "FORBIDDEN")
    assert "/api/v1/withdraw" in message_of(answer)
    listed = await key.get("/api/v1/capital", BALANCE_QUERY, note="a b/c+d%")
    assert listed.status_code == 200, listed.text


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b'{"symbol":', b'{"symbol":"\xff"}', b'{"symbol":["ETH_USDC"]}', b"null"],
)
async def test_bodies_that_are_none(key: KeyUser, body: bytes) -> None:
    headers = key.headers("orderExecute", [{}])
    for method in ("POST", "DELETE"):
        answer = await key.http.request(method, ORDER, content=body, headers=headers)
        assert refusal(answer) == MALFORMED, answer.text


async def test_a_value_cannot_look_like_a_parameter(key: KeyUser) -> None:
    """`a=1&b=2` as one value or two: the same text, so such values are refused."""
    for value in ("ETH_USDC&side=Bid", "a=b", "a\nb"):
        answer = await key.order({**BID, "symbol": value})
        assert refusal(answer) == MALFORMED, answer.text
        answer = await key.get("/api/v1/orders", "orderQueryAll", symbol=value)
        assert refusal(answer) == MALFORMED, answer.text
    twice = await key.http.get(
        "/api/v1/orders?symbol=ETH_USDC&symbol=BTC_USDC",
        headers=key.headers("orderQueryAll", [{"symbol": "BTC_USDC"}]),
    )
    assert refusal(twice) == MALFORMED


async def everything(key: KeyUser) -> list[tuple[int, str]]:
    """A read, an order, a batch's element and a cancel."""
    read = await key.get(CAPITAL, BALANCE_QUERY)
    order = await key.order(BID)
    [element] = (await key.orders([BID])).json()
    cancel = await key.cancel({"symbol": "ETH_USDC", "clientId": 1})
    update = await key.send("PATCH", "/api/v1/account", "accountUpdate", {"autoLend": False})
    assert element["operation"] == "Err"
    return [
        *(refusal(read), refusal(order), (401, element["code"])),
        *(refusal(cancel), refusal(update)),
    ]


async def test_keys_that_may_not(http: httpx.AsyncClient, alice: Client) -> None:
    unknown, revoked = KeyUser(http), await KeyUser(http).approved(alice)
    await alice.revoke_api_key(revoked.hex)
    assert await everything(unknown) == [UNAUTHORIZED] * 5
    assert await everything(revoked) == [UNAUTHORIZED] * 5


async def test_an_expired_key(http: httpx.AsyncClient, alice: Client) -> None:
    """Good to the end of its last second."""
    until = now_ms() // 1000 + 1
    key = await KeyUser(http).approved(alice, until)
    assert (await key.get(CAPITAL, BALANCE_QUERY)).status_code == 200
    while int((await http.get("/api/v1/time")).text) // 1000 <= until:
        pass
    assert await everything(key) == [UNAUTHORIZED] * 5


async def test_native_routes_know_no_keys(key: KeyUser) -> None:
    body: Json = {"token": "USDC", "amount": "1"}
    answer = await key.send("POST", "/api/v1/withdraw", "withdraw", body)
    assert refusal(answer) == MALFORMED
