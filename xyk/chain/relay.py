"""Hands a wallet's signed transaction on to the chain, once nothing speaks against it: what it says
(`admission.py`), how its account stands, and what the contracts would do with it now. Its bytes are
on disk before a node sees them.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakValueDictionary

from xyk.chain.admission import admit
from xyk.chain.blocks import block_of
from xyk.chain.broadcast import broadcast, foreseen
from xyk.chain.follower import Follower
from xyk.chain.mirror import Mirror
from xyk.chain.outcome import Outcome, described
from xyk.chain.pair import Block
from xyk.chain.raw import SignedTransaction
from xyk.chain.rpc import BadAnswer, Rpc, RpcDown, quantity
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import DEADLINE_AHEAD_S
from xyk.storage.relayed import Relayed, RelayedTransaction

OPEN_MAX = 4_096  # relayed transactions of a deployment that are not final yet
OPEN_OF_SENDER_MAX = 64


class Relay:
    """`now_ms`: unix milliseconds. `follower` must run for what was relayed to be looked after."""

    def __init__(
        self,
        mirror: Mirror,
        rpc: Rpc,
        relayed: Relayed,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.follower = Follower(mirror.deployment, rpc, relayed, now_ms)
        self._mirror = mirror
        self._rpc = rpc
        self._relayed = relayed
        self._now_ms = now_ms
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send(self, transaction: SignedTransaction) -> tuple[Outcome, bool] | Rejected:
        """Its state and whether it is new, or why it is not relayed. Raises RpcDown, RpcError and
        BadAnswer; then it was sent nowhere."""
        # Nonces and balance are the sender's: his transactions are looked at one after the other.
        turn = self._turns.setdefault(transaction.sender, asyncio.Lock())
        async with turn:
            if await self._relayed.get(transaction.hash) is None:
                accepted = await self._accept(transaction)
                if accepted is not None:
                    return accepted
        return await self.follower.outcome(transaction.hash), False

    async def _accept(
        self, transaction: SignedTransaction
    ) -> tuple[Outcome, bool] | Rejected | None:
        """None where the nodes have it already. It is followed from now on, but for what is mined:
        anybody may send all old transactions of a chain."""
        now_s = max(self._mirror.block.time_s, self._now_ms() // 1000)
        call = admit(self._mirror, transaction, now_s)
        if isinstance(call, Rejected):
            return call
        account = await self._account(transaction)
        if account.is_mined:
            return None
        fault = None if account.is_known else _account_fault(transaction, account)
        fault = fault or await self._crowd(transaction)
        if fault is None and not account.is_known:
            block = "latest" if transaction.nonce == account.nonce else "pending"
            fault = await foreseen(self._rpc, self._mirror.deployment, transaction, call, block)
        if fault is not None:
            return fault
        deadline_s = call.deadline_s
        row = RelayedTransaction(
            hash=transaction.hash,
            raw=transaction.raw,
            sender=transaction.sender,
            nonce=transaction.nonce,
            until_s=now_s + DEADLINE_AHEAD_S if deadline_s is None else deadline_s,
            relayed_ms=self._now_ms(),
            block=account.head.number,
        )
        await self._relayed.put(row)
        is_new = not account.is_known and await self._sent(transaction)
        if isinstance(is_new, Rejected):
            return is_new
        return (described(transaction, account.head, call), True) if is_new else None

    async def _sent(self, transaction: SignedTransaction) -> bool | Rejected:
        """Whether it was new to the nodes."""
        digest = transaction.hash
        try:
            is_new = await broadcast(self._rpc, transaction)
        except RpcDown:
            return Rejected(
                Code.NODE_UNAVAILABLE,
                f"No node took {digest} or said why not; it is kept, and sent when one does. Ask "
                "for its state, or send the same bytes again",
            )
        if isinstance(is_new, bool):
            return is_new
        if is_new.code is Code.NONCE_USED and await self._is_mined(digest):
            return False
        await self._relayed.remove(digest)
        return is_new

    async def _is_mined(self, digest: str) -> bool:
        return await self._rpc.call("eth_getTransactionReceipt", digest) is not None

    async def _crowd(self, transaction: SignedTransaction) -> Rejected | None:
        open_ones = await self._relayed.open_senders()
        if sum(open_ones.values()) >= OPEN_MAX:
            return Rejected(Code.OVERLOADED, f"{OPEN_MAX} transactions wait to be final; retry")
        if open_ones.get(transaction.sender, 0) >= OPEN_OF_SENDER_MAX:
            return Rejected(
                Code.ORDER_LIMIT,
                f"{OPEN_OF_SENDER_MAX} transactions of {transaction.sender} are not final yet; "
                "wait for the first",
            )
        return None

    async def _account(self, transaction: SignedTransaction) -> "_Account":
        sender, digest = transaction.sender, transaction.hash
        head, latest, pending, balance, found, receipt = await self._rpc.batch(
            [
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_getTransactionCount", (sender, "latest")),
                ("eth_getTransactionCount", (sender, "pending")),
                ("eth_getBalance", (sender, "latest")),
                ("eth_getTransactionByHash", (digest,)),
                ("eth_getTransactionReceipt", (digest,)),
            ]
        )
        try:
            nonce = quantity(latest)
            return _Account(
                head=block_of(head),
                gas_limit=quantity(head["gasLimit"]),
                base_fee=quantity(head.get("baseFeePerGas") or "0x0"),  # none before London
                nonce=nonce,
                next_nonce=max(nonce, quantity(pending)),
                balance=quantity(balance),
                is_known=found is not None,
                is_mined=receipt is not None,
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise BadAnswer(f"the node answers no account and block: {fault!r}") from fault


class _Account(NamedTuple):
    """The sender's, at `head`. `nonce`: of his next transaction on the chain; `next_nonce`: after
    those that the node has waiting. `is_known`: the node has this very transaction, `is_mined`: in
    a block."""

    head: Block
    gas_limit: int
    base_fee: int
    nonce: int
    next_nonce: int
    balance: int
    is_known: bool
    is_mined: bool


def _account_fault(transaction: SignedTransaction, account: _Account) -> Rejected | None:
    nonce, cost = transaction.nonce, transaction.value + transaction.gas * transaction.max_fee
    if nonce < account.nonce:
        return Rejected(
            Code.NONCE_USED, f"The nonce {nonce} is used; the account's next is {account.nonce}"
        )
    if nonce > account.next_nonce:
        return Rejected(
            Code.NONCE_GAP,
            f"The nonce is {nonce}, and nothing of nonce {account.next_nonce} is there yet; send "
            "that first",
        )
    if account.nonce < nonce < account.next_nonce:
        return Rejected(
            Code.NONCE_GAP,
            f"The nonce {nonce} waits behind {account.nonce}; replace that first, or wait until it "
            "is mined",
        )
    if transaction.gas > account.gas_limit:
        return Rejected(
            Code.INVALID_TRANSACTION,
            f"The gas limit is {transaction.gas}, and a whole block has {account.gas_limit}",
        )
    if transaction.max_fee < account.base_fee:
        return Rejected(
            Code.UNDERPRICED,
            f"maxFeePerGas is {transaction.max_fee}, below the base fee of {account.base_fee} wei",
        )
    if cost > account.balance:
        return Rejected(
            Code.INSUFFICIENT_FUNDS,
            f"The account has {account.balance} wei; value and gas at maxFeePerGas are {cost}",
        )
    return None
