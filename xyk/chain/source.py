"""What a mirror asks of its node: blocks with their logs, and pools as they are at a block.

Final blocks come by ranges of eth_getLogs, as wide as the node bears. The others come one by one,
their logs by block hash: such an answer is of that very block, whatever the chain did meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, TypeVar

from contracts_abi.contract import contract
from xyk.chain.blocks import Reserves, block_of
from xyk.chain.deployment import Deployment
from xyk.chain.logs import TOPICS, UINT112_MAX, BlockLog, Issued, decode_logs
from xyk.chain.multicall import multicall
from xyk.chain.pair import Block, PairEvent
from xyk.chain.rpc import BadAnswer, Rpc, RpcDown, RpcError, hexed, quantity

ADDRESSES_MAX = 500  # of one eth_getLogs
LOGS_WANTED = 5_000  # of a range: decoding them keeps everybody else waiting for some 50 ms
SPAN_FIRST = 100  # blocks of the first range: nobody knows yet how many logs a block has
WINDOW = 32  # blocks read by their hashes at a time

BlockLogs = tuple[Block, list[PairEvent | Issued]]
Request = tuple[str, Sequence[object]]
T = TypeVar("T")


class Forked(BadAnswer):
    """The block that was to be followed is not on the node's chain."""


class Source:
    """`pairs` is the mirror's own collection of addresses and may grow."""

    def __init__(self, rpc: Rpc, deployment: Deployment, pairs: Collection[str]) -> None:
        self._rpc = rpc
        self._deployment = deployment
        self._pairs = pairs
        self._span = min(deployment.block_span, SPAN_FIRST)
        self._aggregator = ""

    async def check(self) -> str:
        """Why this node cannot serve the deployment, if it cannot."""
        one = self._deployment
        code = [("eth_getCode", (at, "latest")) for at in (one.factory, one.router, one.multicall)]
        chain_id, *codes = await self._rpc.batch([("eth_chainId", ()), *code])
        if _number(chain_id) != one.chain_id:
            return f"the node is of chain {_number(chain_id)}, not {one.chain_id}"
        for name, address, found in zip(
            ("factory", "router"), (one.factory, one.router), codes, strict=False
        ):
            if found in ("0x", None):
                return f"there is no contract at the {name}'s address {address}"
        self._aggregator = "" if codes[2] in ("0x", None) else one.multicall
        return ""

    async def head(self) -> Block:
        return block_of(await self._rpc.call("eth_getBlockByNumber", "latest", False))

    async def block(self, number: int) -> Block:
        [block] = await self.blocks([number])
        return block

    async def blocks(self, numbers: Iterable[int]) -> list[Block]:
        """In that order. Raises BadAnswer where the node lacks one."""
        asked = list(numbers)
        answers = await self._rpc.batch([_block_request(number) for number in asked])
        return [block_of(answer, number) for answer, number in zip(answers, asked, strict=True)]

    async def final_range(self, after: Block, last: int) -> list[BlockLogs]:
        """Blocks after `after` that touched a pair, and the end of the range in any case, which is
        `last` or as far as one answer goes. All up to `last` are final. Raises Forked."""
        end, answers = await self._widest(after, last)
        first, tip = block_of(answers[0], after.number), block_of(answers[1], end)
        if first.hash != after.hash:
            raise Forked(f"block {after.number} is no longer {after.hash}")
        logs = self._decoded(answers[2:])
        self._adapt(end - after.number, len(logs))
        if logs and not after.number < logs[0].number <= logs[-1].number <= end:
            raise BadAnswer(f"eth_getLogs: logs outside of blocks {after.number + 1} to {end}")
        by_number = {number: list(some) for number, some in groupby(logs, lambda log: log.number)}
        found = await self.blocks(number for number in by_number if number != end)
        return [
            (block, _of_block(block, by_number.get(block.number, ()))) for block in (*found, tip)
        ]

    async def _widest(self, after: Block, last: int) -> tuple[int, list[Any]]:
        """The end of the range that the node answered for; both its ends and its logs. They come in
        one batch: whoever answers it has the range, and says whether `after` is on this chain."""
        while True:
            end = min(last, after.number + self._span)
            where = {"fromBlock": hexed(after.number + 1), "toBlock": hexed(end)}
            ends = [_block_request(after.number), _block_request(end)]
            try:
                answers = await self._rpc.batch([*ends, *self._log_requests(where)])
            except (RpcError, RpcDown) as fault:
                is_narrowest = end == after.number + 1
                self._span = max(1, (end - after.number) // 2)
                if is_narrowest or isinstance(fault, RpcDown):
                    raise
                continue  # too many results or too wide a range, whatever words it has for that
            return end, answers

    def _adapt(self, blocks: int, logs: int) -> None:
        """The next range: a little wider than this one, or so that it has about LOGS_WANTED."""
        if logs > LOGS_WANTED:
            self._span = max(1, blocks * LOGS_WANTED // logs)
        else:
            self._span = min(self._deployment.block_span, self._span + self._span // 8 + 1)

    async def next_blocks(self, after: Block, head: Block) -> list[BlockLogs]:
        """Every block after `after` up to `head`, or as many as are read at a time. Raises Forked
        where they do not follow it."""
        end = min(head.number, after.number + WINDOW)
        blocks = [head]
        if end > after.number + 1 or end < head.number:
            blocks = await self.blocks(range(after.number + 1, end + 1))
        if blocks[0].parent != after.hash:
            raise Forked(f"block {blocks[0].number} does not follow {after.hash}")
        for parent, child in pairwise(blocks):
            if child.parent != parent.hash:
                raise BadAnswer(f"block {child.number} changed while it was read")
        requests = [self._log_requests({"blockHash": block.hash}) for block in blocks]
        answers = iter(await self._rpc.batch([one for some in requests for one in some]))
        found = []
        for block, some in zip(blocks, requests, strict=True):
            logs = self._decoded([next(answers) for _ in some])
            found.append((block, _of_block(block, logs)))
        return found

    async def pools(self, pairs: Sequence[str], block: Block) -> dict[str, tuple[Reserves, int]]:
        """Reserves and total supply of the pairs at the block; without those that do not answer."""
        functions = contract("uniswap_v2_pair").functions
        asked = (functions["getReserves"].selector, functions["totalSupply"].selector)
        calls = [(pair, selector) for pair in pairs for selector in asked]
        results = await multicall(self._rpc, self._aggregator, calls, block.hash)
        found = {}
        for pair, reserves, supply in zip(pairs, results[::2], results[1::2], strict=True):
            if reserves is not None and supply is not None:
                if len(reserves) >= 64 and len(supply) == 32:
                    sides = _word(reserves, 0), _word(reserves, 1)
                    if max(sides) <= UINT112_MAX:
                        found[pair] = (sides, _word(supply, 0))
        return found

    def _log_requests(self, where: Mapping[str, str]) -> list[Request]:
        """As many as the addresses need; the answers are one list of logs together."""
        return [
            ("eth_getLogs", ({"address": some, "topics": [TOPICS], **where},))
            for some in _parts(list(self._pairs), ADDRESSES_MAX)
        ]

    def _decoded(self, answers: Iterable[Any]) -> list[BlockLog]:
        logs: list[Any] = []
        for answer in answers:
            if not isinstance(answer, list):
                raise BadAnswer(f"eth_getLogs: {answer!r} where a list was asked for")
            logs += answer
        return decode_logs(logs, self._pairs)


def _of_block(block: Block, logs: Iterable[BlockLog]) -> list[PairEvent | Issued]:
    events = []
    for log in logs:
        if log.number != block.number or log.hash != block.hash:
            raise BadAnswer(
                f"a log of block {log.number} {log.hash}, whose hash is {block.hash}: "
                "the chain changed while it was read"
            )
        if log.event is not None:
            events.append(log.event)
    return events


def _block_request(number: int) -> Request:
    return "eth_getBlockByNumber", (hexed(number), False)


def _number(answer: Any) -> int:
    try:
        return quantity(answer)
    except (TypeError, ValueError) as fault:
        raise BadAnswer(f"eth_chainId: {answer!r:.80}") from fault


def _word(data: bytes, index: int) -> int:
    return int.from_bytes(data[32 * index : 32 * index + 32], "big")


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
