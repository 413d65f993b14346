"""Mixed load in a process of its own: `python -m tests.soak.load PORT SEED SECONDS ENTRIES`.

First as fast as the server answers, until it has made ENTRIES entries, which fill what it keeps
for a while; then for SECONDS at half the rate that was reached. Says `steady` when that begins, and
at the end what it saw, as one line of JSON.
"""

import asyncio
import sys
import time
from collections import Counter
from typing import Any

import msgspec
import uvloop
from websockets.asyncio.client import connect

from tests.soak.trader import LOT, Trader
from tests.soak.wire import Answer, Wire, encode
from xyk.wallet.typed_data import Domain

TRADERS = 8
LISTENERS = 2
STREAMS = ("depth.ETH_USDC", "bookTicker.ETH_USDC", "trade.ETH_USDC", "ticker.ETH_USDC")
THIRDS = 3


class Seen(msgspec.Struct):
    """`answers`: how often each status with its code; `p50_ms` and `p99_ms` of each third."""

    rate: float
    requests: int
    frames: int
    answers: dict[str, int]
    p50_ms: list[float]
    p99_ms: list[float]


class Load:
    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: Counter[str] = Counter()
        self.times_ms: list[list[float]] = [[] for _ in range(THIRDS)]
        self.frames = 0

    async def run(self, seed: int, seconds: float, entries: int) -> Seen:
        wires = [await Wire.open(self.port) for _ in range(TRADERS + 1)]
        asking = wires.pop()
        domain = Domain((await told(asking, "/api/v1/domain"))["domain"]["salt"])
        base, quote = (await told(asking, "/api/v1/pools/ETH_USDC"))["reserves"]
        spot = int(quote) * LOT // int(base)
        traders = [Trader(wire, domain, spot, seed + n) for n, wire in enumerate(wires)]
        for trader in traders:
            await trader.begin()
        listening = [asyncio.create_task(self.listen()) for _ in range(LISTENERS)]
        rate = await self.calibrate(asking, traders, entries)
        print("steady", flush=True)
        await self.steady(traders, seconds, rate / 2)
        assert not any(one.done() for one in listening), "a reader was cut off"
        for one in listening:
            one.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for wire in (*wires, asking):
            await wire.close()
        times = [sorted(third) for third in self.times_ms]
        return Seen(
            rate=rate / 2,
            requests=sum(map(len, times)),
            frames=self.frames,
            answers=dict(self.answers),
            p50_ms=[third[len(third) // 2] for third in times],
            p99_ms=[third[len(third) * 99 // 100] for third in times],
        )

    async def calibrate(self, asking: Wire, traders: list[Trader], entries: int) -> float:
        """Requests a second, of all together."""
        first = (await told(asking, "/api/v1/status"))["seq"]
        done, is_over = 0, False

        async def hurry(trader: Trader) -> None:
            nonlocal done
            while not is_over:
                self.count(await trader.step())
                done += 1

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for trader in traders:
                group.create_task(hurry(trader))
            while (await told(asking, "/api/v1/status"))["seq"] < first + entries:
                pass
            is_over = True
        return done / (time.perf_counter() - started)

    async def steady(self, traders: list[Trader], seconds: float, rate: float) -> None:
        started = time.perf_counter()

        async def keep_pace(number: int, trader: Trader) -> None:
            due = started + number / rate
            while (now := time.perf_counter()) < started + seconds:
                if now < due:
                    await asyncio.sleep(due - now)
                due = max(due, now - 1) + len(traders) / rate  # what is missed is not made up for
                asked = time.perf_counter()
                self.count(await trader.step())
                third = min(int((asked - started) * THIRDS / seconds), THIRDS - 1)
                self.times_ms[third].append((time.perf_counter() - asked) * 1000)

        async with asyncio.TaskGroup() as group:
            for number, trader in enumerate(traders):
                group.create_task(keep_pace(number, trader))

    async def listen(self) -> None:
        """Ends where the server cuts it off."""
        async with connect(f"ws://127.0.0.1:{self.port}/", max_size=None) as socket:
            await socket.send(encode({"method": "SUBSCRIBE", "params": STREAMS}).decode())
            async for _ in socket:
                self.frames += 1

    def count(self, answer: Answer) -> None:
        status, body = answer
        if status < 400:
            self.answers[str(status)] += 1
            if body.startswith(b'[{"status"'):
                self.answers.update(f"batch {one['status']}" for one in msgspec.json.decode(body))
        else:
            self.answers[f"{status} {msgspec.json.decode(body)['code']}"] += 1


async def told(wire: Wire, path: str) -> Any:
    status, body = await wire.ask("GET", path)
    assert status == 200, body
    return msgspec.json.decode(body)


def main() -> None:
    port, seed, seconds, entries = sys.argv[1:]
    seen = uvloop.run(Load(int(port)).run(int(seed), float(seconds), int(entries)))
    print(msgspec.json.encode(seen).decode(), flush=True)


if __name__ == "__main__":
    main()
