"""Logs as nodes give them: decoded exactly, refused when they cannot be."""

from contextlib import suppress
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from contracts_abi.contract import contract
from xyk.chain.logs import TOPICS, BlockLog, Issued, decode_logs
from xyk.chain.pair import Burn, Mint, Swap, Sync
from xyk.chain.rpc import BadAnswer

PAIR, ALICE, BOB = ("0x" + two * 20 for two in ("aB", "c1", "D2"))
ZERO = "0x" + "00" * 20
TX, HASH = "0x" + "11" * 32, "0x" + "22" * 32
EVENTS = contract("uniswap_v2_pair").events
KNOWN = frozenset({PAIR.lower()})


def log(name: str, index: int = 0, number: int = 7, **values: Any) -> dict[str, Any]:
    """As a node gives it; addresses are written as they come."""
    event = EVENTS[name]
    assert list(values) == [one.name for one in event.inputs]
    topics = [
        "0x" + encode([one.type], [values[one.name]]).hex() for one in event.inputs if one.indexed
    ]
    plain = [one for one in event.inputs if not one.indexed]
    data = encode([one.type for one in plain], [values[one.name] for one in plain])
    return {
        "address": PAIR,
        "topics": ["0x" + event.topic.hex(), *topics],
        "data": "0x" + data.hex(),
        "blockNumber": hex(number),
        "blockHash": HASH,
        "transactionHash": TX,
        "transactionIndex": "0x0",
        "logIndex": hex(index),
        "removed": False,
    }


def transfer(sender: str, to: str, value: int) -> dict[str, Any]:
    return log("Transfer", **{"from": sender, "to": to, "value": value})


amounts = st.integers(0, 2**256 - 1)
reserves = st.integers(0, 2**112 - 1)
PLACE = (PAIR.lower(), TX, 0)


@given(reserves, reserves, st.tuples(reserves, reserves, reserves, reserves), amounts, amounts)
def test_each_event_is_read_as_it_was_logged(a: int, b: int, sides: Any, c: int, d: int) -> None:
    alice, bob = ALICE.lower(), BOB.lower()
    swapped = dict(zip(("amount0In", "amount1In", "amount0Out", "amount1Out"), sides, strict=True))
    for told, expected in (
        (log("Sync", reserve0=a, reserve1=b), Sync(*PLACE, a, b)),
        (log("Swap", sender=ALICE, **swapped, to=BOB), Swap(*PLACE, alice, bob, *sides)),
        (log("Mint", sender=ALICE, amount0=a, amount1=b), Mint(*PLACE, alice, a, b)),
        (log("Burn", sender=ALICE, amount0=c, amount1=d, to=BOB), Burn(*PLACE, alice, bob, c, d)),
    ):
        assert decode_logs([told], KNOWN) == [BlockLog(7, HASH, 0, expected)]


@pytest.mark.parametrize(
    ("sender", "to", "change"),
    [
        (ZERO, ALICE, 5),
        (ZERO, ZERO, 5),  # the first thousand shares
        (PAIR, ZERO, -5),
        (ALICE, ZERO, None),  # thrown away, and still counted by the contract
        (ALICE, PAIR, None),
        (PAIR, ALICE, None),
    ],
)
def test_what_changes_the_supply(sender: str, to: str, change: int | None) -> None:
    [one] = decode_logs([transfer(sender, to, 5)], KNOWN)
    assert one.event == (None if change is None else Issued(*PLACE, change))


def test_they_come_in_the_order_of_the_chain() -> None:
    places = [(9, 0), (7, 3), (7, 20), (8, 1)]
    told = [log("Sync", index, number, reserve0=1, reserve1=1) for number, index in places]
    assert [(one.number, one.index) for one in decode_logs(told, KNOWN)] == sorted(places)


GOOD = log("Swap", sender=ALICE, amount0In=1, amount1In=2, amount0Out=3, amount1Out=4, to=BOB)
BAD: dict[str, Any] = {
    "no list": {"logs": []},
    "null": None,
    "null in it": [None],
    "no hash": [{name: value for name, value in GOOD.items() if name != "blockHash"}],
    "pending": [GOOD | {"blockHash": None, "blockNumber": None}],
    "a short transaction hash": [GOOD | {"transactionHash": "0x12"}],
    "removed": [GOOD | {"removed": True}],
    "a stranger": [GOOD | {"address": ALICE}],
    "no topics": [GOOD | {"topics": []}],
    "another topic": [GOOD | {"topics": ["0x" + "ab" * 32]}],
    "too few topics": [GOOD | {"topics": GOOD["topics"][:2]}],
    "too many topics": [GOOD | {"topics": [*GOOD["topics"], TX]}],
    "a topic of numbers": [GOOD | {"topics": [1, 2, 3]}],
    "a topic that is no address": [GOOD | {"topics": [*GOOD["topics"][:2], "0x" + "ff" * 32]}],
    "a short topic": [GOOD | {"topics": [*GOOD["topics"][:2], "0x1"]}],
    "short data": [GOOD | {"data": GOOD["data"][:-2]}],
    "long data": [GOOD | {"data": GOOD["data"] + "00"}],
    "spaces": [GOOD | {"data": GOOD["data"][:-2] + "  "}],
    "no hex": [GOOD | {"data": GOOD["data"][:-2] + "zz"}],
    "a block of words": [GOOD | {"blockNumber": "seven"}],
    "an index that is a number": [GOOD | {"logIndex": 3}],
    "twice": [GOOD, GOOD],
    "reserves of 113 bits": [
        log("Sync", reserve0=0, reserve1=0) | {"data": f"0x{2**112:064x}{0:064x}"}
    ],
    "reserves of 113 bits on the other side": [
        log("Sync", reserve0=0, reserve1=0) | {"data": f"0x{0:064x}{2**112:064x}"}
    ],
    "a swap of more than a pair can hold": [GOOD | {"data": GOOD["data"][:-64] + "ff" * 32}],
    "a deposit of more than a pair can hold": [
        log("Mint", sender=ALICE, amount0=1, amount1=2**112)
    ],
}


@pytest.mark.parametrize("name", BAD)
def test_what_no_pair_can_have_logged_is_refused(name: str) -> None:
    decode_logs([GOOD], KNOWN)
    with pytest.raises(BadAnswer, match="eth_getLogs"):
        decode_logs(BAD[name], KNOWN)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([*TOPICS, PAIR, HASH]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


odd_logs = st.fixed_dictionaries({name: st.just(GOOD[name]) | anything for name in GOOD})


@given(st.lists(odd_logs | anything, max_size=3) | anything)
def test_whatever_comes_it_is_decoded_or_refused(answer: Any) -> None:
    with suppress(BadAnswer):
        assert all(isinstance(one, BlockLog) for one in decode_logs(answer, KNOWN))


@given(st.sampled_from(list(GOOD)), anything)
def test_one_odd_field_is_decoded_or_refused(field: str, value: Any) -> None:
    with suppress(BadAnswer):
        decode_logs([GOOD | {field: value}], KNOWN)
