"""An exchange in its own process with orders, a switch and triggers, waiting to be killed.

`python -m tests.cli.armed DATA` prints `armed` and the seq when all of it is committed.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from xyk.cli.compose import Exchange, running
from xyk.cli.settings import Settings
from xyk.domain.commands import CancelAllAfter, FaucetDeposit, PlaceOrder, SignedAction, SwapExactIn
from xyk.domain.request import EIP712, FAUCET
from xyk.domain.tokens import token_address
from xyk.engine.entry import Evidence
from xyk.engine.submission import Committed, Submission
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import digest

ALICE, BOB = Wallet(b"\xa1" * 32), Wallet(b"\xb0" * 32)
ETH, USDC = token_address("ETH"), token_address("USDC")
LOT, LOT_AT_ONE = 10**14, 100  # base units; quote units of a lot at one dollar
HOUR_S = 3_600
TRIGGERS = 130


class Floor:
    """Signs and submits as the API would."""

    def __init__(self, exchange: Exchange, nonces: NonceClock) -> None:
        self.services = exchange.services
        self.nonces = nonces

    @property
    def now_s(self) -> int:
        return self.services.now_ms() // 1000

    async def faucet(self, wallet: Wallet, token: str, amount: int) -> None:
        deposit = FaucetDeposit(owner=wallet.address, token=token, amount=amount)
        await self._accept(Submission(deposit, Evidence(scheme=FAUCET)))

    async def sign(self, wallet: Wallet, kind: Any, **fields: Any) -> Committed:
        stamp = {"nonce": self.nonces.next_nonce(self.now_s), "deadline": self.now_s + 60}
        action: SignedAction = kind(owner=wallet.address, **fields, **stamp)
        domain = self.services.domain
        signed = {"digest": "0x" + digest(domain, action).hex()}
        signed |= {"signer": wallet.address, "signature": wallet.sign(domain, action)}
        return await self._accept(Submission(action, Evidence(scheme=EIP712, **signed)))

    async def place(self, wallet: Wallet, lots: int, dollars: int, **fields: Any) -> Committed:
        """A bid of `lots`, or an ask where they are negative."""
        base, quote = (ETH, abs(lots) * LOT), (USDC, abs(lots) * dollars * LOT_AT_ONE)
        sold, bought = (quote, base) if lots > 0 else (base, quote)
        terms = {
            "time_in_force": "",
            "post_only": False,
            "self_trade_prevention": "",
            "trigger_price": 0,
            "trigger_above": False,
            "client_id": 0,
            "expires": 0,
            **fields,
        }
        tokens = {"sell_token": sold[0], "buy_token": bought[0]}
        amounts = {"sell_amount": sold[1], "buy_amount": bought[1]}
        return await self.sign(wallet, PlaceOrder, **tokens, **amounts, **terms)

    async def switch(self, wallet: Wallet, seconds: int) -> Committed:
        return await self.sign(wallet, CancelAllAfter, market="", timeout_seconds=seconds)

    async def sell(self, wallet: Wallet, lots: int) -> Committed:
        fields = {"token_in": ETH, "token_out": USDC, "amount_in": lots * LOT}
        return await self.sign(wallet, SwapExactIn, **fields, min_amount_out=0)

    async def _accept(self, submission: Submission) -> Committed:
        answer = await self.services.writer.submit(submission)
        assert isinstance(answer, Committed), answer
        return answer


async def arm(floor: Floor) -> Committed:
    """BOB's order expires in an hour, ALICE's switch fires then; more triggers are reached than may
    be activated before the next command."""
    for wallet in (ALICE, BOB):
        await floor.faucet(wallet, ETH, 10**19)
        await floor.faucet(wallet, USDC, 10**10)
    await floor.place(BOB, -1, 2_000)
    await floor.place(ALICE, 1, 2_000)
    for _ in range(TRIGGERS):
        await floor.place(ALICE, 1, 1_000, trigger_price=1_900 * 10**6)
    await floor.place(BOB, -3, 3_000, time_in_force="GTD", expires=floor.now_s + HOUR_S)
    await floor.switch(ALICE, HOUR_S)
    await floor.place(ALICE, 1, 1_900)
    return await floor.sell(BOB, 1)


async def _main(data: Path) -> None:
    settings = Settings(data=data, sandbox=True, snapshot_every=60)
    async with running(settings, "1", on_failure=lambda _: os._exit(9)) as exchange:
        sold = await arm(Floor(exchange, NonceClock()))
        sys.stdout.write(f"armed {sold.entry.seq}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
