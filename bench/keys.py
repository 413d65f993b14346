"""Orders signed by API keys (Ed25519) over HTTP, against the echo of the same run."""

import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx
import msgspec

from bench.flow import MEAN_TICKS, ORDER_LOTS, SEED, TAKER_LOTS
from bench.http import ECHO, LOT, Load, served, wrk
from bench.table import Row, at_least, at_most, middle, note
from xyk.domain.commands import ApproveApiKey
from xyk.wallet.api_key import request_digest, signed_texts, verify_request
from xyk.wallet.key_pair import KeyPair
from xyk.wallet.typed_data import message

RUNS = 3
ORDERS = 20_000  # a run: more than it can send
TRADERS = 64  # whose limits of open orders have room for a run
TICK = Decimal("0.01")
WINDOW_MS = 60_000
FAR_S = 2**33
SYMBOL = "ETH_USDC"

_encode = msgspec.json.Encoder().encode


class KeyLoad:
    """Passive orders behind the pool's price, one taker in seven, as bench/http.py has them."""

    def __init__(self, load: Load, url: str) -> None:
        self._load = load
        self._random = Random(SEED)
        self._pairs = [self._trader(url) for _ in range(TRADERS)]

    def write(self, path: Path) -> None:
        stamp = int(time.time() * 1000)
        with path.open("wb") as file:
            for number in range(ORDERS):
                pair = self._pairs[number % TRADERS]
                # Each signature differs, because each request has a time of its own.
                at = stamp + number // TRADERS
                order = self._order(number)
                signature = pair.sign(signed_texts("orderExecute", [order], at, WINDOW_MS)[0])
                head = f"{pair.api_key} {signature} {at} "
                file.write(head.encode() + _encode(order) + b"\n")

    def _trader(self, url: str) -> KeyPair:
        wallet, pair = self._load.wallet(), KeyPair.random()
        action = ApproveApiKey(
            owner=wallet.address,
            public_key=pair.public_key,
            valid_until=FAR_S,
            nonce=int(time.time()) << 8 | 255,
            deadline=int(time.time()) + 60,
        )
        signature = wallet.sign(self._load.domain, action)
        body = {"action": message(action), "signature": signature}
        assert httpx.post(f"{url}/api/v1/api-keys", json=body).status_code == 201
        return pair

    def _order(self, number: int) -> dict[str, str]:
        random = self._random
        is_bid, takes = random.random() < 0.5, number % 7 == 0
        away = self._load.spot // 20 if takes else 1 + int(random.expovariate(1 / MEAN_TICKS))
        price = self._load.spot + (away if takes == is_bid else -away)
        lots = random.randint(1, TAKER_LOTS if takes else ORDER_LOTS)
        return {
            "orderType": "Limit",
            "price": str(price * TICK),
            "quantity": str(Decimal(lots * LOT) / 10**18),
            "selfTradePrevention": "RejectMaker",
            "side": "Bid" if is_bid else "Ask",
            "symbol": SYMBOL,
            "timeInForce": "IOC" if takes else "GTC",
        }


def verify_us(pairs: Sequence[KeyPair]) -> float:
    """The signature and the digest of one request."""
    pair = pairs[0]
    order = {"orderType": "Limit", "price": "2000", "quantity": "1", "symbol": SYMBOL}
    texts = signed_texts("orderExecute", [order], 1, WINDOW_MS)
    signature = pair.sign(texts[0])
    started = time.perf_counter()
    for _ in range(1_000):
        assert isinstance(verify_request(pair.public_key, signature, texts), str)
        request_digest(pair.public_key, texts[0], 0)
    return (time.perf_counter() - started) * 1e3


def rows() -> list[Row]:
    echoes, rates, latencies = [], [], []
    with TemporaryDirectory() as folder, served() as (url, _):
        keyed = KeyLoad(Load(url), url)
        echo, orders = Path(folder) / "echo", Path(folder) / "orders"
        echo.write_bytes(ECHO + b"\n")
        for _ in range(RUNS):
            echoes.append(wrk(url, "/echo", echo, 200)[0])
            keyed.write(orders)
            rate, p99 = wrk(url, "/api/v1/order", orders, 200, script="bench/key_load.lua")
            rates.append(rate)
            latencies.append(p99)
        cost_us = verify_us(keyed._pairs)
    return [
        note("echo, litestar", f"{middle(echoes):,.0f}/s"),
        note("check an Ed25519 signature", f"{cost_us:.0f} us"),
        at_least("POST /order by API key, committed", middle(rates), 4_000, "/s"),
        at_most("  p99", middle(latencies), 25, "ms"),
    ]
