"""A market that never rests: `python -m tests.browser.pace PORT RATE` makes RATE changes a second,
trades and orders in turn, until its input ends. Says `begun`, and at the end how many there were.

Nothing grows by it: what it buys it sells, what it places it cancels.
"""

import asyncio
import sys
import time
from random import Random
from typing import Any

import msgspec
import uvloop

from tests.soak.trader import ETH, LOT, USDC
from tests.soak.wire import Wire, encode
from xyk.client.signed import sign_batch
from xyk.domain import commands as cm
from xyk.domain.units import NONCE_SLOTS
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain

BATCHES = 20  # a second
HOUR_S = 60 * 60


class Pace:
    def __init__(self, wire: Wire, domain: Domain, spot: int, seed: int) -> None:
        """`spot` in ticks."""
        self._wire, self._domain, self._spot = wire, domain, spot
        self._random = Random(seed)
        self._wallet = Wallet(self._random.randbytes(32))
        self._nonce = (int(time.time()) - HOUR_S) * NONCE_SLOTS
        self._resting = False
        self._turn = 0
        self.changes = 0

    async def fund(self) -> None:
        for token in (ETH, USDC):
            wish = {"owner": self._wallet.address, "token": token, "amount": str(10**24)}
            assert (await self._wire.ask("POST", "/api/v1/faucet", encode(wish)))[0] == 201

    async def change(self, count: int) -> None:
        """`count` actions in one request; each must be accepted."""
        actions = [self._next() for _ in range(count)]
        body = sign_batch(self._wallet, self._domain, actions)
        status, answer = await self._wire.ask("POST", "/api/v1/actions", body)
        assert status == 200, answer
        for one in msgspec.json.decode(answer):
            # An order that a trade of somebody else took is no longer there to cancel.
            assert one["status"] in (200, 201, 404), one
        self.changes += count

    def _next(self) -> cm.Command:
        self._turn += 1
        if self._turn % 4 == 0:
            return self._order()
        lots = 10 + self._turn // 2 % 7
        amount, ends = lots * LOT, (ETH, USDC)
        if self._turn % 2:
            amount, ends = lots * self._spot, (USDC, ETH)
        return cm.SwapExactIn(
            **self._stamped(),
            token_in=ends[0],
            token_out=ends[1],
            amount_in=amount,
            min_amount_out=0,
        )

    def _order(self) -> cm.Command:
        self._resting = not self._resting
        if not self._resting:
            return cm.CancelOrder(**self._stamped(), order_id="", client_id=1)
        price = self._spot * self._random.randrange(970, 990) // 1_000
        return cm.PlaceOrder(
            **self._stamped(),
            sell_token=USDC,
            buy_token=ETH,
            sell_amount=20 * price,
            buy_amount=20 * LOT,
            time_in_force="GTC",
            post_only=False,
            self_trade_prevention="",
            trigger_price=0,
            trigger_above=False,
            client_id=1,
            expires=0,
        )

    def _stamped(self) -> dict[str, Any]:
        self._nonce += 1
        now = int(time.time())
        return {"owner": self._wallet.address, "nonce": self._nonce, "deadline": now + 60}


async def main(port: int, rate: float) -> None:
    wire = await Wire.open(port)
    _, domain = await wire.ask("GET", "/api/v1/domain")
    _, pool = await wire.ask("GET", "/api/v1/pools/ETH_USDC")
    base, quote = map(int, msgspec.json.decode(pool)["reserves"])
    salt = msgspec.json.decode(domain)["domain"]["salt"]
    pace = Pace(wire, Domain(salt), quote * LOT // base, time.time_ns())
    await pace.fund()
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print("begun", flush=True)
    due = time.perf_counter()
    while not ended.done():
        count = max(1, round(rate / BATCHES))
        await pace.change(count)
        due = max(due, time.perf_counter() - 1) + count / rate
        await asyncio.wait([ended], timeout=max(0.0, due - time.perf_counter()))
    print(pace.changes, flush=True)
    await wire.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
