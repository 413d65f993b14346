"""Every kind of transaction, built, signed by a wallet and mined by a real node: what was promised
is what the balances say, to the unit."""

import msgspec
import pytest
from eth_account.messages import encode_typed_data

from tests.chain.deployed import E18
from tests.chain.town import Town, kinds

pytestmark = [pytest.mark.slow, pytest.mark.chain]


async def test_sell_a_token_for_another(town: Town) -> None:
    me = town.alice.address
    built = await town.desk.ask(
        "sell", owner=me, tokenIn="AAA", tokenOut=town.b.address, amountIn=str(E18)
    )
    assert kinds(built) == ["approve", "swap"]
    approve, swap = built["transactions"]
    assert approve["description"] == "Allow the router 1 AAA"
    assert swap["description"].startswith("Swap 1 AAA for at least 2.97")
    # Uniswap's own arithmetic, and half a per cent below it, rounded down
    out = 997 * E18 * 3_000 * E18 // (1_000 * 1_000 * E18 + 997 * E18)
    assert (built["amountIn"], built["amountOut"]) == (str(E18), str(out))
    assert built["minAmountOut"] == str(out * 9_950 // 10_000)
    assert built["path"] == [town.a.address, town.b.address]
    assert built["priceImpactBps"] == 10  # 0.0997 % of the reserve, rounded up
    newest = town.deployed.node.rpc("eth_getBlockByNumber", "latest", False)
    assert (built["block"], built["blockHash"]) == (int(newest["number"], 16), newest["hash"])
    assert built["deadline"] == int(newest["timestamp"], 16) + 20 * 60
    assert 0 <= built["ageMs"] < 3_600_000
    assert built["simulated"] is True
    assert "permit" not in built and "feeOnTransfer" not in built

    town.mined(built)
    assert town.owned(town.b) == 100 * E18 + out
    assert town.owned(town.a) == 99 * E18
    assert town.deployed.allowance(town.a, me) == 0, "for the exact amount"


async def test_a_transaction_is_what_eth_send_transaction_takes(town: Town) -> None:
    me = town.alice.address
    built = await town.desk.ask(
        "sell", owner=me, tokenIn="AAA", tokenOut="BBB", amountIn=str(E18), slippageBps=0
    )
    approve, swap = built["transactions"]
    assert list(swap) == [
        *("kind", "description", "type", "chainId", "from", "to", "data", "value", "gas"),
        *("maxFeePerGas", "maxPriorityFeePerGas", "nonce"),
    ]
    assert (swap["type"], swap["chainId"], swap["value"]) == ("0x2", hex(31337), "0x0")
    assert (swap["from"], swap["to"].lower()) == (me, town.deployed.router.address)
    assert (approve["nonce"], swap["nonce"]) == ("0x0", "0x1")
    base = int(town.deployed.node.rpc("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    tip = int(swap["maxPriorityFeePerGas"], 16)
    assert tip > 0 and int(swap["maxFeePerGas"], 16) - tip > base
    # An account of the node's own stands for a wallet: it signs what it is given as it is.
    town.deployed.node.rpc("anvil_impersonateAccount", me)
    for transaction in (approve, swap):
        sent = town.deployed.node.rpc("eth_sendTransaction", transaction)
        town.deployed.mine()
        receipt = town.deployed.node.rpc("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
    assert town.owned(town.b) == 100 * E18 + int(built["amountOut"])


async def test_an_allowance_that_is_there_needs_no_approval(town: Town) -> None:
    me = town.alice.address
    wish = {"owner": me, "tokenIn": "AAA", "tokenOut": "BBB", "amountIn": str(E18)}
    approval = await town.desk.ask("approve", owner=me, token="AAA", amount=str(E18))
    assert (kinds(approval), approval["amount"]) == (["approve"], str(E18))
    town.mined(approval)
    again = await town.desk.ask("approve", owner=me, token="AAA", amount=str(E18))
    assert again["transactions"] == []
    built = await town.desk.ask("sell", **wish)
    assert kinds(built) == ["swap"]
    town.mined(built)
    less = await town.desk.ask("approve", owner=me, token="AAA", amount="5")
    town.mined(less)
    assert town.deployed.allowance(town.a, me) == 5
    town.mined(await town.desk.ask("approve", owner=me, token="AAA", amount="0"))
    assert town.deployed.allowance(town.a, me) == 0


async def test_buy_costs_what_was_said_over_two_hops(town: Town) -> None:
    me = town.alice.address
    path = [one.address for one in (town.a, town.b, town.c)]
    wish = {"owner": me, "tokenIn": path[0], "tokenOut": path[2], "amountOut": str(E18)}
    built = await town.desk.ask("buy", **wish, path=path, recipient=town.deployed.bob.address)
    cost, most = int(built["amountIn"]), int(built["maxAmountIn"])
    assert most == -(-cost * 10_050 // 10_000)
    assert built["path"] == path
    town.mined(built)
    assert town.owned(town.a) == 100 * E18 - cost
    assert town.owned(town.c, town.deployed.bob.address) == E18
    assert town.owned(town.c) == 100 * E18
    assert town.deployed.allowance(town.a, me) == most - cost


async def test_the_native_coin_buys_and_is_bought(town: Town) -> None:
    me, weth, a = town.alice.address, town.weth.address, town.a.address
    before = town.owned(None)
    sold = await town.desk.ask("sell", owner=me, tokenIn="ETH", tokenOut=a, amountIn=str(E18))
    assert kinds(sold) == ["swap"] and sold["path"] == [weth, a]
    assert sold["transactions"][0]["value"] == hex(E18)
    spent = town.mined(sold) + E18
    assert town.owned(town.a) == 100 * E18 + int(sold["amountOut"])
    assert town.owned(None) == before - spent

    bought = await town.desk.ask("buy", owner=me, tokenIn="ETH", tokenOut=a, amountOut=str(E18))
    assert bought["transactions"][0]["value"] == hex(int(bought["maxAmountIn"]))
    before, of_a = town.owned(None), town.owned(town.a)
    spent = town.mined(bought) + int(bought["amountIn"])
    assert town.owned(None) == before - spent, "what is above the cost comes back"
    assert town.owned(town.a) == of_a + E18

    for_coin = await town.desk.ask("sell", owner=me, tokenIn=a, tokenOut="ETH", amountIn=str(E18))
    assert kinds(for_coin) == ["approve", "swap"]
    before = town.owned(None)
    spent = town.mined(for_coin)
    assert town.owned(None) == before - spent + int(for_coin["amountOut"])

    exact = await town.desk.ask("buy", owner=me, tokenIn=a, tokenOut="ETH", amountOut=str(E18))
    before, of_a = town.owned(None), town.owned(town.a)
    spent = town.mined(exact)
    assert town.owned(None) == before - spent + E18
    assert town.owned(town.a) == of_a - int(exact["amountIn"])


async def test_coins_for_somebody_else(town: Town) -> None:
    bob = town.deployed.bob.address
    built = await town.desk.ask(
        "sell",
        owner=town.alice.address,
        tokenIn="AAA",
        tokenOut="ETH",
        amountIn=str(E18),
        recipient=bob,
    )
    before = town.owned(None, bob)
    town.mined(built)
    assert town.owned(None, bob) == before + int(built["amountOut"])


async def test_wrap_and_unwrap(town: Town) -> None:
    me, before = town.alice.address, town.owned(None)
    built = await town.desk.ask("wrap", owner=me, amount=str(2 * E18))
    assert kinds(built) == ["wrap"] and built["amount"] == str(2 * E18)
    spent = town.mined(built)
    assert town.owned(town.weth) == 2 * E18
    assert town.owned(None) == before - spent - 2 * E18
    spent += town.mined(await town.desk.ask("unwrap", owner=me, amount=str(E18)))
    assert town.owned(town.weth) == E18
    assert town.owned(None) == before - spent - E18


async def test_liquidity_of_two_tokens(town: Town) -> None:
    me, pair = town.alice.address, town.deployed.pair(town.a, town.b)
    wish = {"owner": me, "tokenA": town.b.address, "tokenB": town.a.address}
    added = await town.desk.ask(
        "add-liquidity", **wish, amountADesired=str(30 * E18), amountBDesired=str(20 * E18)
    )
    assert kinds(added) == ["approve", "approve", "add-liquidity"]
    assert (added["amountA"], added["amountB"]) == (str(30 * E18), str(10 * E18))
    assert added["amountAMin"] == str(30 * E18 * 9_950 // 10_000)
    assert added["amountBMin"] == str(10 * E18 * 9_950 // 10_000)
    town.mined(added)
    shares = town.owned(pair)
    assert str(shares) == added["liquidity"]
    assert (town.owned(town.a), town.owned(town.b)) == (90 * E18, 70 * E18)

    removed = await town.desk.ask("remove-liquidity", **wish, liquidity=str(shares), permit=False)
    assert kinds(removed) == ["approve", "remove-liquidity"]
    town.mined(removed)
    assert town.owned(pair) == 0
    assert town.owned(town.b) == 70 * E18 + int(removed["amountA"])
    assert town.owned(town.a) == 90 * E18 + int(removed["amountB"])


async def test_liquidity_of_a_token_and_the_coin(town: Town) -> None:
    me, pair = town.alice.address, town.deployed.pair(town.a, town.weth)
    wish = {"owner": me, "tokenA": "ETH", "tokenB": "AAA"}
    before = town.owned(None)
    added = await town.desk.ask(
        "add-liquidity", **wish, amountADesired=str(E18), amountBDesired=str(10 * E18)
    )
    assert (added["amountA"], added["amountB"]) == (str(E18 // 2), str(10 * E18))
    spent = town.mined(added)
    assert town.owned(None) == before - spent - E18 // 2, "the router gives back the other half"
    assert town.owned(town.a) == 90 * E18
    shares = town.owned(pair)
    assert str(shares) == added["liquidity"]

    before = town.owned(None)
    removed = await town.desk.ask("remove-liquidity", **wish, liquidity=str(shares), permit=False)
    spent = town.mined(removed)
    assert town.owned(None) == before - spent + int(removed["amountA"])
    assert town.owned(town.a) == 90 * E18 + int(removed["amountB"])


async def test_the_first_deposit_makes_the_pair(town: Town) -> None:
    me = town.alice.address
    built = await town.desk.ask(
        "add-liquidity",
        owner=me,
        tokenA="AAA",
        tokenB=town.c.address,
        amountADesired=str(4 * E18),
        amountBDesired=str(9 * E18),
    )
    town.mined(built)
    pair = town.deployed.pair(town.a, town.c)
    assert built["liquidity"] == str(6 * E18 - 1_000) == str(town.owned(pair))


@pytest.mark.parametrize("coin", [False, True])
@pytest.mark.parametrize("parts", [False, True])
async def test_shares_leave_by_a_permit(town: Town, coin: bool, parts: bool) -> None:
    me, other = town.alice.address, town.weth if coin else town.b
    pair = town.deployed.pair(town.a, other)
    wish = {"owner": me, "tokenA": "AAA", "tokenB": "ETH" if coin else "BBB"}
    deposit = {"amountADesired": str(10 * E18), "amountBDesired": str(30 * E18)}
    town.mined(await town.desk.ask("add-liquidity", **wish, **deposit))
    shares = town.owned(pair)

    asked = await town.desk.ask("remove-liquidity", **wish, liquidity=str(shares))
    assert asked["transactions"] == []
    document = asked["permit"]
    assert document["domain"]["verifyingContract"].lower() == pair.address
    assert document["message"]["value"] == str(shares)
    assert document["message"]["deadline"] == str(asked["deadline"])
    signed = town.alice.sign_message(encode_typed_data(full_message=document))
    signature: object = "0x" + signed.signature.hex()
    if parts:
        signature = {"v": signed.v, "r": f"0x{signed.r:064x}", "s": f"0x{signed.s:064x}"}

    built = await town.desk.ask(
        "remove-liquidity",
        **wish,
        liquidity=str(shares),
        deadline=asked["deadline"],
        permit=signature,
    )
    assert kinds(built) == ["remove-liquidity"] and "permit" not in built
    before, of_a = town.owned(None if coin else other), town.owned(town.a)
    spent = town.mined(built)
    assert town.owned(pair) == 0 == town.deployed.allowance(pair, me)
    assert town.owned(town.a) == of_a + int(built["amountA"])
    assert town.owned(None if coin else other) == before + int(built["amountB"]) - spent * coin

    [nonce] = town.deployed.ask(pair, "nonces", me.lower())
    assert nonce == 1
    code, message = await town.desk.refused(
        "remove-liquidity", **wish, liquidity="1", deadline=asked["deadline"], permit=signature
    )
    assert code == "INSUFFICIENT_FUNDS" and "has 0 shares" in message


async def test_nonces_follow_what_waits_already(town: Town) -> None:
    me = town.alice.address
    first = await town.desk.ask("wrap", owner=me, amount="1")
    fields = {
        name: value
        for name, value in first["transactions"][0].items()
        if name not in ("kind", "description", "from")
    }
    raw = town.alice.sign_transaction(fields).raw_transaction
    town.deployed.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    second = await town.desk.ask("wrap", owner=me, amount="2")
    assert second["transactions"][0]["nonce"] == "0x1"
    town.mined(second)
    assert town.owned(town.weth) == 3


async def test_gas_after_an_approval_is_what_it_will_be_once_that_is_mined(town: Town) -> None:
    wish = {"tokenIn": "AAA", "tokenOut": "BBB", "amountIn": str(E18)}
    both = await town.desk.ask("sell", owner=town.alice.address, **wish)
    approve, swap = both["transactions"]
    town.mined({"transactions": [approve]})
    [alone] = (await town.desk.ask("sell", owner=town.alice.address, **wish))["transactions"]
    early, late = int(swap["gas"], 16), int(alone["gas"], 16)
    assert late <= early < late * 6 // 5


async def test_shares_with_another_domain_are_approved(town: Town) -> None:
    """A pair of another chain id, or of a fork that hashes otherwise, gets no permit that it would
    refuse."""
    pool = {"owner": town.alice.address, "tokenA": "AAA", "tokenB": "BBB"}
    deposit = {"amountADesired": str(E18), "amountBDesired": str(3 * E18)}
    town.mined(await town.desk.ask("add-liquidity", **pool, **deposit))
    assert "permit" in await town.desk.ask("remove-liquidity", **pool, liquidity="1000000")
    venue = town.desk.venue
    venue.deployment = msgspec.structs.replace(venue.deployment, chain_id=1)
    built = await town.desk.ask("remove-liquidity", **pool, liquidity="1000000")
    assert kinds(built) == ["approve", "remove-liquidity"] and "permit" not in built
