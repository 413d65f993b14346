"""A sandbox that has traded for five weeks, up to a few hours ago: written by a real writer whose
clock is set by hand, each action really signed. `python -m tests.browser.month DATA` makes one to
look at."""

import asyncio
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.engine.desk import HandClock
from xyk.cli.compose import Exchange, running
from xyk.cli.settings import Settings
from xyk.domain.commands import AddLiquidity, Command, FaucetDeposit, PlaceOrder, SwapExactIn
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET
from xyk.domain.tokens import token_address
from xyk.engine.entry import Evidence
from xyk.engine.submission import Submission
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import Domain, digest

SECOND_MS, HOUR_MS, DAY_MS = 1_000, 3_600_000, 86_400_000
BEGAN_AGO_MS, ENDED_AGO_MS = 35 * DAY_MS, 2 * HOUR_MS
PAUSE_MS = 5 * HOUR_MS
DEADLINE_S = 60
UNIT = {"USDC": 10**6, "BTC": 10**8, "ETH": 10**18, "SOL": 10**9}
TICK = 10**4  # of ETH_USDC, in units of USDC
POOLS = (  # whole tokens of each
    ("ETH", 100, "USDC", 200_000),
    ("BTC", 5, "USDC", 300_000),
    ("ETH", 60, "BTC", 2),
)


class Month:
    def __init__(self, exchange: Exchange, clock: HandClock, seed: int) -> None:
        self._writer, self._clock, self._random = exchange.services.writer, clock, Random(seed)
        self._state = exchange.services.state
        self._domain = Domain(self._state.salt)
        self._nonces = NonceClock()
        self._taker, self._maker = (Wallet(self._random.randbytes(32)) for _ in range(2))

    async def open(self) -> None:
        for wallet in (self._taker, self._maker):
            for symbol, unit in UNIT.items():
                wish = FaucetDeposit(
                    owner=wallet.address, token=token_address(symbol), amount=10**9 * unit
                )
                await self._submit(wish, Evidence(scheme=FAUCET))
        for base, base_amount, quote, quote_amount in POOLS:
            await self._do(
                self._maker,
                AddLiquidity,
                token_a=token_address(base),
                token_b=token_address(quote),
                amount_a_desired=base_amount * UNIT[base],
                amount_b_desired=quote_amount * UNIT[quote],
                amount_a_min=0,
                amount_b_min=0,
            )

    async def step(self) -> None:
        """Some time passes, and some of it is traded."""
        self._clock.advance(self._random.randrange(SECOND_MS, PAUSE_MS))
        for _ in range(self._random.randrange(1, 4)):
            self._clock.advance(self._random.randrange(20 * SECOND_MS))
            match self._random.randrange(5):
                case 0 | 1:
                    await self._swap("USDC", "ETH", self._random.randrange(500, 5_000))
                case 2:
                    await self._swap("ETH", "USDC", self._random.randrange(1, 4))
                case 3:
                    await self._swap("USDC", "BTC", self._random.randrange(500, 3_000))
                case _:
                    await self._swap("ETH", "BTC", self._random.randrange(1, 3))
        if self._random.random() < 0.3:
            await self._through_the_book()

    async def _through_the_book(self) -> None:
        """An order that rests within the pool's fee, so that nobody is cheaper, and is taken."""
        pool = self._state.pools["ETH_USDC"]
        ticks = pool.reserve_quote * UNIT["ETH"] // pool.reserve_base // TICK
        await self._order(self._maker, is_bid=False, ticks=ticks, in_force="")
        await self._order(self._taker, is_bid=True, ticks=ticks, in_force="IOC")

    async def _swap(self, sold: str, bought: str, whole: int) -> None:
        ends = {"token_in": token_address(sold), "token_out": token_address(bought)}
        amount = whole * UNIT[sold]
        await self._do(self._taker, SwapExactIn, **ends, amount_in=amount, min_amount_out=0)

    async def _order(self, wallet: Wallet, *, is_bid: bool, ticks: int, in_force: str) -> None:
        base, quote = UNIT["ETH"] // 2, ticks * TICK // 2
        sides = ("USDC", "ETH", quote, base) if is_bid else ("ETH", "USDC", base, quote)
        await self._do(
            wallet,
            PlaceOrder,
            sell_token=token_address(sides[0]),
            buy_token=token_address(sides[1]),
            sell_amount=sides[2],
            buy_amount=sides[3],
            time_in_force=in_force,
            post_only=False,
            self_trade_prevention="",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
        )

    async def _do(self, wallet: Wallet, kind: type, **fields: Any) -> None:
        now_s = self._clock.now_ms() // 1000
        stamp = {"nonce": self._nonces.next_nonce(now_s), "deadline": now_s + DEADLINE_S}
        action = kind(owner=wallet.address, **fields, **stamp)
        evidence = Evidence(
            scheme=EIP712,
            signer=wallet.address,
            digest="0x" + digest(self._domain, action).hex(),
            signature=wallet.sign(self._domain, action),
        )
        await self._submit(action, evidence)

    async def _submit(self, command: Command, evidence: Evidence) -> None:
        outcome = await self._writer.submit(Submission(command, evidence))
        assert not isinstance(outcome, Rejected), outcome


def trade_for_a_month(data: Path, seed: int = 7) -> None:
    async def trade() -> None:
        clock = HandClock()
        now_ms = time.time_ns() // 10**6
        clock.wall_ms = now_ms - BEGAN_AGO_MS
        settings = Settings(data=data, sandbox=True, accept_clock=True)
        async with running(settings, "1", on_failure=_never, clock=clock) as exchange:
            month = Month(exchange, clock, seed)
            await month.open()
            while clock.now_ms() < now_ms - ENDED_AGO_MS - PAUSE_MS:
                await month.step()

    asyncio.run(trade())


def _never(error: BaseException) -> NoReturn:
    raise AssertionError(error)


if __name__ == "__main__":
    trade_for_a_month(Path(sys.argv[1]))
