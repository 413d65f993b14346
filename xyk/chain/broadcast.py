"""A signed transaction on its way to the nodes: tried first, then sent, and what they say to it."""

import re

from xyk.chain.call import Call, call_of
from xyk.chain.calldata import Calldata
from xyk.chain.deployment import Deployment
from xyk.chain.raw import SignedTransaction, Transaction
from xyk.chain.reverts import rejected_revert, revert_of
from xyk.chain.rpc import Rpc, RpcDown, RpcError, hexed, quantity
from xyk.domain.rejections import Code, Rejected

_TEXT_MAX = 200  # characters of a node's message that we repeat

KNOWN = re.compile(
    r"already known|known transaction|already imported|already exists|already in", re.I
)
# The first that is found in a node's refusal of eth_sendRawTransaction decides: geth's words, and
# those of anvil, reth, Erigon, Nethermind and Besu.
_REFUSALS: tuple[tuple[str, Code, str], ...] = (
    (
        r"replacement|to replace",
        Code.UNDERPRICED,
        "Another transaction of this nonce waits; raise maxFeePerGas and maxPriorityFeePerGas by "
        "10 % or more to replace it",
    ),
    (
        r"underpriced|less than block base fee|cap.*less|fee too low|gas price (?:too low|below)",
        Code.UNDERPRICED,
        "The nodes want higher fees",
    ),
    (r"nonce too low|old nonce|nonce.*already", Code.NONCE_USED, "The nonce is used"),
    (r"nonce too high|nonce gap|gapped", Code.NONCE_GAP, "Transactions before it are missing"),
    (
        r"insufficient (?:funds|balance)|overshot|upfront cost",
        Code.INSUFFICIENT_FUNDS,
        "The account cannot pay value and gas, what else of it waits included",
    ),
    (r"pool is full|overloaded|in-flight", Code.NODE_UNAVAILABLE, "The nodes take none now; retry"),
)


async def simulate(rpc: Rpc, transaction: Transaction, block: str) -> str | None:
    """The reason why it would fail on the state after `block` (a number or a tag), or None. Raises
    RpcDown and RpcError."""
    call = {
        "from": transaction.sender,
        "to": transaction.to,
        "data": "0x" + transaction.data.hex(),
        "value": hexed(transaction.value),
        "gas": hexed(transaction.gas),
    }
    try:
        await rpc.call("eth_call", call, block)
    except RpcError as fault:
        reason = revert_of(fault)
        if reason is None and re.search(
            r"out ?of ?gas|intrinsic gas|gas too low", fault.message, re.I
        ):
            reason = f"the gas limit of {transaction.gas} does not suffice"
        if reason is None:
            raise
        return reason
    return None


async def foreseen(
    rpc: Rpc, deployment: Deployment, transaction: Transaction, call: Calldata, block: str
) -> Rejected | None:
    """Why it would fail; what a token says in words of its own is looked up. Raises RpcDown,
    RpcError."""
    reason = await simulate(rpc, transaction, block)
    if reason is None:
        return None
    rejected = rejected_revert(reason, call.function.name)
    if rejected.code is not Code.REVERTED:
        return rejected
    return await _shortfall(rpc, deployment, transaction.sender, call, block) or rejected


async def broadcast(rpc: Rpc, transaction: SignedTransaction) -> bool | Rejected:
    """Whether it was new to the node. Raises RpcDown."""
    try:
        await rpc.call("eth_sendRawTransaction", "0x" + transaction.raw.hex())
    except RpcError as fault:
        if KNOWN.search(fault.message):
            return False
        return node_refusal(fault.message)
    return True


def node_refusal(message: str) -> Rejected:
    """Of a node's error to eth_sendRawTransaction."""
    said = f"the node says: {message[:_TEXT_MAX]}"
    for words, code, why in _REFUSALS:
        if re.search(words, message, re.I):
            return Rejected(code, f"{why}; {said}")
    return Rejected(Code.INVALID_TRANSACTION, f"No node takes it; {said}")


async def _shortfall(
    rpc: Rpc, deployment: Deployment, owner: str, call: Calldata, block: str
) -> Rejected | None:
    """Which token the sender has too little of, or the router may not take."""
    for token, amount in call.spends(deployment):
        held = await _uint(rpc, call_of("erc20", token, "balanceOf", owner), block)
        if held < amount:
            return Rejected(
                Code.INSUFFICIENT_FUNDS,
                f"{owner} has {held} of {token}, and {call.function.name} takes {amount}",
            )
        if not call.needs_allowance:
            continue
        allowed = call_of("erc20", token, "allowance", owner, deployment.router)
        if (allowance := await _uint(rpc, allowed, block)) < amount:
            return Rejected(
                Code.INSUFFICIENT_ALLOWANCE,
                f"The router may take {allowance} of {token}, and {call.function.name} takes up to "
                f"{amount}; send an approve first",
            )
    return None


async def _uint(rpc: Rpc, call: Call, block: str) -> int:
    answer = await rpc.call("eth_call", call.parameters(), block)
    try:
        return quantity(answer)
    except (TypeError, ValueError):
        raise RpcDown(f"{call.to} is no token") from None
