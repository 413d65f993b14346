"""A client of the Backpack convention that leans on nothing of ours: it signs with the cryptography
library, in ccxt's form (values percent-encoded) or bpx-py's (values as they are).
"""

import secrets
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xyk.client.client import Client

Json = dict[str, Any]
Elements = Sequence[Mapping[str, Any]]


class KeyUser:
    """`encoded`: signs as ccxt does."""

    def __init__(self, http: httpx.AsyncClient, *, encoded: bool = False) -> None:
        self.http = http
        self.encoded = encoded
        self.window = 5_000
        self._key = Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32))
        self.raw = self._key.public_key().public_bytes_raw()
        self.public = b64encode(self.raw).decode()
        self.hex = "0x" + self.raw.hex()

    async def approved(self, owner: Client, valid_until: int = 2**33) -> "KeyUser":
        await owner.approve_api_key(self.hex, valid_until)
        return self

    def sign(self, text: str) -> str:
        return b64encode(self._key.sign(text.encode())).decode()

    def text(self, instruction: str, elements: Elements, timestamp: int, window: int) -> str:
        parts = []
        for element in elements:
            parts.append(f"instruction={instruction}")
            for name in sorted(element):
                value = element[name]
                if value is not None:
                    shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                    parts.append(f"{name}={quote(shown, safe='') if self.encoded else shown}")
        return "&".join([*parts, f"timestamp={timestamp}", f"window={window}"])

    def headers(self, instruction: str, elements: Elements, **changes: Any) -> dict[str, str]:
        """`timestamp`, `window` or `signature` may be changed."""
        timestamp = changes.get("timestamp", now_ms())
        window = changes.get("window", self.window)
        text = self.text(instruction, elements, timestamp, window)
        return {
            "X-API-Key": self.public,
            "X-Signature": changes.get("signature", self.sign(text)),
            "X-Timestamp": str(timestamp),
            "X-Window": str(window),
        }

    async def get(self, path: str, instruction: str, **params: Any) -> httpx.Response:
        named = {name.rstrip("_"): value for name, value in params.items()}
        headers = self.headers(instruction, [named])
        return await self.http.get(path, params=named, headers=headers)

    async def send(
        self, method: str, path: str, instruction: str, body: Any, **changes: Any
    ) -> httpx.Response:
        elements = body if isinstance(body, list) else [body]
        headers = self.headers(instruction, elements, **changes)
        headers["Content-Type"] = "application/json"
        content = msgspec.json.encode(body)
        return await self.http.request(method, path, content=content, headers=headers)

    async def order(self, body: Json, **changes: Any) -> httpx.Response:
        return await self.send("POST", "/api/v1/order", "orderExecute", body, **changes)

    async def orders(self, body: list[Json], **changes: Any) -> httpx.Response:
        return await self.send("POST", "/api/v1/orders", "orderExecute", body, **changes)

    async def cancel(self, body: Json) -> httpx.Response:
        return await self.send("DELETE", "/api/v1/order", "orderCancel", body)

    async def cancel_all(self, body: Json) -> httpx.Response:
        return await self.send("DELETE", "/api/v1/orders", "orderCancelAll", body)

    def subscription(self, timestamp: int | None = None, window: int = 5_000) -> list[str]:
        """The signature of a frame, for account streams."""
        timestamp = timestamp or now_ms()
        text = self.text("subscribe", [{}], timestamp, window)
        return [self.public, self.sign(text), str(timestamp), str(window)]


def limit(symbol: str, side: str, quantity: str, price: str, **more: Any) -> Json:
    return {
        "symbol": symbol,
        "side": side,
        "orderType": "Limit",
        "quantity": quantity,
        "price": price,
        **more,
    }


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def placed(user: KeyUser, body: Json) -> Json:
    """200, and the order."""
    response = await user.order(body)
    assert response.status_code == 200, response.text
    order = response.json()
    assert isinstance(order, dict)
    return order


async def told(user: KeyUser, path: str, instruction: str, **params: Any) -> Any:
    """200, and what it says."""
    response = await user.get(path, instruction, **params)
    assert response.status_code == 200, response.text
    return response.json()
