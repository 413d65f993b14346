"""What became of a transaction, and what it moved by its own logs."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from contracts_abi.contract import contract
from xyk.chain.calldata import (
    ADD_LIQUIDITY,
    APPROVE,
    REMOVE_LIQUIDITY,
    UNWRAP,
    WRAP,
    Calldata,
    pair_address,
)
from xyk.chain.deployment import Deployment
from xyk.chain.pair import Block
from xyk.chain.raw import Transaction
from xyk.domain.rejections import Rejected
from xyk.domain.units import ZERO_ADDRESS

PENDING, MINED, FAILED = "pending", "mined", "failed"
REPLACED, DROPPED, UNKNOWN = "replaced", "dropped", "unknown"

_WORD = 32


class Log(msgspec.Struct, frozen=True):
    """One of a receipt, as JSON-RPC writes it."""

    address: str
    topics: tuple[str, ...]
    data: str


class Hop(msgspec.Struct, frozen=True):
    pair: str
    token_in: str
    token_out: str
    amount_in: int
    amount_out: int


class Swapped(msgspec.Struct, frozen=True, tag="swap"):
    """`amount_in`: what the sender paid, `amount_out`: what the recipient got, in base units."""

    amount_in: int
    amount_out: int
    hops: tuple[Hop, ...]


class LiquidityMoved(msgspec.Struct, frozen=True, tag="liquidity"):
    """Put in or taken out; `liquidity`: the pair's shares for it."""

    pair: str
    token_a: str
    token_b: str
    amount_a: int
    amount_b: int
    liquidity: int


class Approved(msgspec.Struct, frozen=True, tag="approval"):
    token: str
    spender: str
    amount: int


class Wrapped(msgspec.Struct, frozen=True, tag="wrapping"):
    """Coins into their token or back, wei."""

    amount: int


Amounts = Swapped | LiquidityMoved | Approved | Wrapped


class Reason(msgspec.Struct, frozen=True):
    """Why it failed: the name of one of our codes, and the contract's words."""

    code: str
    message: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """As the chain stood at `head`. `kind` is empty for what is none of this deployment's. `block`
    and `block_hash`: where it was mined, or what replaced it; `confirmations`: blocks above that.
    `is_final`: by the deployment's rule nothing changes any more."""

    hash: str
    status: str
    head: Block
    sender: str = ""
    nonce: int | None = None
    to: str = ""
    kind: str = ""
    recipient: str = ""
    deadline_s: int | None = None
    block: int | None = None
    block_hash: str = ""
    confirmations: int = 0
    is_final: bool = False
    gas_used: int | None = None
    effective_gas_price: int | None = None
    amounts: Amounts | None = None
    reason: Reason | None = None
    replaced_by: str = ""


def described(transaction: Transaction, head: Block, call: Calldata | Rejected) -> Outcome:
    """What is known before any receipt."""
    known = Outcome(
        hash=transaction.hash,
        status=PENDING,
        head=head,
        sender=transaction.sender,
        nonce=transaction.nonce,
        to=transaction.to,
    )
    if isinstance(call, Rejected):
        return known
    return msgspec.structs.replace(
        known, kind=call.kind, recipient=call.recipient or "", deadline_s=call.deadline_s
    )


def amounts_of(
    deployment: Deployment, call: Calldata, sender: str, logs: Sequence[Log]
) -> Amounts | None:
    """None where the logs do not tell: a token that logs nothing, or a node that lies."""
    seen = _Logs(logs)
    if call.kind == APPROVE:
        router = deployment.router
        approved = seen.words("erc20", "Approval", call.to, sender, call.arguments["spender"])
        return Approved(call.to, router, approved[-1][0]) if approved else None
    if call.kind in (WRAP, UNWRAP):
        name, who = ("Deposit", sender) if call.kind == WRAP else ("Withdrawal", sender)
        wrapped = seen.words("weth9", name, call.to, who)
        return Wrapped(wrapped[0][0]) if wrapped else None
    if call.kind in (ADD_LIQUIDITY, REMOVE_LIQUIDITY):
        return _liquidity(deployment, call, sender, seen)
    return _swapped(deployment, call, sender, seen)


class _Logs:
    """The logs of one transaction, by what they say."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._logs = logs

    def words(self, abi: str, event: str, address: str, *indexed: str) -> list[tuple[int, ...]]:
        """The data of all such logs of a contract, in order. `indexed`: the first topics. What has
        other parameters in its topics than the event, as those of ERC-721, is another one."""
        known = contract(abi).events[event]
        topics = ("0x" + known.topic.hex(), *(_topic(one) for one in indexed))
        topic_count = 1 + sum(one.indexed for one in known.inputs)
        found = [
            tuple(_words(log.data))
            for log in self._logs
            if log.address.lower() == address
            and len(log.topics) == topic_count
            and tuple(one.lower() for one in log.topics[: len(topics)]) == topics
        ]
        return [one for one in found if len(one) == 1 + len(known.inputs) - topic_count]

    def moved(self, token: str, giver: str, taker: str) -> int | None:
        """Base units of a token that went from one to the other; None: no such log."""
        found = self.words("erc20", "Transfer", token, giver, taker)
        return sum(one[0] for one in found) if found else None


def _swapped(deployment: Deployment, call: Calldata, sender: str, seen: _Logs) -> Swapped | None:
    """A pair counts what it holds too much as paid in, whoever left it there; so the tokens' own
    transfers say what was paid, where there are any."""
    path = call.path
    pairs = [pair_address(deployment, *couple) for couple in pairwise(path)]
    payer = deployment.router if call.is_payable else sender
    payee = deployment.router if call.takes_coin else call.recipient or ""
    places = [payer, *pairs, payee]
    hops: list[Hop] = []
    for place, pair in enumerate(pairs):
        token_in, token_out = path[place : place + 2]
        swaps = seen.words("uniswap_v2_pair", "Swap", pair, deployment.router)
        index = pairs[:place].count(pair)  # a path may come through one pair twice
        if index >= len(swaps):
            return None
        in0, in1, out0, out1 = swaps[index]
        amount_in, amount_out = (in0, out1) if token_in < token_out else (in1, out0)
        paid = seen.moved(token_in, places[place], pair)
        got = seen.moved(token_out, pair, places[place + 2])
        hops.append(
            Hop(
                pair,
                token_in,
                token_out,
                amount_in if paid is None else paid,
                amount_out if got is None else got,
            )
        )
    return Swapped(hops[0].amount_in, hops[-1].amount_out, tuple(hops)) if hops else None


def _liquidity(
    deployment: Deployment, call: Calldata, sender: str, seen: _Logs
) -> LiquidityMoved | None:
    token_a, token_b = call.tokens(deployment)
    pair = pair_address(deployment, token_a, token_b)
    is_added = call.kind == ADD_LIQUIDITY
    name = "Mint" if is_added else "Burn"
    events = seen.words("uniswap_v2_pair", name, pair, deployment.router)
    if is_added:
        # The protocol's fee is minted before it, and may have the same taker.
        shares = seen.words("erc20", "Transfer", pair, ZERO_ADDRESS, call.recipient or "")[-1:]
    else:
        shares = seen.words("erc20", "Transfer", pair, sender, pair)
    if len(events) != 1 or not shares:
        return None
    amount_a, amount_b = events[0] if token_a < token_b else events[0][::-1]
    if is_added:
        payers = (sender, deployment.router if call.is_payable else sender)
        paid = [
            seen.moved(token, payer, pair)
            for token, payer in zip((token_a, token_b), payers, strict=True)
        ]
        amount_a = amount_a if paid[0] is None else paid[0]
        amount_b = amount_b if paid[1] is None else paid[1]
    return LiquidityMoved(pair, token_a, token_b, amount_a, amount_b, shares[0][0])


def _topic(address: str) -> str:
    return "0x" + address[2:].rjust(2 * _WORD, "0")


def _words(data: str) -> Iterator[int]:
    raw = bytes.fromhex(data[2:])
    for start in range(0, len(raw) - _WORD + 1, _WORD):
        yield int.from_bytes(raw[start : start + _WORD], "big")
