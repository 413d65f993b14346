"""The traders of `--seed-demo`, in a process of their own: a market maker on each market with a
book, and takers on all of them, around prices that walk. They come in by HTTP as anybody does, with
wallets that the data folder keeps and the sandbox's faucet fills.
"""

import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from xyk.cli.exits import NO, OK
from xyk.cli.keys import DEMO_AGENT, DEMO_MAKER, DEMO_TAKER, kept_wallet
from xyk.cli.mm import agent_client
from xyk.cli.mm_authority import authority
from xyk.cli.seed import DEPOSITS, Deposit
from xyk.client.client import Client
from xyk.client.connection import Refused, Unanswered
from xyk.client.market_terms import MarketTerms
from xyk.domain.decimals import base_units
from xyk.maker.exchange_clock import ExchangeClock
from xyk.maker.market_maker import PATIENCE_S, PERISH_S, MarketMaker, Pace, Stopped
from xyk.maker.market_view import MarketView
from xyk.maker.quoting import Price, Style
from xyk.maker.reference import WalkReference
from xyk.maker.taker import Taker

SEED = 7
AGENT_HOURS = 30 * 24
PURSE = {"USDC": 50_000, "BTC": 1, "ETH": 20, "SOL": 300}  # whole tokens of each wallet
PURSE_CHECK_S = 30.0
LEVEL_PART = 200  # of the seeded base is a level of the maker's
STYLE = Style(levels=4, lots=0, spread_bps=16, step_bps=12, skew_bps=20)
PACE = Pace(refresh_s=2.0, timeout_s=60, tolerance_bps=8)
BRISK_S = 60.0  # so long a market is brisk after the start, so that there is something to see
BRISK_PAUSE_S, PAUSE_S = 0.5, 2.0  # between two trades of a market, on average
TROUBLE_PAUSE_S = 5.0

log = logging.getLogger("xyk.traders")


async def trade(url: str, data: Path) -> int:
    """Until SIGTERM, or until standard input ends because the server is gone; the exit code."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ending.set)
    loop.add_reader(sys.stdin.fileno(), _end_with_server)
    clock = ExchangeClock()
    kept_wallet(data, DEMO_MAKER)
    may = await authority(
        url, "", data / DEMO_MAKER, None, data / DEMO_AGENT, owner="", agent_hours=AGENT_HOURS
    )
    async with AsyncExitStack() as stack:
        maker = await stack.enter_async_context(agent_client(url, may, clock))
        taker = await stack.enter_async_context(
            Client(
                url,
                kept_wallet(data, DEMO_TAKER),
                salt=may.salt,
                timeout_s=PERISH_S,
                patience_s=PATIENCE_S,
                now_s=clock.now_s,
            )
        )
        await clock.measure(maker)
        if may.session is not None:  # reads are private here
            await taker.sign_in()
        code = OK
        try:
            await Traders(maker, taker, clock).run(ending, may.valid_until)
        except* (Stopped, Refused, Unanswered) as faults:
            log.warning("the demo traders stop: %s", faults.exceptions[0])
            code = NO
    return code


def _end_with_server() -> None:
    if not os.read(sys.stdin.fileno(), 1):
        os._exit(0)  # nobody is there to take a cancel; the switch and the expiries will do it


class Traders:
    """`maker` signs as the agent of its owner, `taker` for itself."""

    def __init__(self, maker: Client, taker: Client, clock: ExchangeClock) -> None:
        self._maker = maker
        self._taker = taker
        self._clock = clock
        self._references: dict[str, WalkReference] = {}

    async def run(self, ending: asyncio.Event, valid_until: int) -> None:
        await self._fill_purses()
        markets = {one["symbol"]: one for one in await self._taker.markets()}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep_purses())]
            for deposit in DEPOSITS:
                if deposit.market not in markets:
                    continue
                terms = await self._taker.market_terms(deposit.market)
                if markets[deposit.market]["book"]:
                    maker = self._market_maker(deposit, terms, valid_until)
                    group.create_task(maker.run(ending))
                    price: Callable[[], Price | None] = maker.reference.price
                else:
                    price = self._cross(terms)
                tasks += self._take(group, terms, price)
            await ending.wait()
            for task in tasks:
                task.cancel()
            with suppress(Refused, Unanswered):
                await self._taker.cancel_all_orders()

    def _market_maker(self, deposit: Deposit, terms: MarketTerms, valid_until: int) -> MarketMaker:
        anchor = Price(
            deposit.quote * 10**terms.quote_decimals, deposit.base * 10**terms.base_decimals
        )
        size = deposit.base * 10**terms.base_decimals // LEVEL_PART
        return MarketMaker(
            self._maker,
            lambda changed: MarketView(self._maker, terms, changed),
            lambda view: self._reference(terms.symbol, view, anchor),
            STYLE._replace(lots=max(size // terms.lot_size, 1)),
            PACE._replace(valid_until=valid_until),
            self._clock,
        )

    def _reference(self, symbol: str, view: MarketView, anchor: Price) -> WalkReference:
        """It begins where the pool is and stays around where the pool was seeded."""
        walk = WalkReference(f"{SEED} {symbol}", lambda: view.pool, anchor)
        self._references[symbol] = walk
        return walk

    def _cross(self, terms: MarketTerms) -> Callable[[], Price | None]:
        """The price of a market of two tokens that both have one in USDC."""

        def price() -> Price | None:
            found = [self._references.get(f"{one}_USDC") for one in (terms.base, terms.quote)]
            base, quote = (None if one is None else one.price() for one in found)
            if base is None or quote is None:
                return None
            return Price(base.quote * quote.base, base.base * quote.quote)

        return price

    def _take(
        self, group: asyncio.TaskGroup, terms: MarketTerms, price: Callable[[], Price | None]
    ) -> list[asyncio.Task[None]]:
        view = MarketView(self._taker, terms, lambda: None)
        taker = Taker(self._taker, view, price, f"{SEED} {terms.symbol}")
        return [group.create_task(view.follow()), group.create_task(self._trade_on(taker))]

    async def _trade_on(self, taker: Taker) -> None:
        """A refusal, of a pause or of a price that went away, only makes it wait."""
        chance = random.Random(f"{SEED} pace {taker.view.terms.symbol}")
        begun_s = self._clock.now_s()
        while True:
            now_s = self._clock.now_s()
            pause_s = BRISK_PAUSE_S if now_s - begun_s < BRISK_S else PAUSE_S
            try:
                await taker.step(now_s)
            except Refused as refused:
                log.info("%s: %s", taker.view.terms.symbol, refused)
                if refused.code != "INSUFFICIENT_LIQUIDITY":
                    pause_s = TROUBLE_PAUSE_S
            except Unanswered:
                pause_s = TROUBLE_PAUSE_S
            await asyncio.sleep(pause_s * chance.uniform(0.5, 1.5))

    async def _keep_purses(self) -> None:
        while True:
            await asyncio.sleep(PURSE_CHECK_S)
            with suppress(Refused, Unanswered):
                await self._fill_purses()

    async def _fill_purses(self) -> None:
        """What is less than a third of what it should be is brought back to that."""
        tokens = {one["symbol"]: one["tokens"][0] for one in await self._taker.assets()}
        for client in (self._maker, self._taker):
            account = await client.account()
            has = {
                one["symbol"]: int(one["available"]) + int(one["locked"])
                for one in account["balances"]
            }
            for symbol, whole in PURSE.items():
                if symbol not in tokens:
                    continue
                full = base_units(str(whole), int(tokens[symbol]["nativeDecimals"]))
                if has.get(symbol, 0) < full // 3:
                    await self._taker.faucet(symbol, full - has.get(symbol, 0), owner=client.owner)
