"""Nothing uncommitted leaves the process by way of an API key: with a journal whose append waits,
no order, refusal, read or frame tells of what it holds."""

import asyncio
from pathlib import Path

import httpx

from tests.api.desk import refusal
from tests.api.held import held_exchange
from tests.api.key_user import KeyUser, limit, placed
from tests.api.test_account_stream import BALANCES, ORDERS, UNAUTHORIZED, socket_of
from tests.api.test_key_schema import GETS
from tests.api.test_uncommitted import is_held, nothing_leaves
from tests.api.venue import Venue
from xyk.client.client import Client
from xyk.wallet.signer import Wallet


async def test_all_waits_and_is_then_told(tmp_path: Path, database_url: str) -> None:
    async with (
        held_exchange(tmp_path, database_url) as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http,
        Client(held.url, Wallet.random(), patience_s=0) as alice,
    ):
        await alice.faucet("ETH")
        await alice.faucet("USDC", 10**12)
        await alice.add_liquidity("ETH", "USDC", 10**20, 2 * 10**11)
        key = await KeyUser(http).approved(alice)
        venue = Venue("ETH", "USDC", await alice.token("ETH"), await alice.token("USDC"))
        async with socket_of(held.url, key, ORDERS, BALANCES) as socket:
            held.journal.hold()
            bid = limit("ETH_USDC", "Bid", "1", "1900")
            first = asyncio.create_task(placed(key, bid))
            await is_held(held)
            dear = asyncio.create_task(key.order(limit("ETH_USDC", "Bid", "900", "1950")))
            batch = asyncio.create_task(key.orders([limit("ETH_USDC", "Bid", "1", "1901")]))
            unknown = asyncio.create_task(KeyUser(http).order(bid))
            cancel = asyncio.create_task(key.cancel({"symbol": "ETH_USDC", "clientId": 9}))
            params = {"symbol": "ETH_USDC", "side": "Bid", "orderId": "1"}
            reads = [
                asyncio.create_task(key.get(path, instruction, **params))
                for path, instruction in GETS.items()
                if "history" not in path
            ]
            for path in ("orders", "fills"):
                name = f"{path[:-1]}HistoryQueryAll"
                reads.append(asyncio.create_task(key.get(f"/wapi/v1/history/{path}", name)))
            stranger = asyncio.create_task(KeyUser(http).get("/api/v1/capital", "balanceQuery"))
            tasks = [dear, batch, unknown, cancel, stranger, *reads]
            await nothing_leaves(http, *tasks)
            assert not first.done()
            assert await socket.ask("SUBSCRIBE") == [], "no frame came before it"
            held.journal.release()
            order = await first
            frames = await socket.frames(4)
            assert [one["data"]["e"] for one in frames] == [
                *("orderAccepted", "balanceUpdate"),
                *("orderAccepted", "balanceUpdate"),
            ]
            assert frames[0]["data"]["i"] == order["id"]
            assert [frames[n]["data"]["L"] for n in (1, 3)] == ["1900", "3801"]
            assert refusal(await dear) == (422, "INSUFFICIENT_FUNDS")
            assert [one["operation"] for one in (await batch).json()] == ["Ok"]
            assert refusal(await unknown) == refusal(await stranger) == (401, "UNAUTHORIZED")
            assert refusal(await cancel) == (404, "RESOURCE_NOT_FOUND")
            for read in reads:
                assert (await read).status_code in (200, 404, 501)

            held.journal.hold()
            revoking = asyncio.create_task(alice.revoke_api_key(key.hex))
            await is_held(held)
            again = await socket.ask_signed(key.subscription(), ORDERS)
            assert again == [], "its revocation is not committed"
            held.journal.release()
            await revoking
            assert (await socket.frame())["error"]["code"] == UNAUTHORIZED
            await venue.place(alice, "Bid", "1", "1902")
            assert await socket.ask("SUBSCRIBE") == []
            assert held.writer.balances.taken(held.state.seq) == ()


async def test_an_approval_that_is_not_committed_opens_no_stream(
    tmp_path: Path, database_url: str
) -> None:
    async with (
        held_exchange(tmp_path, database_url) as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http,
        Client(held.url, Wallet.random(), patience_s=0) as alice,
    ):
        await alice.faucet("ETH")
        key = KeyUser(http)
        held.journal.hold()
        approving = asyncio.create_task(key.approved(alice))
        await is_held(held)
        fills = asyncio.create_task(key.get("/wapi/v1/history/fills", "fillHistoryQueryAll"))
        async with socket_of(held.url, key) as socket:
            [refused] = await socket.ask_signed(key.subscription(), ORDERS)
            assert refused["error"]["code"] == UNAUTHORIZED
            await nothing_leaves(http, fills)
            held.journal.release()
            await approving
            assert await socket.ask_signed(key.subscription(), ORDERS) == []
        assert (await fills).status_code == 200
