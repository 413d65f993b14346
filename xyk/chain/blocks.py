"""The blocks that a reorg may still undo, each with what it replaced."""

import re
from typing import Any

import msgspec

from xyk.chain.pair import Block
from xyk.chain.rpc import BadAnswer, quantity

HASH = re.compile(r"0x[0-9a-f]{64}")  # it goes into headers and databases as it is
NUMBER_MAX = 2**63 - 1
TIME_MAX_S = 2**37  # in the year 6325: dates and 64 bits of ms and µs hold it

NONE = Block(0, "", "", 0)  # before the first

Reserves = tuple[int, int]  # of token0 and token1


class Header(msgspec.Struct, frozen=True):
    """What we read of a block of the Ethereum JSON-RPC specification."""

    number: str
    hash: str
    parentHash: str  # in the words of the specification
    timestamp: str


def block_of(answer: Any, number: int | None = None) -> Block:
    """The block of eth_getBlockByNumber; `number` is the one asked for, None for the newest.
    Raises BadAnswer, for a block that the node does not have yet too."""
    if answer is None:
        named = "newest block" if number is None else f"block {number}"
        raise BadAnswer(f"the node does not have the {named} yet")
    try:
        header = msgspec.convert(answer, Header)
        block = Block(
            quantity(header.number),
            header.hash.lower(),
            header.parentHash.lower(),
            quantity(header.timestamp),
        )
    except ValueError as fault:
        raise BadAnswer(f"eth_getBlockByNumber: {fault}") from fault
    is_hashed = HASH.fullmatch(block.hash) and HASH.fullmatch(block.parent)
    if not is_hashed or block.number > NUMBER_MAX or block.time_s > TIME_MAX_S:
        raise BadAnswer(f"eth_getBlockByNumber: a malformed block {str(header)[:400]}")
    if number is not None and block.number != number:
        raise BadAnswer(f"eth_getBlockByNumber: block {block.number} where {number} was asked for")
    return block


class Joined(msgspec.Struct):
    """A mirrored block. By pair, what stood before it: None where that was not known."""

    block: Block
    reserves: dict[str, Reserves | None]
    supplies: dict[str, int | None]


class Tail:
    """The newest final block that is kept (the base), and the mirrored blocks after it.

    They follow each other without gaps but where they are final already: of those only the ones
    that touched a pair are here until the base moves."""

    def __init__(self, base: Block) -> None:
        self._joined = [Joined(base, {}, {})]

    @property
    def base(self) -> Joined:
        """Holds what was learned at the base and is not kept yet."""
        return self._joined[0]

    @property
    def tip(self) -> Joined:
        return self._joined[-1]

    def blocks(self) -> list[Block]:
        """Newest first, the base last."""
        return [one.block for one in reversed(self._joined)]

    def at(self, number: int) -> Block | None:
        for one in reversed(self._joined):
            if one.block.number == number:
                return one.block
        return None

    def append(self, joined: Joined) -> None:
        assert joined.block.number > self.tip.block.number
        self._joined.append(joined)

    def cut(self, ancestor: Block) -> list[Joined]:
        """Takes off the blocks above `ancestor`, which is one of these; newest first."""
        dropped = []
        while self.tip.block != ancestor:
            dropped.append(self._joined.pop())
        return dropped

    def newest(self, number: int) -> Block:
        """The newest block up to `number`; the base where that is newer still."""
        for one in reversed(self._joined):
            if one.block.number <= number:
                return one.block
        return self.base.block

    def split(self, final: Block) -> tuple[list[Joined], list[Joined]]:
        """The blocks up to `final`, the base included, and those after it."""
        count = sum(one.block.number <= final.number for one in self._joined)
        return self._joined[:count], self._joined[count:]

    def settle(self, final: Block) -> None:
        """`final` is the base from now on."""
        _, after = self.split(final)
        self._joined = [Joined(final, {}, {}), *after]
