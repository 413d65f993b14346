"""Orders, their receipts and switches over a restart of the server."""

from pathlib import Path

import httpx

from tests.api.desk import Desk, Json
from tests.api.venue import Venue
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.wallet.signer import Wallet


async def test_receipts_read_the_same_after_a_restart(tmp_path: Path) -> None:
    """Of what was placed, replaced and cancelled, whatever became of it later; orders stand as
    they stood, and the depth with them."""
    wallets = Wallet.random(), Wallet.random()
    with running_server(tmp_path / "data") as server:
        venue, sent = await trade(server, *wallets)
        before = await standing(server, venue)
        assert server.stop() == 0
        server.start()
        assert await standing(server, venue) == before
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http:
            for method, path, body, receipt in sent:
                again = await http.request(method, path, content=body)
                assert (again.status_code, again.content) == (200, receipt), path
            for order_id in before["ids"]:
                assert (await http.get(f"/api/v1/order/{order_id}")).status_code == 200
        async with Client(server.url, wallets[1]) as maker:
            everything = await maker.act(venue.cancel_all(maker))
            assert [one["status"] for one in everything["orders"]] == ["Cancelled"] * 2


Sent = tuple[str, str, bytes, bytes]


async def trade(server: Server, one: Wallet, other: Wallet) -> tuple[Venue, list[Sent]]:
    """What was posted, and what it was answered."""
    operator_wallet = read_wallet(server.data / OPERATOR)
    sent: list[Sent] = []
    async with (
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http,
        Client(server.url, operator_wallet) as operator,
        Client(server.url, one) as alice,
        Client(server.url, other) as maker,
    ):
        venue = await Venue.open(operator)
        for owner in (alice, maker):
            await venue.fund(owner)
        await venue.add_pool(maker)
        domain = await alice.domain()

        async def post(owner: Client, method: str, path: str, action: object) -> dict[str, object]:
            body = Desk(http, owner, domain).body(action)  # type: ignore[arg-type]
            request = httpx.Request(method, "http://x", json=body)
            answer = await http.request(method, path, content=request.content)
            assert answer.status_code == 201, answer.text
            sent.append((method, path, request.content, answer.content))
            return answer.json()  # type: ignore[no-any-return]

        ask = venue.order(maker, "Ask", "3", "2012", client_id=3)
        resting = await post(maker, "POST", "/api/v1/order", ask)
        low = await post(maker, "POST", "/api/v1/order", venue.order(maker, "Bid", "1", "1500"))
        bid = await post(alice, "POST", "/api/v1/order", venue.order(alice, "Bid", "1", "2015"))
        assert bid["status"] == "Filled"
        smaller = venue.replacement(maker, resting, "2.5", "2012")
        await post(maker, "POST", "/api/v1/order/replace", smaller)
        await venue.place(alice, "Bid", "0.5", "2012")
        moved = venue.replacement(maker, resting, "2.4", "2011")
        await post(maker, "POST", "/api/v1/order/replace", moved)
        third = await post(alice, "POST", "/api/v1/order", venue.order(alice, "Bid", "1", "1600"))
        gone = venue.cancel(alice, str(third["id"]))
        await post(alice, "DELETE", "/api/v1/order", gone)
        await post(alice, "DELETE", "/api/v1/orders", venue.cancel_all(alice))
        path = "/api/v1/orders/cancel-all-after"
        await post(alice, "POST", path, venue.cancel_after(alice, 500))
        await venue.place(alice, "Bid", "0.1", "2011")
        assert low["status"] == "New"
    return venue, sent


async def standing(server: Server, venue: Venue) -> Json:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http:
        orders = (await http.get("/api/v1/orders", params={"market": venue.market})).json()
        depth = (await http.get("/api/v1/depth", params={"symbol": venue.market})).json()
    return {
        "ids": [one["id"] for one in orders],
        "orders": [{**one, "seq": 0} for one in orders],
        "asks": depth["asks"],
        "bids": depth["bids"],
    }
