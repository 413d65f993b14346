"""Nothing uncommitted leaves by a session either: sign-ins, sign-outs, cancels and refusals that
know of them wait for the disk."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import httpx

from api.services import PRIVATE
from tests.api.desk import refusal
from tests.api.held import held_exchange
from xyk.client.client import Client
from xyk.wallet.signer import Wallet


async def until_waiting(held: Any, seq: int) -> None:
    async with asyncio.timeout(20):
        await held.journal.is_waiting.wait()
    assert held.state.seq == seq


async def is_held(asking: "asyncio.Future[Any]", http: httpx.AsyncClient) -> bool:
    """Whether it has no answer though another request made the whole way meanwhile."""
    for _ in range(3):
        await http.get("/api/v1/ping")
    return not asking.done()


def begun(asking: Awaitable[Any]) -> "asyncio.Future[Any]":
    return asyncio.ensure_future(asking)


async def test_a_sign_in_and_a_sign_out_are_answered_when_they_are_on_disk(
    tmp_path: Path,
) -> None:
    async with (
        held_exchange(tmp_path, "", visibility=PRIVATE) as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http,
        Client(held.url, Wallet.random()) as alice,
    ):
        held.journal.hold()
        signing_in = begun(alice.sign_in())
        await until_waiting(held, 2)
        assert await is_held(signing_in, http)
        held.journal.release()
        session = await signing_in

        headers = {"authorization": f"Bearer {session['token']}"}
        path = f"/api/v1/accounts/{alice.owner}"
        assert (await http.get(path, headers=headers)).status_code == 200
        held.journal.hold()
        signing_out = begun(alice.sign_out())
        await until_waiting(held, 3)
        refused = begun(http.get(path, headers=headers))
        cancelled = begun(http.request("DELETE", "/api/v1/orders", json={}, headers=headers))
        for asking in (signing_out, refused, cancelled):
            assert await is_held(asking, http)
        held.journal.release()
        await signing_out
        assert refusal(await refused) == (401, "UNAUTHORIZED")
        assert refusal(await cancelled) == (401, "UNAUTHORIZED")


async def test_a_cancel_by_session_is_answered_when_it_is_on_disk(tmp_path: Path) -> None:
    async with (
        held_exchange(tmp_path, "") as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http,
        Client(held.url, Wallet.random()) as alice,
    ):
        await alice.sign_in()
        await alice.cancel_all_orders_by_session()
        before = held.state.seq
        held.journal.hold()
        cancelling = begun(alice.cancel_all_orders_by_session())
        await until_waiting(held, before + 1)
        assert await is_held(cancelling, http)
        held.journal.release()
        assert (await cancelling)["seq"] == before + 1
