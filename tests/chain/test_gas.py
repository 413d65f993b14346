"""The gas that quotes speak of, against what swaps use on a real node with Uniswap's contracts."""

import pytest

from tests.chain.anvil import Anvil
from tests.chain.market import E18, UINT256_MAX, Market
from xyk.chain.gas import SWAP_GAS

pytestmark = pytest.mark.chain


@pytest.mark.parametrize("hops", sorted(SWAP_GAS))
def test_a_swap_uses_about_as_much_as_quotes_say(node: Anvil, hops: int) -> None:
    """In a pair that was traded before, to somebody who has none of the last token yet."""
    market = Market(node, 4)
    market.open()
    path = [token.address for token in market.tokens[: hops + 1]]
    ends = [(path, f"0x{number:040x}", UINT256_MAX) for number in range(101, 105)]
    calls = (
        market.router.call("swapExactTokensForTokens", E18, 0, *ends[0]),  # the first ever
        market.router.call("swapExactTokensForTokens", E18, 0, *ends[1]),
        market.router.call("swapTokensForExactTokens", E18, UINT256_MAX, *ends[2]),
    )
    used = []
    for call in calls:
        sent = market.send(market.traders[1], call)
        market.mine()
        receipt = node.rpc("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
        used.append(int(receipt["gasUsed"], 16))
    most = max(used[1:])
    assert most <= SWAP_GAS[hops] <= most + most // 20
