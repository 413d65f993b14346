"""What cannot work is refused before it costs gas, with the code and the numbers that say why."""

from typing import Any

import pytest
from eth_account.messages import encode_typed_data

from tests.chain.deployed import E18, RICH
from tests.chain.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.chain]

NOBODY = "0x" + "77" * 20
ZERO = "0x" + "00" * 20


def sale(town: Town, **changed: Any) -> dict[str, Any]:
    return {
        "owner": town.alice.address,
        "tokenIn": "AAA",
        "tokenOut": "BBB",
        "amountIn": str(E18),
    } | changed


async def test_bounds_and_amounts(town: Town) -> None:
    out = int((await town.desk.ask("sell", **sale(town)))["amountOut"])
    exact = await town.desk.ask("sell", **sale(town, minAmountOut=str(out)))
    assert exact["minAmountOut"] == str(out)
    code, message = await town.desk.refused("sell", **sale(town, minAmountOut=str(out + 1)))
    assert code == "SLIPPAGE_EXCEEDED" and "less than" in message
    assert (await town.desk.refused("sell", **sale(town, amountIn="0")))[0] == "INVALID_QUANTITY"
    dust = {"tokenIn": "BBB", "tokenOut": "AAA", "amountIn": "1"}  # buys a third of a unit
    assert (await town.desk.refused("sell", **sale(town, **dust)))[0] == "INVALID_QUANTITY"

    wish = {"owner": town.alice.address, "tokenIn": "AAA", "tokenOut": "BBB"}
    cost = int((await town.desk.ask("buy", **wish, amountOut=str(E18)))["amountIn"])
    await town.desk.ask("buy", **wish, amountOut=str(E18), maxAmountIn=str(cost))
    code, message = await town.desk.refused(
        "buy", **wish, amountOut=str(E18), maxAmountIn=str(cost - 1)
    )
    assert code == "SLIPPAGE_EXCEEDED" and "would cost" in message
    assert (await town.desk.refused("buy", **wish, amountOut="0"))[0] == "INVALID_QUANTITY"
    for amount in (3_000 * E18, 3_001 * E18, 2**256 - 1):
        code, message = await town.desk.refused("buy", **wish, amountOut=str(amount))
        assert code == "INSUFFICIENT_LIQUIDITY" and "has 3000 BBB" in message
    # The middle pair of a way has too little, which the last one does not show.
    path = [one.address for one in (town.c, town.b, town.a)]
    ends = {"owner": town.alice.address, "tokenIn": path[0], "tokenOut": path[2], "path": path}
    code, _ = await town.desk.refused("buy", **ends, amountOut=str(999 * E18))
    assert code == "INSUFFICIENT_LIQUIDITY"


async def test_what_the_owner_has(town: Town) -> None:
    more = 100 * E18 + 1
    code, message = await town.desk.refused("sell", **sale(town, amountIn=str(more)))
    assert code == "INSUFFICIENT_FUNDS"
    assert message == "The owner has 100 AAA, the swap takes 100.000000000000000001 AAA"
    await town.desk.ask("sell", **sale(town, amountIn=str(more - 1)))
    code, message = await town.desk.refused("sell", **sale(town, owner=NOBODY))
    assert code == "INSUFFICIENT_FUNDS" and "has 0 AAA" in message
    wish = {"owner": town.alice.address, "tokenIn": "AAA", "tokenOut": "BBB"}
    assert (await town.desk.refused("buy", **wish, amountOut=str(400 * E18)))[0] == (
        "INSUFFICIENT_FUNDS"
    )
    pool = {"owner": town.alice.address, "tokenA": "AAA", "tokenB": "BBB"}
    code, message = await town.desk.refused(
        "add-liquidity", **pool, amountADesired=str(E18), amountBDesired=str(more)
    )
    assert code == "INSUFFICIENT_FUNDS" and "has 100 BBB" in message
    code, message = await town.desk.refused("remove-liquidity", **pool, liquidity="1")
    assert code == "INSUFFICIENT_FUNDS" and "has 0 shares of AAA and BBB" in message
    code, message = await town.desk.refused("unwrap", owner=town.alice.address, amount="1")
    assert code == "INSUFFICIENT_FUNDS" and message.startswith("The owner has 0 ETH wrapped")


async def test_the_coin_must_cover_value_and_gas(town: Town) -> None:
    me = town.alice.address
    for verb, body in (
        ("wrap", {"owner": me, "amount": str(RICH + 1)}),
        ("sell", sale(town, tokenIn="ETH", amountIn=str(RICH + 1), tokenOut="AAA")),
    ):
        code, message = await town.desk.refused(verb, **body)
        assert code == "INSUFFICIENT_FUNDS"
        assert message.startswith("The owner has 1000 ETH, the transaction sends 1000.0000000")
    code, message = await town.desk.refused("wrap", owner=me, amount=str(RICH))
    assert code == "INSUFFICIENT_FUNDS" and "for gas" in message
    built = await town.desk.ask("wrap", owner=me, amount=str(RICH - E18))
    [wrap] = built["transactions"]
    needs = RICH - E18 + int(wrap["gas"], 16) * int(wrap["maxFeePerGas"], 16)
    town.deployed.node.rpc("anvil_setBalance", me, hex(needs - 1))
    code, _ = await town.desk.refused("wrap", owner=me, amount=str(RICH - E18))
    assert code == "INSUFFICIENT_FUNDS"
    town.deployed.node.rpc("anvil_setBalance", me, hex(needs))
    town.mined(await town.desk.ask("wrap", owner=me, amount=str(RICH - E18)))
    town.deployed.node.rpc("anvil_setBalance", me, "0x0")
    code, message = await town.desk.refused("sell", **sale(town))
    assert code == "INSUFFICIENT_FUNDS" and message.startswith("The owner has 0 ETH; ")


async def test_deadlines_are_of_the_chains_time(town: Town) -> None:
    now_s = town.deployed.now_s
    for wrong in (0, now_s - 1, now_s, now_s + 86_401, now_s * 1_000):
        code, message = await town.desk.refused("sell", **sale(town, deadline=wrong))
        assert code == "EXPIRED" and str(now_s) in message, wrong
    built = await town.desk.ask("sell", **sale(town, deadline=now_s + 1))
    assert built["deadline"] == now_s + 1
    town.mined(built)  # in the block of that very second
    late = await town.desk.ask("sell", **sale(town, deadline=now_s + 86_400))
    assert late["deadline"] == now_s + 86_400


async def test_what_passed_meanwhile_fails_on_the_chain(town: Town) -> None:
    """Nothing is lost but gas: the bounds are in what was signed."""
    late = await town.desk.ask("sell", **sale(town, deadline=town.deployed.now_s + 2))
    town.deployed.mine()
    town.deployed.mine()
    receipts = town.deployed.sign_and_send(town.alice, late["transactions"])
    assert [one["status"] for one in receipts] == ["0x1", "0x0"]
    assert town.owned(town.a) == 100 * E18

    stale = await town.desk.ask("sell", **sale(town))
    whale = town.deployed.node.accounts[0]
    path = [town.a.address, town.b.address]
    town.deployed.send(whale, town.a.call("approve", town.deployed.router.address, 2**200))
    swap = ("swapExactTokensForTokens", 100 * E18, 0, path, whale, town.deployed.now_s + 60)
    town.deployed.send(whale, town.deployed.router.call(*swap))
    receipts = town.deployed.sign_and_send(town.alice, stale["transactions"])
    assert [one["status"] for one in receipts] == ["0x0"]
    bound = stale["minAmountOut"]
    code, _ = await town.desk.refused("sell", **sale(town, minAmountOut=bound))
    assert code == "SLIPPAGE_EXCEEDED"


async def test_pairs_that_are_missing_or_empty(town: Town) -> None:
    me, c = town.alice.address, town.c.address
    code, message = await town.desk.refused("sell", **sale(town, tokenOut=c))
    assert code == "POOL_NOT_FOUND" and c in message
    code, _ = await town.desk.refused(
        "remove-liquidity", owner=me, tokenA="AAA", tokenB=c, liquidity="1"
    )
    assert code == "POOL_NOT_FOUND"
    empty = town.deployed.factory.call("createPair", town.a.address, c)
    town.deployed.send(town.deployed.node.accounts[1], empty)
    code, message = await town.desk.refused("sell", **sale(town, tokenOut=c))
    assert code == "INSUFFICIENT_LIQUIDITY" and "is empty" in message
    pool = {"owner": me, "tokenA": "AAA", "tokenB": c}
    code, message = await town.desk.refused(
        "add-liquidity", **pool, amountADesired="1000", amountBDesired="1000"
    )
    assert code == "INSUFFICIENT_LIQUIDITY" and "1000 squared" in message
    town.mined(
        await town.desk.ask("add-liquidity", **pool, amountADesired="1001", amountBDesired="1001")
    )
    code, message = await town.desk.refused(
        "add-liquidity", **pool, amountADesired=str(E18), amountBDesired="1", amountBMin="2"
    )
    assert code == "SLIPPAGE_EXCEEDED"


async def test_tokens_and_addresses(town: Town) -> None:
    for other in ("AAA", town.a.address, town.a.address.upper().replace("X", "x")):
        assert (await town.desk.refused("sell", **sale(town, tokenOut=other)))[0] == "SAME_TOKEN"
    weth = town.weth.address
    code, message = await town.desk.refused("sell", **sale(town, tokenIn="ETH", tokenOut=weth))
    assert code == "SAME_TOKEN" and "wrap" in message
    pool = {"owner": town.alice.address, "amountADesired": "1", "amountBDesired": "1"}
    code, _ = await town.desk.refused("add-liquidity", **pool, tokenA="ETH", tokenB=weth)
    assert code == "SAME_TOKEN"
    code, message = await town.desk.refused("sell", **sale(town, tokenIn="DOGE"))
    assert code == "INVALID_ASSET" and "/api/v1/chain/local/pairs" in message
    code, _ = await town.desk.refused("approve", owner=NOBODY, token=NOBODY, amount="1")
    assert code == "INVALID_ASSET"
    router = town.deployed.router.address
    code, _ = await town.desk.refused("approve", owner=NOBODY, token=router, amount="1")
    assert code == "INVALID_ASSET"
    code, message = await town.desk.refused("approve", owner=NOBODY, token="ETH", amount="1")
    assert code == "INVALID_ASSET" and "no approval" in message
    wrong: list[dict[str, Any]] = [
        {"tokenIn": "0x12"},
        {"tokenIn": ZERO},
        {"owner": ZERO},
        {"owner": "alice"},
        {"recipient": ZERO},
        {"recipient": router},
        {"recipient": town.a.address},
        {"recipient": town.deployed.pair(town.a, town.b).address},
        {"slippageBps": 10_001},
        {"slippageBps": -1},
        {"amountIn": 5},
        {"amountIn": "1e18"},
        {"amountIn": str(2**256)},
        {"nonsense": 1},
        {"path": []},
        {"path": [town.a.address]},
        {"path": [town.a.address, town.c.address]},
        {"path": [town.b.address, town.a.address]},
        {"path": [town.a.address, town.c.address, town.a.address, town.b.address]},
        {"path": [town.a.address, town.c.address, weth, NOBODY, town.b.address]},
        {"path": [town.a.address, "BBB"]},
    ]
    for change in wrong:
        code, message = await town.desk.refused("sell", **sale(town, **change))
        assert code == "INVALID_CLIENT_REQUEST" and "$." in message, change
    code, message = await town.desk.refused(
        "approve", owner=NOBODY, token="AAA", amount="1", spender=NOBODY
    )
    assert code == "INVALID_CLIENT_REQUEST" and router in message


async def test_permits_that_do_not_fit(town: Town) -> None:
    me = town.alice.address
    pool = {"owner": me, "tokenA": "AAA", "tokenB": "BBB"}
    deposit = {"amountADesired": str(E18), "amountBDesired": str(3 * E18)}
    town.mined(await town.desk.ask("add-liquidity", **pool, **deposit))
    shares = town.owned(town.deployed.pair(town.a, town.b))
    wish = pool | {"liquidity": str(shares)}
    asked = await town.desk.ask("remove-liquidity", **wish)
    signable = encode_typed_data(full_message=asked["permit"])
    good = "0x" + town.alice.sign_message(signable).signature.hex()
    forged = "0x" + town.deployed.bob.sign_message(signable).signature.hex()
    code, message = await town.desk.refused("remove-liquidity", **wish, permit=good)
    assert code == "INVALID_CLIENT_REQUEST" and "$.deadline" in message
    at = {"deadline": asked["deadline"]}
    for permit, other in (
        (forged, at),
        (good, {"deadline": asked["deadline"] - 1}),
        (good, at | {"liquidity": str(shares - 1)}),
        ("0x" + "00" * 65, at),
    ):
        code, _ = await town.desk.refused("remove-liquidity", **(wish | other), permit=permit)
        assert code == "INVALID_SIGNATURE", (permit, other)
    town.mined(await town.desk.ask("remove-liquidity", **wish, **at, permit=good))
    more = {name: amount.replace("000", "001", 1) for name, amount in deposit.items()}
    town.mined(await town.desk.ask("add-liquidity", **pool, **more))
    code, _ = await town.desk.refused("remove-liquidity", **wish, **at, permit=good)
    assert code == "INVALID_SIGNATURE", "its nonce is used"


async def test_minimums_of_liquidity_are_held(town: Town) -> None:
    me = town.alice.address
    pool = {"owner": me, "tokenA": "AAA", "tokenB": "BBB"}
    deposit = {"amountADesired": str(E18), "amountBDesired": str(4 * E18)}
    code, _ = await town.desk.refused("add-liquidity", **pool, **deposit, amountBMin=str(4 * E18))
    assert code == "SLIPPAGE_EXCEEDED"
    town.mined(await town.desk.ask("add-liquidity", **pool, **deposit, amountBMin=str(3 * E18)))
    shares = str(town.owned(town.deployed.pair(town.a, town.b)))
    wish = pool | {"liquidity": shares, "permit": False}
    most = await town.desk.ask("remove-liquidity", **wish, slippageBps=0)
    assert (most["amountAMin"], most["amountBMin"]) == (most["amountA"], most["amountB"])
    for bound, other in (("A", "B"), ("B", "A")):
        half = await town.desk.ask("remove-liquidity", **wish, **{f"amount{bound}Min": "1"})
        least = int(most[f"amount{other}"]) * 9_950 // 10_000
        assert (half[f"amount{bound}Min"], half[f"amount{other}Min"]) == ("1", str(least))
        assert least.to_bytes(32, "big").hex() in half["transactions"][-1]["data"]
    for bound in ("amountAMin", "amountBMin"):
        above = str(int(most[bound]) + 1)
        code, _ = await town.desk.refused("remove-liquidity", **wish, **{bound: above})
        assert code == "SLIPPAGE_EXCEEDED", bound
    town.mined(most)


async def test_an_old_block_is_nothing_to_build_on(town: Town) -> None:
    old = town.desk.venue.deployment
    fresh = town.deployed.configured(stale_after_s=1)
    town.desk.venue.deployment = fresh
    now_ms = (town.deployed.now_s + 3) * 1_000
    code, message = await town.desk.refused("sell", now_ms=now_ms, **sale(town))
    assert code == "NODE_UNAVAILABLE" and "3 s old" in message
    town.desk.venue.deployment = old
    await town.desk.ask("sell", now_ms=now_ms, **sale(town))
