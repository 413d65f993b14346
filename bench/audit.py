"""What an audit costs on one core: signatures checked, and entries decided again.

Beside the absolute rates stand ratios to what cannot be left out: the library's bare recovery of a
key, and the engine's own decide, evolve and invariants. Rows take turns and each one's best counts,
so that a busy machine spoils the rates and spares the ratios.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
from coincurve import PublicKey
from msgspec.structs import replace

from bench import orders
from bench.core import seeded_state, swaps
from bench.table import Row, at_least, at_most
from xyk.cli.signatures import Claim, Place, first_fault
from xyk.cli.verify import Audit
from xyk.domain.commands import SignedAction
from xyk.domain.rejections import Rejected
from xyk.domain.request import EIP712, Request
from xyk.domain.units import decode_journal
from xyk.engine.entry import Entry, Evidence, encode, make_entry
from xyk.exchange.decide import decide
from xyk.exchange.evolve import apply
from xyk.exchange.invariants import check
from xyk.exchange.state import State
from xyk.wallet.signer import Wallet
from xyk.wallet.typed_data import Domain, digest

ENTRIES = 20_000
SIGNATURES = 500
SIGNERS = 50
ROUNDS = 7


def best_of(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """The fewest seconds of processor time of each."""
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, work in works.items():
            begin = time.process_time()
            work()
            best[name] = min(best.get(name, 1e9), time.process_time() - begin)
    return best


def signature_rows() -> list[Row]:
    state = seeded_state()
    domain = Domain(state.salt)
    wallets = [Wallet(bytes([0, number + 1]) * 16) for number in range(SIGNERS)]
    claims, bare = [], []
    for number, swap in enumerate(swaps(state, SIGNATURES)):
        wallet = wallets[number % SIGNERS]
        action = replace(swap, owner=wallet.address)
        hashed, signature = digest(domain, action), wallet.sign(domain, action)
        evidence = Evidence(
            scheme=EIP712, signer=wallet.address, digest="0x" + hashed.hex(), signature=signature
        )
        claims.append(Claim(number, "SwapExactIn", encode(action), evidence))
        raw = bytes.fromhex(signature[2:])
        bare.append((raw[:64] + bytes([raw[64] % 27]), hashed))

    def checked() -> None:
        assert first_fault(Place(state.salt, 0, ""), claims) is None

    def recovered() -> None:
        for signature, hashed in bare:
            PublicKey.from_signature_and_message(signature, hashed, hasher=None)

    best = best_of({"ours": checked, "bare": recovered}, 5 * ROUNDS)
    return [
        at_least("signatures of entries, a core", SIGNATURES / best["ours"], 20_000, "entries/s"),
        at_most("the same over the library's bare recovery", best["ours"] / best["bare"], 1.3, "x"),
    ]


def _entries(state: State, commands: Sequence[SignedAction]) -> list[Entry]:
    entries: list[Entry] = []
    domain, previous = Domain(state.salt), "0" * 64
    for made in commands:
        # As the API decodes it: what is left out as a default is told by identity.
        command = msgspec.json.decode(encode(made), type=type(made), dec_hook=decode_journal)
        hashed, owner = "0x" + digest(domain, command).hex(), command.owner
        evidence = Evidence(scheme=EIP712, signer=owner, digest=hashed, signature="0x" + "ab" * 65)
        seq, now_ms = state.seq + 1, state.now_ms
        events = decide(state, Request(seq, now_ms, owner, hashed, EIP712, command))
        assert not isinstance(events, Rejected), events
        apply(state, seq, now_ms, events)
        entries.append(make_entry(seq, now_ms, command, evidence, events, previous))
        previous = entries[-1].hash
    return entries


def decision_rows(flow: str, start: State, commands: Sequence[SignedAction]) -> list[Row]:
    """`start` with what follows it, in a flow of that name."""
    plain = orders.copy(start)  # State.load keeps parts of what it is given
    entries = _entries(orders.copy(start), commands)
    digests = [orders.digest_of(entry.seq) for entry in entries]

    def audited(state: State) -> None:
        audit = Audit()
        audit.state = state
        for entry in entries:
            audit.check(entry)

    def engine(state: State) -> None:
        for command, hashed in zip(commands, digests, strict=True):
            seq, owner = state.seq + 1, command.owner
            events = decide(state, Request(seq, state.now_ms, owner, hashed, EIP712, command))
            assert not isinstance(events, Rejected), events
            apply(state, seq, state.now_ms, events)
            check(state, events)

    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, work in (("audit", audited), ("engine", engine)):
            state = orders.copy(plain)
            begin = time.process_time()
            work(state)
            best[name] = min(best.get(name, 1e9), time.process_time() - begin)
    rate = len(entries) / best["audit"]
    ratio = best["audit"] / best["engine"]
    return [
        at_least(f"decided again, {flow}, one core", rate, 60_000, "entries/s"),
        at_most("  over the engine in process", ratio, 2.0, "x"),
    ]


def rows() -> list[Row]:
    state = seeded_state()
    traded = decision_rows("swaps", state, swaps(state, ENTRIES))
    return signature_rows() + traded + decision_rows("orders", *orders.traffic(operations=ENTRIES))
