"""What gas costs now: EIP-1559 fees for a transaction that should not have to wait."""

from statistics import median_low
from typing import Annotated

import msgspec

from xyk.chain.call import number_of
from xyk.chain.refused import refused
from xyk.chain.rpc import BadAnswer, Rpc, RpcError
from xyk.domain.rejections import Code

BLOCKS = "0x14"  # whose tips are looked at
PERCENTILE = 50
# Wei per gas. More than any chain has asked for in earnest; a node that says more lies, and what it
# says would be paid.
FEE_MAX = 10**14


class _History(msgspec.Struct, frozen=True):
    """In the words of the JSON-RPC specification; the last base fee is the next block's."""

    baseFeePerGas: Annotated[list[str], msgspec.Meta(min_length=1)]
    reward: list[Annotated[list[str], msgspec.Meta(min_length=1, max_length=1)]] | None = None


class Fees(msgspec.Struct, frozen=True):
    """Wei per gas. `max_fee` covers the next base fee doubled: six full blocks in a row."""

    max_fee: int
    tip: int


async def current_fees(rpc: Rpc) -> Fees:
    """Raises Refused where the node asks for more than FEE_MAX or knows no EIP-1559."""
    try:
        history = await rpc.call("eth_feeHistory", BLOCKS, "latest", [PERCENTILE])
    except RpcError as fault:
        raise refused(
            Code.NODE_UNAVAILABLE, f"The node tells no fees (eth_feeHistory): {fault.message[:200]}"
        ) from fault
    try:
        said = msgspec.convert(history, _History)
    except msgspec.ValidationError as fault:
        raise BadAnswer(f"eth_feeHistory: {fault}") from fault
    base = number_of(said.baseFeePerGas[-1])
    tips = [tip for [text] in said.reward or () if (tip := number_of(text))]
    tip = median_low(tips) if tips else await _suggested(rpc)
    max_fee = 2 * base + tip
    if max_fee > FEE_MAX:
        raise refused(
            Code.NODE_UNAVAILABLE,
            f"The node wants {max_fee} wei per gas, above the {FEE_MAX} that is believed; "
            "nothing is built on it",
        )
    return Fees(max_fee, tip)


async def _suggested(rpc: Rpc) -> int:
    """Of a chain whose last blocks were empty, or that knows no tips."""
    try:
        return number_of(await rpc.call("eth_maxPriorityFeePerGas"))
    except RpcError:
        return 0
