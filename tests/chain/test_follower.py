"""What became of transactions, on a real node with the real contracts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chain.anvil import Anvil
from tests.chain.relaying import Relaying, relaying, until
from tests.chain.wallets import CONFIRMATIONS, E18, GAS_PRICE, POOL, Chain
from xyk.chain.outcome import (
    DROPPED,
    FAILED,
    MINED,
    PENDING,
    REPLACED,
    UNKNOWN,
    Swapped,
    Wrapped,
)
from xyk.chain.rpc import BadAnswer, RpcDown, RpcError

pytestmark = [pytest.mark.slow, pytest.mark.chain]


@pytest.fixture
async def site(node: Anvil, tmp_path: Path) -> AsyncIterator[Relaying]:
    async with relaying(Chain(node, "ann", "bob"), tmp_path / "relayed.db") as one:
        yield one


async def test_slippage_and_deadline_on_the_chain(site: Relaying) -> None:
    """Both were right when they were sent."""
    chain = site.chain
    chain.approve("ann", "A")
    chain.approve("bob", "A")
    chain.front_run("AB", POOL // 2)  # waits, and comes first by its price
    slipped = await site.sent(chain.signed("ann", chain.sell("ann", "AB", 5 * E18, 4 * E18)))
    late = chain.sell("bob", "AB", 5 * E18, 1, ahead_s=3)
    expired = await site.sent(chain.signed("bob", late))
    block = chain.mine()
    for digest, code, says in (
        (slipped, "SLIPPAGE_EXCEEDED", "INSUFFICIENT_OUTPUT_AMOUNT"),
        (expired, "EXPIRED", "EXPIRED"),
    ):
        found = await site.outcome(digest)
        assert (found.status, found.block, found.amounts) == (FAILED, block, None)
        assert found.reason is not None
        assert found.reason.code == code
        assert says in found.reason.message
        assert found.gas_used is not None and found.gas_used > 0
    chain.mine(CONFIRMATIONS)
    before = await site.outcome(slipped)
    await site.follower.look()
    site.rpc.answers["eth_call"] = no_state
    assert await site.outcome(slipped) == before  # kept with its reason


def no_state(_: Sequence[object]) -> Any:
    raise RpcError(-32000, "missing trie node")


async def test_out_of_gas_and_a_node_without_the_state(site: Relaying) -> None:
    chain = site.chain
    chain.approve("ann", "A")
    swap = chain.sell("ann", "AB", 5 * E18, 1)
    inner = chain.node.rpc(
        "eth_sendRawTransaction", "0x" + chain.signed("ann", swap, gas=60_000).hex()
    )
    raw = chain.signed("ann", swap, gas=30_000)
    digest = chain.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    chain.front_run("AB", POOL // 2)
    slipped = await site.sent(chain.signed("bob", chain.weth.call("deposit"), value=5))
    chain.mine()
    found = await site.outcome(digest)  # nobody relayed that one
    assert (found.status, found.kind) == (FAILED, "sell")
    assert found.reason is not None
    assert (found.reason.code, found.gas_used) == ("REVERTED", 30_000)
    assert "gas limit of 30000" in found.reason.message
    found = await site.outcome(inner)
    assert found.reason is not None
    assert "of its gas limit 60000" in found.reason.message
    assert (await site.outcome(slipped)).status == MINED
    raw = chain.signed("ann", chain.sell("ann", "AB", 5 * E18, 4 * E18), gas=200_000)
    digest = chain.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    chain.mine()
    site.rpc.answers["eth_call"] = no_state
    found = await site.outcome(digest)
    assert found.reason is not None
    assert "cannot be found out" in found.reason.message


async def test_it_is_final_after_as_many_blocks_as_the_deployment_says(site: Relaying) -> None:
    chain = site.chain
    digest = await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=5))
    chain.mine()
    for confirmations in range(CONFIRMATIONS + 1):
        await site.follower.look()
        found = await site.outcome(digest)
        assert found.confirmations == confirmations
        assert found.is_final is (confirmations == CONFIRMATIONS)
        assert len(await site.relayed.open_ones()) == (not found.is_final)
        chain.mine()
    site.rpc.answers["eth_getTransactionReceipt"] = lambda _: None
    site.restart()
    assert await site.outcome(digest) == found  # of the table: the nodes may forget it


async def test_replaced_by_what_was_relayed_too(site: Relaying) -> None:
    chain = site.chain
    deposit = chain.weth.call("deposit")
    first = await site.sent(chain.signed("ann", deposit, value=5))
    chain.now_s += 1
    fees = {"maxFeePerGas": 2 * GAS_PRICE, "maxPriorityFeePerGas": 2 * GAS_PRICE}
    second = await site.sent(chain.signed("ann", deposit, value=6, nonce=0, **fees))
    found = await site.outcome(first)
    assert (found.status, found.replaced_by, found.is_final) == (REPLACED, second, False)
    await site.follower.look()
    assert site.rpc.asked.count("eth_sendRawTransaction") == 2  # none of them again
    block = chain.mine()
    found = await site.outcome(first)
    assert (found.status, found.replaced_by, found.block) == (REPLACED, second, block)
    assert (await site.outcome(second)).status == MINED
    chain.mine(CONFIRMATIONS)
    await site.follower.look()
    assert not await site.relayed.open_ones()
    found = await site.outcome(first)
    assert (found.status, found.replaced_by, found.is_final) == (REPLACED, second, True)


@pytest.mark.parametrize("archive", [True, False])
async def test_replaced_by_a_stranger(site: Relaying, archive: bool) -> None:
    """Some other service's; found by the account's count in the blocks since."""
    chain = site.chain
    deposit = chain.weth.call("deposit")
    digest = await site.sent(chain.signed("ann", deposit, value=5))
    chain.mine(0)
    fees = {"maxFeePerGas": 2 * GAS_PRICE, "maxPriorityFeePerGas": 2 * GAS_PRICE}
    raw = chain.signed("ann", deposit, value=6, nonce=0, **fees)
    chain.node.rpc("anvil_dropTransaction", digest)
    chain.mine(3)
    other = chain.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    block = chain.mine()
    chain.mine()
    if not archive:
        real = site.chain.node.rpc

        def recent(params: Sequence[object]) -> Any:
            head = hex(chain.head() - CONFIRMATIONS)
            if params[1] not in ("latest", "pending", head):
                raise RpcError(-32000, "missing trie node")
            return real("eth_getTransactionCount", *params)

        site.rpc.answers["eth_getTransactionCount"] = recent
    found = await site.outcome(digest)
    if archive:
        assert (found.status, found.replaced_by, found.block) == (REPLACED, other, block)
        assert not found.is_final
    else:
        assert found.status == PENDING
    chain.mine(CONFIRMATIONS)
    found = await site.outcome(digest)
    assert (found.status, found.is_final) == (REPLACED, True)
    assert found.replaced_by == (other if archive else "")


async def test_what_the_nodes_drop_is_sent_again_until_its_deadline(site: Relaying) -> None:
    chain = site.chain
    chain.approve("ann", "A")
    raw = chain.signed("ann", chain.sell("ann", "AB", 5 * E18, 4 * E18, ahead_s=100))
    digest = await site.sent(raw)
    chain.node.rpc("anvil_dropTransaction", digest)
    assert (await site.outcome(digest)).status == DROPPED
    await site.follower.look()
    assert (await site.outcome(digest)).status == PENDING
    assert site.rpc.asked.count("eth_sendRawTransaction") == 2
    chain.node.rpc("anvil_dropTransaction", digest)
    chain.front_run("AB", POOL // 2)
    chain.mine()
    await site.follower.look()  # it would fail by now, and cost gas
    assert (await site.outcome(digest)).status == DROPPED
    assert site.rpc.asked.count("eth_sendRawTransaction") == 2
    assert len(await site.relayed.open_ones()) == 1
    chain.now_s += 100
    chain.mine()
    await site.follower.look()
    assert (await site.outcome(digest)).status == DROPPED
    assert not await site.relayed.open_ones()


@pytest.mark.parametrize("depth", [1, 2])
async def test_a_reorg_takes_it_out_and_it_comes_back(site: Relaying, depth: int) -> None:
    chain = site.chain
    digest = await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=5))
    block = chain.mine()
    chain.mine(depth - 1)
    first = await site.outcome(digest)
    assert (first.status, first.block) == (MINED, block)
    chain.node.rpc("anvil_reorg", depth, [])
    await site.follower.look()
    found = await site.outcome(digest)
    assert (found.status, found.block, found.amounts) == (PENDING, None, None)
    chain.mine()
    again = await site.outcome(digest)
    assert again.status == MINED
    assert again.block_hash != first.block_hash


async def test_a_restart_goes_on_where_it_was(site: Relaying) -> None:
    """Killed after the bytes were kept and before any node had them."""
    chain = site.chain
    site.rpc.answers["eth_sendRawTransaction"] = down
    raw = chain.signed("ann", chain.weth.call("deposit"), value=5)
    await site.send(raw)
    site.restart()
    site.rpc.answers.clear()
    running = asyncio.create_task(site.follower.run())
    try:
        await until(lambda: chain.nonce("ann", "pending") == 1)
        chain.mine(1 + CONFIRMATIONS)
        await site.settled()
    finally:
        await site.follower.stop()
        await running
    [kept] = await site.relayed.of_nonce(chain.address("ann"), 0)
    found = await site.outcome(kept.hash)
    assert (found.status, found.is_final, found.amounts) == (MINED, True, Wrapped(5))


def down(_: Sequence[object]) -> Any:
    raise RpcDown("nobody is there")


async def test_the_follower_survives_all_that_a_node_may_say(site: Relaying) -> None:
    chain = site.chain
    digest = await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=5))
    running = asyncio.create_task(site.follower.run())
    try:
        asked = ("eth_getBlockByNumber", "eth_getTransactionReceipt", "eth_getTransactionByHash")
        for method in asked:
            for nonsense in ({}, [], "0x", 5, {"status": "0x1"}, {"logs": None}):
                site.rpc.answers = {method: lambda _, nonsense=nonsense: nonsense}
                chain.mine(0)
                seen = len(site.rpc.asked)
                await until(lambda seen=seen: len(site.rpc.asked) > seen + 3)  # type: ignore[misc]
                assert not running.done()
        site.rpc.answers = {"eth_getBlockByNumber": down}
        with pytest.raises(RpcDown):
            await site.outcome(digest)
        site.rpc.answers = {"eth_getTransactionReceipt": lambda _: {"status": "0x1"}}
        with pytest.raises(BadAnswer):
            await site.outcome(digest)
        site.rpc.answers = {}
        chain.mine(1 + CONFIRMATIONS)
        await site.settled()
    finally:
        await site.follower.stop()
        await running
    assert (await site.outcome(digest)).status == MINED


async def test_hashes_of_others(site: Relaying) -> None:
    chain = site.chain
    nobody = await site.outcome("0x" + "00" * 32)
    assert (nobody.status, nobody.sender, nobody.head.number) == (UNKNOWN, "", chain.head())
    to = chain.node.accounts[5]
    paid = chain.node.rpc(
        "eth_sendTransaction",
        {"from": chain.node.accounts[4], "to": to, "value": "0x5", "gas": "0x5208"},
    )
    swap = chain.front_run("ABC", E18)
    waiting = await site.outcome(paid)
    assert (waiting.status, waiting.kind, waiting.to) == (PENDING, "", to)
    chain.mine(1 + CONFIRMATIONS)
    found = await site.outcome(paid)
    assert (found.status, found.amounts, found.is_final) == (MINED, None, True)
    amounts = (await site.outcome(swap)).amounts
    assert isinstance(amounts, Swapped)
    assert len(amounts.hops) == 2


async def test_a_node_that_has_the_block_before_the_receipt(site: Relaying) -> None:
    """The nonce is used, and by itself: it is not replaced."""
    chain = site.chain
    digest = await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=5))
    chain.mine()
    site.rpc.answers["eth_getTransactionReceipt"] = lambda _: None
    site.rpc.answers["eth_getTransactionByHash"] = lambda _: None
    found = await site.outcome(digest)
    assert (found.status, found.replaced_by) == (PENDING, "")
