"""Signed requests over HTTP: the server in its own process, wrk in another, bodies signed before.

The echo is a plain litestar handler in the same server process; runs of both alternate. Needs wrk
(Debian package wrk); without it the rows say so.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx
import msgspec

from bench.flow import MEAN_TICKS, ORDER_LOTS, SEED, TAKER_LOTS
from bench.table import Row, at_least, at_most, middle, note
from tests.server import ROOT
from xyk.domain.commands import PlaceOrder, SwapExactIn
from xyk.domain.rejections import Rejected
from xyk.domain.tokens import token_address
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, message
from xyk.wallet.verify import verify_action

RUNS = 5
SECONDS = 3
SINGLES = 40_000  # bodies a run: more than it can send
BATCHES = 500
BATCH = 100
ETH, USDC = token_address("ETH"), token_address("USDC")
LOT, LOT_VALUE = 10**14, 1  # of the sandbox's ETH_USDC: wei, and USDC units of a lot at one tick
TRADERS = 64  # whose limits of open orders have room for a run
ECHO = (
    b'{"market":"ETH_USDC","side":"Bid","price":"2000.12","quantity":"1.50000000",'
    b'"client":12345678901234}'
)

Signed = tuple[PlaceOrder | SwapExactIn, str]

_encode = msgspec.json.Encoder().encode


class Load:
    """Bodies for one server; every one is another action."""

    def __init__(self, url: str) -> None:
        domain = httpx.get(f"{url}/api/v1/domain").json()["domain"]
        self.domain = Domain(domain["salt"])
        self._url = url
        self._now_s = int(time.time())
        self._random = Random(SEED)
        base, quote = httpx.get(f"{url}/api/v1/pools/ETH_USDC").json()["reserves"]
        self.spot = int(quote) * LOT // (int(base) * LOT_VALUE)  # ticks

    def wallet(self) -> Wallet:
        wallet = Wallet(secrets.token_bytes(32))
        for token in ("ETH", "USDC"):
            wish = {"owner": wallet.address, "token": token, "amount": str(10**27)}
            assert httpx.post(f"{self._url}/api/v1/faucet", json=wish).status_code == 201
        return wallet

    def signed(self, wallet: Wallet, number: int) -> tuple[SwapExactIn, str]:
        sells = number % 2
        action = SwapExactIn(
            owner=wallet.address,
            token_in=ETH if sells else USDC,
            token_out=USDC if sells else ETH,
            amount_in=10**15 + number if sells else 2 * 10**6 + number,
            min_amount_out=1,
            nonce=(self._now_s - number // 256 << 8) | number % 256,
            deadline=self._now_s + 3_600,
        )
        return action, wallet.sign(self.domain, action)

    def order(self, wallet: Wallet, number: int) -> tuple[PlaceOrder, str]:
        """The flow of bench/flow.py without its cancels: six passive orders to one taker. They
        rest around the pool's price at the start, within its fee: takers meet the book first."""
        random = self._random
        is_bid, takes = random.random() < 0.5, number % 7 == 0
        away = self.spot // 10 if takes else 1 + int(random.expovariate(1 / MEAN_TICKS))
        price = self.spot + (away if takes == is_bid else -away)
        lots = random.randint(1, TAKER_LOTS if takes else ORDER_LOTS)
        base, quote = lots * LOT, lots * price * LOT_VALUE
        action = PlaceOrder(
            owner=wallet.address,
            sell_token=USDC if is_bid else ETH,
            buy_token=ETH if is_bid else USDC,
            sell_amount=quote if is_bid else base,
            buy_amount=base if is_bid else quote,
            time_in_force="IOC" if takes else "GTC",
            post_only=False,
            self_trade_prevention="RejectMaker",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
            nonce=(self._now_s - number // 256 << 8) | number % 256,
            deadline=self._now_s + 3_600,
        )
        return action, wallet.sign(self.domain, action)

    def orders(self, path: Path) -> None:
        traders = [self.wallet() for _ in range(TRADERS)]
        with path.open("wb") as file:
            for number in range(SINGLES):
                action, signature = self.order(traders[number % TRADERS], number)
                file.write(_encode({"action": message(action), "signature": signature}) + b"\n")

    def singles(self, path: Path) -> None:
        wallet = self.wallet()
        with path.open("wb") as file:
            for number in range(SINGLES):
                action, signature = self.signed(wallet, number)
                file.write(_encode({"action": message(action), "signature": signature}) + b"\n")

    def batches(self, path: Path) -> None:
        wallet = self.wallet()
        with path.open("wb") as file:
            for first in range(0, BATCHES * BATCH, BATCH):
                signed = [self.signed(wallet, number) for number in range(first, first + BATCH)]
                elements = [
                    {"type": "SwapExactIn", "action": message(action), "signature": signature}
                    for action, signature in signed
                ]
                file.write(_encode(elements) + b"\n")

    def verify_us(self, sign: "Callable[[Wallet, int], Signed]") -> float:
        wallet = Wallet(secrets.token_bytes(32))
        signed = [sign(wallet, number) for number in range(2_000)]
        started = time.perf_counter()
        for action, signature in signed:
            proof = verify_action(self.domain, action, signature)
            assert not isinstance(proof, Rejected) and proof[0] == wallet.address
        return (time.perf_counter() - started) / len(signed) * 1e6


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """URL and process id of bench/served.py."""
    with TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.served", f"{folder}/data", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        url = next(line.split()[-1] for line in process.stdout if " listens on " in line)
        try:
            yield url, process.pid
        finally:
            process.terminate()
            process.wait()


def wrk(
    url: str,
    route: str,
    bodies: Path,
    expected: int,
    connections: int = 32,
    script: str = "bench/load.lua",
) -> tuple[float, float]:
    """(requests/s, p99 in ms)."""
    done = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{SECONDS}s",
            "--latency",
            "-s",
            script,
            url,
        ],
        cwd=ROOT,
        env={**os.environ, "BODIES": str(bodies), "ROUTE": route, "EXPECTED": str(expected)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Non-2xx" not in done.stdout, done.stdout
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    assert slowest is not None, done.stdout
    scale = {"us": 0.001, "ms": 1.0, "s": 1_000.0}[slowest[2]]
    return rate_of(done.stdout), float(slowest[1]) * scale


def rate_of(report: str) -> float:
    """Requests a second, as wrk says them."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    assert rate is not None, report
    return float(rate[1])


def rows(swap_us: float, order_us: float) -> list[Row]:
    """What the core and its share of a journal append cost for a swap and for an order."""
    if shutil.which("wrk") is None:
        return [note("HTTP", "not measured: wrk is not installed (apt-get install wrk)")]
    echoes: list[float] = []
    singles: list[float] = []
    latencies: list[float] = []
    batches: list[float] = []
    orders: list[float] = []
    order_latencies: list[float] = []
    with TemporaryDirectory() as folder, served() as (url, _):
        load = Load(url)
        echo, single, batch, order = (Path(folder) / name for name in "esbo")
        echo.write_bytes(ECHO + b"\n")
        for _ in range(RUNS):
            load.singles(single)
            load.batches(batch)
            load.orders(order)
            echoes.append(wrk(url, "/echo", echo, 200)[0])
            rate, p99 = wrk(url, "/api/v1/sell", single, 201)
            singles.append(rate)
            latencies.append(p99)
            rate, p99 = wrk(url, "/api/v1/order", order, 201)
            orders.append(rate)
            order_latencies.append(p99)
            batches.append(wrk(url, "/api/v1/actions", batch, 200, 8)[0] * BATCH)
        verify_us, verify_order_us = load.verify_us(load.signed), load.verify_us(load.order)
    echo_us = 1e6 / middle(echoes)
    ideal = 1e6 / (echo_us + verify_us + swap_us)
    ideal_order = 1e6 / (echo_us + verify_order_us + order_us)
    return [
        note("echo, litestar", f"{middle(echoes):,.0f}/s, {echo_us:.0f} us"),
        note("recover the signer", f"{verify_us:.0f} us"),
        at_least("signed POST /sell, committed", middle(singles), max(5_500, 0.75 * ideal), "/s"),
        at_least("  against the floor", middle(singles), 5_500, "/s"),
        at_least("  against the stretch", middle(singles), 9_000, "/s"),
        at_most("  p99", middle(latencies), 25, "ms"),
        at_least(
            "signed POST /order, committed", middle(orders), max(5_500, 0.75 * ideal_order), "/s"
        ),
        at_least("  against the floor", middle(orders), 5_500, "/s"),
        at_most("  p99", middle(order_latencies), 25, "ms"),
        at_least("/actions in batches of 100", middle(batches), 12_000, "actions/s"),
    ]
