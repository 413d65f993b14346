"""A deployment that has traded for years: written by a real writer whose clock is set by hand, then
served by a real server."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.cli.traded import Traded
from tests.engine.desk import HandClock
from tests.naive.candles import Fill, next_start
from xyk.cli.compose import running
from xyk.cli.settings import Settings
from xyk.domain.commands import AddLiquidity, Command, FaucetDeposit, PlaceOrder, SwapExactIn
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET
from xyk.domain.tokens import token_address
from xyk.engine.entry import Evidence
from xyk.engine.submission import Submission
from xyk.engine.writer import Writer
from xyk.wallet.signer import NonceClock, Wallet

MARKET = "ETH_USDC"
ETH, USDC = token_address("ETH"), token_address("USDC")
FIRST_MS = 1_695_200_000_123  # in September 2023
STEPS = 260
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
PAUSES = (0, 1, SECOND, 20 * SECOND, 3 * MINUTE, HOUR, 7 * HOUR, DAY, 4 * DAY, 20 * DAY)
OWNER, MAKER = (Wallet(bytes(31) + bytes([number])).address for number in (11, 12))
EDGES = ("1s", "1m", "1h", "1d", "3d", "1w", "1month")


class Years:
    """Trades of one market, step by step."""

    def __init__(self, writer: Writer, clock: HandClock, seed: int) -> None:
        self.writer, self.clock, self.random, self.seed = writer, clock, Random(seed), seed
        self.nonces = NonceClock()
        self.number = 0

    async def do(self, kind: type, owner: str, **fields: Any) -> None:
        now_s = self.clock.wall_ms // 1000
        stamp = {"nonce": self.nonces.next_nonce(now_s), "deadline": now_s + 60}
        self.number += 1
        digest = f"0x{self.seed:032x}{self.number:032x}"
        evidence = Evidence(scheme=EIP712, signer=owner, digest=digest, signature="0x" + "ab" * 65)
        await self.submit(kind(owner=owner, **fields, **stamp), evidence)

    async def submit(self, command: Command, evidence: Evidence) -> None:
        outcome = await self.writer.submit(Submission(command, evidence))
        assert not isinstance(outcome, Rejected), outcome

    async def open(self) -> None:
        for owner in (OWNER, MAKER):
            for token, amount in ((ETH, 10**23), (USDC, 10**15)):
                wish = FaucetDeposit(owner=owner, token=token, amount=amount)
                await self.submit(wish, Evidence(scheme=FAUCET))
        amounts = {"amount_a_desired": 10**20, "amount_b_desired": 2 * 10**11}
        least = {"amount_a_min": 0, "amount_b_min": 0}
        await self.do(AddLiquidity, OWNER, token_a=ETH, token_b=USDC, **amounts, **least)

    async def step(self) -> None:
        pause = self.random.choice(PAUSES)
        until = self.clock.wall_ms + self.random.randrange(pause + 1)
        if self.random.random() < 0.2:
            until = next_start(self.random.choice(EDGES), until // DAY * DAY)
        self.clock.advance(max(0, until - self.clock.wall_ms))
        match self.random.randrange(6):
            case 0:  # dust: volume without a price
                await self.swap(ETH, USDC, 10**12)
            case 1:  # an order that rests, and one that takes some of it
                price = 2_300 + self.random.randrange(100)
                await self.order(MAKER, is_bid=False, price=price)
                await self.order(OWNER, is_bid=True, price=2_500)
            case 2:
                await self.swap(USDC, ETH, self.random.randrange(10**7, 10**10))
            case _:
                await self.swap(ETH, USDC, self.random.randrange(10**15, 4 * 10**18))

    async def swap(self, sold: str, bought: str, amount: int) -> None:
        ends = {"token_in": sold, "token_out": bought}
        await self.do(SwapExactIn, OWNER, **ends, amount_in=amount, min_amount_out=0)

    async def order(self, owner: str, *, is_bid: bool, price: int) -> None:
        base, quote = 10**17, price * 10**5  # 0.1 ETH
        sides = (USDC, ETH, quote, base) if is_bid else (ETH, USDC, base, quote)
        names = ("sell_token", "buy_token", "sell_amount", "buy_amount")
        await self.do(
            PlaceOrder,
            owner,
            **dict(zip(names, sides, strict=True)),
            time_in_force="IOC" if is_bid else "",
            post_only=False,
            self_trade_prevention="",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
        )


def never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


def trade_for_years(data: Path, database_url: str) -> None:
    """Over two processes' worth of starts: what the first knew, the second reads back."""

    async def trade() -> None:
        clock, seen = HandClock(), 0
        clock.wall_ms = FIRST_MS
        settings = Settings(data=data, database_url=database_url, sandbox=True, accept_clock=True)
        for seed in (1, 2, 3):
            async with running(settings, "1", on_failure=never, clock=clock) as exchange:
                years = Years(exchange.services.writer, clock, seed)
                if not seen:
                    await years.open()
                for _ in range(STEPS // 3):
                    await years.step()
                seen += 1

    asyncio.run(trade())


def fills_of(data: Path, database_url: str, market: str = MARKET) -> list[Fill]:
    """As the table `trades` of a deployment at rest or at work has them."""
    rows = Traded(data, database_url).read_tables()["trades"]
    return [
        Fill(row[4], row[5], row[6], row[7] if row[8] else None)
        for row in sorted(rows)
        if row[0] == market
    ]
