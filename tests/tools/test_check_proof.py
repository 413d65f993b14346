"""`xyk verify` and the two hundred lines of tools/check_proof.py, which share no code: both
say yes to an honest journal and name the same entry of every forged one."""

import ast
import copy
import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.journal import entry_view
from tests.cli.journal_maker import ETH, USDC, batches, rechained
from tests.cli.order_maker import ALICE, BOB
from tests.engine.test_sum_tree import LIES, shown
from tests.server import ROOT
from tests.tools.forged_journals import FORGED, agent_by_another_event
from tests.tools.whole_journal import AGENT, OPERATOR, WholeJournal
from xyk.cli.verify import Anchor, Verdict, verify
from xyk.domain.commands import (
    AddLiquidity,
    RemoveLiquidity,
    ReplaceOrder,
    SetProtocolFee,
    SwapExactIn,
    Transfer,
    UpdateMarket,
)
from xyk.domain.events import Deposited
from xyk.engine.entry import Entry, decode_events, decode_evidence, encode
from xyk.engine.liabilities import LiabilitiesFolder
from xyk.engine.replica import Replica
from xyk.exchange.state import State
from xyk.wallet.signer import Wallet

TOOL = ROOT / "tools" / "check_proof.py"
HONEST = WholeJournal()
AT = HONEST.named
LAST = AT["last"]
EVE = Wallet(b"\xee" * 32)


def check(tmp_path: Path, entries: Sequence[Entry], *more: str) -> tuple[bool, str]:
    """The tool's yes or no, and what it said, of a saved page."""
    page = tmp_path / "page.json"
    page.write_bytes(msgspec.json.encode([entry_view(entry) for entry in entries]))
    return run(str(page), *more)


def run(*arguments: str) -> tuple[bool, str]:
    command = [sys.executable, str(TOOL), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT.parent)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0, done.stdout + done.stderr


async def verdict(entries: Sequence[Entry], *anchors: Anchor) -> Verdict:
    return await verify(batches(entries), anchors, expected=len(entries))


def edited(seq: int, **fields: object) -> list[Entry]:
    entries = list(HONEST.entries)
    entries[seq - 1] = msgspec.structs.replace(entries[seq - 1], **fields)  # type: ignore[arg-type]
    return entries


def with_events(seq: int, old: bytes, new: bytes) -> list[Entry]:
    events = HONEST.entries[seq - 1].events
    assert old in events
    return edited(seq, events=events.replace(old, new))


def renumbered(entries: list[Entry]) -> list[Entry]:
    numbered = [
        msgspec.structs.replace(entry, seq=seq) for seq, entry in enumerate(entries, start=1)
    ]
    return rechained(numbered)


def altered_amount() -> tuple[list[Entry], int]:
    """In an event; nothing else."""
    return with_events(AT["transfer"], b'"amount":777', b'"amount":778'), AT["transfer"]


def altered_amount_rechained() -> tuple[list[Entry], int]:
    entries, seq = altered_amount()
    return rechained(entries, seq), seq


def worse_swap() -> tuple[list[Entry], int]:
    """The owner gets less than the pool gave, the chain computed again."""
    swap = decode_events(HONEST.entries[AT["swap"] - 1])[-1]
    amount = swap.amount_out  # type: ignore[union-attr]
    old, new = (f'"amountOut":{one}'.encode() for one in (amount, amount - 1))
    return rechained(with_events(AT["swap"], old, new), AT["swap"]), AT["swap"]


def altered_command() -> tuple[list[Entry], int]:
    seq = AT["transfer"]
    command = HONEST.entries[seq - 1].command.replace(BOB.address.encode(), EVE.address.encode())
    return rechained(edited(seq, command=command), seq), seq


def removed() -> tuple[list[Entry], int]:
    seq = AT["swap"]
    return [*HONEST.entries[: seq - 1], *HONEST.entries[seq:]], seq


def swapped() -> tuple[list[Entry], int]:
    entries, seq = list(HONEST.entries), AT["swap"]
    entries[seq - 1], entries[seq] = entries[seq], entries[seq - 1]
    return entries, seq


def duplicated() -> tuple[list[Entry], int]:
    seq = AT["transfer"]
    return renumbered([*HONEST.entries[:seq], *HONEST.entries[seq - 1 :]]), seq + 1


def forged_by_the_operator() -> tuple[list[Entry], int]:
    """Eve signs for Alice; events, digests and every hash up to the end are as they must be."""
    made = WholeJournal()
    theft = {"token": USDC, "amount": 10**8, "recipient": EVE.address, **made.stamp()}
    action = Transfer(owner=ALICE.address, **theft)
    evidence = made.evidence(EVE, action)
    made.add(action, msgspec.structs.replace(evidence, signer=ALICE.address))
    forged = len(made.entries)
    made.faucet(BOB.address, ETH, 5)
    made.act(Transfer, BOB, token=USDC, amount=6, recipient=ALICE.address)
    return rechained(made.entries, forged), forged


def replayed() -> tuple[list[Entry], int]:
    """An old action once more at the end."""
    again = msgspec.structs.replace(HONEST.entries[AT["transfer"] - 1], time=HONEST.now_ms)
    return renumbered([*HONEST.entries, again]), LAST + 1


def revoked_agent() -> tuple[list[Entry], int]:
    made = WholeJournal()
    made.forget_the_revocation()
    way = {"token_in": USDC, "token_out": ETH, "amount_in": 10**7, "min_amount_out": 0}
    made.act(SwapExactIn, ALICE, AGENT, **way)
    return made.entries, LAST + 1


def faucet_outside_a_sandbox() -> tuple[list[Entry], int]:
    genesis = HONEST.entries[0]
    texts = {
        name: getattr(genesis, name).replace(b'"sandbox":true', b'"sandbox":false')
        for name in ("command", "events")
    }
    return rechained(edited(1, **texts)), 2


def thin_air() -> tuple[list[Entry], int]:
    """A deposit among the events of somebody's transfer."""
    seq = AT["transfer"]
    events = decode_events(HONEST.entries[seq - 1])
    credit = Deposited(owner=ALICE.address, asset="USDC", amount=10**9)
    return rechained(edited(seq, events=encode((*events, credit))), seq), seq


def twice_from_the_faucet() -> tuple[list[Entry], int]:
    events = decode_events(HONEST.entries[1])
    return rechained(edited(2, events=encode((*events, *events)))), 2


def altered_time() -> tuple[list[Entry], int]:
    seq = AT["swap"]
    time = HONEST.entries[seq - 2].time - 1
    return rechained(edited(seq, time=time), seq), seq


def stripped_signature() -> tuple[list[Entry], int]:
    seq = AT["by agent"]
    evidence = decode_evidence(HONEST.entries[seq - 1])
    bare = msgspec.structs.replace(evidence, signature="")
    return rechained(edited(seq, evidence=encode(bare)), seq), seq


def other_text_of_a_key() -> tuple[list[Entry], int]:
    seq = AT["by key"]
    command = HONEST.entries[seq - 1].command.replace(b"1490.5", b"1491.5")
    return rechained(edited(seq, command=command), seq), seq


def other_sign_in() -> tuple[list[Entry], int]:
    seq = AT["sign-in"]
    evidence = decode_evidence(HONEST.entries[seq - 1])
    text = evidence.text.replace("x.example", "y.example")
    forged = msgspec.structs.replace(evidence, text=text)
    return rechained(edited(seq, evidence=encode(forged)), seq), seq


KINDS = (
    *(altered_amount, altered_amount_rechained, worse_swap, altered_command, removed, swapped),
    *(duplicated, forged_by_the_operator, replayed, revoked_agent, faucet_outside_a_sandbox),
    *(thin_air, twice_from_the_faucet, altered_time, stripped_signature, other_text_of_a_key),
    *(other_sign_in, *FORGED),
)


@pytest.mark.parametrize("tampered", KINDS, ids=lambda kind: kind.__name__)
async def test_both_name_the_same_entry(
    tmp_path: Path, tampered: Callable[[], tuple[list[Entry], int]]
) -> None:
    entries, seq = tampered()
    found = await verdict(entries)
    assert (found.is_yes, found.seq) == (False, seq), found.reason
    is_yes, said = check(tmp_path, entries)
    assert not is_yes
    assert said.startswith(f"no: entry {seq}: "), said


def test_nobody_is_an_agent_by_another_event_than_the_approval(tmp_path: Path) -> None:
    """Which `xyk verify` says no to where it stands, and the tool where it would count."""
    entries, seq = agent_by_another_event()
    is_yes, said = check(tmp_path, entries)
    assert not is_yes and said.startswith(f"no: entry {seq}: "), said


def test_an_order_that_was_replaced_and_filled_at_many_prices_is_honest(tmp_path: Path) -> None:
    """Also what has fees, rebates and the protocol's share, and a transfer of shares."""
    made = WholeJournal()
    made.act(SetProtocolFee, OPERATOR, recipient=EVE.address)
    fees = {"maker_fee_bps": -2, "taker_fee_bps": 5, "pool_fee_bps": 30}
    terms = {"market": "ETH_USDC", "tick_size": 10**4, "lot_size": 10**14, "book": True}
    made.act(UpdateMarket, OPERATOR, **terms, **fees)
    pair = {"token_a": ETH, "token_b": USDC, "amount_a_min": 0, "amount_b_min": 0}
    amounts = {"amount_a_desired": 10**17, "amount_b_desired": 10**9}
    made.act(AddLiquidity, ALICE, **pair, **amounts)
    made.sell(ALICE, 30_000)
    made.act(AddLiquidity, ALICE, **pair, **amounts)
    made.act(RemoveLiquidity, ALICE, **pair, liquidity=10**10)
    shares = made.state.assets["LP:ETH_USDC"].token
    made.act(Transfer, ALICE, token=shares, amount=1_000, recipient=BOB.address)
    made.sell(ALICE, 1_000)
    pool = made.state.pools["ETH_USDC"]
    spot = pool.reserve_quote * 10**12 // pool.reserve_base
    made.place(BOB, 100, spot + 30)
    made.place(BOB, 100, spot - 3)
    order = decode_evidence(made.entries[-1]).digest
    for sold, lots, dollars in ((60, 100, spot - 900), (0, 90, spot - 900), (0, 200, spot - 10)):
        if sold:
            made.place(ALICE, -sold, spot - 3, time_in_force="IOC")
        terms = {"sell_token": USDC, "sell_amount": lots * dollars * 100}
        terms |= {"buy_token": ETH, "buy_amount": lots * 10**14}
        made.act(ReplaceOrder, BOB, order=order, **terms)
    made.sell(ALICE, 40_000)
    assert sum(b"BookFilled" in entry.events for entry in made.entries[LAST:]) > 1
    assert check(tmp_path, made.entries)[0], check(tmp_path, made.entries)


async def test_both_say_yes_to_an_honest_one(tmp_path: Path) -> None:
    found = await verdict(HONEST.entries)
    assert found.is_yes, found.reason
    assert found.schemes.keys() == {"genesis", "faucet", "eip712", "ed25519", "session", "clock"}
    assert check(tmp_path, HONEST.entries) == (True, f"yes: {LAST} entries\n")


async def test_both_miss_an_end_that_an_anchor_knows(tmp_path: Path) -> None:
    head = HONEST.entries[-1]
    anchor, kept = f"{LAST}:{head.hash}", Anchor("kept", LAST, hash=head.hash)
    assert (await verdict(HONEST.entries, kept)).is_yes
    assert check(tmp_path, HONEST.entries, anchor)[0]
    found = await verdict(HONEST.entries[:-1], kept)
    is_yes, said = check(tmp_path, HONEST.entries[:-1], anchor)
    assert (found.is_yes, found.seq, is_yes) == (False, LAST, False)
    assert said.startswith(f"no: entry {LAST}: missing")
    is_yes, said = check(tmp_path, HONEST.entries, f"{LAST}:{'ab' * 32}")
    assert not is_yes and said.startswith(f"no: entry {LAST}: the anchor")


def proof_at(tmp_path: Path, seq: int, owner: str) -> dict[str, object]:
    replica = Replica(State())
    for entry in HONEST.entries[:seq]:
        replica.apply(entry)
    folder = LiabilitiesFolder(tmp_path / "liabilities")
    folder.write(replica)
    found = folder.newest()
    assert found is not None
    proof = found.prove(owner)
    assert proof is not None
    return shown(proof, found.root)


def test_the_tool_checks_proofs(tmp_path: Path) -> None:
    seq = LAST - 3
    proof = proof_at(tmp_path, seq, ALICE.address)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    assert check(tmp_path, HONEST.entries, str(file)) == (True, f"yes: {LAST} entries\n")
    balances = dict(proof["balances"])  # type: ignore[call-overload]
    balances["USDC"] = str(int(balances["USDC"]) + 1)
    lies = ({"balances": balances}, {"owner": EVE.address}, {"hash": "00" * 32}, {"path": []})
    for lie in lies:
        file.write_text(json.dumps({**proof, **lie}))
        is_yes, said = check(tmp_path, HONEST.entries, str(file))
        assert not is_yes and said.startswith(f"no: entry {seq}: "), said


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_no_lie_about_a_proof_holds_for_the_tool(
    tmp_path: Path, lie: Callable[[dict[str, Any]], None]
) -> None:
    """Its own function, at the proof's own seq."""
    seq = LAST - 3
    tool = runpy.run_path(str(TOOL))
    journal = tool["Journal"]()
    for entry in HONEST.entries[:seq]:
        journal.check(msgspec.json.decode(msgspec.json.encode(entry_view(entry))))
    honest = proof_at(tmp_path, seq, ALICE.address)
    tool["prove"](honest, journal)
    told = copy.deepcopy(honest)
    lie(told)
    assert told != honest
    with pytest.raises(AssertionError):
        tool["prove"](told, journal)


def test_the_tool_takes_no_root_of_another_seq(tmp_path: Path) -> None:
    """A whole and honest one, as if it were of this one."""
    old = proof_at(tmp_path, LAST - 9, ALICE.address)
    file = tmp_path / "proof.json"
    for lie in ({"seq": LAST - 3}, {"seq": LAST - 3, "hash": HONEST.entries[LAST - 4].hash}):
        file.write_text(json.dumps({**old, **lie}))
        is_yes, said = check(tmp_path, HONEST.entries, str(file))
        assert not is_yes and said.startswith(f"no: entry {LAST - 3}: "), said


def test_it_stands_alone() -> None:
    text = TOOL.read_text()
    assert len(text.splitlines()) <= 200
    names = set()
    for each in ast.walk(ast.parse(text)):
        if isinstance(each, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in each.names}
        elif isinstance(each, ast.ImportFrom):
            names.add(str(each.module).partition(".")[0])
    assert names - set(sys.stdlib_module_names) == {"coincurve", "cryptography", "sha3"}
    stripped = subprocess.run([sys.executable, "-O", str(TOOL), "x"], check=False)
    assert stripped.returncode == 1
