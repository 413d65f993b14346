"""A load of everything that people and bots sign: swaps, liquidity, transfers, orders of every
kind, replacements, cancels, the dead man's switch, batches, and requests of an API key.
"""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import msgspec

from tests.api.key_user import KeyUser, limit, now_ms
from tests.crash.load import ETH, SINK, USDC, Promise, Trader
from xyk.client.client import Client
from xyk.client.connection import Answer, Unanswered
from xyk.client.signed import Signed, sign_batch
from xyk.domain.commands import (
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    RemoveLiquidity,
    ReplaceOrder,
    SignedAction,
    SwapExactOut,
    Transfer,
)
from xyk.wallet.api_key import request_digest

LOT, LOT_AT_ONE = 10**14, 100  # base units; quote units of a lot at one dollar
LOTS_MAX = 40
BUSY = (429, 503)
# Refusals that a trader must expect who does not look before he acts.
EXPECTED = frozenset(
    {"INSUFFICIENT_FUNDS", "INSUFFICIENT_LIQUIDITY", "INVALID_ORDER", "INVALID_PRICE"}
    | {"INVALID_QUANTITY", "RESOURCE_NOT_FOUND"}
)
KEY_WINDOW_MS = 60_000  # so that the same bytes may come again after a restart
KEPT = 50  # orders that are remembered to be replaced or cancelled


class KeyRequest(NamedTuple):
    """The bytes of one request of the key; `digests`: one an element."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    digests: tuple[str, ...]


class MixedTrader(Trader):
    """`refused`: digests that were answered with a refusal. `key_promises`: requests of the key
    that were acknowledged as a whole; `key_asked`: digests of all that were posted; `key_redeemed`
    and `key_late`: promises that were asked again within their window, and after it.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.refused: set[str] = set()
        self.approvals: set[str] = set()
        self.key_promises: list[KeyRequest] = []
        self.key_doubts: list[KeyRequest] = []
        self.key_asked: set[str] = set()
        self.key_redeemed = self.key_late = 0  # asked again within their window, and after it
        self.kinds: set[str] = set()  # of what was acknowledged
        self._orders: list[dict[str, Any]] = []
        self._key_orders: list[str] = []
        self._client_id = 0
        self._key = KeyUser(httpx.AsyncClient(trust_env=False, timeout=60))

    async def fund(self, url: str) -> None:
        await super().fund(url)
        async with self.client(url, patience_s=30) as client:
            receipt = await client.approve_api_key(self._key.hex, 2**33)
            self.approvals.add(receipt["digest"])

    async def close(self) -> None:
        await self._key.http.aclose()

    async def settle(self, url: str) -> None:
        doubts, self.doubts = self.doubts, []
        async with self.client(url, patience_s=30) as client:
            for signed in doubts:
                answer = await client.send(signed)
                self.resumed += answer.status == 200
                self._note(signed, answer)
        key_doubts, self.key_doubts = self.key_doubts, []
        for request in key_doubts:
            await self._post_key(url, request)

    async def redeem(self, url: str, promises: list[Promise]) -> None:
        async with self.client(url, patience_s=30) as client:
            for signed, receipt in promises:
                answer = await client.send(signed)
                assert answer.status == 200, (signed, answer)
                assert _content(answer.body) == _content(receipt), (answer, receipt)

    async def redeem_key(self, url: str, requests: list[KeyRequest]) -> None:
        """What the key was promised is known, and so is not done again. Where the machine took
        longer than a request's window, nobody can say so any more: the journal is asked in the end.
        """
        for request in requests:
            response = await self._send_key(url, request)
            if response.status_code == 400 and "has expired" in response.text:
                assert now_ms() > int(request.headers["X-Timestamp"]) + KEY_WINDOW_MS
                self.key_late += 1
                continue
            self.key_redeemed += 1
            assert (response.status_code, response.json()["code"]) == (
                409,
                "INVALID_CLIENT_REQUEST",
            ), response.text

    async def _act(self, client: Client) -> None:
        kind = self._random.randrange(12)
        if kind == 0:
            await self._act_by_batch(client)
        elif kind in (1, 2):
            request = self._key_request()
            self.key_asked.update(request.digests)
            await self._post_key(client.connection.base_url, request)
        else:
            signed = await client.sign(self._next(client))
            try:
                answer = await client.send(signed)
            except Unanswered:
                self.doubts.append(signed)
                raise
            if answer.status not in BUSY:
                self._note(signed, answer)

    async def _act_by_batch(self, client: Client) -> None:
        actions = [self._next(client) for _ in range(self._random.randrange(2, 6))]
        signed = [await client.sign(action) for action in actions]
        body = sign_batch(self.wallet, await client.domain(), actions)
        try:
            answer = await client.connection.request("POST", "/api/v1/actions", body=body)
        except Unanswered:
            self.doubts += signed
            raise
        if answer.status in BUSY:
            return
        for one, element in zip(signed, answer.json(), strict=True):
            status = element.pop("status")
            self._note(one, Answer(status, msgspec.json.encode(element)))
        self.kinds.add("batch")

    def _note(self, signed: Signed, answer: Answer) -> None:
        if answer.status in (200, 201):
            self.promises.append(Promise(signed, answer.body))
            self.kinds.add(signed.kind)
            order = answer.json().get("order")
            if signed.kind == PlaceOrder.__name__ and order is not None:
                self._orders = [*self._orders[-KEPT:], order]
            return
        assert msgspec.json.decode(answer.body)["code"] in EXPECTED, (signed, answer)
        self.refused.add(signed.digest)

    def _next(self, client: Client) -> SignedAction:
        kind = self._random.randrange(16)
        if kind < 4:
            return super()._next(client)
        owner, stamp = client.owner, client.stamp()
        if kind == 4:
            return RemoveLiquidity(
                owner=owner,
                token_a=ETH,
                token_b=USDC,
                liquidity=10**9,
                amount_a_min=0,
                amount_b_min=0,
                **stamp,
            )
        if kind == 5:
            return SwapExactOut(
                owner=owner,
                token_in=USDC,
                token_out=ETH,
                amount_out=self._random.randrange(1, 10**16),
                max_amount_in=2**255,
                **stamp,
            )
        if kind < 12:
            return self._order(owner, stamp)
        return self._change(kind, owner, stamp)

    def _order(self, owner: str, stamp: dict[str, int]) -> PlaceOrder:
        is_bid = self._random.random() < 0.5
        lots = self._random.randrange(1, LOTS_MAX)
        away, near = self._random.randrange(100, 500), self._random.randrange(1, 30)
        kind = self._random.choice(("rest", "post", "ioc", "trigger", "gtd", "client"))
        # Beyond the spot price of about 2,000 where it should take, behind it where it rests.
        distance = -near if kind in ("ioc", "trigger") else away
        dollars = 2_000 - distance if is_bid else 2_000 + distance
        base, quote = (ETH, lots * LOT), (USDC, lots * dollars * LOT_AT_ONE)
        sold, bought = (quote, base) if is_bid else (base, quote)
        self._client_id += kind == "client"
        return PlaceOrder(
            owner=owner,
            sell_token=sold[0],
            buy_token=bought[0],
            sell_amount=sold[1],
            buy_amount=bought[1],
            time_in_force={"ioc": "IOC", "gtd": "GTD"}.get(kind, ""),
            post_only=kind == "post",
            self_trade_prevention=self._random.choice(("", "RejectMaker", "RejectBoth")),
            trigger_price=self._random.randrange(1_990, 2_010) * 10**6 if kind == "trigger" else 0,
            trigger_above=kind == "trigger" and not is_bid,
            client_id=self._client_id if kind == "client" else 0,
            expires=int(time.time()) + 2 if kind == "gtd" else 0,
            **stamp,
        )

    def _change(self, kind: int, owner: str, stamp: dict[str, int]) -> SignedAction:
        """Of orders that were acknowledged, open still or not."""
        if kind == 15 and self._random.random() < 0.5:
            if self._random.random() < 0.5:
                return CancelAllOrders(owner=owner, market="", **stamp)
            seconds = self._random.randrange(1, 5)
            return CancelAllAfter(owner=owner, market="ETH_USDC", timeout_seconds=seconds, **stamp)
        if not self._orders:
            return Transfer(owner=owner, token=ETH, amount=1, recipient=SINK, **stamp)
        order = self._random.choice(self._orders)
        if kind == 12:
            lots = self._random.randrange(1, LOTS_MAX)
            is_bid = order["side"] == "Bid"
            dollars = 2_000 + self._random.randrange(100, 500) * (-1 if is_bid else 1)
            base, quote = (ETH, lots * LOT), (USDC, lots * dollars * LOT_AT_ONE)
            sold, bought = (quote, base) if is_bid else (base, quote)
            return ReplaceOrder(
                owner=owner,
                order=order["digest"],
                sell_token=sold[0],
                buy_token=bought[0],
                sell_amount=sold[1],
                buy_amount=bought[1],
                **stamp,
            )
        client_id = int(order["clientId"] or 0)
        by_client = kind == 13 and client_id
        return CancelOrder(
            owner=owner,
            order_id="" if by_client else order["id"],
            client_id=client_id if by_client else 0,
            **stamp,
        )

    # The API key's

    def _key_request(self) -> KeyRequest:
        wishes: tuple[Callable[[], tuple[str, str, str, Any]], ...] = (
            lambda: ("POST", "/api/v1/order", "orderExecute", self._key_order()),
            lambda: (
                *("POST", "/api/v1/orders", "orderExecute"),
                [self._key_order() for _ in range(3)],
            ),
            lambda: (
                *("DELETE", "/api/v1/order", "orderCancel"),
                {"symbol": "ETH_USDC", "orderId": self._random.choice(self._key_orders or ["1"])},
            ),
            lambda: ("DELETE", "/api/v1/orders", "orderCancelAll", {"symbol": "ETH_USDC"}),
        )
        [wish] = self._random.choices(wishes, weights=(6, 3, 3, 1))
        method, path, instruction, body = wish()
        elements = body if isinstance(body, list) else [body]
        stamp = now_ms()
        headers = self._key.headers(instruction, elements, timestamp=stamp, window=KEY_WINDOW_MS)
        text = self._key.text(instruction, elements, stamp, KEY_WINDOW_MS)
        return KeyRequest(
            method,
            path,
            {**headers, "Content-Type": "application/json"},
            msgspec.json.encode(body),
            tuple(request_digest(self._key.hex, text, index) for index in range(len(elements))),
        )

    def _key_order(self) -> dict[str, Any]:
        is_bid = self._random.random() < 0.5
        is_taker = self._random.random() < 0.3
        distance = -self._random.randrange(1, 30) if is_taker else self._random.randrange(100, 500)
        dollars = 2_000 - distance if is_bid else 2_000 + distance
        quantity = f"0.{self._random.randrange(1, LOTS_MAX):04}".rstrip("0")
        terms = {"timeInForce": "IOC"} if is_taker else {"postOnly": True}
        return limit("ETH_USDC", "Bid" if is_bid else "Ask", quantity, str(dollars), **terms)

    async def _post_key(self, url: str, request: KeyRequest) -> None:
        try:
            response = await self._send_key(url, request)
        except httpx.TransportError as fault:
            self.key_doubts.append(request)
            raise Unanswered(repr(fault)) from fault
        if response.status_code in BUSY:
            return
        found = response.json()
        if response.status_code == 409:  # a doubt that was executed after all
            self.resumed += 1
            return
        if response.status_code != 200:
            assert found["code"] in EXPECTED, response.text
            return
        elements = found if isinstance(found, list) else [found]
        self._key_orders += [one["id"] for one in elements if "id" in one]
        self.kinds.add(f"{request.method} {request.path}")
        if all("code" not in one for one in elements):
            self.key_promises.append(request)

    async def _send_key(self, url: str, request: KeyRequest) -> httpx.Response:
        return await self._key.http.request(
            request.method, url + request.path, content=request.body, headers=request.headers
        )


def _content(receipt: bytes) -> dict[str, Any]:
    """Without `status`, which in a batch is that of HTTP and otherwise the order's, who has it in
    `order` too."""
    return {name: value for name, value in json.loads(receipt).items() if name != "status"}
