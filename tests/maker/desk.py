"""A real exchange with its operator, for tests of market makers: markets of a test's own, wallets
with funds, and what the API and the journal say.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

from tests.cli.traded import Traded
from tests.server import Server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

WAIT_S = float(os.environ.get("XYK_WAIT_S", "120"))
PAUSE_S = 0.1  # between two looks: the makers need the machine too
WHOLE_BASE, WHOLE_QUOTE = 10**18, 10**6
DEPTH = 1_000  # whole base tokens of a test's pool
TICK, LOT = 10**4, 10**14  # a cent, and a ten-thousandth of a token
POOL_FEE_BPS = 30

T = TypeVar("T")
Json = dict[str, Any]


def until(found: Callable[[], T], why: Callable[[], str] = lambda: "") -> T:
    """What `found` gives, once that is true. `why` is said where it never is."""
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        result = found()
        if result:
            return result
        time.sleep(PAUSE_S)
    raise AssertionError(f"it did not happen within {WAIT_S} s; {why()}")


def put(file: Path, text: str) -> None:
    """In one step: whoever reads it meanwhile finds the old text or the new one."""
    fresh = file.with_suffix(".fresh")
    fresh.write_text(text)
    fresh.rename(file)


class Order(NamedTuple):
    """An open one; `quantity` is what is left of it. In whole tokens."""

    is_bid: bool
    price: Decimal
    quantity: Decimal


class Action(NamedTuple):
    """An entry of the journal that somebody signed, or the clock made."""

    seq: int
    kind: str
    signer: str
    command: Json
    events: list[Json]

    @property
    def price(self) -> Decimal:
        """Quote per base in whole tokens, of an order of a test's market."""
        base, quote = self.command["sellAmount"], self.command["buyAmount"]
        if self.is_bid:
            base, quote = quote, base
        return Decimal(quote * WHOLE_BASE) / Decimal(base * WHOLE_QUOTE)

    @property
    def is_bid(self) -> bool:
        """USDC, with its 6 decimals, is what is sold."""
        return bool(self.command["sellAmount"] < self.command["buyAmount"])


class Desk:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.operator = read_wallet(server.data / OPERATOR)
        self._http = httpx.Client(trust_env=False, timeout=WAIT_S)

    def act(self, wallet: Wallet, *actions: Callable[[Client], Awaitable[Any]]) -> list[Json]:
        """The answers. Raises Refused."""

        async def run() -> list[Json]:
            async with Client(self.server.url, wallet) as client:
                return [await action(client) for action in actions]

        return asyncio.run(run())

    def fund(self, owner: str, **amounts: Decimal | int) -> None:
        """Whole tokens by symbol."""
        wishes = {
            symbol: int(amount * (WHOLE_QUOTE if symbol == "USDC" else WHOLE_BASE))
            for symbol, amount in amounts.items()
            if amount
        }
        self.act(
            self.operator,
            *(
                lambda client, symbol=symbol, amount=amount: client.faucet(
                    symbol, amount, owner=owner
                )
                for symbol, amount in wishes.items()
            ),
        )

    def market(self, price: int = 2_000, *, has_pool: bool = True) -> str:
        """A new one against USDC, without fees on the book, whose pool stands at `price`."""
        base = f"T{os.urandom(4).hex().upper()}"
        terms = {"tick_size": TICK, "lot_size": LOT, "pool_fee_bps": POOL_FEE_BPS, "book": True}
        self.act(
            self.operator,
            lambda client: client.list_asset(base, 18),
            lambda client: client.list_market(base, "USDC", **terms),
        )
        if has_pool:
            self.fund(self.operator.address, **{base: DEPTH, "USDC": DEPTH * price})
            amounts = DEPTH * WHOLE_BASE, DEPTH * price * WHOLE_QUOTE
            self.act(self.operator, lambda client: client.add_liquidity(base, "USDC", *amounts))
        return f"{base}_USDC"

    def trader(self, market: str) -> Wallet:
        """A wallet that can pay for all that a test takes."""
        wallet = Wallet.random()
        self.fund(wallet.address, **{market.partition("_")[0]: 10_000, "USDC": 20_000_000})
        return wallet

    def take(self, wallet: Wallet, market: str, side: str, price: Decimal, quantity: str) -> Json:
        """An IOC order; its receipt."""
        [receipt] = self.act(
            wallet,
            lambda client: client.place_order(
                market, side, price=f"{price:f}", quantity=quantity, time_in_force="IOC"
            ),
        )
        return receipt

    def set_status(self, market: str, status: str) -> None:
        self.act(self.operator, lambda client: client.set_market_status(market, status))

    def get(self, path: str, **params: str) -> Any:
        response = self._http.get(f"{self.server.url}/api/v1{path}", params=params)
        response.raise_for_status()
        return response.json()

    def open_orders(self, owner: str, market: str) -> list[Json]:
        return list(self.get("/orders", owner=owner, market=market))

    def book(self, owner: str, market: str) -> list[Order]:
        """The owner's part of it: bids and then asks, best first."""
        found = [
            Order(
                one["side"] == "Bid",
                Decimal(one["price"]),
                Decimal(one["quantity"]) - Decimal(one["executedQuantity"]),
            )
            for one in self.open_orders(owner, market)
        ]
        return sorted(
            found, key=lambda one: (not one.is_bid, -one.price if one.is_bid else one.price)
        )

    def holds(self, owner: str, symbol: str) -> Decimal:
        """Whole tokens, what is locked in orders included."""
        unit = WHOLE_QUOTE if symbol == "USDC" else WHOLE_BASE
        balances = self.get(f"/accounts/{owner}")["balances"]
        found = [one for one in balances if one["symbol"] == symbol]
        return sum(
            (Decimal(int(one["available"]) + int(one["locked"])) / unit for one in found),
            Decimal(0),
        )

    def pool_price(self, market: str) -> Decimal:
        base, quote = (int(amount) for amount in self.get(f"/pools/{market}")["reserves"])
        return Decimal(quote * WHOLE_BASE) / Decimal(base * WHOLE_QUOTE)

    def head(self) -> int:
        return int(self.get("/status")["seq"])

    def events(self) -> Iterator[tuple[int, list[Json]]]:
        """Of all entries of the journal, with their seqs."""
        for entry in Traded(self.server.data, self.server.database_url).entries():
            yield entry.seq, json.loads(entry.events)

    def actions(self, owner: str, after: int = 0) -> list[Action]:
        """All of the owner's, from the journal."""
        found = []
        for entry in Traded(self.server.data, self.server.database_url).entries()[after:]:
            command, evidence = json.loads(entry.command), json.loads(entry.evidence)
            if command.get("owner") == owner:
                signer, events = evidence.get("signer", ""), json.loads(entry.events)
                found.append(Action(entry.seq, entry.kind, signer, command, events))
        return found
