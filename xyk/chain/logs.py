"""Logs of mirrored pairs as eth_getLogs gives them, checked and decoded: about 200,000 a second.

Besides the four events of a pair this is its LP token's Transfer, of which only mints and burns
count: they alone change the total supply. A pair mints from the zero address and burns what it
holds itself; shares that somebody else sends to the zero address stay in the supply.
"""

from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any

import msgspec

from contracts_abi.contract import contract
from xyk.chain.pair import Burn, Logged, Mint, PairEvent, Swap, Sync
from xyk.chain.rpc import BadAnswer

UINT112_MAX = 2**112 - 1
ZERO_ADDRESS = "0x" + "0" * 40
PADDING = "0x" + "0" * 24  # of an address in a topic


class Issued(Logged, frozen=True, tag=True):
    """LP shares came into being, or ended where `change` is below zero."""

    change: int


class RawLog(msgspec.Struct, frozen=True, gc=False):
    """What we read of a log of the Ethereum JSON-RPC specification; all numbers are hex text."""

    address: str
    topics: list[str]
    data: str
    blockNumber: str  # in the words of the specification
    blockHash: str
    transactionHash: str
    logIndex: str
    removed: bool = False


class BlockLog(msgspec.Struct, frozen=True, gc=False):
    """One log and the block that it is of. `event` is None for a transfer of shares."""

    number: int
    hash: str
    index: int
    event: PairEvent | Issued | None


def decode_logs(answer: Any, pairs: Collection[str]) -> list[BlockLog]:
    """In the order of the chain, whatever order the node gave. `pairs`: whose logs were asked for,
    lower case. Raises BadAnswer for anything that such a pair cannot have logged."""
    try:
        logs = msgspec.convert(answer, list[RawLog])
        decoded = [_decoded(log, pairs) for log in logs]
    except BadAnswer:
        raise
    except ValueError as fault:  # msgspec's and those of numbers that are none
        raise BadAnswer(f"eth_getLogs: {fault}") from fault
    decoded.sort(key=lambda one: (one.number, one.index))
    for one, following in pairwise(decoded):
        if one.number == following.number and one.index == following.index:
            raise BadAnswer(f"eth_getLogs: two logs at index {one.index} of block {one.number}")
    return decoded


def _decoded(log: RawLog, pairs: Collection[str]) -> BlockLog:
    pair = log.address if log.address in pairs else log.address.lower()
    if pair not in pairs:
        raise BadAnswer(f"eth_getLogs: a log of {log.address}, which was not asked for")
    if log.removed:
        raise BadAnswer(f"eth_getLogs: a removed log of block {log.blockNumber}")
    layout = LAYOUTS.get(log.topics[0] if log.topics else "")
    if layout is None:
        raise BadAnswer(f"eth_getLogs: a log of {pair} with a topic that was not asked for")
    topics, words, make = layout
    data = bytes.fromhex(log.data[2:])
    sizes = len(log.topics), len(log.data), len(data), len(log.transactionHash)
    if sizes != (topics, 2 + 64 * words, 32 * words, 66):
        raise BadAnswer(f"eth_getLogs: {make.__name__[1:]} of {pair} is malformed")
    index = int(log.logIndex, 16)
    made = make((pair, log.transactionHash, index), log.topics, data)
    return BlockLog(int(log.blockNumber, 16), log.blockHash, index, made)


Place = tuple[str, str, int]  # the fields of Logged


def _sync(place: Place, topics: list[str], data: bytes) -> Sync:
    return Sync(*place, *_reserved(place, data, 2))


def _swap(place: Place, topics: list[str], data: bytes) -> Swap:
    sender, to = _address(topics[1]), _address(topics[2])
    return Swap(*place, sender, to, *_reserved(place, data, 4))


def _mint(place: Place, topics: list[str], data: bytes) -> Mint:
    return Mint(*place, _address(topics[1]), *_reserved(place, data, 2))


def _burn(place: Place, topics: list[str], data: bytes) -> Burn:
    return Burn(*place, _address(topics[1]), _address(topics[2]), _word(data, 0), _word(data, 1))


def _transfer(place: Place, topics: list[str], data: bytes) -> Issued | None:
    sender, to = _address(topics[1]), _address(topics[2])
    if sender == ZERO_ADDRESS:
        return Issued(*place, _word(data, 0))
    if to == ZERO_ADDRESS and sender == place[0]:
        return Issued(*place, -_word(data, 0))
    return None


def _reserved(place: Place, data: bytes, count: int) -> list[int]:
    """So many words, each of them reserves or a part of them: what a burn pays out alone may be
    more, of a balance that was never synced."""
    words = [_word(data, index) for index in range(count)]
    if max(words) > UINT112_MAX:
        raise BadAnswer(f"eth_getLogs: reserves of {place[0]} above 112 bits")
    return words


def _word(data: bytes, index: int) -> int:
    return int.from_bytes(data[32 * index : 32 * index + 32], "big")


def _address(topic: str) -> str:
    if len(topic) != 66 or not topic.startswith(PADDING):
        raise BadAnswer(f"eth_getLogs: {topic} is no address")
    return "0x" + topic[26:].lower()


def _topic(name: str) -> str:
    return "0x" + contract("uniswap_v2_pair").events[name].topic.hex()


# By first topic: how many topics and words of data the log has, and what is made of it.
LAYOUTS: dict[str, tuple[int, int, Callable[[Place, list[str], bytes], Any]]] = {
    _topic("Sync"): (1, 2, _sync),
    _topic("Swap"): (3, 4, _swap),
    _topic("Mint"): (2, 2, _mint),
    _topic("Burn"): (3, 2, _burn),
    _topic("Transfer"): (3, 1, _transfer),
}
TOPICS = list(LAYOUTS)
