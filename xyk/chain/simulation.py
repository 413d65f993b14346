"""What the transactions of a wallet would do, tried one after the other on a block by the node.

A swap that needs an approval first cannot be tried alone. So the node is asked to pretend that the
owner's account has a small program, which makes all calls in their order: the owner is their sender
as he would be in his own transactions, whatever the token looks like inside, and balances can be
read before and after. Nothing of it is on the chain. geth, anvil, reth, Nethermind and Erigon take
such state overrides; where a node does not, `Simulation` is None.
"""

from collections.abc import Sequence

import msgspec

from xyk.chain.call import Call, bytes_of, call_of, number_of
from xyk.chain.reverts import revert_of
from xyk.chain.rpc import Rpc, RpcError, hexed

WORD = 32

# Calldata: for each call a word of its target, of its value and of its data's length, and the data.
# Numbers are hex bytes that are pushed. Memory: 0 where the next call is read, 20 where its result
# is written. Without calldata it stops: that is how the native coin arrives.

# Gives for each call a word whether it worked, of its gas and of the length of what it returned,
# and that; ends with the first that failed.
RUN = bytes.fromhex(
    "3660055700"  # CALLDATASIZE @start JUMPI STOP
    "5b6040602052"  # start: 40 20 MSTORE
    "5b3660005110601e57"  # loop: CALLDATASIZE 0 MLOAD LT @next JUMPI
    "5b6040806020510390f3"  # end: 40 DUP1 20 MLOAD SUB SWAP1 RETURN
    "5b60005160400135"  # next: 0 MLOAD 40 ADD CALLDATALOAD
    "8060005160600160205160600137"  # DUP1 0 MLOAD 60 ADD 20 MLOAD 60 ADD CALLDATACOPY
    "5a6000600083602051606001"  # GAS 0 0 DUP4 20 MLOAD 60 ADD
    "60005160200135600051355af1"  # 0 MLOAD 20 ADD CALLDATALOAD 0 MLOAD CALLDATALOAD GAS CALL
    "5a820360205160200152"  # GAS DUP3 SUB 20 MLOAD 20 ADD MSTORE
    "8060205152"  # DUP1 20 MLOAD MSTORE
    "3d60205160400152"  # RETURNDATASIZE 20 MLOAD 40 ADD MSTORE
    "3d60006020516060013e"  # RETURNDATASIZE 0 20 MLOAD 60 ADD RETURNDATACOPY
    "3d60600160205101602052"  # RETURNDATASIZE 60 ADD 20 MLOAD ADD 20 MSTORE
    "15601457"  # ISZERO @end JUMPI
    "5060600160005101600052"  # POP 60 ADD 0 MLOAD ADD 0 MSTORE
    "600b56"  # @loop JUMP
)
# Reverts where one of the calls does: what `eth_estimateGas` needs.
ALL_OR_NOTHING = bytes.fromhex(
    "3660055700"  # CALLDATASIZE @loop JUMPI STOP
    "5b3660005110600f5700"  # loop: CALLDATASIZE 0 MLOAD LT @next JUMPI STOP
    "5b60005160400135"  # next: 0 MLOAD 40 ADD CALLDATALOAD
    "80600051606001602037"  # DUP1 0 MLOAD 60 ADD 20 CALLDATACOPY
    "60006000826020"  # 0 0 DUP3 20
    "60005160200135600051355af1"  # 0 MLOAD 20 ADD CALLDATALOAD 0 MLOAD CALLDATALOAD GAS CALL
    "603c57600080fd"  # @done JUMPI 0 DUP1 REVERT
    "5b60600160005101600052"  # done: 60 ADD 0 MLOAD ADD 0 MSTORE
    "600556"  # @loop JUMP
)
# The native balance of the address that it is called with.
BALANCE = bytes.fromhex("6000353160005260206000f3")  # 0 CALLDATALOAD BALANCE 0 MSTORE 20 0 RETURN
BALANCE_AT = "0x" + "ba1a" * 10  # where the node is to pretend that it lies


class Result(msgspec.Struct, frozen=True):
    """Of one call. `gas`: what it used, refunds not taken off; `data`: what it returned, or of one
    that failed its reason's bytes."""

    ok: bool
    gas: int
    data: bytes


def balance_call(token: str, holder: str, *, native: bool = False) -> Call:
    """For a simulation alone: the native coin's balance cannot be called for elsewhere."""
    if native:
        return Call(BALANCE_AT, bytes.fromhex(holder[2:]).rjust(WORD, b"\0"))
    return call_of("erc20", token, "balanceOf", holder)


async def simulate(
    rpc: Rpc, owner: str, calls: Sequence[Call], block: int
) -> tuple[Result, ...] | None:
    """Results up to the first call that failed; None where the node takes no overrides."""
    pretended = {owner: {"code": _hex(RUN)}, BALANCE_AT: {"code": _hex(BALANCE)}}
    call = Call(owner, _packed(calls)).parameters(owner)
    try:
        answer = await rpc.call("eth_call", call, hexed(block), pretended)
    except RpcError:
        return None
    return _results(bytes_of(answer), len(calls))


async def call_alone(rpc: Rpc, owner: str, call: Call, block: int) -> bytes | str:
    """What one transaction of the owner would return, or the reason why it would revert. Raises
    RpcError for other faults."""
    try:
        answer = await rpc.call("eth_call", call.parameters(owner), hexed(block))
    except RpcError as fault:
        reason = revert_of(fault)
        if reason is None:
            raise
        return reason
    return bytes_of(answer)


async def estimate(rpc: Rpc, owner: str, calls: Sequence[Call]) -> int | None:
    """Gas that the calls need in one transaction; None where the node cannot say."""
    if len(calls) == 1:
        answer = await rpc.call("eth_estimateGas", calls[0].parameters(owner))
        return number_of(answer)
    call = Call(owner, _packed(calls)).parameters(owner)
    pretended = {owner: {"code": _hex(ALL_OR_NOTHING)}}
    try:
        return number_of(await rpc.call("eth_estimateGas", call, "latest", pretended))
    except RpcError:
        return None


def _packed(calls: Sequence[Call]) -> bytes:
    return b"".join(
        word
        for call in calls
        for word in (
            bytes.fromhex(call.to[2:]).rjust(WORD, b"\0"),
            call.value.to_bytes(WORD, "big"),
            len(call.data).to_bytes(WORD, "big"),
            call.data,
        )
    )


def _results(answer: bytes, count: int) -> tuple[Result, ...] | None:
    """None where the node ran the account as it is: it has no code, or another."""
    found: list[Result] = []
    at = 0
    while at + 3 * WORD <= len(answer):
        ok, gas, length = (
            int.from_bytes(answer[at + n * WORD : at + (n + 1) * WORD], "big") for n in range(3)
        )
        at += 3 * WORD + length
        found.append(Result(bool(ok), gas, answer[at - length : at]))
    if not found or at != len(answer) or len(found) > count:
        return None
    return tuple(found) if len(found) == count or not found[-1].ok else None


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
