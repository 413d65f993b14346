"""A node that lies, stumbles or prices gas absurdly: refused with its name, never a crash, never a
transaction built upon it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from eth_abi.abi import encode

from tests.chain.desk import Desk
from tests.chain.town import Town
from tests.chain.weather import FINE, Weather, sky
from xyk.chain.rpc import Rpc

pytestmark = [pytest.mark.slow, pytest.mark.chain]

LATEST: Mapping[str, Any] = {"number": "0x1", "hash": "0x" + "11" * 32, "timestamp": "0x1"}
HISTORY: Mapping[str, Any] = {"oldestBlock": "0x1", "gasUsedRatio": [0.5]}
LIES: list[dict[str, Any]] = (
    [
        {"null": frozenset({method})}
        for method in (
            *("eth_getBlockByNumber", "eth_call", "eth_getBalance", "eth_getTransactionCount"),
            *("eth_estimateGas", "eth_feeHistory"),
        )
    ]
    + [
        {"results": result}
        for result in (
            {"eth_getBlockByNumber": {}},
            {"eth_getBlockByNumber": LATEST},
            {"eth_getBlockByNumber": [1]},
            {"eth_getTransactionCount": "many"},
            {"eth_getTransactionCount": 7},
            {"eth_estimateGas": "0x"},
            {"eth_getBalance": True},
            {"eth_feeHistory": {}},
            {"eth_feeHistory": {**HISTORY, "baseFeePerGas": []}},
            {"eth_feeHistory": {**HISTORY, "baseFeePerGas": ["0x1", "x"], "reward": [["0x1"]]}},
            {"eth_feeHistory": {**HISTORY, "baseFeePerGas": ["0x1", "0x1"], "reward": [[]]}},
            {"eth_feeHistory": {**HISTORY, "baseFeePerGas": ["0x1"], "reward": "0x1"}},
            {"eth_feeHistory": {**HISTORY, "baseFeePerGas": [hex(10**14)], "reward": []}},
        )
    ]
    + [
        {"errors": {"eth_feeHistory": {"code": -32601, "message": "the method does not exist"}}},
        {"errors": {"eth_getTransactionCount": {"code": -32000, "message": "out of luck"}}},
        {"errors": {"eth_estimateGas": {"code": -32000, "message": "out of luck"}}},
        {"errors": {"eth_call": {"code": -32000, "message": "header not found"}}},
        {"status": 500},
        {"status": 429},
        {"is_dropping": True},
        {"is_truncated": True},
        {"body": b"<html>"},
    ]
)


async def test_lies_are_refused(town: Town) -> None:
    me = town.alice.address
    with sky(urlsplit(town.deployed.node.url).port) as over:
        wishes = (
            ("sell", {"tokenIn": town.a.address, "tokenOut": town.b.address, "amountIn": "9999"}),
            ("wrap", {"amount": "1"}),
        )
        for lie in LIES:
            for verb, wish in wishes:
                desk = Desk(town.deployed, rpc_url=over.url)
                over.weather = FINE
                await desk.node.start()
                over.weather = Weather(**lie)
                code, message = await desk.refused(verb, owner=me, **wish)
                assert (code, lie) == ("NODE_UNAVAILABLE", lie), message
                await desk.close()


async def test_what_contracts_are_not(town: Town) -> None:
    """Every call answered with nothing or with noise: no token, no router, no number of ours."""
    me = town.alice.address
    with sky(urlsplit(town.deployed.node.url).port) as over:
        for noise in ("0x", "0x01", "0x" + "ff" * 32, "0x" + "ff" * 96, "0x" + "00" * 64):
            desk = Desk(town.deployed, rpc_url=over.url)
            over.weather = FINE
            await desk.node.start()
            over.weather = Weather(results={"eth_call": noise})
            for verb, wish in (
                ("sell", {"tokenIn": town.a.address, "tokenOut": town.b.address, "amountIn": "9"}),
                ("buy", {"tokenIn": "ETH", "tokenOut": town.a.address, "amountOut": "9"}),
                (
                    "add-liquidity",
                    {
                        "tokenA": town.a.address,
                        "tokenB": town.b.address,
                        "amountADesired": "9999",
                        "amountBDesired": "9999",
                    },
                ),
                (
                    "remove-liquidity",
                    {"tokenA": town.a.address, "tokenB": town.b.address, "liquidity": "9"},
                ),
            ):
                code, _ = await desk.refused(verb, owner=me, **wish)
                assert code in (
                    *("NODE_UNAVAILABLE", "INVALID_ASSET", "POOL_NOT_FOUND", "REVERTED"),
                    *("INSUFFICIENT_LIQUIDITY", "INSUFFICIENT_FUNDS", "SLIPPAGE_EXCEEDED"),
                )
            await desk.close()


async def test_tips_are_those_of_blocks_that_paid_any(town: Town) -> None:
    me = town.alice.address
    base = "0x64"
    with sky(urlsplit(town.deployed.node.url).port) as over:
        for reward, tip in (
            ([["0x0"], ["0x5"], ["0x9"], ["0x7"]], 7),
            ([["0x0"], ["0x0"]], 3),
            ([], 3),
            (None, 3),
        ):
            history = {**HISTORY, "baseFeePerGas": ["0x1", base], "reward": reward}
            over.weather = Weather(
                results={"eth_feeHistory": history, "eth_maxPriorityFeePerGas": "0x3"}
            )
            desk = Desk(town.deployed, rpc_url=over.url)
            [wrap] = (await desk.ask("wrap", owner=me, amount="1"))["transactions"]
            assert wrap["maxPriorityFeePerGas"] == hex(tip)
            assert wrap["maxFeePerGas"] == hex(200 + tip)
            await desk.close()
        over.weather = Weather(
            results={"eth_feeHistory": {**HISTORY, "baseFeePerGas": [base], "reward": []}},
            errors={"eth_maxPriorityFeePerGas": {"code": -32601, "message": "no such method"}},
        )
        desk = Desk(town.deployed, rpc_url=over.url)
        [wrap] = (await desk.ask("wrap", owner=me, amount="1"))["transactions"]
        assert (wrap["maxPriorityFeePerGas"], wrap["maxFeePerGas"]) == ("0x0", "0xc8")
        await desk.close()


class ShortRouter:
    """A node whose router forgets the last amount of a path."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def call(self, method: str, *params: Any) -> Any:
        if method == "eth_call" and params[0]["data"].startswith("0xd06ca61f"):  # getAmountsOut
            return "0x" + encode(["uint256[]"], [[9_999]]).hex()
        return await self._rpc.call(method, *params)

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return await self._rpc.batch(calls)

    async def each(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        return await self._rpc.each(calls)


async def test_a_router_of_too_few_amounts(town: Town) -> None:
    desk = Desk(town.deployed, ShortRouter(town.desk.node))
    code, message = await desk.refused(
        "sell",
        owner=town.alice.address,
        tokenIn=town.a.address,
        tokenOut=town.b.address,
        amountIn="9999",
    )
    assert code == "NODE_UNAVAILABLE" and "1 amounts for 2 tokens" in message
