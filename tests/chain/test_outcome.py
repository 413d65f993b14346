"""What transactions moved, by their logs and by the balances, on a real node."""

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.chain.anvil import Anvil
from tests.chain.relaying import Relaying, relaying
from tests.chain.wallets import E18, Chain
from xyk.chain.outcome import MINED, Approved, LiquidityMoved, Outcome, Swapped, Wrapped

pytestmark = [pytest.mark.slow, pytest.mark.chain]

Call = tuple[str, bytes]


@pytest.fixture
async def site(node: Anvil, tmp_path: Path) -> AsyncIterator[Relaying]:
    async with relaying(Chain(node, "ann", "bob"), tmp_path / "relayed.db") as one:
        yield one


async def mined(site: Relaying, call: Call, value: int = 0) -> Outcome:
    """Of ann; it must not fail."""
    chain = site.chain
    digest = await site.sent(chain.signed("ann", call, value=value))
    chain.mine()
    found = await site.outcome(digest)
    assert found.status == MINED, found
    return found


def swapped(found: Outcome) -> Swapped:
    assert isinstance(found.amounts, Swapped)
    return found.amounts


def moved(found: Outcome) -> LiquidityMoved:
    assert isinstance(found.amounts, LiquidityMoved)
    return found.amounts


Change = Callable[[str], int]


async def changes(site: Relaying, call: Call, value: int = 0) -> tuple[Outcome, Change]:
    """What ann's balances changed by, gas left out."""
    chain = site.chain
    before = chain.balances("ann")
    found = await mined(site, call, value)
    after = chain.balances("ann")
    assert found.gas_used is not None and found.effective_gas_price is not None
    gas = found.gas_used * found.effective_gas_price

    def change(name: str) -> int:
        return after[name] - before[name] + (gas if name == "COIN" else 0)

    return found, change


def give(chain: Chain, pair: str, token: str) -> None:
    """Lies in the pair until somebody's swap or deposit is taken to have brought it."""
    call = chain.tokens[token].call("transfer", chain.pairs[pair].address, 7 * E18)
    chain.node.rpc("eth_sendRawTransaction", "0x" + chain.signed("bob", call).hex())
    chain.mine()


async def test_amounts_of_swaps_are_what_balances_changed_by(site: Relaying) -> None:
    """Every function of the router, with a gift in each pair that nobody asked for."""
    chain, e = site.chain, E18
    chain.approve("ann", "A", "B")
    path, end = chain.path, (chain.address("ann"), chain.now_s + 3600)
    for function, arguments, value, asset_in, asset_out in (
        ("swapExactTokensForTokens", (5 * e, 1, path("ABC")), 0, "A", "C"),
        ("swapTokensForExactTokens", (5 * e, 9 * e, path("ABC")), 0, "A", "C"),
        ("swapExactTokensForTokensSupportingFeeOnTransferTokens", (e, 1, path("AB")), 0, "A", "B"),
        ("swapExactETHForTokens", (1, path("WAB")), 3 * e, "COIN", "B"),
        ("swapETHForExactTokens", (e, path("WA")), 3 * e, "COIN", "A"),
        ("swapExactTokensForETH", (2 * e, 1, path("AW")), 0, "A", "COIN"),
        ("swapTokensForExactETH", (e, 9 * e, path("BAW")), 0, "B", "COIN"),
        ("swapExactTokensForETHSupportingFeeOnTransferTokens", (e, 1, path("AW")), 0, "A", "COIN"),
    ):
        give(chain, "AB", "A")
        give(chain, "AW", "A")
        found, change = await changes(site, chain.router.call(function, *arguments, *end), value)
        amounts = swapped(found)
        assert (-change(asset_in), change(asset_out)) == (amounts.amount_in, amounts.amount_out)
        assert amounts.amount_in > 0 < amounts.amount_out, function
        assert len(amounts.hops) == len(arguments[-1]) - 1
        for hop, following in pairwise(amounts.hops):
            assert hop.amount_out == following.amount_in


async def test_amounts_of_liquidity_are_what_balances_changed_by(site: Relaying) -> None:
    chain, e = site.chain, E18
    chain.approve("ann", "A", "B", "AB", "AW")
    router, a, path = chain.router, chain.tokens["A"], chain.path
    end = (chain.address("ann"), chain.now_s + 3600)
    give(chain, "AB", "B")
    give(chain, "AW", "A")
    call = router.call("addLiquidity", *path("AB"), 9 * e, 9 * e, 1, 1, *end)
    found, change = await changes(site, call)
    amounts = moved(found)
    assert (amounts.amount_a, amounts.amount_b) == (-change("A"), -change("B"))
    assert amounts.liquidity == change("AB") > 0
    call = router.call("addLiquidityETH", a.address, 9 * e, 1, 1, *end)
    found, change = await changes(site, call, 5 * e)
    amounts = moved(found)
    assert (amounts.amount_a, amounts.amount_b) == (-change("A"), -change("COIN"))
    assert amounts.liquidity == change("AW") > 0
    call = router.call("removeLiquidity", *path("BA"), e, 1, 1, *end)
    found, change = await changes(site, call)
    amounts = moved(found)
    assert (amounts.amount_a, amounts.amount_b) == (change("B"), change("A"))
    assert amounts.liquidity == -change("AB") == e
    call = router.call("removeLiquidityETH", a.address, e, 1, 1, *end)
    found, change = await changes(site, call)
    amounts = moved(found)
    assert (amounts.amount_a, amounts.amount_b) == (change("A"), change("COIN"))
    assert amounts.liquidity == -change("AW") == e


async def test_amounts_of_the_rest(site: Relaying) -> None:
    chain, e = site.chain, E18
    found, change = await changes(site, chain.weth.call("deposit"), 4 * e)
    assert found.amounts == Wrapped(4 * e) == Wrapped(change("W"))
    found, change = await changes(site, chain.weth.call("withdraw", 3 * e))
    assert found.amounts == Wrapped(3 * e) == Wrapped(change("COIN"))
    a, router = chain.tokens["A"], chain.router.address
    found = await mined(site, a.call("approve", router, 77))
    assert found.amounts == Approved(a.address, router, 77)


async def test_another_recipient_gets_it_and_is_named(site: Relaying) -> None:
    chain = site.chain
    chain.approve("ann", "A")
    before = chain.balances("bob")
    found = await mined(site, chain.sell("ann", "AB", 5 * E18, 1, to=chain.address("bob")))
    assert found.recipient == chain.address("bob") != found.sender
    assert swapped(found).amount_out == chain.balances("bob")["B"] - before["B"] > 0


async def test_a_deposit_of_who_gets_the_protocols_fee_too(site: Relaying) -> None:
    """His fee's shares are minted before those of the deposit."""
    chain, e = site.chain, E18
    chain.approve("ann", "A", "B")
    ann, path = chain.address("ann"), chain.path
    chain.run(chain.factory.call("setFeeTo", ann))
    end = (ann, chain.now_s + 3600)
    deposit = chain.router.call("addLiquidity", *path("AB"), 9 * e, 9 * e, 1, 1, *end)
    await mined(site, deposit)  # from here the fee counts
    await mined(site, chain.sell("ann", "AB", 500 * e, 1))
    pair = chain.pairs["AB"]
    found, change = await changes(site, deposit)
    [answer] = chain.node.read([pair.call("totalSupply")])
    amounts = moved(found)
    assert 0 < amounts.liquidity < change("AB")
    supply, [reserves] = int.from_bytes(answer, "big"), chain.node.read([pair.call("getReserves")])
    share = int.from_bytes(reserves[:32], "big") * amounts.liquidity // supply
    token0 = min(path("AB"))
    paid = amounts.amount_a if token0 == path("A")[0] else amounts.amount_b
    assert abs(share - paid) <= 2
