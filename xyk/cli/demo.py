"""`xyk demo`: two wallets trade on a sandbox, every step signed, while the price feed runs beside
it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from xyk.cli.amounts import short
from xyk.cli.demo_orders import DemoOrders
from xyk.cli.exits import NO, Stop
from xyk.client.client import Client
from xyk.client.connection import PATIENCE_S
from xyk.client.stream import Stream
from xyk.domain.units import BPS
from xyk.wallet.signer import Wallet

MARKET, BASE, QUOTE = "ETH_USDC", "ETH", "USDC"
ETH, USDC = 10**18, 10**6
DECIMALS = {BASE: 18, QUOTE: 6}
FIRST_PRICE = 2_000 * USDC  # quote units per whole base, where the pool is empty
SLIPPAGE_BPS = 100
FEED_PATIENCE_S = 15.0  # how long a subscription or the last trade may take to come


class Step(NamedTuple):
    """One row of the table. `seq`: the journal entry that the step made, 0 for a mere question."""

    who: str
    what: str
    result: str
    seq: int


class Screen(Protocol):
    """Where a demo shows itself."""

    def step(self, step: Step) -> None: ...
    def price(self, line: str) -> None: ...
    def balances(self, rows: list[tuple[str, str, str, str]]) -> None:
        """Rows of (who, asset, before, after), whole tokens."""
        ...

    async def pause(self) -> None:
        """Gives a person time to read a step."""
        ...


async def demo(base_url: str, screen: Screen, *, patience_s: float = PATIENCE_S) -> None:
    """Raises Refused or Unanswered where the exchange does not play along."""
    async with (
        Client(base_url, Wallet.random(), patience_s=patience_s) as alice,
        Client(base_url, Wallet.random(), patience_s=patience_s) as bob,
        Stream(base_url, [f"trade.{MARKET}", f"pool.{MARKET}", f"ticker.{MARKET}"]) as stream,
    ):
        if not (await alice.status())["sandbox"]:
            raise Stop(NO, f"{base_url} is no sandbox; the demo needs a faucet")
        feed = Feed(stream, screen.price)
        following = asyncio.create_task(feed.follow())
        try:
            async with asyncio.timeout(FEED_PATIENCE_S):
                await stream.subscribed.wait()
            await Demo(alice, bob, screen, feed).run()
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


class Feed:
    """Turns frames into lines. `trades`: how many trades came by, `changed` is set with each
    frame.
    """

    def __init__(self, stream: Stream, show: Callable[[str], None]) -> None:
        self.trades = 0
        self.changed = asyncio.Event()
        self._stream = stream
        self._show = show

    async def follow(self) -> None:
        async for frame in self._stream:
            kind = str(frame["stream"]).replace("@", ".").partition(".")[0]
            line = feed_line(kind, frame["data"])
            if line is not None:
                self._show(line)
            self.trades += kind == "trade"
            self.changed.set()

    async def wait_for_trades(self, count: int) -> None:
        """Until so many were seen. TimeoutError when the feed is silent."""
        async with asyncio.timeout(FEED_PATIENCE_S):
            while self.trades < count:
                self.changed.clear()
                await self.changed.wait()


def feed_line(kind: str, data: dict[str, Any]) -> str | None:
    """One line for a person; None for a frame that says nothing to one."""
    match kind:
        case "trade":
            side = "sold" if data.get("m") else "bought"
            return f"trade   {data['q']} {BASE} {side} at {data['p']}"
        case "ticker":
            return f"ticker  last {data['c']}  high {data['h']}  low {data['l']}"
        case "pool":
            base, quote = (int(amount) for amount in data["reserves"])
            return f"pool    {short(base, 18)} {BASE}  {short(quote, 6)} {QUOTE}"
    return None


class Demo:
    def __init__(self, alice: Client, bob: Client, screen: Screen, feed: Feed) -> None:
        self._alice = alice
        self._bob = bob
        self._screen = screen
        self._feed = feed

    async def run(self) -> None:
        price = await self._price()
        await self._fund("alice", self._alice, BASE, 11 * ETH)
        await self._fund("alice", self._alice, QUOTE, 11 * price * 101 // 100)
        await self._fund("bob", self._bob, QUOTE, 3 * price)
        before = await self._all_balances()
        liquidity = await self._add_liquidity(price)
        await self._buy(ETH)
        await self._sell(ETH * 4 // 10)
        fills = await DemoOrders(self._alice, self._bob, self._show).run()
        await self._remove_liquidity(liquidity)
        await self._feed.wait_for_trades(2 + fills)
        after = await self._all_balances()
        self._screen.balances(
            [
                (
                    who,
                    asset,
                    short(amount, DECIMALS[asset]),
                    short(after[who, asset], DECIMALS[asset]),
                )
                for (who, asset), amount in before.items()
            ]
        )

    async def _price(self) -> int:
        """Quote units per whole base, of the pool as it stands."""
        base, quote = (int(amount) for amount in (await self._alice.pool(MARKET))["reserves"])
        return quote * ETH // base if base else FIRST_PRICE

    async def _fund(self, who: str, client: Client, asset: str, amount: int) -> None:
        receipt = await client.faucet(asset, amount)
        await self._show(who, "faucet", f"received {_text(amount, asset)}", receipt)

    async def _add_liquidity(self, price: int) -> int:
        base, quote = 10 * ETH, 10 * price
        receipt = await self._alice.add_liquidity(
            BASE, QUOTE, base, quote, _less(base, SLIPPAGE_BPS), _less(quote, SLIPPAGE_BPS)
        )
        paid = f"{_text(int(receipt['amountA']), BASE)} and {_text(int(receipt['amountB']), QUOTE)}"
        liquidity = int(receipt["liquidity"])
        await self._show(
            "alice", "add liquidity", f"{paid} for {short(liquidity, 18)} shares", receipt
        )
        return liquidity

    async def _buy(self, amount_out: int) -> None:
        quote = await self._bob.quote(QUOTE, BASE, amount_out=amount_out, slippage_bps=SLIPPAGE_BPS)
        cost = _text(int(quote["amountIn"]), QUOTE)
        impact = f"price impact {quote['priceImpactBps']} bps"
        await self._show("bob", "quote", f"{_text(amount_out, BASE)} costs {cost}, {impact}", {})
        receipt = await self._bob.buy(QUOTE, BASE, amount_out, int(quote["maxAmountIn"]))
        await self._show_swap("buy", receipt, QUOTE, BASE)

    async def _sell(self, amount_in: int) -> None:
        quote = await self._bob.quote(BASE, QUOTE, amount_in=amount_in, slippage_bps=SLIPPAGE_BPS)
        gain = _text(int(quote["amountOut"]), QUOTE)
        await self._show("bob", "quote", f"{_text(amount_in, BASE)} gives {gain}", {})
        receipt = await self._bob.sell(BASE, QUOTE, amount_in, int(quote["minAmountOut"]))
        await self._show_swap("sell", receipt, BASE, QUOTE)

    async def _remove_liquidity(self, liquidity: int) -> None:
        receipt = await self._alice.remove_liquidity(BASE, QUOTE, liquidity)
        gained = (
            f"{_text(int(receipt['amountA']), BASE)} and {_text(int(receipt['amountB']), QUOTE)}"
        )
        await self._show(
            "alice", "remove liquidity", f"{gained} for {short(liquidity, 18)} shares", receipt
        )

    async def _show_swap(
        self, what: str, receipt: dict[str, Any], asset_in: str, asset_out: str
    ) -> None:
        paid, gained = int(receipt["amountIn"]), int(receipt["amountOut"])
        result = f"paid {_text(paid, asset_in)}, received {_text(gained, asset_out)}"
        await self._show("bob", what, result, receipt)

    async def _show(self, who: str, what: str, result: str, receipt: dict[str, Any]) -> None:
        self._screen.step(Step(who, what, result, receipt.get("seq", 0)))
        await self._screen.pause()

    async def _all_balances(self) -> dict[tuple[str, str], int]:
        found = {}
        for who, client in (("alice", self._alice), ("bob", self._bob)):
            account = await client.account()
            held = {one["symbol"]: int(one["available"]) for one in account["balances"]}
            for asset in (BASE, QUOTE):
                found[who, asset] = held.get(asset, 0)
        return found


def _text(amount: int, asset: str) -> str:
    return f"{short(amount, DECIMALS[asset])} {asset}"


def _less(amount: int, bps: int) -> int:
    return amount * (BPS - bps) // BPS
