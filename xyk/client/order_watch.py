"""Follows what becomes of an owner's orders, over restarts of the server."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from xyk.client.connection import Unanswered
from xyk.client.signing import Json, SigningClient
from xyk.client.stream import SUBSCRIBED, Stream

SNAPSHOT = "openOrders"
OPEN_STATUSES = ("New", "PartiallyFilled", "TriggerPending")


class OrderWatch:
    """Gives the data of each `account.orderUpdate`, in order. After each connection, the first one
    too, it gives {"e": "openOrders", "orders": [...], "closed": [...]} with order objects: what is
    open now, and what was open when the connection was lost and has closed meanwhile. Orders that
    were both placed and closed while there was no connection do not show.

    `market` empty: all markets. `open`: ids of the orders known to be open.
    """

    def __init__(self, client: SigningClient, owner: str, market: str = "") -> None:
        self.open: dict[str, None] = {}
        self._client = client
        self._params = {"owner": owner} | ({"market": market} if market else {})
        channel = "account.orderUpdate" + (f".{market}" if market else "")
        self.stream = Stream(
            client.connection.base_url,
            [f"{channel}@{owner.lower()}"],
            announces=True,
            token=client.token_to_read,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stream.close()

    async def __aiter__(self) -> AsyncIterator[Json]:
        known: dict[str, int] = {}  # closed order -> seq up to which the snapshot told of it
        floor = 0
        async for frame in self.stream:
            update = frame["data"]
            if frame["stream"] == SUBSCRIBED:
                try:
                    snapshot = await self._snapshot()
                except Unanswered:  # the server is gone again, and the stream comes back to here
                    continue
                floor = max((order["seq"] for order in snapshot["orders"]), default=floor)
                known = {order["id"]: order["seq"] for order in snapshot["closed"]}
                yield snapshot
            elif update["seq"] > max(floor, known.get(update["i"], 0)):
                if update["X"] in OPEN_STATUSES:
                    self.open[update["i"]] = None
                else:
                    self.open.pop(update["i"], None)
                yield update

    async def _snapshot(self) -> Json:
        orders = list(await self._client.get("/api/v1/orders", self._params))
        now_open = {order["id"]: None for order in orders}
        closed = [
            dict(await self._client.get(f"/api/v1/order/{order_id}"))
            for order_id in self.open
            if order_id not in now_open
        ]
        self.open = now_open
        return {"e": SNAPSHOT, "orders": orders, "closed": closed}
