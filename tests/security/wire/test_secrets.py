"""What must stay secret stands in no log, no metric, no refusal and no answer to anybody else."""

import ast
import hmac
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.api.key_user import KeyUser
from tests.security.wire.raw import connected
from tests.server import ROOT, Server, run_xyk, running_server
from xyk.cli.keys import DEMO, OPERATOR, SESSIONS, read_wallet
from xyk.client.client import Client
from xyk.wallet.access_token import TokenFault, TokenMint
from xyk.wallet.signer import Wallet

PASSWORD = "hunter2-of-the-database"


@pytest.fixture(scope="module", params=["console", "json"])
def spoken(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("spoken") / "d"
    with running_server(data, "--seed-demo", "--log", request.param) as running:
        yield running


async def test_no_secret_of_a_run_is_told(spoken: Server) -> None:
    """Every credential is used, rightly and wrongly, over every way in; then all that the server
    said is searched for it."""
    said: list[str] = []

    async def heard(response: httpx.Response) -> None:
        await response.aread()
        if response.url.path not in ("/api/v1/auth/signin", "/api/v1/auth/refresh"):
            said.append(f"{response.headers}{response.text}")

    async with (
        httpx.AsyncClient(
            base_url=spoken.url, trust_env=False, event_hooks={"response": [heard]}, timeout=60
        ) as http,
        Client(spoken.url, Wallet.random()) as bob,
    ):
        session = await bob.sign_in()
        secrets = [session["token"], session["refreshToken"]]
        renewed = await bob.refresh()
        secrets += [renewed["token"], renewed["refreshToken"]]
        for name in (OPERATOR, DEMO, SESSIONS):
            secrets.append((spoken.data / name).read_text().strip()[2:])

        key = await KeyUser(http).approved(bob)
        signature = key.headers("balanceQuery", [{}])["X-Signature"]
        secrets += [signature, renewed["token"].rpartition(".")[2]]
        for token in secrets:
            for text in (f"Bearer {token}", f"Bearer x{token}", f"Bearer {token[:-1]}"):
                headers = {"authorization": text, "x-signature": token}
                await http.request("DELETE", "/api/v1/orders", json={}, headers=headers)
                await http.get("/api/v1/accounts/" + bob.owner, headers=headers)
                await http.post("/api/v1/sell", content=b"{", headers=headers)
        for body in ({"refreshToken": secrets[1]}, {"refreshToken": secrets[1] + "x"}):
            await http.post("/api/v1/auth/refresh", json=body)
        for changes in ({}, {"window": 1}, {"timestamp": 1}, {"signature": signature}):
            body = {"symbol": "ETH_USDC", "orderId": "1"}
            await key.send("DELETE", "/api/v1/order", "orderCancel", body, **changes)
        await http.get("/metrics")
        await http.get("/api/v1/status")
        address = spoken.url.replace("http", "ws", 1) + "/ws"
        for secret in secrets:
            async with connect(f"{address}?token={secret}", proxy=None) as socket:
                ask = '{"method": "SUBSCRIBE", "params": ["account.orderUpdate"], "id": 1, "token"'
                await socket.send(f'{ask}: "{secret}x"}}')
                said.append(str(await socket.recv()))
            async with connected(spoken.port) as raw:
                await raw.send(f"GET /?{secret} HTTP/1.1\r\nx y: {secret}\r\n\r\n".encode())
                said.append((await raw.answer()).body.decode())
    text = "\n".join([*said, spoken.log.read_text()])
    assert "xyk_requests_total" in text
    for secret in secrets:
        assert len(secret) > 30
        assert secret not in text
    assert "Traceback" not in text


def test_keys_are_for_the_eyes_of_their_owner(spoken: Server) -> None:
    for name in (OPERATOR, DEMO, SESSIONS, "sessions.db"):
        assert (spoken.data / name).stat().st_mode & 0o077 == 0, name
    assert str(read_wallet(spoken.data / OPERATOR)).startswith("Wallet(0x")


@pytest.mark.slow
@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://xyk:{PASSWORD}@127.0.0.1:1/xyk",
        f"postgresql://xyk:{PASSWORD}@127.0.0.1:notaport/xyk",
        f"postgresql://xyk:{PASSWORD}@no-such-host.invalid/xyk",
        f"mysql://xyk:{PASSWORD}@127.0.0.1/xyk",
        f"xyk:{PASSWORD}@127.0.0.1/xyk",
        f"postgresql://xyk:{PASSWORD}@[/xyk",
    ],
)
def test_the_password_of_the_database_is_not_printed(tmp_path: Path, url: str) -> None:
    server = Server(tmp_path / "data", database_url=url)
    code, said = server.run_to_end()
    assert code not in (0, None)
    assert PASSWORD not in said, said
    code, said = run_xyk("verify", "--data", str(tmp_path / "none"), "--database-url", url)
    assert code != 0
    assert PASSWORD not in said, said


FAULT = """
import structlog
from xyk.cli.log import configure_log
from xyk.cli.settings import LogFormat

configure_log(LogFormat("{form}"))
def answering(token):
    password = "-".join(("hunter2", "of", "the", "database"))
    raise RuntimeError("a fault of ours")
try:
    answering("".join(("ey", "Jhb", "GciOi")))
except RuntimeError:
    structlog.get_logger("api").exception("request failed", route="/x")
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_fault_of_ours_logs_where_it_was_and_no_variable(form: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULT.replace("{form}", form)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "a fault of ours" in done.stderr and "answering" in done.stderr
    assert PASSWORD not in done.stderr and "eyJhbGciOi" not in done.stderr


def test_what_is_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag of ours that somebody guesses byte by byte: the comparison is hmac's, whatever the
    first byte is. Signatures are checked, not compared; of refresh tokens hashes are looked up."""
    compared: list[tuple[bytes, bytes]] = []
    honest = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return honest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    mint = TokenMint(bytes(32), "0x" + "00" * 32)
    token = mint.refresh("0x" + "11" * 32)
    mint.read_refresh(token)
    for place in (90, len(token) - 2):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(TokenFault):
            mint.read_refresh(token[:place] + other + token[place + 1 :])
    assert len(compared) == 3
    assert all(len(one) == len(other) == 32 for one, other in compared)


SECRET_NAMES = re.compile(r"secret|passw|\btag\b|_tag\b|refresh|access_key|mac\b|token_hash")
HOLDERS = ("api/auth", "api/sessions", "api/stream_sessions", "api/visibility", "xyk/cli/keys")
MORE_HOLDERS = ("xyk/wallet/access_token", "xyk/wallet/session", "xyk/storage/refresh_tokens")


def test_no_secret_is_compared_with_equals() -> None:
    """In all that holds one; its length is none."""
    found = []
    for name in HOLDERS + MORE_HOLDERS:
        for node in ast.walk(ast.parse((ROOT / f"{name}.py").read_text())):
            if isinstance(node, ast.Compare):
                compared = [ast.unparse(one) for one in (node.left, *node.comparators)]
                is_equality = any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
                named = [text for text in compared if not text.startswith(("len(", "await "))]
                if is_equality and any(SECRET_NAMES.search(text) for text in named):
                    found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    assert found == []
