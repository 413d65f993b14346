"""What a wallet reads before it signs: whether the exchange's transactions and permits are what was
asked for, and nothing besides.
"""

from collections.abc import Sequence
from typing import Any

from xyk.client.chain_call import Checked, Unasked
from xyk.client.chain_intent import Intent, RemoveLiquidity, Signer, approval
from xyk.client.signing import Json
from xyk.domain.units import parse_hex
from xyk.wallet.transaction import Permit, Transaction

GAS_MIN = 21_000  # of any transaction
TYPE = "0x2"


def read_transactions(told: Json, owner: str, gas_cost_max: int) -> tuple[Transaction, ...]:
    """Of the answer of POST tx/{verb}. Raises Unasked for what is none, of another kind, of
    somebody else, or whose gas may cost more than so many wei."""
    found = told.get("transactions")
    if not isinstance(found, list):
        raise Unasked("the exchange's answer lists no transactions")
    return tuple(_transaction(one, owner, gas_cost_max) for one in found)


def check(
    transactions: Sequence[Transaction], intent: Intent, signer: Signer
) -> tuple[Checked, ...]:
    """What each of them does. Raises Unasked unless that is what was asked for and nothing
    besides."""
    if not transactions:
        raise Unasked("the exchange built nothing")
    *before, wanted = transactions
    for place, one in enumerate(transactions):
        if one.chain_id != signer.pin.chain_id:
            raise Unasked(f"it is for chain {one.chain_id}, not {signer.pin.chain_id}")
        if one.nonce != transactions[0].nonce + place:
            raise Unasked("the nonces do not follow each other")
    last = intent.call(signer).check(wanted)
    known: dict[int, Checked] = {}  # by nonce
    for token, amount in intent.allowances(signer):
        approvals = [one for one in before if one.to == token]
        for one, exact in zip(approvals[::-1], (amount, 0), strict=False):  # 0 may come first
            known[one.nonce] = approval(signer.pin, token, exact).check(one)
    if len(known) < len(before):
        more = len(before) - len(known)
        raise Unasked(f"{more} more transactions came than what was asked for takes")
    return (*(known[one.nonce] for one in before), last)


def read_permit(document: Any, intent: RemoveLiquidity, signer: Signer) -> Permit:
    """Made here of what was asked for; the exchange knows the token's name, version and the next
    nonce, which only choose where the signature holds within that token. Raises Unasked where its
    document is for anything else."""
    try:
        domain, message = document["domain"], document["message"]
        permit = Permit(
            name=str(domain["name"]),
            version=str(domain["version"]),
            chain_id=signer.pin.chain_id,
            token=intent.shares(signer.pin),
            owner=signer.owner,
            spender=signer.pin.router,
            value=intent.liquidity,
            nonce=int(message["nonce"]),
            deadline=signer.deadline,
        )
        told = (
            *(int(domain["chainId"]), parse_hex(domain["verifyingContract"], 20)),
            *(parse_hex(message["owner"], 20), parse_hex(message["spender"], 20)),
            *(int(message["value"]), int(message["deadline"])),
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise Unasked(f"the exchange's permit is none: {fault!r}") from None
    mine = (permit.chain_id, permit.token, permit.owner, permit.spender)
    if told != (*mine, permit.value, permit.deadline):
        raise Unasked(f"the exchange's permit is for {told}, not for {mine} and {permit.value}")
    if not 0 <= permit.nonce < 2**256:
        raise Unasked(f"the exchange's permit has nonce {permit.nonce}")
    return permit


def _transaction(told: Json, owner: str, gas_cost_max: int) -> Transaction:
    try:
        transaction = Transaction(
            chain_id=_quantity(told["chainId"]),
            to=parse_hex(told["to"], 20),
            data=bytes.fromhex(_hex(told["data"])),
            value=_quantity(told["value"]),
            nonce=_quantity(told["nonce"]),
            gas=_quantity(told["gas"]),
            max_fee=_quantity(told["maxFeePerGas"]),
            tip=_quantity(told["maxPriorityFeePerGas"]),
        )
        kind, sender = told["type"], parse_hex(told["from"], 20)
    except (KeyError, TypeError, ValueError) as fault:
        raise Unasked(f"what the exchange built is no transaction: {fault!r}") from None
    if kind != TYPE or sender != owner:
        raise Unasked(f"it is of type {kind} and from {sender}, not {TYPE} and {owner}")
    if transaction.gas < GAS_MIN or transaction.nonce >= 2**64 - 1:
        raise Unasked(f"no chain takes gas {transaction.gas} and nonce {transaction.nonce}")
    if transaction.gas_cost > gas_cost_max or transaction.tip > transaction.max_fee:
        raise Unasked(
            f"its gas may cost {transaction.gas_cost} wei (tip {transaction.tip} of "
            f"{transaction.max_fee} a unit), at most {gas_cost_max} is allowed"
        )
    return transaction


def _quantity(text: Any) -> int:
    """ValueError for what is no JSON-RPC QUANTITY of at most 256 bits."""
    digits = _hex(text)
    if not 0 < len(digits) <= 64:
        raise ValueError(f"{text!r:.80} is no quantity")
    return int(digits, 16)


def _hex(text: Any) -> str:
    """The digits after 0x. ValueError."""
    if not isinstance(text, str) or not text.startswith("0x") or not text.isascii():
        raise ValueError(f"{text!r:.80} is not 0x and hex")
    digits = text[2:]
    if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError(f"{text!r:.80} is not 0x and hex")
    return digits
