"""Clients that trade until the server dies under them, and remember what they were promised."""

import asyncio
import random
from contextlib import suppress
from typing import NamedTuple

from xyk.client.client import Client
from xyk.client.connection import Answer, Unanswered
from xyk.client.signed import Signed
from xyk.domain.commands import AddLiquidity, SignedAction, SwapExactIn, Transfer
from xyk.domain.tokens import token_address
from xyk.wallet.signer import NonceClock, Wallet

ETH, USDC = token_address("ETH"), token_address("USDC")
SINK = "0x" + "5e" * 20


class Promise(NamedTuple):
    """An acknowledged action with its receipt, kept outside the server."""

    signed: Signed
    receipt: bytes


class Trader:
    """One wallet. `promises`: acknowledged actions; `doubts`: posted and not answered."""

    def __init__(self, seed: int) -> None:
        self.wallet = Wallet.random()
        self.nonces = NonceClock()
        self.promises: list[Promise] = []
        self.doubts: list[Signed] = []
        self.resumed = 0  # doubts that had been executed before they were posted again
        self._random = random.Random(seed)

    def client(self, url: str, *, patience_s: float) -> Client:
        return Client(url, self.wallet, nonces=self.nonces, patience_s=patience_s)

    async def fund(self, url: str) -> None:
        async with self.client(url, patience_s=30) as client:
            await client.faucet("ETH", 10**24)
            await client.faucet("USDC", 10**15)

    async def trade(self, url: str) -> None:
        """Returns when the server is gone."""
        async with self.client(url, patience_s=0) as client:
            with suppress(Unanswered):
                await client.domain()
                while True:
                    await self._act(client)

    async def trade_some(self, url: str, actions: int) -> None:
        async with self.client(url, patience_s=30) as client:
            await client.domain()
            for _ in range(actions):
                await self._act(client)

    async def _act(self, client: Client) -> None:
        signed = await client.sign(self._next(client))
        try:
            answer = await client.send(signed)
        except Unanswered:
            self.doubts.append(signed)
            raise
        if answer.status == 201:
            self.promises.append(Promise(signed, answer.body))
        else:
            assert answer.status == 503, answer

    async def redeem(self, url: str, promises: list[Promise]) -> None:
        """Every promise stands: the same bytes get the same receipt, now with 200."""
        async with self.client(url, patience_s=30) as client:
            for signed, receipt in promises:
                answer = await client.send(signed)
                assert answer == Answer(200, receipt), (signed.kind, answer, receipt)

    async def settle(self, url: str) -> None:
        """What was never answered executed or did not; posted again it has, once."""
        doubts, self.doubts = self.doubts, []
        async with self.client(url, patience_s=30) as client:
            for signed in doubts:
                answer = await client.send(signed)
                assert answer.status in (200, 201), answer
                self.resumed += answer.status == 200
                self.promises.append(Promise(signed, answer.body))

    def _next(self, client: Client) -> SignedAction:
        kind = self._random.randrange(10)
        owner, stamp = client.owner, client.stamp()
        if kind == 0:
            return AddLiquidity(
                owner=owner,
                token_a=ETH,
                token_b=USDC,
                amount_a_desired=10**16,
                amount_b_desired=10**12,
                amount_a_min=0,
                amount_b_min=0,
                **stamp,
            )
        if kind == 1:
            return Transfer(owner=owner, token=USDC, amount=1, recipient=SINK, **stamp)
        token_in, token_out, most = (ETH, USDC, 10**16) if kind % 2 else (USDC, ETH, 2 * 10**7)
        amount_in = self._random.randrange(most // 2, most)
        return SwapExactIn(
            owner=owner,
            token_in=token_in,
            token_out=token_out,
            amount_in=amount_in,
            min_amount_out=0,
            **stamp,
        )


async def trade_until_killed(traders: list[Trader], url: str) -> None:
    await asyncio.gather(*(trader.trade(url) for trader in traders))
