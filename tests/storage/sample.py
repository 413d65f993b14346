"""Journals made by hand: plausible events of a few owners and pools, from a seed.

The pools here are a few lines of their own, so that nothing of the exchange is needed; amounts
range from dust to large, minutes are skipped, several entries share a millisecond.
"""

from collections.abc import Sequence
from math import isqrt
from random import Random

import msgspec

from tests.storage.sample_orders import Orders
from xyk.domain import events as e
from xyk.domain.commands import (
    AddLiquidity,
    ApproveAgent,
    Command,
    FaucetDeposit,
    Genesis,
    RemoveLiquidity,
    SwapExactIn,
    Transfer,
    Withdraw,
)
from xyk.engine.entry import (
    GENESIS_HASH,
    Entry,
    Evidence,
    decode_events,
    decode_evidence,
    make_entry,
)
from xyk.storage.batch import DecodedEntry

OWNERS = ["0x" + f"{number:02x}" * 20 for number in range(1, 9)]
PROTOCOL = "0x" + "fe" * 20
TOKEN = "0x" + "00" * 20
DECIMALS = {"USDC": 6, "BTC": 8, "ETH": 18, "SOL": 9}
MARKETS = ["ETH_USDC", "BTC_USDC", "ETH_BTC"]
LATE_MARKET = "SOL_ETH"
START_MS = 1_750_000_000_123


class Pool:
    def __init__(self) -> None:
        self.base = self.quote = self.supply = self.trades = 0
        self.held: dict[str, int] = {}


class Sample:
    """`entries` grow by `genesis` and then by `step`s; each kind of step can be called by
    itself."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.entries: list[Entry] = []
        self.now_ms = START_MS
        self.pools: dict[str, Pool] = {}
        self.orders = Orders(self.random, DECIMALS)

    def decoded(self, start: int = 0) -> Sequence[DecodedEntry]:
        """The entries after `start`, as the writer would publish them."""
        return [
            DecodedEntry(entry, decode_evidence(entry), decode_events(entry))
            for entry in self.entries[start:]
        ]

    def append(self, command: Command, *events: e.AnyEvent, scheme: str = "eip712") -> Entry:
        previous, seq = (
            (self.entries[-1].hash if self.entries else GENESIS_HASH),
            len(self.entries) + 1,
        )
        evidence = Evidence(scheme=scheme)
        if scheme == "eip712":
            signer = command.owner  # type: ignore[union-attr]  # a signed action has one
            digest, signature = f"0x{seq:064x}", "0x" + "ab" * 65
            evidence = Evidence(scheme=scheme, signer=signer, digest=digest, signature=signature)
            events = (
                e.NonceUsed(signer=signer, nonce=self.now_ms // 1000 << 8 | seq % 256),
                *events,
            )
        self.entries.append(make_entry(seq, self.now_ms, command, evidence, events, previous))
        return self.entries[-1]

    def genesis(self) -> None:
        assets = tuple(
            e.AssetListed(symbol=symbol, token=TOKEN, decimals=decimals)
            for symbol, decimals in DECIMALS.items()
        )
        markets = tuple(listed(market) for market in MARKETS)
        self.pools = {market: Pool() for market in MARKETS}
        command = Genesis(
            salt="0x" + "00" * 32,
            operator=TOKEN,
            fee_recipient=TOKEN,
            sandbox=True,
            assets=(),
            markets=(),
        )
        self.append(command, *assets, *markets, scheme="genesis")
        for market in MARKETS:
            self.add_liquidity(market, OWNERS[0], 10**20, 10**12)

    def steps(self, count: int) -> "Sample":
        for _ in range(count):
            self.step()
        return self

    def step(self) -> None:
        kind = self.random.random()
        self.now_ms += self.random.choice([0, 0, 1, 40, 900, 5_000, 61_000])
        if self.random.random() < 0.002:
            self.now_ms += self.random.randrange(10**9)
        market = self.random.choice(list(self.pools))
        owner = self.random.choice(OWNERS)
        if kind < 0.35:
            self.order(market, owner)
        elif kind < 0.62:
            self.swap(owner, [market])
        elif kind < 0.68:
            self.swap(owner, ["ETH_USDC", "ETH_BTC"])
        elif kind < 0.76:
            self.add_some_liquidity(market, owner)
        elif kind < 0.82:
            self.remove_liquidity(market, owner)
        elif kind < 0.88:
            self.transfer_shares(market, owner, self.random.choice(OWNERS))
        else:
            self.move_money(owner)
        if LATE_MARKET not in self.pools and len(self.entries) > 40:
            self.list_late()

    def order(self, market: str, owner: str) -> None:
        pool, events = self.pools[market], list[e.AnyEvent]()
        seq = len(self.entries) + 1
        command, happened, scheme = self.orders.step(market, owner, seq, pool.trades)
        for event in happened:
            if isinstance(event, e.PoolSwapped):
                pool.base += event.amount_in if event.asset_in == market.split("_")[0] else 0
                pool.base -= event.amount_out if event.asset_out == market.split("_")[0] else 0
                pool.quote += event.amount_in if event.asset_in == market.split("_")[1] else 0
                pool.quote -= event.amount_out if event.asset_out == market.split("_")[1] else 0
                event = msgspec.structs.replace(
                    event, reserve_base=pool.base, reserve_quote=pool.quote
                )
            pool.trades += isinstance(event, e.PoolSwapped | e.BookFilled)
            events.append(event)
        self.append(command, *events, scheme=scheme)

    def move_money(self, owner: str) -> None:
        amount, kind = self.random.randrange(1, 10**24), self.random.randrange(4)
        common = {"owner": owner, "token": TOKEN, "amount": amount}
        stamp = {"nonce": 0, "deadline": 0}
        other = self.random.choice(OWNERS)
        if kind == 0:
            event: e.AnyEvent = e.Deposited(owner=owner, asset="ETH", amount=amount)
            self.append(FaucetDeposit(**common), event, scheme="faucet")
        elif kind == 1:
            event = e.Withdrawn(owner=owner, asset="USDC", amount=amount, recipient=other)
            self.append(Withdraw(**common, **stamp, recipient=other), event)
        elif kind == 2:
            event = e.Transferred(owner=owner, recipient=other, asset="BTC", amount=amount)
            self.append(Transfer(**common, **stamp, recipient=other), event)
        else:
            event = e.AgentApproved(owner=owner, agent=other, valid_until=1)
            self.append(ApproveAgent(owner=owner, agent=other, valid_until=1, **stamp), event)

    def list_late(self) -> None:
        """An implicit market, made in the same entry as its pool."""
        self.pools[LATE_MARKET] = Pool()
        self.add_liquidity(
            LATE_MARKET, OWNERS[1], 10**15, 10**22, before=(listed(LATE_MARKET, True),)
        )
        # ... and taken over by the operator.
        self.append(
            ApproveAgent(owner=TOKEN, agent=TOKEN, valid_until=1, nonce=0, deadline=0),
            listed(LATE_MARKET),
        )

    def swap(self, owner: str, path: Sequence[str], amount_in: int = 0) -> None:
        swaps = []
        for market in path:
            pool = self.pools[market]
            base, quote = market.split("_")
            buys = self.random.random() < 0.5
            reserve_in, reserve_out = (pool.quote, pool.base) if buys else (pool.base, pool.quote)
            size = amount_in or 1 + reserve_in * self.random.choice([1, 10, 10**4, 10**8]) // 10**10
            amount_out = reserve_out * size * 9970 // (reserve_in * 10_000 + size * 9970)
            if amount_out == 0:
                return
            pool.base += -amount_out if buys else size
            pool.quote += size if buys else -amount_out
            pool.trades += 1
            swaps.append(
                e.PoolSwapped(
                    owner=owner,
                    market=market,
                    asset_in=quote if buys else base,
                    asset_out=base if buys else quote,
                    amount_in=size,
                    amount_out=amount_out,
                    fee=-(-size * 30 // 10_000),
                    reserve_base=pool.base,
                    reserve_quote=pool.quote,
                    trade_id=pool.trades,
                    price_forming=min(size, amount_out) >= 10**4 and self.random.random() < 0.8,
                )
            )
        command = SwapExactIn(
            owner=owner,
            token_in=TOKEN,
            token_out=TOKEN,
            amount_in=1,
            min_amount_out=1,
            nonce=0,
            deadline=0,
        )
        self.append(command, *swaps)

    def add_some_liquidity(self, market: str, owner: str) -> None:
        pool = self.pools[market]
        base = pool.base * self.random.randrange(1, 4000) // 10_000 + 1
        self.add_liquidity(market, owner, base, base * pool.quote // pool.base)

    def add_liquidity(
        self, market: str, owner: str, base: int, quote: int, before: tuple[e.AnyEvent, ...] = ()
    ) -> None:
        pool, locked = self.pools[market], 0
        protocol = self.protocol_shares(pool)
        if pool.supply:
            liquidity = min(base * pool.supply // pool.base, quote * pool.supply // pool.quote)
        else:
            locked = 1000
            liquidity = isqrt(base * quote) - locked
        pool.base += base
        pool.quote += quote
        pool.supply += liquidity + locked
        pool.held[owner] = pool.held.get(owner, 0) + liquidity
        command = AddLiquidity(
            owner=owner,
            token_a=TOKEN,
            token_b=TOKEN,
            amount_a_desired=base,
            amount_b_desired=quote,
            amount_a_min=0,
            amount_b_min=0,
            nonce=0,
            deadline=0,
        )
        event = e.LiquidityAdded(
            owner=owner,
            market=market,
            amount_base=base,
            amount_quote=quote,
            liquidity=liquidity,
            locked=locked,
            protocol_recipient=PROTOCOL if protocol else "",
            protocol_liquidity=protocol,
            reserve_base=pool.base,
            reserve_quote=pool.quote,
            total_supply=pool.supply,
            k_last=0,
        )
        self.append(command, *before, event)

    def remove_liquidity(self, market: str, owner: str) -> None:
        pool = self.pools[market]
        held = pool.held.get(owner, 0)
        if not held:
            return
        liquidity = held if self.random.random() < 0.3 else self.random.randrange(1, held + 1)
        protocol = self.protocol_shares(pool)
        base, quote = pool.base * liquidity // pool.supply, pool.quote * liquidity // pool.supply
        pool.base -= base
        pool.quote -= quote
        pool.supply -= liquidity
        pool.held[owner] -= liquidity
        command = RemoveLiquidity(
            owner=owner,
            token_a=TOKEN,
            token_b=TOKEN,
            liquidity=liquidity,
            amount_a_min=0,
            amount_b_min=0,
            nonce=0,
            deadline=0,
        )
        event = e.LiquidityRemoved(
            owner=owner,
            market=market,
            amount_base=base,
            amount_quote=quote,
            liquidity=liquidity,
            protocol_recipient=PROTOCOL if protocol else "",
            protocol_liquidity=protocol,
            reserve_base=pool.base,
            reserve_quote=pool.quote,
            total_supply=pool.supply,
            k_last=0,
        )
        self.append(command, event)

    def protocol_shares(self, pool: Pool) -> int:
        """Now and then a mint to the protocol, some millionths of the supply."""
        if not pool.supply or self.random.random() < 0.5:
            return 0
        shares = pool.supply // 10**6
        pool.supply += shares
        pool.held[PROTOCOL] = pool.held.get(PROTOCOL, 0) + shares
        return shares

    def transfer_shares(self, market: str, owner: str, recipient: str) -> None:
        held = self.pools[market].held
        if not held.get(owner):
            return
        amount = self.random.randrange(1, held[owner] + 1)
        held[owner] -= amount
        held[recipient] = held.get(recipient, 0) + amount
        command = Transfer(
            owner=owner, token=TOKEN, amount=amount, recipient=recipient, nonce=0, deadline=0
        )
        event = e.Transferred(owner=owner, recipient=recipient, asset=f"LP:{market}", amount=amount)
        self.append(command, event)


def listed(market: str, implicit: bool = False) -> e.MarketListed:
    base, quote = market.split("_")
    return e.MarketListed(
        market=market,
        base=base,
        quote=quote,
        tick_size=1,
        lot_size=1,
        maker_fee_bps=0,
        taker_fee_bps=0,
        pool_fee_bps=30,
        book=False,
        implicit=implicit,
    )
