"""Sessions: sign in once, then read private data and cancel without signing.

The session's token goes along with every read while there is one, and is renewed before it ends.
"""

import asyncio
from typing import Any

import msgspec

from xyk.client.connection import Params
from xyk.client.signing import Json, SigningClient

RENEWED_BEFORE_S = 60


class SessionClient(SigningClient):
    """Arguments as of SigningClient. `session`: what the last sign-in or refresh gave, None while
    signed out."""

    session: Json | None = None
    _renewing: asyncio.Lock | None = None

    async def sign_in(self) -> Json:
        """Opens a session of the wallet's own address; ValueError without a wallet."""
        wallet = self._signer()
        challenge = await self.post("/api/v1/auth/challenge", {"address": wallet.address})
        proof = {
            "nonce": challenge["nonce"],
            "signature": wallet.sign_text(challenge["message"]),
        }
        self.session = dict(await self.post("/api/v1/auth/signin", proof, is_repeatable=False))
        return self.session

    async def refresh(self) -> Json:
        """New tokens. Never sent twice: a refresh token that was used before closes the session."""
        body = {"refreshToken": self._signed_in()["refreshToken"]}
        self.session = dict(await self.post("/api/v1/auth/refresh", body, is_repeatable=False))
        return self.session

    async def sign_out(self) -> Json:
        """Closes the session for ever."""
        body = {"refreshToken": self._signed_in()["refreshToken"]}
        closed = dict(await self.post("/api/v1/auth/signout", body))
        self.session = None
        return closed

    async def access_token(self) -> str:
        """A token that is good for some time; for `Authorization: Bearer` and for streams."""
        if self._renewing is None:
            self._renewing = asyncio.Lock()
        async with self._renewing:  # two at once would look like a thief
            session = self._signed_in()
            if session["expiresAt"] / 1000 < self._now_s() + RENEWED_BEFORE_S:
                session = await self.refresh()
            return str(session["token"])

    async def token_to_read(self) -> str | None:
        return None if self.session is None else await self.access_token()

    async def cancel_order_by_session(self, order_id: str = "", *, client_id: int = 0) -> Json:
        """By id, or by the client id of an open order. Sent again, it finds no open order."""
        if bool(order_id) == bool(client_id):
            raise ValueError("Name the order by its id or by its client id, one of them")
        wish = {"orderId": order_id} if order_id else {"clientId": client_id}
        return await self._by_session("DELETE", "/api/v1/order", wish)

    async def cancel_all_orders_by_session(self, market: str = "") -> Json:
        """Of one market, or of all."""
        return await self._by_session("DELETE", "/api/v1/orders", {"market": market})

    async def get(self, path: str, params: Params | None = None) -> Any:
        if self.session is None:
            return await super().get(path, params)
        bearer = await self.access_token()
        answer = await self.connection.request("GET", path, params=params, bearer=bearer)
        return answer.json()

    async def _by_session(self, method: str, path: str, wish: Json) -> Json:
        bearer = await self.access_token()
        body = msgspec.json.encode(wish)
        answer = await self.connection.request(method, path, body=body, bearer=bearer)
        return dict(answer.json())

    def _signed_in(self) -> Json:
        if self.session is None:
            raise ValueError("This client is signed out; sign_in() first")
        return self.session
