"""Transactions for a wallet to sign, in their order: nonce, gas and fees, and whether the owner can
pay for all of it.

No key is ever here: what is made is what `eth_sendTransaction` takes.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from xyk.chain.call import Call, number_of
from xyk.chain.erc20 import native_balance
from xyk.chain.fees import current_fees
from xyk.chain.ground import Ground
from xyk.chain.pair import Block
from xyk.chain.refused import Refused, refused
from xyk.chain.reverts import rejected_revert, revert_of
from xyk.chain.rpc import RpcError
from xyk.chain.simulation import Result, estimate
from xyk.domain.rejections import Code

APPROVE, PERMIT, SWAP = "approve", "permit", "swap"
ADD, REMOVE, WRAP, UNWRAP = "add-liquidity", "remove-liquidity", "wrap", "unwrap"

# What a call costs more by itself than after others in one transaction: the token's account and
# the allowance are cold (2,500 + 2,000), and the allowance's slot is written to afresh (2,800).
COLD_GAS = 10_000
# And an approval more than after the one that took the allowance to zero: a slot to be filled.
FILL_GAS = 20_000

# Gas of what cannot be estimated before an approval is mined, on a node that takes no overrides.
# Twice what ordinary tokens need.
BOUNDS = {APPROVE: 120_000, ADD: 500_000, REMOVE: 500_000}
SWAP_BOUND, HOP_BOUND = 120_000, 180_000
NEW_PAIR_BOUND = 3_500_000


class Step(msgspec.Struct, frozen=True):
    """One transaction before it has a price. `bound`: its gas where nobody can estimate it."""

    kind: str
    call: Call
    description: str
    bound: int = 0


class Unsigned(msgspec.Struct, frozen=True, kw_only=True):
    """`gas` in units, fees in wei per gas, `value` in wei."""

    kind: str
    description: str
    sender: str
    to: str
    data: bytes
    value: int
    nonce: int
    gas: int
    max_fee: int
    tip: int
    chain_id: int


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a wish. `amounts` in base units. `permit`: typed data
    that is to be signed first; there is nothing else to sign then. `is_simulated`: whether what was
    asked for was tried on the block with all that comes before it. `takes_fee`: a token keeps part
    of what is sent."""

    block: Block
    transactions: tuple[Unsigned, ...] = ()
    amounts: Mapping[str, int] = {}
    path: tuple[str, ...] = ()
    impact_bps: int | None = None
    deadline: int | None = None
    permit: Mapping[str, object] | None = None
    takes_fee: bool = False
    is_simulated: bool = True


async def unsigned(
    ground: Ground, owner: str, steps: Sequence[Step], results: Sequence[Result] | None
) -> tuple[Unsigned, ...]:
    """`results`: what the steps did when they were tried. Raises Refused where the native coin does
    not cover values and gas. The nonces follow those of transactions that wait already."""
    rpc = ground.rpc
    count, fees, has, gas = await asyncio.gather(
        rpc.call("eth_getTransactionCount", owner, "pending"),
        current_fees(rpc),
        native_balance(rpc, owner, ground.block.number),
        asyncio.gather(*(_gas(ground, owner, steps, results, at) for at in range(len(steps)))),
    )
    first_nonce = number_of(count)
    value = sum(step.call.value for step in steps)
    for_gas = sum(gas) * fees.max_fee
    if has < value + for_gas:
        coin = ground.coin()
        raise refused(
            Code.INSUFFICIENT_FUNDS,
            f"The owner has {coin.amount(has)}; the transactions send {coin.amount(value)} "
            f"and may take {coin.amount(for_gas)} for gas",
        )
    return tuple(
        Unsigned(
            kind=step.kind,
            description=step.description,
            sender=owner,
            to=step.call.to,
            data=step.call.data,
            value=step.call.value,
            nonce=first_nonce + at,
            gas=gas[at],
            max_fee=fees.max_fee,
            tip=fees.tip,
            chain_id=ground.deployment.chain_id,
        )
        for at, step in enumerate(steps)
    )


async def _gas(
    ground: Ground,
    owner: str,
    steps: Sequence[Step],
    results: Sequence[Result] | None,
    at: int,
) -> int:
    """A fifth more than the estimate, rounded up.

    A step after others is estimated together with them, and what they used is taken off again.
    """
    calls = [step.call for step in steps[: at + 1]]
    try:
        whole = await estimate(ground.rpc, owner, calls) if results or not at else None
    except RpcError as fault:
        reason = revert_of(fault)
        if reason is None:
            raise
        raise Refused(rejected_revert(reason, steps[at].description)) from fault
    if whole is None:
        return steps[at].bound
    before = sum(result.gas for result in results[:at]) if results else 0
    apart = at * COLD_GAS
    if steps[at].kind == APPROVE and any(one.call.to == steps[at].call.to for one in steps[:at]):
        apart += FILL_GAS
    return -(-(whole - before + apart) * 6 // 5)
