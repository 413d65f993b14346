"""What a token's contract says about an owner at a block."""

import asyncio

import msgspec

from xyk.chain.call import Call, bytes_of, call_of, number_of, values_of
from xyk.chain.refused import refused
from xyk.chain.reverts import revert_of
from xyk.chain.rpc import BadAnswer, Rpc, RpcError, hexed
from xyk.domain.rejections import Code


class Holding(msgspec.Struct, frozen=True):
    """`allowance`: how much of it the spender may take."""

    balance: int
    allowance: int


async def read(rpc: Rpc, call: Call, block: int) -> bytes | None:
    """What a constant call answers; None where it reverts. Raises RpcError for other faults."""
    try:
        answer = await rpc.call("eth_call", call.parameters(), hexed(block))
    except RpcError as fault:
        if revert_of(fault) is None:
            raise
        return None
    return bytes_of(answer)


async def holding(rpc: Rpc, token: str, owner: str, spender: str, block: int) -> Holding:
    """Raises Refused where there is no token at the address."""
    asked = (
        ("balanceOf", call_of("erc20", token, "balanceOf", owner)),
        ("allowance", call_of("erc20", token, "allowance", owner, spender)),
    )
    answers = await asyncio.gather(*(read(rpc, call, block) for _, call in asked))
    try:
        [balance], [allowance] = (
            values_of("erc20", name, answer or b"")
            for (name, _), answer in zip(asked, answers, strict=True)
        )
    except BadAnswer as fault:
        raise refused(
            Code.INVALID_ASSET, f"There is no ERC-20 token at {token}: it has no balanceOf"
        ) from fault
    return Holding(balance, allowance)


async def native_balance(rpc: Rpc, owner: str, block: int) -> int:
    """Wei."""
    return number_of(await rpc.call("eth_getBalance", owner, hexed(block)))
