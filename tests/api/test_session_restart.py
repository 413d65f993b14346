"""Sessions across a restart and between deployments, on servers of their own; and `xyk verify` of
what they leave behind."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.server import run_xyk, running_server
from xyk.cli.keys import SESSIONS
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.wallet.signer import Wallet


@pytest.mark.slow
async def test_a_sign_out_holds_across_restarts_and_so_does_a_session(
    tmp_path: Path, databases: Databases
) -> None:
    data = tmp_path / "data"
    with databases() as database, running_server(data, database_url=database) as server:
        for name in (SESSIONS, "sessions.db"):
            assert (data / name).stat().st_mode & 0o777 == 0o600
        async with Client(server.url, Wallet.random()) as alice:
            gone = await alice.sign_in()
            await alice.sign_out()
            kept = await alice.sign_in()
            server.kill()
            assert set(kept_sessions(data)) == {kept["session"]}
            server.start()
            assert (await alice.cancel_all_orders_by_session())["orders"] == []
            fresh = await alice.refresh()
            assert fresh["session"] == kept["session"]

            alice.session = gone
            for attempt in (alice.cancel_all_orders_by_session, alice.refresh, alice.sign_out):
                with pytest.raises(Refused) as refused:
                    await attempt()
                assert (refused.value.status, refused.value.code) == (401, "UNAUTHORIZED")

            # Whoever loses the refresh tokens signs in again, and nothing else is lost.
            server.stop()
            (data / "sessions.db").unlink()
            server.start()
            alice.session = fresh
            assert (await alice.cancel_all_orders_by_session())["orders"] == []
            with pytest.raises(Refused) as refused:
                await alice.refresh()
            assert refused.value.code == "UNAUTHORIZED"
            await alice.sign_in()
        server.stop()
        assert_only_hashes_are_kept(data, fresh["refreshToken"])
        where = ["--database-url", database] if database else []
        for command in ("verify", "replay"):
            code, said = run_xyk(command, "--data", str(data), *where)
            assert code == 0, said


def assert_only_hashes_are_kept(data: Path, token: str) -> None:
    for file in data.iterdir():
        if file.is_file():
            assert token.encode() not in file.read_bytes(), file
    kept = kept_sessions(data)
    assert kept and all(len(text) == 64 for text in kept.values())


def kept_sessions(data: Path) -> dict[str, str]:
    """Session to hash."""
    with closing(sqlite3.connect(data / "sessions.db")) as database:
        return dict(database.execute("SELECT session, hash FROM refresh_tokens"))


async def test_a_token_of_another_deployment_is_refused(tmp_path: Path) -> None:
    """Even where both were given the same secret."""
    one, other = tmp_path / "one", tmp_path / "other"
    with running_server(one) as here:
        (other).mkdir(mode=0o700)
        (other / SESSIONS).write_text((one / SESSIONS).read_text())
        (other / SESSIONS).chmod(0o600)
        with running_server(other) as there:
            wallet = Wallet.random()
            async with Client(here.url, wallet) as a, Client(there.url, wallet) as b:
                b.session = await a.sign_in()
                await a.cancel_all_orders_by_session()
                for attempt in (b.cancel_all_orders_by_session, b.refresh):
                    with pytest.raises(Refused) as refused:
                        await attempt()
                    assert refused.value.code == "UNAUTHORIZED"


async def test_the_public_url_is_what_the_message_names(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--public-url", "https://xyk.example.org/") as server:
        async with Client(server.url, Wallet.random()) as alice:
            body = {"address": alice.owner}
            message = (await alice.post("/api/v1/auth/challenge", body))["message"]
    assert message.startswith("xyk.example.org wants you to sign in")
    assert "\nURI: https://xyk.example.org\n" in message
