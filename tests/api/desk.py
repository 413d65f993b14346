"""Requests made by hand, so that they can be wrong in exactly one way."""

import secrets
import time
from typing import Any

import httpx
import msgspec

from xyk.client.client import Client
from xyk.domain.commands import SignedAction, SwapExactIn
from xyk.domain.tokens import token_address
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, message

ETH, USDC, BTC = (token_address(symbol) for symbol in ("ETH", "USDC", "BTC"))
NOBODY = "0x" + "00" * 19 + "01"

# 0.01 ETH at 2,000 USDC
ORDER_QUOTE = (
    "/api/v1/quote/order?sellToken=USDC&buyToken=ETH"
    "&sellAmount=20000000&buyAmount=10000000000000000"
)

Json = dict[str, Any]


class Desk:
    """Alice's, who has ETH and USDC."""

    def __init__(self, http: httpx.AsyncClient, alice: Client, domain: Domain) -> None:
        self.http = http
        self.alice = alice
        self.domain = domain

    @property
    def wallet(self) -> Wallet:
        assert self.alice.wallet is not None
        return self.alice.wallet

    def swap(self, **changes: Any) -> SwapExactIn:
        """0.001 ETH for USDC, with a fresh nonce."""
        values = {
            "owner": self.wallet.address,
            "token_in": ETH,
            "token_out": USDC,
            "amount_in": 10**15,
            "min_amount_out": 0,
            **self.alice.stamp(),
        }
        return SwapExactIn(**{**values, **changes})

    def body(
        self, action: SignedAction, *, wallet: Wallet | None = None, domain: Domain | None = None
    ) -> Json:
        signature = (wallet or self.wallet).sign(domain or self.domain, action)
        return {"action": message(action), "signature": signature}

    async def post(self, path: str, body: object, method: str = "POST") -> httpx.Response:
        return await self.http.request(method, path, content=encoded(body))

    async def sell(self, body: object) -> httpx.Response:
        return await self.post("/api/v1/sell", body)


async def fresh_pair(
    operator: Client, owner: Client, base: int, quote: int, *, decimals: int = 6
) -> tuple[str, str]:
    """Symbols of two new assets whose pool holds these reserves and nobody else knows. The owner
    has as much again of both, and gets all shares."""
    name = secrets.token_hex(5).upper()
    quoted, based = f"Q{name}", f"B{name}"
    for symbol in (quoted, based):
        await operator.list_asset(symbol, decimals)
    await owner.faucet(based, 2 * base)
    await owner.faucet(quoted, 2 * quote)
    await owner.add_liquidity(based, quoted, base, quote)
    return based, quoted


def encoded(body: object) -> bytes:
    """Bytes stay as they are."""
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def refusal(response: httpx.Response) -> tuple[int, str]:
    """(status, code); the body must be a refusal and nothing else."""
    fault = response.json()
    assert set(fault) == {"code", "message"}, fault
    assert fault["message"]
    assert response.headers["content-type"].startswith("application/json")
    return response.status_code, fault["code"]


def message_of(response: httpx.Response) -> str:
    text = response.json()["message"]
    assert isinstance(text, str)
    return text


def now_s() -> int:
    return int(time.time())
