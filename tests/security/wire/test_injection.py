"""Whatever a stranger writes into a filter, a path, a header or a body is data: never SQL, never a
line of the log, never a fault of ours.
"""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.desk import Desk, refusal
from tests.api.key_user import KeyUser
from tests.security.wire.raw import PATIENCE_S, connected
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE entries; --",
    '" OR ""="',
    "1); DELETE FROM trades; --",
    "1 UNION SELECT sql FROM sqlite_master",
    "ETH_USDC' AND (SELECT 1 FROM pg_sleep(60)) --",
    "1 OR 1=1",
    "%' ESCAPE '",
    "_%",
    "\\'; SELECT 1/0; --",
    "$1",
    ":symbol",
    "%s%s%n",
    "?",
    "\x00",
    "\ud7ff\uffff",
    "٣",
    "１",
    "-1",
    "0x10",
    "1e400",
    "NaN",
    "9" * 400,
    "null",
    "[]",
    "{{7*7}}",
    "${jndi:ldap://evil.example}",
)
CONTROL = (
    "\r\nforged line",
    "\n[info] forged line",
    "\x1b[2J\x1b]0;x\x07",
    "\x85\u2028forged",
    "\x08",
)
REFUSED = range(400, 500)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose tables and log are nobody else's."""
    with running_server(tmp_path_factory.mktemp("logged") / "d", "--seed-demo") as running:
        yield running


def rows(server: Server) -> dict[str, int]:
    """How many rows every table has; `projected`: the last entry that the read tables show."""
    found: dict[str, int] = {}
    for file in ("journal.db", "read.db"):
        with closing(sqlite3.connect(f"file:{server.data / file}?mode=ro", uri=True)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in names.fetchall():
                [count] = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()
                found[f"{file}: {name}"] = count
                if name == "cursor":
                    [found["projected"]] = database.execute("SELECT seq FROM cursor").fetchone()
    return found


async def settled(server: Server) -> dict[str, int]:
    """The same as soon as the read tables show the last entry."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = rows(server)
            if found["projected"] == found["journal.db: entries"]:
                return found
            await asyncio.sleep(0)


async def operations(http: httpx.AsyncClient) -> list[tuple[str, str, list[Any]]]:
    """(method, path, parameters) of all that the document names."""
    paths = (await http.get("/schema")).json()["paths"]
    return [
        (method.upper(), path, item[method].get("parameters", []))
        for path, item in paths.items()
        for method in item
    ]


def filled(path: str, parameters: list[Any], name: str, text: str) -> str:
    """The path with `text` as the parameter's value and an example for every other one."""
    query = []
    for one in parameters:
        value = text if one["name"] == name else example(one)
        if one["in"] == "path":
            path = path.replace("{" + one["name"] + "}", quote(value, safe=""))
        elif one["in"] == "query" and (one["name"] == name or one.get("required")):
            query.append(f"{one['name']}={quote(value, safe='')}")
    return f"{path}?{'&'.join(query)}"


def example(parameter: Any) -> str:
    named = {"symbol": "ETH_USDC", "ticker_id": "ETH_USDC", "market_pair": "ETH_USDC"}
    given = parameter.get("example") or parameter.get("schema", {}).get("example")
    return str(given or named.get(parameter["name"], "1"))


@pytest.mark.slow
async def test_no_filter_is_a_statement(logged: Server) -> None:
    """Every parameter of every read in the OpenAPI document gets every text; so do those of the
    routes that an API key signs, with its signature over them."""
    async with (
        httpx.AsyncClient(base_url=logged.url, trust_env=False, timeout=60) as http,
        Client(logged.url, Wallet.random()) as alice,
    ):
        key = await KeyUser(http, encoded=True).approved(alice)
        asked = [
            (path, parameters, one["name"])
            for method, path, parameters in await operations(http)
            if method == "GET"
            for one in parameters
            if one["in"] in ("path", "query")
        ]
        assert len(asked) > 60, "the document names its filters"
        before = await settled(logged)
        for path, parameters, name in asked:
            for text in SQL + CONTROL:
                answer = await http.get(filled(path, parameters, name, text))
                assert answer.status_code < 500, (path, name, text, answer.text)
        for path, instruction in KEYED.items():
            for text in SQL[:12]:
                for name in ("symbol", "orderId", "marketType", "sortDirection", "from", "limit"):
                    answer = await key.get(path, instruction, **{name: text})
                    assert answer.status_code < 500, (path, name, text, answer.text)
        assert await settled(logged) == before
        assert (await http.get("/api/v1/trades?symbol=ETH_USDC' OR '1'='1")).status_code in REFUSED


KEYED = {
    "/wapi/v1/history/fills": "fillHistoryQueryAll",
    "/wapi/v1/history/orders": "orderHistoryQueryAll",
    "/wapi/v1/capital/deposits": "depositQueryAll",
    "/wapi/v1/capital/withdrawals": "withdrawalQueryAll",
    "/api/v1/orders": "orderQueryAll",
}


async def test_no_field_of_a_body_is_a_statement(logged: Server) -> None:
    async with (
        httpx.AsyncClient(base_url=logged.url, trust_env=False, timeout=60) as http,
        Client(logged.url, Wallet.random()) as alice,
    ):
        desk = Desk(http, alice, await alice.domain())
        before = await settled(logged)
        for text in SQL + CONTROL:
            for body in (
                {"tokenIn": text, "tokenOut": "USDC", "amountIn": "1"},
                {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": text},
                {"tokenIn": "ETH", "tokenOut": "USDC", "amountIn": "1", "owner": text},
            ):
                assert (await http.post("/api/v1/quote", json=body)).status_code in REFUSED
            faucet = {"owner": alice.owner, "token": text}
            assert (await http.post("/api/v1/faucet", json=faucet)).status_code in REFUSED
            for path in ("challenge", "signin", "refresh", "signout"):
                for name in ("address", "nonce", "signature", "refreshToken"):
                    answer = await http.post(f"/api/v1/auth/{path}", json={name: text})
                    assert answer.status_code in REFUSED
            honest = desk.body(desk.swap())
            for field in honest["action"]:
                action = {**honest["action"], field: text}
                answer = await desk.sell({**honest, "action": action})
                assert answer.status_code in REFUSED, (field, text)
            assert (await desk.sell({**honest, "signature": text})).status_code in REFUSED
        assert await settled(logged) == before


async def test_no_text_of_theirs_is_a_line_of_the_log(logged: Server) -> None:
    """Paths, headers, bodies, names of streams and broken requests: the log has one line for
    nothing of it, no control character, and no line that begins as theirs does."""
    before = logged.log.read_text()
    mark = "forged-by-a-stranger"
    async with httpx.AsyncClient(base_url=logged.url, trust_env=False, timeout=60) as http:
        for text in CONTROL:
            evil = f"{text} {mark}"
            for path in ("/", "/api/v1/pools/", "/api/v1/order/", "/docs/", "/ws/"):
                await http.get(path + quote(evil, safe=""))
            await http.post("/api/v1/sell", content=evil)
            await http.post("/api/v1/sell", json={"action": {evil: evil}, "signature": evil})
            await http.get("/api/v1/capital", headers={"x-api-key": mark, "x-signature": mark})
    for text in CONTROL:
        for line in (
            f"GET /{mark}{text} HTTP/1.1",
            f"{mark}{text}",
            f"GET / HTTP/1.1\r\nx: {text}",
        ):
            async with connected(logged.port) as raw:
                await raw.send(line.encode() + b"\r\n\r\n\r\n")
                await raw.answer()
    upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    for key in ("dGhlIHNhbXBsZSBub25jZQ==", mark):
        async with connected(logged.port) as raw:
            ask = f"GET /ws?{mark}%0d%0a{mark} HTTP/1.1\r\nhost: x\r\n{upgrade}"
            await raw.send(f"{ask}sec-websocket-key: {key}\r\n\r\n".encode())
            await raw.answer()
    after = logged.log.read_text()
    assert after.startswith(before)
    assert mark not in after and "forged line" not in after
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028]", after)


async def test_a_refusal_repeats_control_characters_only_as_text(logged: Server) -> None:
    """It is JSON, so that what prints it as it is prints no escape sequence."""
    async with httpx.AsyncClient(base_url=logged.url, trust_env=False, timeout=60) as http:
        for text in CONTROL:
            answer = await http.get("/api/v1/pools/" + quote(text, safe=""))
            refusal(answer)
            assert not re.search(rb"[\x00-\x1f\x7f]", answer.content)
            assert not any(
                ord(letter) < 32 for value in answer.headers.values() for letter in value
            )
