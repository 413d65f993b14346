"""Seeds: 700 random commands each, to the exchange and to its naive twin, which agree on every
outcome and on all that they know after it. `make sim SEED=n` repeats one."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.naive.twin import BY_CLOCK, Twin
from tests.naive.vault import Outcome
from tests.simulation.cast import START_MS, random_bits, random_genesis
from tests.simulation.key_verbs import KEY_KINDS, request_digest
from tests.simulation.minds import Minds
from tests.simulation.workload import WEIGHTS, Workload
from xyk.domain.rejections import Code
from xyk.domain.units import TRIGGERS_BETWEEN_MAX

COMMANDS = 700
NIGHT_SEEDS = int(os.environ.get("XYK_SEEDS", "1430"))

# Made before decide or after it, or, as the last one, tested in tests/exchange by its table.
NOT_DECIDED = {
    Code.TOO_LARGE,
    Code.NOT_IMPLEMENTED,
    Code.TOO_MANY_REQUESTS,
    Code.OVERLOADED,
    Code.SERVER_ERROR,
    # Said of a chain's transactions, before any of it is a command.
    *(Code.INSUFFICIENT_ALLOWANCE, Code.INVALID_TRANSACTION, Code.NONCE_GAP),
    *(Code.UNDERPRICED, Code.REVERTED, Code.NODE_UNAVAILABLE),
    Code.ORDER_LIMIT,
}


COUNTED_SEEDS = 20
EVENTS = {
    *("PoolSwapped", "OrderPlaced", "BookFilled", "OrderRested", "OrderClosed", "OrderReduced"),
    *("OrderReplaced", "TriggerArmed", "TriggersReached", "OrderTriggered", "CancelTimerSet"),
}
ENDS = {
    ("Filled", ""),
    ("Cancelled", "UserCancelled"),
    ("Cancelled", "SelfTrade"),
    ("Cancelled", "CancelAllAfter"),
    ("Expired", "ImmediateOrCancel"),
    ("Expired", "SelfTrade"),
    ("Expired", "GoodTillDate"),
    ("Expired", "SelfTradePrevention"),
    ("Expired", "FillOrKill"),
    ("Expired", "InsufficientLiquidity"),
    ("Expired", "InvalidQuantity"),
    ("TriggerFailed", "InsufficientLiquidity"),
    ("TriggerFailed", "InvalidOrder"),
    ("TriggerFailed", "InvalidPrice"),
}


def simulate(seed: int) -> None:
    random = Random(seed)
    bits = random_bits(random)
    minds = Minds(random_genesis(random, bits), START_MS)
    workload = Workload(random, minds.twin, bits)
    sent = None
    try:
        for _ in range(COMMANDS):
            sent = workload.step()
            minds.do(*sent)
        assert minds.replayed().digest() == minds.state.digest()
    except Exception as error:
        error.add_note(f"SEED={seed} COMMIT={_commit()}\nlast command: {sent}")
        raise


def _commit() -> str:
    try:
        asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.check_output(asked, cwd=Path(__file__).parent, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def test_both_minds_agree(simulation_seed: int) -> None:
    simulate(simulation_seed)


@pytest.mark.nightly
def test_both_minds_agree_all_night() -> None:
    """A million commands, or as many seeds as XYK_SEEDS says."""
    for seed in range(NIGHT_SEEDS):
        simulate(seed)


def alone(seed: int) -> Iterator[tuple[str, str | Outcome]]:
    """The twin without the exchange, its clock included: what was sent, and what came of it."""
    random = Random(seed)
    bits = random_bits(random)
    twin = Twin(random_genesis(random, bits), START_MS)
    workload = Workload(random, twin, bits)
    for count in range(COMMANDS):
        step = workload.step()
        activations = TRIGGERS_BETWEEN_MAX
        while due := twin.next_due(step.now_ms, activations):
            activations -= due[0] == "ActivateTrigger"
            yield due[0], twin.submit(*due, "", step.now_ms)
        digest = f"0x{count:064x}"
        if step.kind in KEY_KINDS:
            digest = request_digest(step.kind, step.fields, step.signer)
        yield step.kind, twin.submit(*step, digest)


def test_the_workload_reaches_every_verb_every_refusal_and_every_end_of_an_order() -> None:
    """Else the agreement says less than it seems to. The twin alone, which is enough to count."""
    seen: Counter[str] = Counter()
    ends: Counter[tuple[str, str]] = Counter()
    events: Counter[str] = Counter()
    for seed in range(COUNTED_SEEDS):
        for kind, outcome in alone(seed):
            seen[outcome if isinstance(outcome, str) else kind] += 1
            for event in outcome.get("events", ()) if isinstance(outcome, dict) else ():
                events[event["type"]] += 1
                if event["type"] == "OrderClosed":
                    ends[event["status"], event["reason"]] += 1
    expected = {*WEIGHTS, *BY_CLOCK, *(code.name for code in Code if code not in NOT_DECIDED)}
    assert set(seen) == expected
    assert set(ends) == ENDS
    assert {*events} == EVENTS
    accepted = sum(seen[kind] for kind in WEIGHTS)
    assert accepted * 3 > seen.total(), "most commands are refused"
    assert events["BookFilled"] * 30 > seen.total(), "hardly any order meets another"
    assert events["OrderTriggered"] * 150 > seen.total(), "hardly any trigger fires"
