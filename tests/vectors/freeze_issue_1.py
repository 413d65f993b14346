"""How journal_issue_1.jsonl was made: a seeded exchange on SQLite, before there was an order book.

Run at commit 6b08513 (`PYTHONPATH=<that checkout> python freeze_issue_1.py FOLDER`). Every command
and event of the pool half is in it, signed by real keys. Kept so that a reader can see what the
frozen journal holds; the file itself is never made anew.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from xyk.domain import commands as c
from xyk.domain.request import EIP712, FAUCET, GENESIS
from xyk.domain.tokens import token_address
from xyk.engine.entry import Entry, Evidence
from xyk.engine.replica import Replica
from xyk.engine.submission import Committed, Submission
from xyk.engine.writer import Writer
from xyk.exchange.state import State
from xyk.storage.journal import SqliteJournal
from xyk.storage.migrate import upgrade
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import Domain, digest

SALT = "0x" + "1a" * 32
ZERO = "0x" + "0" * 40
START_MS = 1_790_000_000_123
FOREVER = START_MS // 1000 + 10**8
DECIMALS = {"USDC": 6, "BTC": 8, "ETH": 18, "SOL": 9}
UNIT = {name: 10**places for name, places in DECIMALS.items()} | {"DAI": 10**18, "GEM": 100}
WORTH = {"USDC": 1, "BTC": 60_000, "ETH": 2_000, "SOL": 100, "DAI": 1, "GEM": 5}
MARKETS = (
    ("ETH", "USDC", 10**4, 10**14, True),
    ("BTC", "USDC", 10**5, 10**3, True),
    ("SOL", "USDC", 10**4, 10**6, True),
    ("ETH", "BTC", 1, 10**12, False),
)
DIGEST_EVERY = 60


def terms(base: str, quote: str, tick: int, lot: int, book: bool) -> dict[str, Any]:
    fees = {"maker_fee_bps": 2, "taker_fee_bps": 5} if book else {}
    return {
        "base": base,
        "quote": quote,
        "tick_size": tick,
        "lot_size": lot,
        "maker_fee_bps": 0,
        "taker_fee_bps": 0,
        "pool_fee_bps": 30,
        "book": book,
        **fees,
    }


class Clock:
    wall_ms = START_MS

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        return float(self.wall_ms)


def token(symbol: str) -> str:
    return token_address(symbol)


def worth(symbol: str, dollars: int) -> int:
    return dollars * UNIT[symbol] // WORTH[symbol]


class Cast:
    """Wallets by name, each with its nonces; `sign` gives what a client would post."""

    def __init__(self) -> None:
        names = ("operator", "successor", "alice", "bob", "carol", "bot", "bot_2", "treasury")
        self.wallets = {name: Wallet(bytes([n + 1]) * 32) for n, name in enumerate(names)}
        self.nonces = {name: NonceClock() for name in names}
        self.domain = Domain(SALT)
        self.signed = 0

    def address(self, name: str) -> str:
        return self.wallets[name].address

    def sign(self, name: str, action: c.SignedAction) -> Submission:
        wallet = self.wallets[name]
        signature = self._form(wallet.sign(self.domain, action))
        hashed = "0x" + digest(self.domain, action).hex()
        evidence = Evidence(
            scheme=EIP712, signer=wallet.address, digest=hashed, signature=signature
        )
        return Submission(action, evidence)

    def _form(self, signature: str) -> str:
        """Mostly as wallets give it; sometimes v 0 or 1, sometimes the 64 bytes of EIP-2098."""
        self.signed += 1
        raw = bytes.fromhex(signature[2:])
        parity = raw[64] - 27
        if self.signed % 7 == 3:
            raw = raw[:64] + bytes([parity])
        elif self.signed % 7 == 5:
            raw = raw[:32] + bytes([raw[32] | parity << 7]) + raw[33:64]
        return "0x" + raw.hex()


class Freezer:
    def __init__(self, writer: Writer, state: State, clock: Clock) -> None:
        self.writer, self.state, self.clock = writer, state, clock
        self.cast, self.random = Cast(), Random(1)
        self.refused: list[str] = []

    async def faucet(self, name: str, symbol: str, amount: int) -> None:
        deposit = c.FaucetDeposit(owner=self.cast.address(name), token=token(symbol), amount=amount)
        await self._submit(Submission(deposit, Evidence(scheme=FAUCET)))

    async def do(
        self, kind: Callable[..., Any], name: str, signer: str = "", **fields: Any
    ) -> bool:
        """Whether it was accepted."""
        now_s = self.clock.wall_ms // 1000
        nonce = self.cast.nonces[signer or name].next_nonce(now_s)
        owner = self.cast.address(name)
        action = kind(owner=owner, nonce=nonce, deadline=now_s + 120, **fields)
        return await self._submit(self.cast.sign(signer or name, action))

    async def sure(self, kind: Callable[..., Any], name: str, **fields: Any) -> None:
        assert await self.do(kind, name, **fields), (kind, self.refused[-1])

    async def add(self, name: str, one: str, other: str, dollars: int, signer: str = "") -> bool:
        """An agent must insist on 95 %; it does, and is refused where the ratio is another."""
        a, b = worth(one, dollars), worth(other, dollars)
        least = (a * 95 // 100 + 1, b * 95 // 100 + 1) if signer else (0, 0)
        market = self.state.pairs.get((one, other))
        if market is not None and self.state.pools[market].total_supply:
            pool = self.state.pools[market]
            two = pool.reserve_base, pool.reserve_quote
            mine, theirs = two if self.state.markets[market].base == one else two[::-1]
            b = a * theirs // mine
            least = (a * 95 // 100 + 1, b * 95 // 100 + 1) if signer else (a // 2, b // 2)
        return await self.do(
            c.AddLiquidity,
            name,
            signer,
            token_a=token(one),
            token_b=token(other),
            amount_a_desired=a,
            amount_b_desired=b,
            amount_a_min=least[0],
            amount_b_min=least[1],
        )

    async def remove(self, name: str, market: str, share: int, of: int) -> bool:
        terms = self.state.markets[market]
        held = self.state.ledger.available(self.cast.address(name), f"LP:{market}")
        return await self.do(
            c.RemoveLiquidity,
            name,
            token_a=token(terms.quote),
            token_b=token(terms.base),
            liquidity=held * share // of,
            amount_a_min=0,
            amount_b_min=0,
        )

    async def swap(self, name: str, one: str, other: str, dollars: int, signer: str = "") -> bool:
        two = {"token_in": token(one), "token_out": token(other)}
        if self.random.random() < 0.5:
            amount, least = worth(one, dollars), worth(other, dollars) * 6 // 10
            fields = {"amount_in": amount, "min_amount_out": least}
            return await self.do(c.SwapExactIn, name, signer, **two, **fields)
        fields = {"amount_out": worth(other, dollars), "max_amount_in": 2**256 - 1}
        return await self.do(c.SwapExactOut, name, signer, **two, **fields)

    async def _submit(self, submission: Submission) -> bool:
        self.clock.wall_ms += self.random.choice((0, 1, 37, 999, 1000, 4_321, 61_000))
        answer = await self.writer.submit(submission)
        if isinstance(answer, Committed):
            return True
        self.refused.append(f"{type(submission.command).__name__} {answer.code.name}")
        return False


async def found(f: Freezer) -> None:
    """Genesis, funds, and pools such that SOL reaches BTC over three hops."""
    genesis = c.Genesis(
        salt=SALT,
        operator=f.cast.address("operator"),
        fee_recipient=f.cast.address("treasury"),
        sandbox=True,
        assets=tuple(c.GenesisAsset(symbol=s, decimals=d) for s, d in DECIMALS.items()),
        markets=tuple(c.GenesisMarket(**terms(*market)) for market in MARKETS),
    )
    await f._submit(Submission(genesis, Evidence(scheme=GENESIS)))
    for name in ("alice", "bob", "carol"):
        for symbol in DECIMALS:
            await f.faucet(name, symbol, worth(symbol, 5_000_000) + f.random.randrange(10**5))
    assert await f.add("alice", "ETH", "USDC", 400_000)
    assert await f.add("alice", "BTC", "ETH", 300_000)
    assert await f.add("bob", "USDC", "SOL", 200_000)
    for pair in (("SOL", "BTC"), ("BTC", "SOL"), ("ETH", "SOL"), ("ETH", "USDC")):
        for _ in range(2):
            assert await f.swap("carol", *pair, 700)
    assert await f.add("bob", "BTC", "USDC", 250_000)


async def govern(f: Freezer) -> None:
    """What the operator may do, and what comes of it; the office passes on and comes back."""
    recipient = f.cast.address("treasury")
    await f.sure(c.SetProtocolFee, "operator", recipient=recipient)
    await f.sure(c.ListAsset, "operator", symbol="DAI", token=ZERO, decimals=18)
    for name in ("alice", "bob"):
        await f.faucet(name, "DAI", worth("DAI", 900_000))
    assert await f.add("alice", "DAI", "USDC", 100_000), "an implicit market"
    assert await f.swap("bob", "DAI", "BTC", 300), "over two markets"
    two = terms("DAI", "USDC", 10**3, 10**15, True)
    if "DAI_USDC" not in f.state.markets:
        two |= {"base": "USDC", "quote": "DAI", "lot_size": 10**4, "tick_size": 10**14}
    await f.sure(c.ListMarket, "operator", **two)
    await f.sure(c.ListAsset, "operator", symbol="GEM", token="0x" + "9e" * 20, decimals=2)
    await f.sure(c.ListMarket, "operator", **terms("SOL", "BTC", 1, 10**6, False))
    for market, status in (("ETH_USDC", "paused"), ("*", "cancel_only"), ("*", "open")):
        await f.sure(c.SetMarketStatus, "operator", market=market, status=status)
        await f.swap("alice", "ETH", "USDC", 90)
        await f.remove("alice", "ETH_USDC", 1, 50)
    changed = terms("ETH", "BTC", 10, 10**11, False) | {"pool_fee_bps": 25}
    del changed["base"], changed["quote"]
    await f.sure(c.UpdateMarket, "operator", market="ETH_BTC", **changed)
    await f.sure(c.SetOperator, "operator", operator=f.cast.address("successor"))
    await f.sure(c.SetMarketStatus, "successor", market="SOL_BTC", status="paused")
    await f.sure(c.SetMarketStatus, "successor", market="SOL_BTC", status="open")
    await f.sure(c.SetOperator, "successor", operator=f.cast.address("operator"))


async def delegate(f: Freezer) -> None:
    """Agents and API keys: approved, used, revoked, approved again."""
    bot, bot_2 = f.cast.address("bot"), f.cast.address("bot_2")
    await f.sure(c.ApproveAgent, "alice", agent=bot, valid_until=FOREVER)
    await f.sure(c.ApproveAgent, "bob", agent=bot_2, valid_until=f.clock.wall_ms // 1000 + 900)
    assert await f.swap("alice", "USDC", "ETH", 500, "bot")
    assert await f.swap("bob", "BTC", "USDC", 500, "bot_2")
    assert await f.add("alice", "USDC", "ETH", 2_000, "bot")
    await f.swap("alice", "USDC", "ETH", 300_000, "bot")  # out of its band
    await f.sure(c.ApproveAgent, "bob", agent=bot_2, valid_until=FOREVER)
    await f.sure(c.RevokeAgent, "bob", agent=bot_2)
    assert not await f.swap("bob", "BTC", "USDC", 500, "bot_2")
    for n, name in enumerate(("alice", "bob", "alice")):
        key = "0x" + f"{n + 1:02x}" * 32
        await f.sure(c.ApproveApiKey, name, public_key=key, valid_until=FOREVER)
    await f.sure(c.RevokeApiKey, "bob", public_key="0x" + "02" * 32)
    await f.sure(c.ApproveApiKey, "bob", public_key="0x" + "02" * 32, valid_until=FOREVER + 1)


async def trade(f: Freezer, until: int) -> None:
    """Anything by anybody, until entry `until`."""
    people, r = ("alice", "bob", "carol"), f.random
    while f.state.seq < until:
        name, dollars = r.choice(people), r.choice((1, 40, 900, 7_000, 20_000))
        one, other = r.sample(("USDC", "BTC", "ETH", "SOL", "DAI"), 2)
        someone = f.cast.address(r.choice(("treasury", "alice", "bob")))
        match r.randrange(16):
            case 0 | 1 | 2:
                await f.add(name, one, other, dollars)
            case 3 | 4:
                await f.remove(name, r.choice(list(f.state.markets)), r.randrange(1, 101), 100)
            case 5:
                some = worth(one, dollars)
                await f.do(c.Transfer, name, token=token(one), amount=some, recipient=someone)
            case 6:
                some = worth(one, dollars)
                await f.do(c.Withdraw, name, token=token(one), amount=some, recipient=someone)
            case 7:
                market = r.choice(list(f.state.markets))
                held = f.state.ledger.available(f.cast.address(name), f"LP:{market}")
                shares = {"token": token(f"LP:{market}"), "amount": held // 9}
                await f.do(c.Transfer, name, **shares, recipient=someone)
            case 8:
                await f.faucet(name, one, r.randrange(1, UNIT[one]))
            case 9:
                await f.swap("alice", one, other, dollars, "bot")
            case 10 if r.random() < 0.3:
                recipient = r.choice((ZERO, f.cast.address("treasury")))
                await f.do(c.SetProtocolFee, "operator", recipient=recipient)
            case _:
                await f.swap(name, one, other, dollars)


async def rest(f: Freezer) -> None:
    """Three days pass, so that nonces are pruned; one owner leaves every pool."""
    f.clock.wall_ms += 3 * 24 * 60 * 60 * 1000
    for market in list(f.state.markets):
        await f.remove("alice", market, 1, 1)
    await trade(f, f.state.seq + 12)


async def freeze(folder: Path) -> None:
    with TemporaryDirectory() as data:
        await upgrade(Path(data))
        journal = await SqliteJournal.open(Path(data) / "journal.db")
        state, clock = State(), Clock()

        async def unknown(_: str) -> None:
            return None

        writer = Writer(state, journal, clock, unknown)
        running = asyncio.create_task(writer.run())
        freezer = Freezer(writer, state, clock)
        await found(freezer)
        await govern(freezer)
        await delegate(freezer)
        await trade(freezer, 285)
        await rest(freezer)
        await writer.stop()
        await running
        entries = [entry async for batch in journal.read(0) for entry in batch]
        await journal.close()
    write(folder, entries, state.digest())
    sys.stdout.write(f"{len(entries)} entries, {len(freezer.refused)} commands refused\n")


def write(folder: Path, entries: list[Entry], last: str) -> None:
    """Rows as they stand in the table, and the state's digest and the head's hash on the way."""
    marks, replica = [], Replica(State())
    with (folder / "journal_issue_1.jsonl").open("wb") as file:
        for entry in entries:
            row = msgspec.structs.asdict(entry)
            text = {name: row[name].decode() for name in ("command", "evidence", "events")}
            file.write(msgspec.json.encode({**row, **text}) + b"\n")
            replica.apply(entry)
            if entry.seq == 1 or entry.seq % DIGEST_EVERY == 0 or entry.seq == len(entries):
                mark = {"seq": entry.seq, "hash": entry.hash, "digest": replica.state.digest()}
                marks.append(mark)
    assert marks[-1]["digest"] == last
    lines = b",\n".join(msgspec.json.encode(mark) for mark in marks)
    (folder / "journal_issue_1_digests.json").write_bytes(b"[\n" + lines + b"\n]\n")


if __name__ == "__main__":
    asyncio.run(freeze(Path(sys.argv[1])))
