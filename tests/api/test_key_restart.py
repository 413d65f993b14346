"""Orders of an API key over a restart: what was accepted stays, and cannot be sent again."""

from pathlib import Path

import httpx

from tests.api.desk import refusal
from tests.api.key_user import KeyUser, limit, now_ms, placed, told
from tests.api.venue import Venue
from tests.databases import Databases
from tests.server import running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

ORDERS, HISTORY = "/api/v1/orders", "/wapi/v1/history/orders"


async def test_over_a_restart(tmp_path: Path, databases: Databases) -> None:
    """Killed, not stopped: what was answered is on disk."""
    wallet, data = Wallet.random(), tmp_path / "data"
    with databases() as database, running_server(data, database_url=database) as server:
        async with (
            httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http,
            Client(server.url, wallet) as alice,
            Client(server.url, read_wallet(data / OPERATOR)) as operator,
        ):
            venue = await Venue.open(operator)
            await venue.fund(alice)
            await venue.fund(operator)
            await venue.place(operator, "Ask", "1", "2000")
            await venue.place(operator, "Bid", "1", "1990")
            key = await KeyUser(http).approved(alice)
            gone = await KeyUser(http).approved(alice)
            await alice.revoke_api_key(gone.hex)
            await placed(key, limit(venue.market, "Bid", "0.5", "2000", clientId=1))
            market = {"symbol": venue.market, "side": "Ask", "orderType": "Market"}
            await placed(key, {**market, "quoteQuantity": "199"})
            stamp, body = now_ms(), limit(venue.market, "Bid", "0.5", "1900", clientId=2)
            sent = await key.order(body, timestamp=stamp, window=60_000)
            assert sent.status_code == 200
            before = [
                await told(key, ORDERS, "orderQueryAll"),
                await told(key, HISTORY, "orderHistoryQueryAll"),
                await told(key, "/api/v1/capital", "balanceQuery"),
                await told(key, "/wapi/v1/history/fills", "fillHistoryQueryAll"),
            ]
            server.kill()
            server.start()
            after = [
                await told(key, ORDERS, "orderQueryAll"),
                await told(key, HISTORY, "orderHistoryQueryAll"),
                await told(key, "/api/v1/capital", "balanceQuery"),
                await told(key, "/wapi/v1/history/fills", "fillHistoryQueryAll"),
            ]
            assert after == before
            assert [one["id"] for one in after[0]] == [sent.json()["id"]]
            again = await key.order(body, timestamp=stamp, window=60_000)
            assert refusal(again) == (409, "INVALID_CLIENT_REQUEST")
            revoked = await gone.order(body)
            assert refusal(revoked) == (401, "UNAUTHORIZED")
            cancelled = await key.cancel({"symbol": venue.market, "clientId": 2})
            assert cancelled.json() == {**sent.json(), "status": "Cancelled"}
