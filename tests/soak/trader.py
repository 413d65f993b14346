"""A wallet that does everything, without its state growing: what it places it cancels, what it
deposits it takes out, what it buys it sells.
"""

import time
from collections import deque
from random import Random
from typing import Any

import msgspec

from tests.keys import Key
from tests.soak.wire import Answer, Json, Wire, by_key, encode
from xyk.client.signed import Signed, sign, sign_batch
from xyk.domain import commands as cm
from xyk.domain.tokens import token_address
from xyk.domain.units import NONCE_SLOTS
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain

ETH, USDC = token_address("ETH"), token_address("USDC")
LOT = 10**14  # wei, of ETH_USDC; its tick is a cent, and a lot at one tick one unit of USDC
OPEN_MAX = 12  # own orders at a time, of each kind
DAY_S = 24 * 60 * 60
READS = (
    *("/api/v1/depth?symbol=ETH_USDC&limit=20", "/api/v1/ticker?symbol=ETH_USDC"),
    *("/api/v1/trades?symbol=ETH_USDC&limit=50", "/api/v1/pools/ETH_USDC", "/api/v1/status"),
    *("/api/v1/tickers", "/api/v1/klines?symbol=ETH_USDC&interval=1m&startTime=0", "/readyz"),
    "/api/v1/quote?tokenIn=ETH&tokenOut=USDC&amountIn=1000000000000000",
)


class Trader:
    def __init__(self, wire: Wire, domain: Domain, spot: int, seed: int) -> None:
        """`spot` in ticks."""
        self._wire, self._domain, self._spot = wire, domain, spot
        self._random = Random(seed)
        self._wallet = Wallet(self._random.randbytes(32))
        self._key = Key(self._random.randbytes(32))
        # One after the other from a day ago on: 256 of them are one word of the exchange's memory.
        self._nonce = (int(time.time()) - DAY_S) * NONCE_SLOTS
        self._client_id = 0
        self._own: deque[tuple[int, str]] = deque()  # client id, digest
        self._by_key: deque[str] = deque()
        self._sells = self._removes = False
        kinds = {
            self._swap: 8,
            self._order: 5,
            self._taker: 2,
            self._replace: 2,
            self._liquidity: 2,
            self._key_order: 4,
            self._batch: 1,
            self._read: 7,
            self._refused: 1,
        }
        self._kinds, self._weights = list(kinds), list(kinds.values())

    async def begin(self) -> None:
        for token in (ETH, USDC):
            wish = {"owner": self._wallet.address, "token": token, "amount": str(10**24)}
            assert (await self._wire.ask("POST", "/api/v1/faucet", encode(wish)))[0] == 201
        approval = {"public_key": self._key.public, "valid_until": 2**40}
        assert (await self._post(self._sign(cm.ApproveApiKey, **approval)))[0] == 201
        assert (await self._add())[0] == 201

    async def step(self) -> Answer:
        """One request of some kind."""
        [kind] = self._random.choices(self._kinds, self._weights)
        return await kind()

    async def _swap(self) -> Answer:
        return await self._post(self._signed_swap())

    def _signed_swap(self, **changes: Any) -> Signed:
        return self._sign(cm.SwapExactIn, **self._swapped(), **changes)

    def _swapped(self) -> Json:
        self._sells = not self._sells
        amount = LOT * 10 if self._sells else self._spot * 10
        ends = (ETH, USDC) if self._sells else (USDC, ETH)
        return {
            **dict(zip(("token_in", "token_out"), ends, strict=True)),
            "amount_in": amount,
            "min_amount_out": 0,
        }

    async def _order(self) -> Answer:
        if len(self._own) >= OPEN_MAX:
            client_id, _ = self._own.popleft()
            return await self._post(self._sign(cm.CancelOrder, order_id="", client_id=client_id))
        self._client_id += 1
        signed = self._placed(away=self._random.randrange(10, 30), client_id=self._client_id)
        answer = await self._post(signed)
        if answer[0] == 201:
            self._own.append((self._client_id, signed.digest))
        return answer

    async def _taker(self) -> Answer:
        return await self._post(self._placed(away=-5, time_in_force="IOC"))

    async def _replace(self) -> Answer:
        if not self._own:
            return await self._order()
        is_bid = self._own[-1][0] % 2 == 0
        terms = self._terms(is_bid, self._random.randrange(10, 30))
        return await self._post(self._sign(cm.ReplaceOrder, order=self._own[-1][1], **terms))

    def _placed(self, away: int, client_id: int = 0, **changes: Any) -> Signed:
        """`away` from spot in percent, on its own side; the side is that of the client id."""
        terms: Json = {
            "time_in_force": "GTC",
            "post_only": False,
            "self_trade_prevention": "RejectMaker",
            "trigger_price": 0,
            "trigger_above": False,
            "client_id": client_id,
            "expires": 0,
            **changes,
        }
        is_bid = client_id % 2 == 0 if client_id else self._random.random() < 0.5
        return self._sign(cm.PlaceOrder, **self._terms(is_bid, away), **terms)

    def _terms(self, is_bid: bool, away: int) -> Json:
        lots = self._random.randrange(10, 20)
        price = self._spot * (100 - away if is_bid else 100 + away) // 100
        base, quote = (ETH, lots * LOT), (USDC, lots * price)
        sold, bought = (quote, base) if is_bid else (base, quote)
        names = ("sell_token", "sell_amount", "buy_token", "buy_amount")
        return dict(zip(names, (*sold, *bought), strict=True))

    async def _liquidity(self) -> Answer:
        self._removes = not self._removes
        if not self._removes:
            return await self._add()
        ends = {"token_a": ETH, "token_b": USDC}
        amounts = {"liquidity": 10**9, "amount_a_min": 0, "amount_b_min": 0}
        return await self._post(self._sign(cm.RemoveLiquidity, **ends, **amounts))

    async def _add(self) -> Answer:
        ends = {"token_a": ETH, "token_b": USDC}
        amounts = {"amount_a_desired": 50 * LOT, "amount_b_desired": self._spot * 50}
        least = {"amount_a_min": 0, "amount_b_min": 0}
        return await self._post(self._sign(cm.AddLiquidity, **ends, **amounts, **least))

    async def _key_order(self) -> Answer:
        now_ms = time.time_ns() // 1_000_000
        if len(self._by_key) >= OPEN_MAX:
            body = {"symbol": "ETH_USDC", "orderId": self._by_key.popleft()}
            headers = by_key(self._key, "orderCancel", body, now_ms)
            return await self._wire.ask("DELETE", "/api/v1/order", encode(body), headers)
        cents = self._spot * self._random.randrange(92, 98) // 100
        body = {
            "symbol": "ETH_USDC",
            "side": "Bid",
            "orderType": "Limit",
            "quantity": "0.01",
            "price": f"{cents // 100}.{cents % 100:02}",
        }
        headers = by_key(self._key, "orderExecute", body, now_ms)
        answer = await self._wire.ask("POST", "/api/v1/order", encode(body), headers)
        if answer[0] == 200:
            self._by_key.append(msgspec.json.decode(answer[1])["id"])
        return answer

    async def _batch(self) -> Answer:
        actions = [cm.SwapExactIn(**self._stamped(), **self._swapped()) for _ in range(4)]
        body = sign_batch(self._wallet, self._domain, actions)
        return await self._wire.ask("POST", "/api/v1/actions", body)

    async def _read(self) -> Answer:
        owner = self._wallet.address
        own = (f"/api/v1/accounts/{owner}", f"/api/v1/orders?owner={owner}&state=open")
        return await self._wire.ask("GET", self._random.choice((*READS, *own)))

    async def _refused(self) -> Answer:
        """What a client does wrong: too late, or beyond its means."""
        if self._random.random() < 0.5:
            return await self._post(self._signed_swap(deadline=1))
        sink = {"token": USDC, "recipient": "0x" + "5e" * 20}
        return await self._post(self._sign(cm.Transfer, amount=10**30, **sink))

    def _sign(self, kind: Any, **fields: Any) -> Signed:
        return sign(self._wallet, self._domain, kind(**{**self._stamped(), **fields}))

    def _stamped(self) -> Json:
        self._nonce += 1
        owner, deadline = self._wallet.address, int(time.time()) + 60
        return {"owner": owner, "nonce": self._nonce, "deadline": deadline}

    async def _post(self, signed: Signed) -> Answer:
        return await self._wire.ask(signed.method, signed.path, signed.body)
