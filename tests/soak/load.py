"""Mixed load in a process of its own: `python -m tests.soak.load PORT PID SEED SECONDS ENTRIES`.

First as fast as the server answers, until it has made ENTRIES entries, which fill what it keeps
for a while; then for SECONDS at half the rate that was reached. Says at the end what it saw, each
second of the steady part apart, as one line of JSON. PID: the server's process, whose memory and
processor time are read from /proc.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path
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
WINDOW_S = 1.0


class Window(msgspec.Struct):
    """About one second. `server_s` and `load_s`: processor time that the server's process and the
    load's spent in it; `loop_s`: that of the server's event loop alone, and `waited_s`: how long
    the loop could have run and had no processor; `memory_mb`: what the server held resident at its
    end."""

    times_ms: list[float]
    server_s: float
    load_s: float
    loop_s: float
    waited_s: float
    memory_mb: float


class Seen(msgspec.Struct):
    """`rate`: requests a second that were wanted; `answers`: how often each status, with its code
    where it refused."""

    rate: float
    frames: int
    answers: dict[str, int]
    windows: list[Window]


class Load:
    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid
        self.answers: Counter[str] = Counter()
        self.times_ms: list[float] = []  # of the window that is open
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
        windows = await self.steady(traders, seconds, rate / 2)
        assert not any(one.done() for one in listening), "a reader was cut off"
        for one in listening:
            one.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for wire in (*wires, asking):
            await wire.close()
        return Seen(rate / 2, self.frames, dict(self.answers), windows)

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

    async def steady(self, traders: list[Trader], seconds: float, rate: float) -> list[Window]:
        started = time.perf_counter()

        async def keep_pace(number: int, trader: Trader) -> None:
            due = started + number / rate
            while (now := time.perf_counter()) < started + seconds:
                if now < due:
                    await asyncio.sleep(due - now)
                due = max(due, now - 1) + len(traders) / rate  # what is missed is not made up for
                asked = time.perf_counter()
                self.count(await trader.step())
                self.times_ms.append((time.perf_counter() - asked) * 1000)

        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self.watch(started + seconds))
            for number, trader in enumerate(traders):
                group.create_task(keep_pace(number, trader))
        return watching.result()

    async def watch(self, until: float) -> list[Window]:
        windows, self.times_ms = [], []
        before = spent(self.pid)
        while time.perf_counter() < until:
            await asyncio.sleep(WINDOW_S)
            times, self.times_ms = self.times_ms, []
            now = spent(self.pid)
            lasted = [late - early for early, late in zip(before, now, strict=True)]
            windows.append(Window(times, *lasted, resident_mb(self.pid)))
            before = now
        return windows

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


def spent(pid: int) -> tuple[float, float, float, float]:
    """Seconds as of Window, since each process began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    server_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    loop_ns, waited_ns, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return server_s, time.process_time(), int(loop_ns) / 1e9, int(waited_ns) / 1e9


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    port, pid, seed, seconds, entries = sys.argv[1:]
    load = Load(int(port), int(pid))
    seen = uvloop.run(load.run(int(seed), float(seconds), int(entries)))
    print(msgspec.json.encode(seen).decode(), flush=True)


if __name__ == "__main__":
    main()
