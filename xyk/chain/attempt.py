"""Tries what a wallet wants on a block, with the approvals that it needs and lacks.

An approval is for exactly what is needed. Some tokens (USDT) let an allowance change only from or
to zero: where one refuses, zero comes first.
"""

from collections.abc import Sequence

import msgspec

from xyk.chain.call import Call, values_of
from xyk.chain.erc20 import native_balance
from xyk.chain.ground import Asset, Ground
from xyk.chain.refused import refused
from xyk.chain.reverts import reason_of
from xyk.chain.router_calls import approve
from xyk.chain.rpc import BadAnswer
from xyk.chain.simulation import Result, call_alone, simulate
from xyk.chain.unsigned import APPROVE, BOUNDS, Step
from xyk.domain.rejections import Code

SAID_NO = "the token's approve answered false"


class Allowance(msgspec.Struct, frozen=True):
    """What the router may take of the owner's, and what it should."""

    asset: Asset
    has: int
    needs: int


class Attempt(msgspec.Struct, frozen=True):
    """`steps`: approvals, then what was asked for. `results` of each step, None where the node
    could not try it. `got`: how much each watched balance grew, empty where nobody saw it."""

    steps: tuple[Step, ...]
    results: tuple[Result, ...] | None
    got: tuple[int, ...] = ()

    @property
    def answer(self) -> bytes | None:
        """What the step that was asked for returned."""
        return self.results[-1].data if self.results else None


class Failed(msgspec.Struct, frozen=True):
    """`step` would revert for `reason`."""

    step: Step
    reason: str


async def attempt(
    ground: Ground,
    owner: str,
    allowances: Sequence[Allowance],
    wanted: Step,
    watched: Sequence[Call] = (),
) -> Attempt | Failed:
    """`watched`: balances to be read before and after (`balance_call`). Raises Refused where the
    native coin does not cover what is sent."""
    value = wanted.call.value
    if value:
        has = await native_balance(ground.rpc, owner, ground.block.number)
        if has < value:
            coin = ground.coin()
            raise refused(
                Code.INSUFFICIENT_FUNDS,
                f"The owner has {coin.amount(has)}, the transaction sends {coin.amount(value)}",
            )
    lacking = [one for one in allowances if one.has < one.needs]
    resets: set[int] = set()
    while True:
        approvals = [_approvals(ground, one, at in resets) for at, one in enumerate(lacking)]
        steps = (*(step for part in approvals for step in part), wanted)
        outcome = await _tried(ground, owner, steps, watched)
        if isinstance(outcome, Attempt) or outcome.step is wanted:
            return outcome
        refusing = next(at for at, part in enumerate(approvals) if outcome.step in part)
        if refusing in resets or lacking[refusing].has == 0:
            return outcome
        resets.add(refusing)


async def attempt_approval(
    ground: Ground, owner: str, asset: Asset, has: int, amount: int
) -> Attempt | Failed:
    """Of an allowance for its own sake."""
    wanted = approval(ground, asset, amount)
    outcome = await _tried(ground, owner, (wanted,), ())
    if isinstance(outcome, Failed) and has and amount:
        outcome = await _tried(ground, owner, (approval(ground, asset, 0), wanted), ())
    return outcome


def _approvals(ground: Ground, allowance: Allowance, from_zero: bool) -> tuple[Step, ...]:
    asset, needs = allowance.asset, allowance.needs
    amounts = (0, needs) if from_zero else (needs,)
    return tuple(approval(ground, asset, amount) for amount in amounts)


def approval(ground: Ground, asset: Asset, amount: int) -> Step:
    call = approve(asset.address, ground.router, amount)
    text = f"Allow the router {asset.amount(amount)}"
    return Step(APPROVE, call, text, BOUNDS[APPROVE])


async def _tried(
    ground: Ground, owner: str, steps: tuple[Step, ...], watched: Sequence[Call]
) -> Attempt | Failed:
    calls = [*watched, *(step.call for step in steps), *watched]
    everything = await simulate(ground.rpc, owner, calls, ground.block.number)
    if everything is None:
        return await _tried_alone(ground, owner, steps)
    count = len(watched)
    results = everything[count : count + len(steps)]
    for step, result in zip(steps, results, strict=False):
        if fault := _fault(step, result):
            return Failed(step, fault)
    before, after = everything[:count], everything[count + len(steps) :]
    if len(results) < len(steps) or len(after) < count:  # a token that tells no balance
        return Failed(steps[-1], reason_of(everything[-1].data))
    grown = (_word(late) - _word(early) for early, late in zip(before, after, strict=True))
    return Attempt(steps, results, tuple(grown))


async def _tried_alone(ground: Ground, owner: str, steps: tuple[Step, ...]) -> Attempt | Failed:
    """On a node without overrides: only what needs nothing before it."""
    answer = await call_alone(ground.rpc, owner, steps[0].call, ground.block.number)
    if isinstance(answer, str):
        return Failed(steps[0], answer)
    result = Result(True, 0, answer)
    if fault := _fault(steps[0], result):
        return Failed(steps[0], fault)
    return Attempt(steps, (result,) if len(steps) == 1 else None)


def _fault(step: Step, result: Result) -> str:
    """Why a step failed; empty if it did not. Tokens without a return value approve silently."""
    if not result.ok:
        return reason_of(result.data)
    if step.kind == APPROVE and result.data:
        try:
            [agreed] = values_of("erc20", "approve", result.data)
        except BadAnswer:
            return ""
        return "" if agreed else SAID_NO
    return ""


def _word(result: Result) -> int:
    return int.from_bytes(result.data[:32], "big")
