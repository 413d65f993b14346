"""What only a node or a contract that means harm would answer: refused in words, never believed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.chain.scripted_mirror import DEPLOYMENT, ETH_USDC, START_S
from tests.chain.test_logs import PAIR, log
from xyk.chain.blocks import Block, block_of
from xyk.chain.gas import GasPrice
from xyk.chain.mirror import LIVE, STALE, Mirror
from xyk.chain.rpc import BadAnswer, quantity
from xyk.chain.source import Source
from xyk.chain.tokens import text_of
from xyk.domain.rejections import Code, Rejected
from xyk.storage.connection import chain_database, chain_read_database
from xyk.storage.database import DataFolder

HASH, OTHER = "0x" + "5a" * 32, "0x" + "5b" * 32
HEADER = {"number": "0x7", "hash": HASH, "parentHash": HASH, "timestamp": hex(START_S)}
HUGE = "0x" + "f" * 4000  # more digits than Python turns into text


class Oracle:
    """A node that says one thing of whatever it is asked; nothing, ever, where that is None."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0

    async def call(self, method: str, *params: object) -> Any:
        self.asked += 1
        if self.answer is None:
            await asyncio.Event().wait()
        return self.answer

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return [await self.call(method, *params) for method, params in calls]

    each = batch


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": HUGE},
        {"number": hex(2**63)},
        {"number": "-0x1"},
        {"number": "0x1_0"},
        {"timestamp": HUGE},
        {"timestamp": hex(2**60)},
        {"hash": "0x\r\nx-stale: false" + "a" * 48},
        {"parentHash": "0x" + "zz" * 32},
    ],
)
def test_a_block_that_cannot_be(wrong: dict[str, str]) -> None:
    assert block_of(HEADER) == Block(7, HASH, HASH, START_S)
    with pytest.raises(BadAnswer, match="eth_getBlockByNumber"):
        block_of(HEADER | wrong)


@pytest.mark.parametrize("text", [HUGE, "-0x1", "0x", "17", " 0x1", "0x1\n", "0x" + "f" * 65])
def test_a_quantity_that_is_none(text: str) -> None:
    assert quantity("0x" + "f" * 64) == 2**256 - 1
    with pytest.raises(ValueError):
        quantity(text)


async def test_a_chain_id_without_end_is_a_bad_answer() -> None:
    mirror = Mirror(DEPLOYMENT, Oracle(HUGE))
    await mirror.start()
    assert "eth_chainId" in mirror.state(START_S * 1000).reason


@pytest.mark.parametrize(
    "wrong", [{"blockHash": OTHER}, {"blockNumber": "0x8"}], ids=["hash", "number"]
)
async def test_a_log_of_another_block_than_the_one_that_was_named(wrong: dict[str, str]) -> None:
    """A node that changed to another fork meanwhile, or never looked at the hash."""
    before, block = Block(6, HASH, HASH, START_S), Block(7, HASH, HASH, START_S)
    told = {**log("Sync", reserve0=1, reserve1=2), "blockHash": HASH}
    source = Source(Oracle([told]), DEPLOYMENT, {PAIR.lower()})
    [(of, events)] = await source.next_blocks(before, block)
    assert of == block and len(events) == 1
    source = Source(Oracle([told | wrong]), DEPLOYMENT, {PAIR.lower()})
    with pytest.raises(BadAnswer, match="the chain changed while it was read"):
        await source.next_blocks(before, block)


@pytest.mark.parametrize("length", [2**63, 2**255, 2**256 - 1])
def test_a_symbol_of_more_bytes_than_there_are(length: int) -> None:
    assert text_of((32).to_bytes(32, "big") + length.to_bytes(32, "big") + b"A" * 32) == ""


@pytest.mark.parametrize("answer", [HUGE, "-0x1", 7, ["0x1"], "seven"])
async def test_a_price_of_gas_that_is_no_quantity_is_none(answer: Any) -> None:
    price = await GasPrice(Oracle(answer)).wei(0)
    assert isinstance(price, Rejected) and price.code is Code.NODE_UNAVAILABLE


async def test_all_who_wait_for_the_price_of_gas_give_up_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not one after the other: our own quotes stand in the same answer."""
    monkeypatch.setattr("xyk.chain.gas.ANSWER_MS", 20)
    node = Oracle(None)
    price = GasPrice(node)
    answers = await asyncio.gather(*(price.wei(0) for _ in range(50)))
    assert all(isinstance(answer, Rejected) for answer in answers)
    assert node.asked < 5
    node.answer = "0x7"
    assert await price.wei(0) == 7


def test_a_block_of_the_future_is_as_little_fresh_as_one_of_the_past() -> None:
    limit_s = DEPLOYMENT.stale_after_s
    for ahead_s, status in ((0, LIVE), (limit_s, LIVE), (limit_s + 1, STALE), (10**6, STALE)):
        mirror = Mirror(DEPLOYMENT, Oracle(HEADER), now_ms=lambda: START_S * 1000)
        mirror.block = Block(7, HASH, HASH, START_S + ahead_s)
        mirror._confirmed()
        state = mirror.state(START_S * 1000)
        assert state.status == status, ahead_s
        assert ("future" in state.reason) == (status == STALE)


@pytest.mark.parametrize(
    ("old_s", "silent_s", "word"),
    [(1, 0, "newest block is"), (0, 1, "was not asked for")],
    ids=["a chain that stands still", "a node that is away"],
)
def test_either_alone_makes_it_stale(old_s: int, silent_s: int, word: str) -> None:
    """By how much the block, or the node's last word, is older than `stale_after_s`."""
    limit_s = DEPLOYMENT.stale_after_s
    now_s = [START_S]
    mirror = Mirror(DEPLOYMENT, Oracle(HEADER), now_ms=lambda: now_s[0] * 1000)
    ends_s = START_S + limit_s
    mirror.block = Block(7, HASH, HASH, START_S - old_s if old_s else ends_s)
    now_s[0] = START_S if silent_s else ends_s
    mirror._confirmed()
    assert mirror.state((ends_s - old_s) * 1000).status == LIVE
    state = mirror.state((ends_s + silent_s) * 1000)
    assert state.status == STALE and word in state.reason


def test_no_deployment_has_the_files_of_another(tmp_path: Path) -> None:
    """Whatever its name ends with."""
    data, found = DataFolder(tmp_path), []
    for name in ("main", "main-read", "main-relayed"):
        found += [chain_database(tmp_path, name).url.database]
        found += [chain_read_database(tmp_path, name).url.database, str(data.relayed(name))]
    assert len(set(found)) == len(found)


def test_a_pair_has_one_symbol_for_as_long_as_it_is_mirrored() -> None:
    """`quotes` was changed while no node answered: the pair was kept the other way round."""
    mirror = Mirror(DEPLOYMENT, Oracle(None), [ETH_USDC])
    mirror.add_pairs([replace(ETH_USDC, base_is_0=not ETH_USDC.base_is_0)])
    assert mirror.by_symbol == {ETH_USDC.symbol: ETH_USDC}
    assert mirror.pairs == {ETH_USDC.address: ETH_USDC}
    with pytest.raises(ValueError, match="two pairs"):
        mirror.add_pairs([replace(ETH_USDC, address="0x" + "77" * 20)])
