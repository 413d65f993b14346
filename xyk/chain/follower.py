"""What became of transactions: asked of the node for whoever wants to know, and followed to the end
for those that were relayed. What the nodes forget is sent again.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from xyk.chain.blocks import block_of
from xyk.chain.broadcast import broadcast, foreseen, simulate
from xyk.chain.calldata import Calldata, read_calldata
from xyk.chain.deployment import Deployment
from xyk.chain.outcome import (
    DROPPED,
    FAILED,
    MINED,
    REPLACED,
    UNKNOWN,
    Log,
    Outcome,
    Reason,
    amounts_of,
    described,
)
from xyk.chain.pair import Block
from xyk.chain.raw import SignedTransaction, Transaction, decode_raw
from xyk.chain.reverts import code_of
from xyk.chain.rpc import BadAnswer, Rpc, RpcDown, RpcError, hexed, quantity
from xyk.domain.rejections import Code, Rejected
from xyk.storage.errors import STORAGE_ERRORS
from xyk.storage.relayed import Relayed, RelayedTransaction

FAULTS: tuple[type[Exception], ...] = (RpcDown, RpcError, BadAnswer, *STORAGE_ERRORS)
LOOKS_AT_ONCE = 8
LOOK_POLLS = 10  # a look is due at each new block, and after so many polls without one

log = logging.getLogger("xyk.chain.follower")

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Outcome)


class _Receipt(msgspec.Struct, frozen=True, rename="camel"):
    """As JSON-RPC writes it."""

    transaction_hash: str
    status: str
    block_number: str
    block_hash: str
    gas_used: str
    logs: list[Log]
    effective_gas_price: str = "0x0"  # old nodes have none


class _Sent(msgspec.Struct, frozen=True, rename="camel"):
    """A transaction of the node."""

    hash: str
    nonce: str
    to: str | None
    value: str
    gas: str
    input: str
    sender: str = msgspec.field(name="from")


class _Placed(msgspec.Struct, frozen=True):
    """A transaction of a block."""

    hash: str
    nonce: str
    sender: str = msgspec.field(name="from")


class Follower:
    """`now_ms`: unix milliseconds."""

    def __init__(
        self, deployment: Deployment, rpc: Rpc, relayed: Relayed, now_ms: Callable[[], int]
    ) -> None:
        self._deployment = deployment
        self._rpc = rpc
        self._relayed = relayed
        self._now_ms = now_ms
        self._stopping = asyncio.Event()

    async def outcome(self, digest: str) -> Outcome:
        """Of any transaction that the node knows or that was relayed. Raises RpcDown, RpcError and
        BadAnswer."""
        kept = await self._relayed.get(digest)
        if kept is not None and kept.outcome is not None:
            return _decoder.decode(kept.outcome)
        return await self._look(digest, kept)

    async def run(self) -> None:
        """Follows what was relayed until `stop`."""
        polls, head_hash = 0, ""
        while not self._stopping.is_set():
            try:
                head = block_of(await self._rpc.call("eth_getBlockByNumber", "latest", False))
                if head.hash != head_hash or polls >= LOOK_POLLS:
                    await self.look()
                    polls, head_hash = 0, head.hash
            except FAULTS as fault:
                log.warning("%s: following waits: %s", self._deployment.name, fault)
            polls += 1
            try:
                await asyncio.wait_for(self._stopping.wait(), self._deployment.poll_ms / 1000)
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """`run` returns when what it has asked is answered."""
        self._stopping.set()

    async def look(self) -> None:
        """One look at everything that is open."""
        waiting = await self._relayed.open_ones()
        for start in range(0, len(waiting), LOOKS_AT_ONCE):
            some = waiting[start : start + LOOKS_AT_ONCE]
            await asyncio.gather(*(self._advance(one) for one in some))
        await self._relayed.sweep(self._now_ms())

    async def _advance(self, kept: RelayedTransaction) -> None:
        try:
            found = await self._look(kept.hash, kept)
            await self._conclude(kept, found)
        except (RpcError, BadAnswer) as fault:  # of this one; the others go on
            log.info("%s: %s waits: %s", self._deployment.name, kept.hash, fault)

    async def _conclude(self, kept: RelayedTransaction, found: Outcome) -> None:
        if found.is_final:
            await self._relayed.settle(kept.hash, _encode(found))
        elif found.status == DROPPED:
            if kept.until_s < max(found.head.time_s, self._now_ms() // 1000):
                await self._relayed.settle(kept.hash, None)
            else:
                await self._send_again(kept)

    async def _send_again(self, kept: RelayedTransaction) -> None:
        """Not where it would fail by now: that costs gas, and its signer may still replace it."""
        transaction = _signed(kept)
        call = read_calldata(self._deployment, transaction.to, transaction.data)
        assert isinstance(call, Calldata)
        if await foreseen(self._rpc, self._deployment, transaction, call, "latest") is None:
            refused = await broadcast(self._rpc, transaction)
            told = refused.message if isinstance(refused, Rejected) else "taken"
            log.info("%s: %s is sent again: %s", self._deployment.name, kept.hash, told)

    async def _look(self, digest: str, kept: RelayedTransaction | None) -> Outcome:
        latest, found, receipt = await self._rpc.batch(
            [
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_getTransactionByHash", (digest,)),
                ("eth_getTransactionReceipt", (digest,)),
            ]
        )
        head = block_of(latest)
        if kept is not None:
            transaction: Transaction | None = _signed(kept)
        else:
            transaction = _of_node(found, digest)
        if transaction is None:
            return Outcome(hash=digest, status=UNKNOWN, head=head)
        call = read_calldata(self._deployment, transaction.to, transaction.data)
        known = described(transaction, head, call)
        if receipt is not None:
            told = _converted(receipt, _Receipt)
            _same(told.transaction_hash, digest)
            return await self._mined(known, transaction, call, told)
        if kept is None:
            return known
        return await self._waiting(known, kept, is_known=found is not None)

    async def _mined(
        self, known: Outcome, transaction: Transaction, call: Calldata | Rejected, receipt: _Receipt
    ) -> Outcome:
        try:
            block, gas_used = quantity(receipt.block_number), quantity(receipt.gas_used)
            price, is_good = quantity(receipt.effective_gas_price), quantity(receipt.status) == 1
            amounts = None
            if is_good and isinstance(call, Calldata):
                amounts = amounts_of(self._deployment, call, transaction.sender, receipt.logs)
        except ValueError as fault:
            raise BadAnswer(f"eth_getTransactionReceipt: {fault}") from fault
        placed = self._placed(known, block, receipt.block_hash.lower())
        if placed.is_final:
            await self._check_place(block, placed.block_hash)
        reason = None if is_good else await self._reason(transaction, block, gas_used)
        return msgspec.structs.replace(
            placed,
            status=MINED if is_good else FAILED,
            gas_used=gas_used,
            effective_gas_price=price,
            amounts=amounts,
            reason=reason,
        )

    async def _check_place(self, block: int, block_hash: str) -> None:
        """Before anything is final. What answers for several nodes may have a receipt of a block
        that a reorg dropped beside the head of another branch."""
        there = block_of(await self._rpc.call("eth_getBlockByNumber", hexed(block), False), block)
        if there.hash != block_hash:
            raise BadAnswer(
                f"the receipt is of block {block_hash}, and block {block} is {there.hash}"
            )

    def _placed(self, known: Outcome, block: int, block_hash: str) -> Outcome:
        confirmations = max(0, known.head.number - block)
        is_final = confirmations >= self._deployment.confirmations
        return msgspec.structs.replace(
            known,
            block=block,
            block_hash=block_hash,
            confirmations=confirmations,
            is_final=is_final,
        )

    async def _reason(self, transaction: Transaction, block: int, gas_used: int) -> Reason:
        """Tried again: after its block, which has what went before it there, then before it."""
        if gas_used == transaction.gas:
            return Reason(Code.REVERTED.name, f"it used up its gas limit of {gas_used}")
        for number in (block, block - 1):
            try:
                text = await simulate(self._rpc, transaction, hexed(max(0, number)))
            except RpcError:  # most nodes have the state of recent blocks alone
                break
            if text is not None:
                return Reason(code_of(text).name, text + _if_gas_was_short(transaction, gas_used))
        return Reason(Code.REVERTED.name, "it reverted, and why cannot be found out any more")

    async def _waiting(
        self, known: Outcome, kept: RelayedTransaction, *, is_known: bool
    ) -> Outcome:
        """Of a relayed transaction that no block has."""
        if await self._count(kept.sender, "latest") > kept.nonce:
            return await self._passed_over(known, kept)
        if is_known:
            return known
        rivals = await self._relayed.of_nonce(kept.sender, kept.nonce)
        waiting = [one.hash for one in rivals if one.is_open]
        if waiting and waiting[-1] != kept.hash:
            return msgspec.structs.replace(known, status=REPLACED, replaced_by=waiting[-1])
        return msgspec.structs.replace(known, status=DROPPED)

    async def _passed_over(self, known: Outcome, kept: RelayedTransaction) -> Outcome:
        """Its nonce is used: by whom? Where nobody can say it is replaced only once nothing changes
        any more, as a node may count the nonce before it has the receipt."""
        depth = self._deployment.confirmations
        try:
            block, other = await self._user_of_nonce(kept, known.head.number)
        except RpcError:  # a node without the state of then
            block, other = known.head, ""
        if other == kept.hash:
            return known
        if other:
            placed = self._placed(known, block.number, block.hash)
            return msgspec.structs.replace(placed, status=REPLACED, replaced_by=other)
        final = hexed(max(0, known.head.number - depth))
        if await self._count(kept.sender, final) > kept.nonce:
            return msgspec.structs.replace(known, status=REPLACED, is_final=True)
        return known

    async def _user_of_nonce(self, kept: RelayedTransaction, head: int) -> tuple[Block, str]:
        """The block after which the nonce is used, and the hash that used it there."""
        low, high = max(0, kept.block - self._deployment.confirmations), head
        while low < high:
            middle = (low + high) // 2
            if await self._count(kept.sender, hexed(middle)) > kept.nonce:
                high = middle
            else:
                low = middle + 1
        answer = await self._rpc.call("eth_getBlockByNumber", hexed(high), True)
        block = block_of(answer, high)
        for one in _converted(answer.get("transactions"), list[_Placed]):
            if one.sender.lower() == kept.sender and _quantity(one.nonce) == kept.nonce:
                return block, one.hash.lower()
        return block, ""

    async def _count(self, sender: str, block: str) -> int:
        return _quantity(await self._rpc.call("eth_getTransactionCount", sender, block))


def _if_gas_was_short(transaction: Transaction, gas_used: int) -> str:
    """A call inside gets 63 of 64 parts, so its caller has some left when it runs out."""
    if gas_used * 64 < transaction.gas * 63:
        return ""
    return f" (it used {gas_used} of its gas limit {transaction.gas}, which may be why)"


def _signed(kept: RelayedTransaction) -> SignedTransaction:
    transaction = decode_raw(kept.raw)
    assert isinstance(transaction, SignedTransaction), transaction
    return transaction


def _of_node(answer: Any, digest: str) -> Transaction | None:
    if answer is None:
        return None
    found = _converted(answer, _Sent)
    _same(found.hash, digest)
    try:
        data = bytes.fromhex(found.input[2:])
    except ValueError as fault:
        raise BadAnswer(f"eth_getTransactionByHash: {fault}") from fault
    return Transaction(
        hash=digest,
        sender=found.sender.lower(),
        nonce=_quantity(found.nonce),
        to=(found.to or "").lower(),
        value=_quantity(found.value),
        gas=_quantity(found.gas),
        data=data,
    )


def _same(told: str, digest: str) -> None:
    if told.lower() != digest:
        raise BadAnswer(f"asked for {digest}, the node answers {told:.80}")


def _converted(answer: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as fault:
        raise BadAnswer(f"the node answers what is no {kind.__name__}: {fault}") from fault


def _quantity(answer: Any) -> int:
    try:
        return quantity(answer)
    except (TypeError, ValueError) as fault:
        raise BadAnswer(f"the node answers {str(answer)[:40]!r} for a number") from fault
