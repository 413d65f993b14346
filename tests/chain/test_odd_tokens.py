"""Tokens that keep a fee, answer nothing, want zero first or do not move; nodes that cannot
pretend."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from tests.chain.contract import Contract
from tests.chain.deployed import E18, Deployed, Json
from tests.chain.desk import Desk
from tests.chain.odd_token import FROZEN, SAYS_NO, TAXED, TETHER
from tests.chain.town import Town, kinds
from xyk.chain.rpc import Rpc, RpcError

pytestmark = [pytest.mark.slow, pytest.mark.chain]

DEEP = 10**6 * E18
SWAPS = bytes.fromhex("5c11d795"), bytes.fromhex("791ac947"), bytes.fromhex("b6f9de95")


class Plain:
    """A node that takes no state overrides, as some providers': geth's words for it."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def call(self, method: str, *params: object) -> Any:
        if method in ("eth_call", "eth_estimateGas") and len(params) == 3:
            raise RpcError(-32602, "too many arguments, want at most 2")
        return await self._rpc.call(method, *params)

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return [await self.call(method, *params) for method, params in calls]

    async def each(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return await self._rpc.each(calls)


class Bazaar(Town):
    """As the town, with pools of odd tokens against A and the coin; alice has 100 of each."""

    def __init__(self, deployed: Deployed) -> None:
        self.tether, self.taxed, self.other = (
            deployed.odd(mode) for mode in (TETHER, TAXED, TAXED | TETHER)
        )
        self.frozen, self.stubborn = deployed.odd(FROZEN), deployed.odd(SAYS_NO)
        self.deflating = deployed.deflating()
        self.plain = deployed.token()
        for token in (self.tether, self.taxed, self.other, self.frozen, self.stubborn):
            deployed.pool(token, self.plain, DEEP, DEEP)
            deployed.give(token, deployed.alice.address, 102 * E18)
        for token in (self.taxed, self.deflating):
            deployed.pool(token, deployed.weth, DEEP, 1_000 * E18)
        deployed.give(self.deflating, deployed.alice.address, 102 * E18)
        deployed.give(self.plain, deployed.alice.address, 100 * E18)
        super().__init__(deployed)

    def bare(self) -> Desk:
        """At a node without overrides."""
        return Desk(self.deployed, Plain(self.desk.node))


@pytest.fixture
async def bazaar(deployed: Deployed) -> AsyncIterator[Bazaar]:
    made = Bazaar(deployed)
    yield made
    await made.desk.close()


def sale(bazaar: Bazaar, token_in: Contract | str, token_out: Contract | str, amount: int) -> Json:
    ends = [one if isinstance(one, str) else one.address for one in (token_in, token_out)]
    return {
        "owner": bazaar.alice.address,
        "tokenIn": ends[0],
        "tokenOut": ends[1],
        "amountIn": str(amount),
    }


async def test_an_allowance_that_must_be_zero_first(bazaar: Bazaar) -> None:
    me, tether = bazaar.alice.address, bazaar.tether
    built = await bazaar.desk.ask("sell", **sale(bazaar, tether, bazaar.plain, E18))
    assert kinds(built) == ["approve", "swap"], "it is zero"
    bazaar.mined(await bazaar.desk.ask("approve", owner=me, token=tether.address, amount="7"))
    built = await bazaar.desk.ask("sell", **sale(bazaar, tether, bazaar.plain, E18))
    assert kinds(built) == ["approve", "approve", "swap"]
    assert [int(one["data"][-64:], 16) for one in built["transactions"][:2]] == [0, E18]
    before = bazaar.owned(bazaar.plain)
    bazaar.mined(built)
    assert bazaar.owned(bazaar.plain) == before + int(built["amountOut"])

    for amount, expected in (("7", 1), ("9", 2), ("0", 1)):
        built = await bazaar.desk.ask("approve", owner=me, token=tether.address, amount=amount)
        assert kinds(built) == ["approve"] * expected
        bazaar.deployed.sign_and_send(bazaar.alice, built["transactions"])
        assert bazaar.deployed.allowance(tether, me) == int(amount)


@pytest.mark.parametrize("into_coin", [False, True])
@pytest.mark.parametrize("published", [False, True])
async def test_selling_what_keeps_a_fee(bazaar: Bazaar, into_coin: bool, published: bool) -> None:
    """The router's own functions for it; what arrives was promised to the unit."""
    token = bazaar.deflating if published else bazaar.taxed
    if published and not into_coin:
        path = [token.address, bazaar.weth.address, bazaar.a.address]
        wish: Json = sale(bazaar, token, bazaar.a, E18) | {"path": path}
        out: Contract | None = bazaar.a
    else:
        wish = sale(bazaar, token, "ETH" if into_coin else bazaar.plain, E18)
        out = None if into_coin else bazaar.plain
    built = await bazaar.desk.ask("sell", **wish)
    assert built["feeOnTransfer"] is True
    assert bytes.fromhex(built["transactions"][-1]["data"][2:10]) in SWAPS
    promised = int(built["amountOut"])
    assert built["minAmountOut"] == str(promised * 9_950 // 10_000)
    before = bazaar.owned(out)
    spent = bazaar.mined(built) if out is None else 0 * bazaar.mined(built)
    assert bazaar.owned(out) == before + promised - spent

    again = await bazaar.desk.ask("sell", **wish)
    short = str(int(again["amountOut"]) + 1)
    code, _ = await bazaar.desk.refused("sell", **wish, minAmountOut=short)
    assert code == "SLIPPAGE_EXCEEDED"
    exact = await bazaar.desk.ask("sell", **wish, minAmountOut=again["amountOut"])
    bazaar.mined(exact)


async def test_what_arrives_less_counts_as_what_arrives(bazaar: Bazaar) -> None:
    """The router's ordinary function would hold the minimum against what it sent."""
    for wish in (
        sale(bazaar, bazaar.plain, bazaar.taxed, E18),
        sale(bazaar, "ETH", bazaar.taxed, E18),
        sale(bazaar, bazaar.taxed, bazaar.other, E18)
        | {"path": [one.address for one in (bazaar.taxed, bazaar.plain, bazaar.other)]},
    ):
        token = bazaar.other if "path" in wish else bazaar.taxed
        built = await bazaar.desk.ask("sell", **wish)
        assert built["feeOnTransfer"] is True
        before = bazaar.owned(token)
        bazaar.mined(built)
        assert bazaar.owned(token) == before + int(built["amountOut"])


async def test_an_exact_amount_of_it_cannot_be_bought(bazaar: Bazaar) -> None:
    wish = {"owner": bazaar.alice.address, "amountOut": str(E18 // 100)}
    for token_in, token_out in (
        (bazaar.taxed.address, bazaar.plain.address),
        (bazaar.plain.address, bazaar.taxed.address),
        ("ETH", bazaar.taxed.address),
        (bazaar.deflating.address, "ETH"),
    ):
        code, message = await bazaar.desk.refused(
            "buy", **wish, tokenIn=token_in, tokenOut=token_out
        )
        assert code == "INVALID_ORDER" and "sell an exact amount in" in message


@pytest.mark.parametrize("coin", [False, True])
async def test_liquidity_of_what_keeps_a_fee(bazaar: Bazaar, coin: bool) -> None:
    other = bazaar.weth if coin else bazaar.plain
    named = "ETH" if coin else other.address
    pool = {"owner": bazaar.alice.address, "tokenA": bazaar.taxed.address, "tokenB": named}
    added = await bazaar.desk.ask(
        "add-liquidity", **pool, amountADesired=str(10 * E18), amountBDesired=str(10 * E18)
    )
    bazaar.mined(added)
    pair = bazaar.deployed.pair(bazaar.taxed, other)
    shares = bazaar.owned(pair)
    assert added["liquidity"] == str(shares)
    removed = await bazaar.desk.ask("remove-liquidity", **pool, liquidity=str(shares), permit=False)
    assert removed["feeOnTransfer"] is True
    before = bazaar.owned(bazaar.taxed), bazaar.owned(None if coin else other)
    spent = bazaar.mined(removed)
    assert bazaar.owned(bazaar.taxed) == before[0] + int(removed["amountA"])
    after = before[1] + int(removed["amountB"]) - (spent if coin else 0)
    assert bazaar.owned(None if coin else other) == after


async def test_tokens_that_do_not_move_say_so(bazaar: Bazaar) -> None:
    code, message = await bazaar.desk.refused(
        "sell", **sale(bazaar, bazaar.frozen, bazaar.plain, E18)
    )
    assert code == "REVERTED" and message.endswith("TransferHelper: TRANSFER_FROM_FAILED")
    assert message.startswith("Swap 1000000000000000000 base units of 0x")
    code, message = await bazaar.desk.refused(
        "sell", **sale(bazaar, bazaar.stubborn, bazaar.plain, E18)
    )
    assert code == "REVERTED" and "approve answered false" in message
    code, message = await bazaar.desk.refused(
        "approve", owner=bazaar.alice.address, token=bazaar.stubborn.address, amount="1"
    )
    assert code == "REVERTED" and "approve answered false" in message


async def test_a_node_without_overrides_builds_what_it_can_prove(bazaar: Bazaar) -> None:
    """What needs no approval is tried as ever; what does has a bound instead of an estimate, and
    says that nobody tried it."""
    bare, me = bazaar.bare(), bazaar.alice.address
    wish = sale(bazaar, bazaar.a, bazaar.b, E18)
    promised = await bazaar.desk.ask("sell", **wish)
    built = await bare.ask("sell", **wish)
    assert kinds(built) == ["approve", "swap"] and built["simulated"] is False
    for name in ("amountIn", "amountOut", "minAmountOut", "priceImpactBps", "path"):
        assert built[name] == promised[name]
    before = bazaar.owned(bazaar.b)
    receipts = bazaar.deployed.sign_and_send(bazaar.alice, built["transactions"])
    assert [one["status"] for one in receipts] == ["0x1", "0x1"]
    assert bazaar.owned(bazaar.b) == before + int(built["amountOut"])

    coins = await bare.ask("sell", **sale(bazaar, "ETH", bazaar.a, E18))
    assert coins["simulated"] is True
    bazaar.mined(coins)

    tether = bazaar.tether.address
    bazaar.mined(await bare.ask("approve", owner=me, token=tether, amount="7"))
    built = await bare.ask("sell", **sale(bazaar, bazaar.tether, bazaar.plain, E18))
    assert kinds(built) == ["approve", "approve", "swap"]
    receipts = bazaar.deployed.sign_and_send(bazaar.alice, built["transactions"])
    assert [one["status"] for one in receipts] == ["0x1"] * 3

    deposit = {"amountADesired": str(E18), "amountBDesired": str(3 * E18)}
    pool = {"owner": me, "tokenA": bazaar.a.address, "tokenB": bazaar.b.address}
    added = await bare.ask("add-liquidity", **pool, **deposit)
    assert added["simulated"] is False and "liquidity" not in added
    receipts = bazaar.deployed.sign_and_send(bazaar.alice, added["transactions"])
    assert [one["status"] for one in receipts] == ["0x1"] * 3
    pair = bazaar.deployed.pair(bazaar.a, bazaar.b)
    shares = str(bazaar.owned(pair))
    tried = await bazaar.desk.ask("remove-liquidity", **pool, liquidity=shares, permit=False)
    removed = await bare.ask("remove-liquidity", **pool, liquidity=shares, permit=False)
    assert removed["simulated"] is False
    assert (removed["amountA"], removed["amountB"]) == (tried["amountA"], tried["amountB"])
    receipts = bazaar.deployed.sign_and_send(bazaar.alice, removed["transactions"])
    assert [one["status"] for one in receipts] == ["0x1"] * 2


async def test_a_node_without_overrides_sells_no_fee_on_transfer(bazaar: Bazaar) -> None:
    bare, me = bazaar.bare(), bazaar.alice.address
    approve = {"owner": me, "token": bazaar.taxed.address, "amount": str(E18)}
    bazaar.mined(await bare.ask("approve", **approve))
    code, message = await bare.refused("sell", **sale(bazaar, bazaar.taxed, bazaar.plain, E18))
    assert code == "INVALID_ORDER" and "cannot simulate how much arrives" in message
