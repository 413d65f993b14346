"""`xyk api-key`: a key is made, listed and revoked against a real server."""

import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.test_order_commands import Trader, run
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.exits import CONFIG


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("keys") / "data"
    with databases() as url, running_server(data, database_url=url) as server:
        yield server


@pytest.fixture
def alice(server: Server, tmp_path: Path) -> Trader:
    return Trader(server, tmp_path, "alice")


def keys(server: Server, trader: Trader, *arguments: str) -> tuple[int, str]:
    return run(*("api-key", *arguments, "--key-file", str(trader.key_file), "--url", server.url))


def test_a_key_lives_and_dies(server: Server, alice: Trader, tmp_path: Path) -> None:
    file = tmp_path / "bot.json"
    code, shown = keys(server, alice, "create", "--save", str(file), "--days", "30")
    assert code == 0, shown
    public = shown.splitlines()[0]
    written = json.loads(file.read_text())
    assert "0x" + base64.b64decode(written["apiKey"]).hex() == public
    assert len(base64.b64decode(written["secret"])) == 32 and written["secret"] not in shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    account = httpx.get(
        f"{server.url}/api/v1/accounts/{alice.wallet.address}", trust_env=False, timeout=60
    ).json()
    [known] = account["apiKeys"]
    assert known["publicKey"] == public and not known["revoked"]
    assert keys(server, alice, "list")[1].startswith(f"{public} until 20")
    code, shown = keys(server, alice, "revoke", public)
    assert code == 0 and shown.startswith(f"{public} is revoked"), shown
    assert keys(server, alice, "list") == (0, f"{public} revoked\n")
    code, shown = keys(server, alice, "revoke", public)
    assert code == 1 and "RESOURCE_NOT_FOUND" in shown, shown


def test_no_secret_is_written_over(server: Server, alice: Trader, tmp_path: Path) -> None:
    file = tmp_path / "bot.json"
    file.write_text("somebody's")
    code, shown = keys(server, alice, "create", "--save", str(file))
    assert code == CONFIG and "exists; name another file" in shown, shown
    assert file.read_text() == "somebody's"
    code, shown = keys(server, alice, "create", "--save", str(tmp_path / "no" / "bot.json"))
    assert code == CONFIG and "cannot be written" in shown, shown
    assert keys(server, alice, "list") == (0, "")
