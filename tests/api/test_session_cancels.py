"""What a session does instead of a signature: it cancels, and nothing else."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.auth import BY_SESSION
from api.trading import SIGNED_ROUTES
from tests.api.desk import Json, message_of, refusal
from xyk.client.client import Client
from xyk.client.connection import Refused


@pytest.fixture
async def signed_in(alice: Client) -> AsyncIterator[Client]:
    await alice.sign_in()
    yield alice


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_session_cancels_by_order_id_by_client_id_and_all(
    http: httpx.AsyncClient, signed_in: Client
) -> None:
    ids = [
        (await signed_in.place_order("ETH_USDC", "Bid", price="100", quantity="0.1", client_id=n))[
            "id"
        ]
        for n in (0, 77, 0)
    ]
    receipt = await signed_in.cancel_order_by_session(ids[0])
    assert (receipt["id"], receipt["status"], receipt["digest"]) == (ids[0], "Cancelled", None)
    assert [event["type"] for event in receipt["events"]] == ["OrderClosed"]
    with pytest.raises(Refused) as gone:
        await signed_in.cancel_order_by_session(ids[0])
    assert (gone.value.status, gone.value.code) == (404, "RESOURCE_NOT_FOUND")
    receipt = await signed_in.cancel_order_by_session(client_id=77)
    assert receipt["id"] == ids[1]
    receipt = await signed_in.cancel_all_orders_by_session("ETH_USDC")
    assert [order["id"] for order in receipt["orders"]] == [ids[2]]
    assert (await signed_in.cancel_all_orders_by_session())["orders"] == []
    assert (await http.get(f"/api/v1/order/{ids[2]}")).json()["status"] == "Cancelled"


async def test_nobody_elses_order_is_cancelled(signed_in: Client, bob: Client) -> None:
    await bob.faucet("USDC")
    order = (await bob.place_order("ETH_USDC", "Bid", price="100", quantity="0.1"))["id"]
    with pytest.raises(Refused) as gone:
        await signed_in.cancel_order_by_session(order)
    assert gone.value.code == "RESOURCE_NOT_FOUND"
    await signed_in.cancel_all_orders_by_session()
    assert (await bob.order(order))["status"] == "New"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/order", {}),
        ("/api/v1/order", {"orderId": "1", "clientId": 1}),
        ("/api/v1/order", {"orderId": 1}),
        ("/api/v1/order", {"orderId": "1", "owner": "0x" + "11" * 20}),
        ("/api/v1/order", {"clientId": 2**32}),
        ("/api/v1/orders", {"market": 1}),
        ("/api/v1/orders", {"symbol": "ETH_USDC"}),
    ],
)
async def test_the_bodies_of_cancels_are_read_strictly(
    http: httpx.AsyncClient, signed_in: Client, path: str, body: Json
) -> None:
    headers = bearer(await signed_in.access_token())
    answer = await http.request("DELETE", path, json=body, headers=headers)
    assert refusal(answer) == (400, "INVALID_CLIENT_REQUEST")


async def test_nothing_else_is_done_by_a_session(
    http: httpx.AsyncClient, signed_in: Client
) -> None:
    """A signed action beside the token is refused as well: the header chooses the form."""
    headers = bearer(await signed_in.access_token())
    for route in SIGNED_ROUTES:
        if route.action not in BY_SESSION:
            answer = await http.request(route.method, route.path, json={}, headers=headers)
            assert refusal(answer) == (403, "FORBIDDEN"), route.path
            assert route.action.__name__ in message_of(answer)
    answer = await http.post("/api/v1/actions", json=[], headers=headers)
    assert refusal(answer) == (403, "FORBIDDEN")
    broken = await http.post("/api/v1/withdraw", json={}, headers=bearer("x"))
    assert refusal(broken) == (401, "UNAUTHORIZED")
