"""Rights that ended: an agent's, an API key's, a session's, over restarts from the journal and from
a snapshot; and keys that somebody else approved first.
"""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.desk import Desk, refusal
from tests.api.key_user import KeyUser
from tests.security.wire.raw import PATIENCE_S
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.domain.commands import SwapExactIn
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain

INVALID_SIGNATURE, UNAUTHORIZED = (401, "INVALID_SIGNATURE"), (401, "UNAUTHORIZED")
ORDERS = "/api/v1/orders"


@pytest.mark.slow
async def test_what_was_revoked_is_dead_over_restarts(tmp_path: Path) -> None:
    """An agent, an API key and a session: after a kill, folded from the journal; and after another,
    started from a snapshot that was made since. What was signed before that is as dead."""
    with running_server(tmp_path / "data", "--snapshot-every", "20") as server:
        async with (
            httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as http,
            Client(server.url, Wallet.random()) as bob,
        ):
            await bob.faucet("ETH")
            agent = Wallet.random()
            await bob.approve_agent(agent.address, 2**33)
            key = await KeyUser(http).approved(bob)
            token = (await bob.sign_in())["token"]
            refresh = (await bob.refresh())["refreshToken"]
            early = await old_signatures(bob, agent)
            assert await rights(http, early.pop(), key, token) == [404, 200, 201]
            await bob.revoke_agent(agent.address)
            await bob.revoke_api_key(key.hex)
            await bob.sign_out()
            for origin in ("genesis", "snapshot"):
                assert await rights(http, early.pop(), key, token) == [401, 401, 401]
                answer = await http.post("/api/v1/auth/refresh", json={"refreshToken": refresh})
                assert refusal(answer) == UNAUTHORIZED
                if origin == "snapshot":
                    await snapshotted(bob)
                server.kill()
                server.start()
                assert started(server, origin)
            assert await rights(http, early.pop(), key, token) == [401, 401, 401]
            with pytest.raises(Exception, match="revoked"):
                await bob.approve_agent(agent.address, 2**33)


async def old_signatures(owner: Client, agent: Wallet) -> list[dict[str, Any]]:
    """Swaps that the agent signed while it might, of tokens that nobody knows."""
    domain = await owner.domain()
    found = []
    for _ in range(4):
        swap = SwapExactIn(
            owner=owner.owner,
            token_in="0x" + "11" * 20,
            token_out="0x" + "12" * 20,
            amount_in=1,
            min_amount_out=0,
            **owner.stamp(),
        )
        found.append(Desk.body(_Signs(domain, agent), swap))  # type: ignore[arg-type]
    return found


class _Signs:
    """As much of a desk as signing takes."""

    def __init__(self, domain: Domain, wallet: Wallet) -> None:
        self.domain = domain
        self.wallet = wallet


async def rights(
    http: httpx.AsyncClient, swap: dict[str, Any], key: KeyUser, token: str
) -> list[int]:
    """What the agent, the key and the session are answered: 404 is of a token, not of a right."""
    headers = {"authorization": f"Bearer {token}"}
    return [
        (await http.post("/api/v1/sell", json=swap)).status_code,
        (await key.get("/api/v1/capital", "balanceQuery")).status_code,
        (await http.request("DELETE", ORDERS, json={}, headers=headers)).status_code,
    ]


async def snapshotted(owner: Client) -> None:
    """Until a snapshot holds what is revoked by now."""
    last = (await owner.status())["seq"]
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await owner.faucet("USDC", 1)
            newest = (await owner.status())["stateDigest"]
            if newest is not None and newest["seq"] >= last:
                return


def started(server: Server, origin: str) -> bool:
    """Whether the last start folded from there."""
    lines = [line for line in server.log.read_text().splitlines() if "folded to seq" in line]
    return f"from {origin}" in lines[-1]


async def test_a_key_is_of_who_approved_it_first(
    server: Server, http: httpx.AsyncClient, alice: Client
) -> None:
    """Whoever learns a public key can approve it for its own wallet. That gives the squatter
    nothing, as only the holder can sign, and the holder is told to make another one; and a key
    that the holder approved first can be taken by nobody, revoked or not."""
    async with Client(server.url, Wallet.random()) as squatter:
        squatted, own = KeyUser(http), KeyUser(http)
        await squatter.approve_api_key(squatted.hex, 2**33)
        body = {"symbol": "ETH_USDC"}
        with pytest.raises(Exception, match="another owner"):
            await alice.approve_api_key(squatted.hex, 2**33)
        forged = own.headers("orderCancelAll", [body])
        forged["X-API-Key"] = squatted.public
        answer = await http.request("DELETE", ORDERS, json=body, headers=forged)
        assert refusal(answer) == INVALID_SIGNATURE, "the squatter cannot sign for it"

        await own.approved(alice)
        assert (await own.cancel_all(body)).status_code == 200
        await alice.revoke_api_key(own.hex)
        with pytest.raises(Exception, match="another owner"):
            await squatter.approve_api_key(own.hex, 2**33)
        await alice.approve_api_key(own.hex, 2**33)
        assert (await own.cancel_all(body)).status_code == 200
