"""What is relayed: transactions to a deployment's own contracts whose signer bounded what they may
cost him. What the chain alone can say is asked in `relay.py`."""

from itertools import pairwise

from xyk.chain.calldata import APPROVE, Calldata, pair_address, read_calldata
from xyk.chain.mirror import Mirror
from xyk.chain.raw import SignedTransaction
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import DEADLINE_AHEAD_S, RESERVE_MAX, ZERO_ADDRESS

GAS_MIN = 21_000  # of any transaction

# Arguments that are the least somebody takes.
_MINIMUMS = ("amountOutMin", "amountAMin", "amountBMin", "amountTokenMin", "amountETHMin")


def admit(mirror: Mirror, transaction: SignedTransaction, now_s: int) -> Calldata | Rejected:
    """What the transaction asks for, or why it is not relayed."""
    deployment = mirror.deployment
    if transaction.chain_id != deployment.chain_id:
        return _refused(
            f"The transaction is for chain {transaction.chain_id}; {deployment.name} is on chain "
            f"{deployment.chain_id}"
        )
    to = transaction.to
    if not is_target(mirror, to):
        return _refused(
            f"{to} is neither {deployment.name}'s router or wrapped coin nor a mirrored token or "
            "pair; other contracts are not called through here"
        )
    call = read_calldata(deployment, to, transaction.data)
    if isinstance(call, Rejected):
        return call
    return (
        _deadline_fault(call, now_s)
        or _bound_fault(call)
        or _token_fault(mirror, call)
        or _receiver_fault(mirror, call)
        or _value_fault(transaction, call)
        or call
    )


def is_target(mirror: Mirror, to: str) -> bool:
    """Whether it is a contract of the deployment: the router, a token, a pair."""
    deployment = mirror.deployment
    own = (deployment.router, deployment.wrapped)
    return to in (*own, *deployment.tokens) or to in mirror.tokens or to in mirror.pairs


def _deadline_fault(call: Calldata, now_s: int) -> Rejected | None:
    deadline_s = call.deadline_s
    if deadline_s is None or now_s <= deadline_s <= now_s + DEADLINE_AHEAD_S:
        return None
    if deadline_s < now_s:
        why = f"The deadline {deadline_s} passed {now_s - deadline_s} s ago"
    else:
        why = f"The deadline {deadline_s} lies more than a day ahead of {now_s}"
    return Rejected(Code.EXPIRED, f"{why}; sign one of at most {DEADLINE_AHEAD_S} s from now")


def _bound_fault(call: Calldata) -> Rejected | None:
    """A transaction without a bound is worth whatever somebody in front of it leaves."""
    for name in _MINIMUMS:
        if call.arguments.get(name) == 0:
            return Rejected(
                Code.SLIPPAGE_EXCEEDED,
                f"{name} is 0, which accepts any outcome; sign the least that is acceptable",
            )
    if call.arguments.get("amountInMax", 0) > RESERVE_MAX:
        return Rejected(
            Code.SLIPPAGE_EXCEEDED,
            "amountInMax is more than any pair can hold, which accepts any price; sign the most "
            "that is acceptable",
        )
    return None


def _token_fault(mirror: Mirror, call: Calldata) -> Rejected | None:
    deployment = mirror.deployment
    tokens = call.tokens(deployment)
    is_swap = "path" in call.arguments
    if is_swap and len(tokens) < 2:
        return _refused("The path has fewer than two tokens")
    for token in tokens:
        if token not in (*mirror.tokens, *deployment.tokens, deployment.wrapped):
            return _refused(f"The token {token} is not mirrored; GET .../pairs lists what is")
    if not is_swap:
        return None
    for one, other in pairwise(tokens):
        if pair_address(deployment, one, other) not in mirror.pairs:
            return _refused(f"There is no mirrored pair of {one} and {other}")
    return None


def _receiver_fault(mirror: Mirror, call: Calldata) -> Rejected | None:
    """The signature authorises any recipient; one that could never use it is a mistake."""
    deployment = mirror.deployment
    if call.kind == APPROVE:
        router = deployment.router
        if call.arguments["spender"] == router:
            return None
        return _refused(
            f"The spender is {call.arguments['spender']}; only the router {router} may be approved "
            "through here"
        )
    if call.recipient is None:
        return None
    if call.recipient == ZERO_ADDRESS or is_target(mirror, call.recipient):
        return _refused(f"What is sent to {call.recipient} is lost; name a wallet as recipient")
    return None


def _value_fault(transaction: SignedTransaction, call: Calldata) -> Rejected | None:
    name = call.function.name
    if call.is_payable and not transaction.value:
        return _refused(f"{name} takes the coin, and the transaction's value is 0")
    if transaction.value and not call.is_payable:
        return _refused(f"{name} takes no coin, and the transaction's value is not 0")
    if transaction.value < call.arguments.get("amountETHMin", 0) and call.is_payable:
        return _refused("amountETHMin is above the transaction's value")
    if transaction.gas < GAS_MIN:
        return _refused(f"The gas limit is {transaction.gas}; any transaction needs {GAS_MIN}")
    return None


def _refused(message: str) -> Rejected:
    return Rejected(Code.INVALID_TRANSACTION, message)
