"""Receipts and transactions that are not the ones asked for, as a node that lies or several behind
one address tell them."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts_abi.contract import contract
from tests.chain.anvil import Anvil
from tests.chain.relaying import Relaying, relaying
from tests.chain.wallets import CONFIRMATIONS, E18, GAS_PRICE, Chain
from xyk.chain.outcome import DROPPED, MINED, REPLACED
from xyk.chain.rpc import BadAnswer

pytestmark = [pytest.mark.slow, pytest.mark.chain]

TRANSFER = "0x" + contract("erc20").events["Transfer"].topic.hex()
RECEIPT, TRANSACTION = "eth_getTransactionReceipt", "eth_getTransactionByHash"


@pytest.fixture
async def site(node: Anvil, tmp_path: Path) -> AsyncIterator[Relaying]:
    async with relaying(Chain(node, "ann", "bob"), tmp_path / "relayed.db") as one:
        yield one


async def test_the_receipt_and_the_bytes_of_another_one(site: Relaying) -> None:
    chain = site.chain
    deposit = chain.weth.call("deposit")
    other = chain.node.rpc(
        "eth_sendRawTransaction", "0x" + chain.signed("bob", deposit, value=7).hex()
    )
    chain.mine()
    digest = await site.sent(chain.signed("ann", deposit, value=5))
    site.rpc.answers[RECEIPT] = lambda _: chain.node.rpc(RECEIPT, other)
    with pytest.raises(BadAnswer, match=other):
        await site.outcome(digest)
    chain.mine(CONFIRMATIONS)
    await site.follower.look()
    assert len(await site.relayed.open_ones()) == 1
    site.rpc.answers = {TRANSACTION: lambda _: chain.node.rpc(TRANSACTION, other)}
    with pytest.raises(BadAnswer, match=other):
        await site.outcome("0x" + "12" * 32)


async def test_a_receipt_of_a_block_that_was_dropped_is_never_final(site: Relaying) -> None:
    """Another node behind the same address still has it."""
    chain = site.chain
    digest = await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=5))
    chain.mine()
    old = chain.node.rpc(RECEIPT, digest)
    chain.node.rpc("anvil_reorg", 1, [])
    chain.node.rpc("anvil_dropTransaction", digest)
    chain.mine(CONFIRMATIONS + 1)
    site.rpc.answers[RECEIPT] = lambda _: old
    with pytest.raises(BadAnswer, match=old["blockHash"]):
        await site.outcome(digest)
    await site.follower.look()
    assert len(await site.relayed.open_ones()) == 1
    site.rpc.answers.clear()
    await site.follower.look()
    assert (await site.outcome(digest)).status != MINED


async def test_logs_that_only_look_like_erc_20(site: Relaying) -> None:
    """An amount among the topics, as ERC-721 has it; or less data than an amount."""
    chain = site.chain
    chain.approve("ann", "A")
    digest = await site.sent(chain.signed("ann", chain.sell("ann", "AB", 5 * E18, 4 * E18)))
    block = chain.mine()
    said = await site.outcome(digest)

    def odd(data: str, more: Sequence[str]) -> Any:
        receipt = chain.node.rpc(RECEIPT, digest)
        for log in receipt["logs"]:
            if log["topics"][0] == TRANSFER:
                log["data"] = data
                log["topics"] += more
        return receipt

    for data, more in (("0x", ["0x" + "00" * 31 + "05"]), ("0x", []), ("0x05", [])):
        site.rpc.answers[RECEIPT] = lambda _, data=data, more=more: odd(data, more)
        await site.follower.look()
        found = await site.outcome(digest)
        assert (found.status, found.block) == (MINED, block)
        assert found.amounts == said.amounts is not None, "the pair's own word is left"


async def test_a_rival_that_is_given_up_no_longer_replaces(site: Relaying) -> None:
    """The second one's deadline passed while no node had either: the first is sent again."""
    chain = site.chain
    chain.approve("ann", "A")
    nonce = chain.nonce("ann")
    lasting = await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=5))
    chain.now_s += 1
    fees = {"maxFeePerGas": 2 * GAS_PRICE, "maxPriorityFeePerGas": 2 * GAS_PRICE}
    swap = chain.sell("ann", "AB", E18, 1, ahead_s=20)
    short = await site.sent(chain.signed("ann", swap, nonce=nonce, **fees))
    assert (await site.outcome(lasting)).status == REPLACED
    chain.node.rpc("anvil_dropTransaction", short)
    chain.mine(3)
    assert (await site.outcome(short)).status == DROPPED
    await site.follower.look()
    await site.follower.look()
    chain.mine()
    assert (await site.outcome(lasting)).status == MINED


async def test_what_is_mined_already_is_not_kept(site: Relaying) -> None:
    """Old bytes of strangers are free for everybody: they would fill the table."""
    chain = site.chain
    raw = chain.signed("ann", chain.tokens["A"].call("approve", chain.router.address, 5))
    chain.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    chain.mine()
    answer = await site.send(raw)
    assert isinstance(answer, tuple)
    assert (answer[0].status, answer[1]) == (MINED, False)
    assert await site.relayed.get(answer[0].hash) is None


async def test_the_crowd_counts_what_a_node_has_already(
    site: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xyk.chain.relay.OPEN_MAX", 0)
    chain = site.chain
    raw = chain.signed("ann", chain.weth.call("deposit"), value=5)
    chain.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    assert (await site.refused(raw)).code.name == "OVERLOADED"
    assert msgspec.json.encode(await site.relayed.open_senders()) == b"{}"
