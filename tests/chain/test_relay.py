"""Sending what a wallet signed, on a real node with the real contracts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chain.anvil import Anvil
from tests.chain.relaying import Relaying, relaying
from tests.chain.wallets import E18, FUNDS, GAS_EACH, GAS_PRICE, Chain
from xyk.chain.broadcast import node_refusal
from xyk.chain.outcome import PENDING
from xyk.chain.relay import OPEN_OF_SENDER_MAX
from xyk.chain.rpc import RpcDown, RpcError
from xyk.domain.rejections import Code, Rejected
from xyk.storage.relayed import RelayedTransaction

pytestmark = [pytest.mark.slow, pytest.mark.chain]


@pytest.fixture
async def site(node: Anvil, tmp_path: Path) -> AsyncIterator[Relaying]:
    async with relaying(Chain(node, "ann", "bob"), tmp_path / "relayed.db") as one:
        yield one


def saying(message: str, code: int = -32000) -> Any:
    """A node that refuses so."""

    def answer(_: Sequence[object]) -> Any:
        raise RpcError(code, message)

    return answer


async def test_the_bytes_are_kept_before_they_are_sent_and_the_second_time_is_no_second_one(
    site: Relaying,
) -> None:
    chain = site.chain
    raw = chain.signed("ann", chain.weth.call("deposit"), value=5)
    kept = []

    def down(_: Sequence[object]) -> Any:
        kept.append(site.path.read_bytes().count(raw))
        raise RpcDown("nobody is there")

    site.rpc.answers["eth_sendRawTransaction"] = down
    answer = await site.send(raw)
    assert isinstance(answer, Rejected)
    assert answer.code is Code.NODE_UNAVAILABLE
    assert "it is kept" in answer.message
    assert kept == [1]
    site.rpc.answers.clear()
    for _ in range(2):  # not sent at all, then sent by the follower
        again = await site.send(raw)
        assert not isinstance(again, Rejected)
        assert not again[1]
        await site.follower.look()
    assert (await site.outcome(again[0].hash)).status == PENDING
    assert site.rpc.asked.count("eth_sendRawTransaction") == 2


async def test_the_same_bytes_at_once_are_sent_once(site: Relaying) -> None:
    chain = site.chain
    raw = chain.signed("ann", chain.weth.call("deposit"), value=5)
    answers = await asyncio.gather(*(site.send(raw) for _ in range(5)))
    assert sorted(not isinstance(one, Rejected) and one[1] for one in answers) == 4 * [False] + [
        True
    ]
    assert site.rpc.asked.count("eth_sendRawTransaction") == 1


async def test_what_the_nodes_have_already_is_followed_from_now_on(site: Relaying) -> None:
    chain = site.chain
    raw = chain.signed("ann", chain.weth.call("deposit"), value=5)
    digest = chain.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    answer = await site.send(raw)
    assert not isinstance(answer, Rejected)
    assert (answer[0].hash, answer[0].status, answer[1]) == (digest, PENDING, False)
    other = chain.signed("bob", chain.weth.call("deposit"), value=5)
    chain.node.rpc("eth_sendRawTransaction", "0x" + other.hex())
    chain.mine()
    mined = await site.send(other)
    assert not isinstance(mined, Rejected)
    assert (mined[0].status, mined[1]) == ("mined", False)
    assert [one.hash for one in await site.relayed.open_ones()] == [digest]
    assert "eth_sendRawTransaction" not in site.rpc.asked


async def test_what_the_account_cannot(site: Relaying) -> None:
    chain = site.chain
    deposit = chain.weth.call("deposit")

    async def code(**changed: Any) -> Code:
        raw = chain.signed("ann", deposit, **({"value": 5} | changed))
        refused = await site.refused(raw)
        assert "eth_sendRawTransaction" not in site.rpc.asked
        return refused.code

    assert await code(nonce=1) is Code.NONCE_GAP
    assert await code(value=FUNDS) is Code.INSUFFICIENT_FUNDS
    assert await code(value=FUNDS - GAS_EACH * GAS_PRICE + 1) is Code.INSUFFICIENT_FUNDS
    assert await code(gas=2**40) is Code.INVALID_TRANSACTION
    assert await code(gas=21_001) is Code.REVERTED
    await site.sent(chain.signed("ann", deposit, value=5))
    second = await site.sent(chain.signed("ann", deposit, value=6))  # behind the first
    await site.sent(chain.signed("ann", deposit, value=6))
    assert await code(nonce=1) is Code.NONCE_GAP  # in the middle of three that wait
    chain.mine()
    assert (await site.outcome(second)).status == "mined"
    assert await code(nonce=2) is Code.NONCE_USED
    chain.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(2 * GAS_PRICE))
    chain.mine()
    assert await code() is Code.UNDERPRICED


async def test_all_of_the_coin_may_be_spent(site: Relaying) -> None:
    chain = site.chain
    value = FUNDS - GAS_EACH * GAS_PRICE
    await site.sent(chain.signed("ann", chain.weth.call("deposit"), value=value))


async def test_what_the_contracts_would_refuse_costs_no_gas(site: Relaying) -> None:
    chain = site.chain
    swap = chain.sell("ann", "AB", 5 * E18, 4 * E18)
    refused = await site.refused(chain.signed("ann", swap))
    assert refused.code is Code.INSUFFICIENT_ALLOWANCE
    assert "may take 0" in refused.message
    chain.approve("ann", "A")
    refused = await site.refused(chain.signed("ann", chain.sell("ann", "AB", 5 * E18, 5 * E18)))
    assert refused.code is Code.SLIPPAGE_EXCEEDED
    assert "INSUFFICIENT_OUTPUT_AMOUNT" in refused.message
    refused = await site.refused(chain.signed("ann", chain.sell("ann", "AB", FUNDS + 1, 1)))
    assert refused.code is Code.INSUFFICIENT_FUNDS
    refused = await site.refused(chain.signed("ann", chain.weth.call("withdraw", FUNDS + 1)))
    assert refused.code is Code.INSUFFICIENT_FUNDS
    late = chain.sell("ann", "AB", 5 * E18, 4 * E18, ahead_s=-1)
    assert (await site.refused(chain.signed("ann", late))).code is Code.EXPIRED
    assert chain.nonce("ann", "pending") == 1
    await site.sent(chain.signed("ann", swap))


async def test_an_approval_that_waits_counts_for_what_comes_after_it(site: Relaying) -> None:
    chain = site.chain
    token = chain.tokens["A"]
    await site.sent(chain.signed("ann", token.call("approve", chain.router.address, 5 * E18)))
    digest = await site.sent(chain.signed("ann", chain.sell("ann", "AB", 5 * E18, 4 * E18)))
    chain.mine()
    assert (await site.outcome(digest)).status == "mined"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("replacement transaction underpriced", Code.UNDERPRICED),
        ("gas price too low to replace", Code.UNDERPRICED),
        ("transaction underpriced: tip needed 1000000, tip permitted 5", Code.UNDERPRICED),
        ("max fee per gas less than block base fee: address 0x1", Code.UNDERPRICED),
        ("nonce too low: next nonce 5, tx nonce 4", Code.NONCE_USED),
        ("nonce too high", Code.NONCE_GAP),
        ("insufficient funds for gas * price + value: balance 5", Code.INSUFFICIENT_FUNDS),
        ("txpool is full", Code.NODE_UNAVAILABLE),
        ("intrinsic gas too low: gas 21000, minimum needed 53000", Code.INVALID_TRANSACTION),
        ("exceeds block gas limit", Code.INVALID_TRANSACTION),
        ("tx fee (5.00 ether) exceeds the configured cap (1.00 ether)", Code.INVALID_TRANSACTION),
        ("only replay-protected (EIP-155) transactions allowed", Code.INVALID_TRANSACTION),
    ],
)
def test_the_words_of_nodes(message: str, code: Code) -> None:
    refused = node_refusal(message)
    assert refused.code is code
    assert message in refused.message


async def test_a_node_that_refuses_leaves_nothing_behind(site: Relaying) -> None:
    """anvil takes any replacement; geth wants 10 % more of both fees, and says so."""
    chain = site.chain
    deposit = chain.weth.call("deposit")
    first = await site.sent(chain.signed("ann", deposit, value=5))
    site.rpc.answers["eth_sendRawTransaction"] = saying("replacement transaction underpriced")
    other = chain.signed("ann", deposit, value=6, nonce=0, maxFeePerGas=GAS_PRICE + 1)
    refused = await site.refused(other)
    assert refused.code is Code.UNDERPRICED
    assert "10 %" in refused.message
    assert (await site.outcome(first)).status == PENDING


async def test_known_bytes_and_a_mined_nonce_are_no_failures(site: Relaying) -> None:
    chain = site.chain
    deposit = chain.weth.call("deposit")
    raw = chain.signed("ann", deposit, value=5)

    def late(refusal: str) -> Any:
        """The node has it, by another way, before our own try reaches it."""

        def answer(params: Sequence[object]) -> Any:
            chain.node.rpc("eth_sendRawTransaction", *params)
            if "nonce" in refusal:
                chain.mine()
            raise RpcError(-32000, refusal)

        return answer

    site.rpc.answers["eth_sendRawTransaction"] = late("already known")
    answer = await site.send(raw)
    assert not isinstance(answer, Rejected)
    assert (answer[0].status, answer[1]) == (PENDING, False)
    site.rpc.answers["eth_sendRawTransaction"] = late("nonce too low: next nonce 1, tx nonce 0")
    answer = await site.send(chain.signed("bob", deposit, value=5))
    assert not isinstance(answer, Rejected)
    assert (answer[0].status, answer[1]) == ("mined", False)
    site.rpc.answers["eth_sendRawTransaction"] = saying("nonce too low")
    refused = await site.refused(chain.signed("bob", deposit, value=7))
    assert refused.code is Code.NONCE_USED


async def test_nobody_has_more_waiting_than_we_look_after(site: Relaying) -> None:
    chain = site.chain
    sender = chain.address("ann")
    for number in range(OPEN_OF_SENDER_MAX):
        digest = "0x" + number.to_bytes(32, "big").hex()
        await site.relayed.put(RelayedTransaction(digest, b"", sender, number, 0, 0, 0))
    deposit = chain.weth.call("deposit")
    refused = await site.refused(chain.signed("ann", deposit, value=5))
    assert refused.code is Code.ORDER_LIMIT
    await site.sent(chain.signed("bob", deposit, value=5))


async def test_a_node_that_answers_nonsense_is_said_to(site: Relaying) -> None:
    chain = site.chain
    raw = chain.signed("ann", chain.weth.call("deposit"), value=5)
    for method in ("eth_getTransactionCount", "eth_getBalance", "eth_getBlockByNumber"):
        for nonsense in (None, {}, "0xzz", [], 5):
            site.rpc.answers = {method: lambda _, nonsense=nonsense: nonsense}
            with pytest.raises((RpcDown, ValueError)):
                await site.send(raw)
    assert not await site.relayed.open_ones()
