"""Each signed route with its receipt, and every refusal of a swap that its state can cause."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from amm.constant_product import get_amount_in, get_amount_out
from tests.api.desk import BTC, ETH, NOBODY, USDC, Desk, Json, fresh_pair, now_s, refusal
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.domain.commands import SwapExactOut
from xyk.domain.tokens import token_address
from xyk.domain.units import RESERVE_MAX, UINT256_MAX
from xyk.wallet.typed_data import checksum

FEE_BPS = 30


async def reserves(client: Client, market: str) -> tuple[int, int]:
    base, quote = (await client.pool(market))["reserves"]
    return int(base), int(quote)


async def test_selling(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    out = get_amount_out(10**7, 10**9, 2 * 10**9, FEE_BPS)

    receipt = await alice.sell(base, quote, 10**7, min_amount_out=out)

    token_in, token_out = checksum(token_address(base)), checksum(token_address(quote))
    assert receipt["amountIn"] == "10000000"
    assert receipt["amountOut"] == str(out)
    assert receipt["fee"] == "30000"
    pool = {"market": f"{base}_{quote}", "venue": "pool"}
    assert receipt["fees"] == [{**pool, "token": token_in, "amount": "30000"}]
    assert receipt["route"] == [
        {
            **pool,
            "tokenIn": token_in,
            "tokenOut": token_out,
            "amountIn": "10000000",
            "amountOut": str(out),
            "fee": "30000",
        }
    ]
    assert receipt["dust"] == []
    assert len(receipt["digest"]) == 66
    assert abs(receipt["timestamp"] - now_s() * 1000) < 60_000
    nonce, swapped = receipt["events"]
    assert (nonce["type"], nonce["signer"]) == ("NonceUsed", checksum(alice.owner))
    assert swapped["type"] == "PoolSwapped"
    assert swapped["reserveBase"] == "1010000000"
    assert await reserves(alice, f"{base}_{quote}") == (1_010_000_000, 2 * 10**9 - out)


async def test_buying(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 2 * 10**9)
    cost = get_amount_in(10**7, 2 * 10**9, 10**9, FEE_BPS)

    receipt = await alice.buy(quote, base, 10**7, max_amount_in=cost)

    assert (receipt["amountIn"], receipt["amountOut"]) == (str(cost), "10000000")
    assert await reserves(alice, f"{base}_{quote}") == (990_000_000, 2 * 10**9 + cost)


async def test_a_route_over_two_pools_has_no_single_fee(operator: Client, alice: Client) -> None:
    base, middle = await fresh_pair(operator, alice, 10**9, 10**9)
    other = f"O{secrets.token_hex(5).upper()}"
    await operator.list_asset(other, 6)
    await alice.faucet(other, 10**9)
    await alice.add_liquidity(middle, other, 10**8, 10**8)

    receipt = await alice.sell(base, other, 10**6)

    assert receipt["fee"] is None
    assert [fee["token"] for fee in receipt["fees"]] == [
        checksum(token_address(symbol)) for symbol in (base, middle)
    ]
    first, second = receipt["route"]
    assert first["amountOut"] == second["amountIn"]
    assert (receipt["amountIn"], receipt["amountOut"]) == (first["amountIn"], second["amountOut"])


async def test_liquidity_in_the_order_of_the_action(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 4 * 10**9)
    market = f"{base}_{quote}"

    added = await alice.add_liquidity(quote, base, 4 * 10**8, 2 * 10**8)
    assert (added["amountA"], added["amountB"]) == ("400000000", "100000000")
    assert added["pool"] == market
    assert added["liquidity"] == "200000000"

    removed = await alice.remove_liquidity(base, quote, 2 * 10**8)
    assert (removed["amountA"], removed["amountB"]) == ("100000000", "400000000")
    assert removed["liquidity"] == "200000000"
    assert await reserves(alice, market) == (10**9, 4 * 10**9)


async def test_moving_funds(alice: Client, bob: Client) -> None:
    receipt = await alice.transfer("ETH", 5, bob.owner)
    assert receipt["events"][1]["recipient"] == checksum(bob.owner)
    assert set(receipt) == {"seq", "timestamp", "digest", "events"}

    receipt = await bob.withdraw("ETH", 5, NOBODY)
    assert receipt["token"] == checksum(ETH)
    assert (receipt["amount"], receipt["recipient"]) == ("5", checksum(NOBODY))
    assert receipt["status"] == "confirmed"
    assert (await bob.account())["balances"] == []


async def test_the_faucet(bob: Client) -> None:
    receipt = await bob.faucet("BTC")
    assert receipt["digest"] is None
    assert receipt["events"][0]["amount"] == str(1000 * 10**8)
    await bob.faucet(BTC, 7)
    [balance] = (await bob.account())["balances"]
    assert balance["available"] == str(1000 * 10**8 + 7)
    with pytest.raises(Refused, match="INVALID_QUANTITY"):
        await bob.faucet("BTC", RESERVE_MAX + 1)
    with pytest.raises(Refused, match="INVALID_ASSET"):
        await bob.faucet("LP:ETH_USDC", 1)
    with pytest.raises(Refused, match="INVALID_ASSET"):
        await bob.faucet("NOTHING", 1)


async def test_keys_and_agents_are_approved_and_revoked(alice: Client) -> None:
    until, key, agent = now_s() + 3600, "0x" + secrets.token_hex(32), "0x" + secrets.token_hex(20)
    await alice.approve_api_key(key, until)
    await alice.approve_agent(agent, until)
    account = await alice.account()
    assert account["apiKeys"] == [{"publicKey": key, "validUntil": until, "revoked": False}]
    assert account["agents"] == [{"agent": checksum(agent), "validUntil": until, "revoked": False}]

    await alice.revoke_api_key(key)
    await alice.revoke_agent(agent)
    account = await alice.account()
    assert account["apiKeys"][0]["revoked"]
    assert account["agents"][0]["revoked"]


async def test_the_operator_lists_and_updates(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, 10**9, 10**9)
    terms: Json = {
        "tick_size": 1,
        "lot_size": 10**6,
        "maker_fee_bps": -1,
        "taker_fee_bps": 2,
        "pool_fee_bps": 25,
        "book": True,
    }
    await operator.list_market(base, quote, **terms)
    await operator.update_market(f"{base}_{quote}", **{**terms, "taker_fee_bps": 3})
    market = await operator.get("/api/v1/market", {"symbol": f"{base}_{quote}"})
    assert (market["makerFeeBps"], market["takerFeeBps"], market["poolFeeBps"]) == (-1, 3, 25)
    assert (market["book"], market["pool"], market["orderBookState"]) == (True, True, "Open")
    with pytest.raises(Refused) as refused:
        await operator.list_asset(base, 6)
    assert (refused.value.code, refused.value.status) == ("INVALID_ASSET", 409)

    await operator.set_market_status(f"{base}_{quote}", "paused")
    with pytest.raises(Refused, match="TRADING_PAUSED"):
        await alice.sell(base, quote, 10**6)
    with pytest.raises(Refused, match="TRADING_PAUSED"):
        await alice.quote(base, quote, amount_in=10**6)
    shares = (await alice.position(f"{base}_{quote}"))["shares"]
    await alice.remove_liquidity(base, quote, int(shares))


async def test_the_protocol_fee_and_the_operator_change_hands(operator: Client) -> None:
    receipt = await operator.set_protocol_fee("0x" + "00" * 20)
    assert receipt["events"][1] == {"type": "ProtocolFeeChanged", "recipient": ""}
    receipt = await operator.set_operator(operator.owner)
    assert receipt["events"][1]["operator"] == checksum(operator.owner)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount_in": 0}, (422, "INVALID_QUANTITY")),
        ({"token_in": NOBODY}, (404, "INVALID_ASSET")),
        ({"token_out": NOBODY}, (404, "INVALID_ASSET")),
        ({"token_out": ETH}, (422, "SAME_TOKEN")),
        ({"amount_in": 10**30}, (422, "INSUFFICIENT_FUNDS")),
        ({"amount_in": 1}, (422, "INSUFFICIENT_LIQUIDITY")),
        ({"min_amount_out": 10**20}, (422, "SLIPPAGE_EXCEEDED")),
    ],
)
async def test_sells_that_the_state_refuses(
    desk: Desk, changes: Json, expected: tuple[int, str]
) -> None:
    assert refusal(await desk.sell(desk.body(desk.swap(**changes)))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"max_amount_in": 1}, (422, "SLIPPAGE_EXCEEDED")),
        ({"amount_out": 10**30}, (422, "INSUFFICIENT_LIQUIDITY")),
        ({"amount_out": 0}, (422, "INVALID_QUANTITY")),
        ({"token_in": BTC, "amount_out": 10**6}, (422, "INSUFFICIENT_FUNDS")),
    ],
)
async def test_buys_that_the_state_refuses(
    desk: Desk, changes: Json, expected: tuple[int, str]
) -> None:
    values: dict[str, Any] = {
        "owner": desk.wallet.address,
        "token_in": ETH,
        "token_out": USDC,
        "amount_out": 10**6,
        "max_amount_in": UINT256_MAX,
        **desk.alice.stamp(),
    }
    buy = SwapExactOut(**{**values, **changes})
    assert refusal(await desk.post("/api/v1/buy", desk.body(buy))) == expected


async def test_pools_that_cannot_serve(operator: Client, alice: Client) -> None:
    base, quote = await fresh_pair(operator, alice, RESERVE_MAX // 2, 10**9)
    await alice.faucet(base, RESERVE_MAX)
    with pytest.raises(Refused, match="RESERVE_OVERFLOW"):
        await alice.sell(base, quote, RESERVE_MAX - RESERVE_MAX // 2 + 1)
    await alice.sell(base, quote, RESERVE_MAX - RESERVE_MAX // 2)
    with pytest.raises(Refused, match="POOL_NOT_FOUND"):
        await alice.sell(base, "ETH", 10**6)

    lonely = f"L{secrets.token_hex(5).upper()}"
    await operator.list_asset(lonely, 6)
    await operator.list_market(lonely, "USDC", tick_size=1, lot_size=1)
    await alice.faucet(lonely)
    with pytest.raises(Refused, match="INSUFFICIENT_LIQUIDITY"):  # a pool without reserves
        await alice.sell(lonely, "USDC", 10**6)


async def test_reads_follow_their_own_writes(http: httpx.AsyncClient, alice: Client) -> None:
    """Forty requests at once: what is acknowledged is in every later read."""

    async def trade(_: int) -> None:
        receipt = await alice.transfer("USDC", 1, NOBODY)
        account = (await http.get(f"/api/v1/accounts/{alice.owner}")).json()
        assert account["seq"] >= receipt["seq"]
        status = (await http.get("/api/v1/status")).json()
        assert status["seq"] >= receipt["seq"]

    await asyncio.gather(*(trade(n) for n in range(40)))
    balances = {one["symbol"]: one for one in (await alice.account())["balances"]}
    assert balances["USDC"]["available"] == str(1000 * 10**6 - 40)
