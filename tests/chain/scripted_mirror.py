"""A mirror that says what a test has it say, and the market data that is made of it: with real read
tables, asked as a client asks.
"""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx

from amm.constant_product import get_amount_out
from api.chain_market_data import ChainMarketData
from api.limits import Limits, LimitSettings
from api.metrics import Metrics
from api.services import Settings
from xyk.chain.deployment import Deployment
from xyk.chain.market_data import MarketData, open_market_data
from xyk.chain.mirror import LIVE, MirrorState
from xyk.chain.pair import Block, BlockEvents, Burn, Mint, Pair, PairEvent, Swap, Sync, Token
from xyk.chain.venue import Venue

START_S = 1_760_000_000
E6, E18 = 10**6, 10**18
TRADER = "0x" + "7a" * 20

WETH = Token("0x" + "e0" * 20, "WETH", 18)
USDC = Token("0x" + "c0" * 20, "USDC", 6)
PEPE = Token("0x" + "f0" * 20, "PEPE", 18)
ETH_USDC = Pair("0x" + "a1" * 20, USDC, WETH, False)
PEPE_WETH = Pair("0x" + "a2" * 20, WETH, PEPE, False)
PAIRS = (ETH_USDC, PEPE_WETH)
POOLS = {ETH_USDC.address: (2 * 10**6 * E6, 1000 * E18), PEPE_WETH.address: (40 * E18, 10**28)}

DEPLOYMENT = Deployment(
    name="local",
    rpc=("http://127.0.0.1:1",),
    chain_id=31337,
    factory="0x" + "11" * 20,
    router="0x" + "22" * 20,
    wrapped=WETH.address,
)


class Chain:
    """Blocks of random trades: V2's arithmetic, and the events that V2 says. `fork` goes on from
    an earlier block otherwise."""

    def __init__(self, seed: int, blocks: Sequence[BlockEvents] = ()) -> None:
        self.random = Random(seed)
        self.blocks = list(blocks)
        self._pools = dict(POOLS) if not blocks else {}
        for told in blocks:
            for event in told.events:
                if isinstance(event, Sync):
                    self._pools[event.pair] = (event.reserve0, event.reserve1)
        self._id = seed

    @property
    def tip(self) -> Block:
        return self.blocks[-1].block

    def fork(self, seed: int, depth: int) -> "Chain":
        return Chain(seed, self.blocks[: len(self.blocks) - depth])

    def grow(self, count: int) -> "Chain":
        for _ in range(count):
            number = self.tip.number + 1 if self.blocks else 1
            time_s = (
                self.tip.time_s + self.random.choice((1, 12, 12, 40)) if self.blocks else START_S
            )
            parent = self.tip.hash if self.blocks else "0x" + "00" * 32
            digest = f"0x{self._id:032x}{number:032x}"
            events: list[PairEvent] = []
            if not self.blocks:
                for pair, (reserve0, reserve1) in POOLS.items():
                    events += self._minted(pair, reserve0, reserve1, events)
            for _ in range(self.random.randrange(4) if self.blocks else 0):
                events += self._traded(self.random.choice(PAIRS).address, events)
            self.blocks.append(BlockEvents(Block(number, digest, parent, time_s), tuple(events)))
        return self

    def _minted(
        self, pair: str, amount0: int, amount1: int, before: Sequence[PairEvent]
    ) -> list[PairEvent]:
        at = len(before)
        return [
            Sync(pair, "0x", at, amount0, amount1),
            Mint(pair, "0x", at + 1, TRADER, amount0, amount1),
        ]

    def _traded(self, pair: str, before: Sequence[PairEvent]) -> list[PairEvent]:
        at, kind = len(before), self.random.random()
        r0, r1 = self._pools[pair]
        said: PairEvent | None
        if kind < 0.08:
            r0, r1 = r0 + r0 // 1000, r1 + r1 // 1000
            said = Mint(pair, "0x", at + 1, TRADER, r0 // 1001, r1 // 1001)
        elif kind < 0.15:
            said = Burn(pair, "0x", at + 1, TRADER, TRADER, r0 // 1000, r1 // 1000)
            r0, r1 = r0 - r0 // 1000, r1 - r1 // 1000
        elif kind < 0.2:
            said, r0 = None, r0 + 12_345
        else:
            share = self.random.choice((10**9, 10**5, 1000, 60))  # dust is there too
            if self.random.random() < 0.5:
                paid = r0 // share + 1
                got = get_amount_out(paid, r0, r1, 30)
                said = Swap(pair, "0x", at + 1, TRADER, TRADER, paid, 0, 0, got)
                r0, r1 = r0 + paid, r1 - got
            else:
                paid = r1 // share + 1
                got = get_amount_out(paid, r1, r0, 30)
                said = Swap(pair, "0x", at + 1, TRADER, TRADER, 0, paid, got, 0)
                r0, r1 = r0 - got, r1 + paid
        self._pools[pair] = (r0, r1)
        synced = Sync(pair, "0x", at, r0, r1)
        return [synced, said] if said is not None else [synced]


class ScriptedMirror:
    """Has what a feed reads of a Mirror."""

    def __init__(self, pairs: Sequence[Pair] = PAIRS) -> None:
        self.deployment = DEPLOYMENT
        self.pairs = {pair.address: pair for pair in pairs}
        self.by_symbol = {pair.symbol: pair for pair in pairs}
        self.tokens = {one.address: one for pair in pairs for one in (pair.token0, pair.token1)}
        self.reserves: dict[str, tuple[int, int]] = {}
        self.total_supply: dict[str, int] = {}
        self.block = Block(0, "", "", 0)
        self.listeners: list[Any] = []
        self.status = LIVE
        self.reason = ""

    def state(self, now_ms: int) -> MirrorState:
        block = self.block
        age_ms = max(0, now_ms - block.time_s * 1000)
        return MirrorState(self.status, self.reason, block.number, block.hash, age_ms, 0)

    def apply(self, told: BlockEvents) -> None:
        self.block = told.block
        for event in told.events:
            if isinstance(event, Sync):
                self.reserves[event.pair] = (event.reserve0, event.reserve1)
                self.total_supply[event.pair] = 10**20
        if told.events:
            for listener in self.listeners:
                listener.applied(told)

    def drop(self, ancestor: BlockEvents, before: Sequence[BlockEvents]) -> None:
        self.block = ancestor.block
        self.reserves.clear()
        for told in before:
            for event in told.events:
                if isinstance(event, Sync):
                    self.reserves[event.pair] = (event.reserve0, event.reserve1)
        for listener in self.listeners:
            listener.dropped(ancestor.block)

    async def settle(self, block: Block) -> None:
        for listener in self.listeners:
            await listener.final(block)


class Index:
    """One index of the scripted chain."""

    def __init__(self, mirror: Any, kept: MarketData, app: ChainMarketData) -> None:
        self.mirror, self.kept, self.app, self.feed = mirror, kept, app, app.feed
        transport: Any = app
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=transport), base_url="http://chain"
        )

    async def follow(self, blocks: Sequence[BlockEvents], confirmations: int = 12) -> None:
        """As the mirror would: each block joins, and what is deep enough is final."""
        for told in blocks:
            self.mirror.apply(told)
        await self.settle_before(blocks, confirmations)

    async def settle_before(self, blocks: Sequence[BlockEvents], confirmations: int = 12) -> None:
        final = [told.block for told in blocks if told.block.number <= self.mirror.block.number]
        final = final[:-confirmations] if confirmations else final
        if final:
            await self.mirror.settle(final[-1])

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def everything(self) -> dict[str, Any]:
        """What is told of the markets, but for what counts up while one looks at it."""
        found: dict[str, Any] = {}
        for path in ("/api/v1/markets", "/api/v1/assets", "/api/v1/tickers", "/api/v1/pools"):
            found[path] = await self.get(path)
        found["week"] = await self.get("/api/v1/tickers", interval="1w")
        for pair in self.mirror.pairs.values():
            symbol = pair.symbol
            depth = await self.get("/api/v1/depth", symbol=symbol)
            bbo = await self.get(f"/api/v1/bbo/{symbol}")
            del depth["lastUpdateId"], depth["seq"], bbo["seq"]
            found[symbol] = {
                "depth": depth,
                "bbo": bbo,
                "trades": await self.get("/api/v1/trades/history", symbol=symbol, limit=1000),
                "newest": await self.get("/api/v1/trades", symbol=symbol, limit=7),
            }
            for interval in ("1s", "1m", "3m", "1h", "1d", "1month"):
                asked = {"symbol": symbol, "interval": interval, "startTime": START_S - 60}
                found[symbol][interval] = await self.get("/api/v1/klines", **asked)
        return json.loads(json.dumps(found))  # type: ignore[no-any-return]


@asynccontextmanager
async def market_data_of(
    folder: Path, mirror: Any, now_ms: Callable[[], int], database_url: str = ""
) -> AsyncIterator[Index]:
    """Begun, or gone on with where the folder has read tables already; the mirror does not run."""
    async with open_market_data(_made(folder), mirror.deployment.name, database_url) as kept:
        venue = Venue(mirror.deployment, SimpleNamespace(), mirror, kept)  # type: ignore[arg-type]
        services: Any = SimpleNamespace(
            clock=SimpleNamespace(now_ms=now_ms),
            settings=Settings(version="0"),
            metrics=Metrics(),
            limits=Limits(LimitSettings(enabled=False)),
        )
        app = ChainMarketData(venue, services)
        async with app.running():
            index = Index(mirror, kept, app)
            try:
                yield index
            finally:
                await index.http.aclose()


@asynccontextmanager
async def indexed(
    folder: Path, database_url: str = "", pairs: Sequence[Pair] = PAIRS
) -> AsyncIterator[Index]:
    """Of a scripted mirror, three seconds after its block."""
    mirror = ScriptedMirror(pairs)

    def now_ms() -> int:
        return (mirror.block.time_s + 3) * 1000

    async with market_data_of(folder, mirror, now_ms, database_url) as index:
        yield index


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
