"""An honest journal made in memory, and the forger's tool: edit a row and re-compute the chain
after it.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from xyk.domain.commands import (
    AddLiquidity,
    Command,
    FaucetDeposit,
    Genesis,
    GenesisAsset,
    GenesisMarket,
    SignedAction,
    SwapExactIn,
    Transfer,
)
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, FAUCET, GENESIS, Request
from xyk.domain.tokens import token_address
from xyk.engine.entry import GENESIS_HASH, Entry, Evidence, make_entry, recompute_hash
from xyk.exchange import evolve
from xyk.exchange.decide import decide
from xyk.exchange.state import State
from xyk.wallet.signer import NonceClock, Wallet
from xyk.wallet.typed_data import Domain, digest

SALT = "0x" + "5a" * 32
START_MS = 1_750_000_000_000
ETH, USDC = token_address("ETH"), token_address("USDC")


class JournalMaker:
    """`state` after the last of `entries`; a second passes between two entries."""

    def __init__(self, *, sandbox: bool = True) -> None:
        self.state = State()
        self.entries: list[Entry] = []
        self.domain = Domain(SALT)
        self.nonces = NonceClock()
        operator = Wallet(b"\x01" * 32)
        genesis = Genesis(
            salt=SALT,
            operator=operator.address,
            fee_recipient=operator.address,
            sandbox=sandbox,
            assets=(
                GenesisAsset(symbol="USDC", decimals=6),
                GenesisAsset(symbol="ETH", decimals=18),
            ),
            markets=(
                GenesisMarket(
                    base="ETH", quote="USDC", tick_size=10**4, lot_size=10**14, book=True
                ),
            ),
        )
        self.add(genesis, Evidence(scheme=GENESIS))

    @property
    def now_ms(self) -> int:
        return START_MS + 1000 * len(self.entries)

    def faucet(self, owner: str, token: str, amount: int) -> None:
        self.add(FaucetDeposit(owner=owner, token=token, amount=amount), Evidence(scheme=FAUCET))

    def sign(self, wallet: Wallet, action: SignedAction) -> None:
        self.add(action, self.evidence(wallet, action))

    def evidence(self, wallet: Wallet, action: SignedAction) -> Evidence:
        return Evidence(
            scheme=EIP712,
            signer=wallet.address,
            digest="0x" + digest(self.domain, action).hex(),
            signature=wallet.sign(self.domain, action),
        )

    def stamp(self) -> dict[str, int]:
        now_s = self.now_ms // 1000
        return {"nonce": self.nonces.next_nonce(now_s), "deadline": now_s + 60}

    def add(self, command: Command, evidence: Evidence) -> None:
        seq, now_ms = len(self.entries) + 1, self.now_ms
        request = Request(seq, now_ms, evidence.signer, evidence.digest, evidence.scheme, command)
        events = decide(self.state, request)
        assert not isinstance(events, Rejected), events
        evolve.apply(self.state, seq, now_ms, events)
        previous = self.entries[-1].hash if self.entries else GENESIS_HASH
        self.entries.append(make_entry(seq, now_ms, command, evidence, events, previous))


def trading_journal() -> JournalMaker:
    """1 genesis, 2 and 3 faucet, 4 liquidity, 5 faucet, 6 to 9 swaps, 10 and 11 transfers."""
    made = JournalMaker()
    alice, bob = Wallet(b"\xa1" * 32), Wallet(b"\xb0" * 32)
    made.faucet(alice.address, ETH, 10**19)
    made.faucet(alice.address, USDC, 20_000 * 10**6)
    made.sign(
        alice,
        AddLiquidity(
            owner=alice.address,
            token_a=ETH,
            token_b=USDC,
            amount_a_desired=5 * 10**18,
            amount_b_desired=10_000 * 10**6,
            amount_a_min=0,
            amount_b_min=0,
            **made.stamp(),
        ),
    )
    made.faucet(bob.address, USDC, 5_000 * 10**6)
    for amount in (100, 200, 300, 400):
        made.sign(
            bob,
            SwapExactIn(
                owner=bob.address,
                token_in=USDC,
                token_out=ETH,
                amount_in=amount * 10**6,
                min_amount_out=0,
                **made.stamp(),
            ),
        )
    for sender, recipient in ((alice, bob), (bob, alice)):
        made.sign(
            sender,
            Transfer(
                owner=sender.address,
                token=USDC,
                amount=7,
                recipient=recipient.address,
                **made.stamp(),
            ),
        )
    return made


def rechained(entries: Sequence[Entry], start: int = 1) -> list[Entry]:
    """The entries from seq `start` on with previous and hash re-computed: a careful forger's
    work.
    """
    chained = list(entries[: start - 1])
    for entry in entries[start - 1 :]:
        previous = chained[-1].hash if chained else GENESIS_HASH
        entry = msgspec.structs.replace(entry, previous=previous)
        chained.append(msgspec.structs.replace(entry, hash=recompute_hash(entry)))
    return chained


async def batches(entries: Sequence[Entry], size: int = 4) -> AsyncIterator[Sequence[Entry]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
