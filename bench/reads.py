"""Reads over HTTP while the book changes a hundred times a second, against the echo of
bench/http.py in the same process and run.
"""

import shutil
import subprocess
import threading
import time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec

from bench.http import ECHO, ETH, LOT, LOT_VALUE, USDC, Load, rate_of, served, wrk
from bench.table import Row, at_least, middle, note
from xyk.domain.commands import PlaceOrder, SignedAction
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import message

RUNS = 3
SECONDS = 3
CONNECTIONS = 32
UPDATES_A_SECOND = 100
THREADS = 4
LEVELS = 1_000  # a side
MAKERS = 40
LEVEL_LOTS = 100
QUOTED_LEVELS = 20
BATCH = 100
TARGET, QUOTE_TARGET = 0.7, 0.5  # of the echo

DEPTH = "/api/v1/depth?symbol=ETH_USDC&limit="
TICKER = "/api/v1/ticker?symbol=ETH_USDC"

_encode = msgspec.json.Encoder().encode


class Maker:
    """Fills the book with one order a level, a tick apart, around the pool's price."""

    def __init__(self, load: Load, url: str) -> None:
        self._load = load
        self._url = url
        self._number = 0
        # Beyond what the pool gives or takes at its fee, so that nothing is taken.
        self._edge = load.spot * 40 // 10_000

    def order(self, wallet: Wallet, is_bid: bool, away: int, lots: int) -> PlaceOrder:
        self._number += 1
        now_s = int(time.time())
        price = self._load.spot + (self._edge + away) * (-1 if is_bid else 1)
        base, quote = lots * LOT, lots * price * LOT_VALUE
        return PlaceOrder(
            owner=wallet.address,
            sell_token=USDC if is_bid else ETH,
            buy_token=ETH if is_bid else USDC,
            sell_amount=quote if is_bid else base,
            buy_amount=base if is_bid else quote,
            time_in_force="GTC",
            post_only=False,
            self_trade_prevention="RejectMaker",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
            nonce=(now_s - self._number // 256 << 8) | self._number % 256,
            deadline=now_s + 3_600,
        )

    def body(self, wallet: Wallet, action: SignedAction) -> dict[str, Any]:
        signature = wallet.sign(self._load.domain, action)
        return {"action": message(action), "signature": signature}

    def fill(self) -> None:
        wallets = [self._load.wallet() for _ in range(MAKERS)]
        orders = [(is_bid, away) for away in range(LEVELS) for is_bid in (True, False)]
        for first in range(0, len(orders), BATCH):
            elements = []
            for index, (is_bid, away) in enumerate(orders[first : first + BATCH], start=first):
                wallet = wallets[index % MAKERS]
                action = self.order(wallet, is_bid, away, LEVEL_LOTS)
                elements.append({"type": "PlaceOrder", **self.body(wallet, action)})
            answer = httpx.post(f"{self._url}/api/v1/actions", content=_encode(elements))
            assert all(one["status"] == 201 for one in answer.json()), answer.text[:500]


class Updates:
    """Threads that add orders to the best twenty levels, together a hundred times a second; one
    alone would wait for its answers too long."""

    def __init__(self, maker: Maker, load: Load, url: str) -> None:
        self._counts = [0] * THREADS
        self._url = url
        self._end = threading.Event()
        seconds = (RUNS + 1) * 5 * (SECONDS + 1)
        wallets = [load.wallet() for _ in range(UPDATES_A_SECOND)]
        self._bodies = [
            _encode(
                maker.body(
                    (wallet := wallets[number % len(wallets)]),
                    maker.order(wallet, number % 2 == 0, number // 2 % 20, 1 + number % 50),
                )
            )
            for number in range(seconds * UPDATES_A_SECOND)
        ]
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(THREADS)]

    @property
    def count(self) -> int:
        return sum(self._counts)

    def __enter__(self) -> "Updates":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        started = time.perf_counter()
        with httpx.Client() as http:
            for body in self._bodies[number::THREADS]:
                due = started + self._counts[number] * THREADS / UPDATES_A_SECOND
                if self._end.wait(max(0.0, due - time.perf_counter())):
                    return
                assert http.post(f"{self._url}/api/v1/order", content=body).status_code == 201
                self._counts[number] += 1


def read(url: str, path: str) -> float:
    """Requests a second."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", url + path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    return rate_of(done.stdout)


def quote_path(url: str) -> str:
    """Sells what the best twenty levels take, orders and curve together."""
    depth = httpx.get(f"{url}{DEPTH}{QUOTED_LEVELS}").json()
    wei = sum(int(Decimal(quantity) * 10**18) for _, quantity in depth["bids"])
    return f"/api/v1/quote?tokenIn=ETH&tokenOut=USDC&amountIn={wei}"


def rows() -> list[Row]:
    if shutil.which("wrk") is None:
        return [note("reads", "not measured: wrk is not installed (apt-get install wrk)")]
    rates: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder, served() as (url, _):
        load = Load(url)
        maker = Maker(load, url)
        maker.fill()
        echo = Path(folder) / "echo"
        echo.write_bytes(ECHO + b"\n")
        paths = {f"GET /depth, {limit} levels": f"{DEPTH}{limit}" for limit in (20, LEVELS)} | {
            "GET /ticker": TICKER,
            "GET /quote, one hop, 20 levels": quote_path(url),
        }
        sell = load.signed(load.wallet(), 1)
        body = _encode({"action": message(sell[0]), "signature": sell[1]})
        assert httpx.post(f"{url}/api/v1/sell", content=body).status_code == 201  # a price
        with Updates(maker, load, url) as updates:
            started = time.perf_counter()
            for _ in range(RUNS):
                rates.setdefault("echo", []).append(wrk(url, "/echo", echo, 200)[0])
                for name, path in paths.items():
                    rates.setdefault(name, []).append(read(url, path))
            pace = updates.count / (time.perf_counter() - started)
    echoed = middle(rates.pop("echo"))
    found = [note("echo, litestar", f"{echoed:,.0f}/s, book updated {pace:.0f} times a second")]
    for name, measured in rates.items():
        share = f"{name}, {middle(measured) / echoed:.2f} of the echo"
        target = QUOTE_TARGET if "quote" in name else TARGET
        found.append(at_least(share, middle(measured), target * echoed, "/s"))
    return found
