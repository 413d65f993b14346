"""Which transactions are relayed, by what they say alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from contracts_abi.contract import contract
from xyk.chain.admission import admit
from xyk.chain.call import Call, call_of
from xyk.chain.calldata import Calldata, pair_address
from xyk.chain.deployment import Deployment
from xyk.chain.mirror import Mirror
from xyk.chain.pair import Pair, Token
from xyk.chain.raw import SignedTransaction
from xyk.chain.rpc import RpcDown
from xyk.domain.rejections import Code, Rejected

NOW_S = 1_700_000_000
DAY_S = 86_400
ANN, BOB = "0x" + "a1" * 20, "0x" + "b0" * 20
ROUTER, FACTORY, WETH = "0x" + "12" * 20, "0x" + "fa" * 20, "0x" + "ee" * 20
A, B, C = ("0x" + f"{number}" * 40 for number in (1, 2, 3))
STRANGER = "0x" + "99" * 20
DEPLOYMENT = Deployment(
    name="local",
    rpc=(),
    chain_id=31337,
    factory=FACTORY,
    router=ROUTER,
    wrapped=WETH,
    tokens=(A, B, C, WETH),
)
ROUTER_ABI = "uniswap_v2_router02"
END = (ANN, NOW_S + 60)


class NoNode:
    async def call(self, method: str, *params: object) -> Any:
        raise RpcDown(method)

    async def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        raise RpcDown(calls[0][0])


def pair(one: str, other: str) -> Pair:
    low, high = (Token(token, f"T{token[2]}", 18) for token in sorted((one, other)))
    return Pair(pair_address(DEPLOYMENT, one, other), low, high, True)


MIRROR = Mirror(DEPLOYMENT, NoNode(), [pair(A, B), pair(B, C), pair(A, WETH)])
AB = pair(A, B).address


def routed(function: str, *arguments: object, value: int = 0) -> Call:
    return call_of(ROUTER_ABI, ROUTER, function, *arguments, value=value)


def sell(path: Sequence[str] = (A, B), least: int = 1, end: tuple[str, int] = END) -> Call:
    return routed("swapExactTokensForTokens", 100, least, path, *end)


def asked(call: Call, **changed: Any) -> Calldata | Rejected:
    fields: dict[str, Any] = {
        "hash": "0x" + "77" * 32,
        "sender": ANN,
        "nonce": 0,
        "to": call.to,
        "value": call.value,
        "gas": 200_000,
        "data": call.data,
        "raw": b"",
        "type": 2,
        "chain_id": 31337,
        "max_priority_fee": 1,
        "max_fee": 1,
    }
    return admit(MIRROR, SignedTransaction(**(fields | changed)), NOW_S)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (sell(), "sell"),
        (sell((A, B, C)), "sell"),
        (
            routed("swapExactTokensForTokensSupportingFeeOnTransferTokens", 1, 1, [A, B], *END),
            "sell",
        ),
        (routed("swapExactETHForTokens", 1, [WETH, A], *END, value=5), "sell"),
        (routed("swapExactTokensForETH", 9, 1, [A, WETH], *END), "sell"),
        (routed("swapTokensForExactTokens", 9, 11, [A, B], *END), "buy"),
        (routed("swapETHForExactTokens", 9, [WETH, A], *END, value=5), "buy"),
        (routed("swapTokensForExactETH", 9, 11, [A, WETH], *END), "buy"),
        (routed("addLiquidity", A, B, 9, 9, 1, 1, *END), "add-liquidity"),
        (routed("addLiquidity", A, C, 9, 9, 1, 1, *END), "add-liquidity"),  # makes the pair
        (routed("addLiquidityETH", A, 9, 1, 1, *END, value=5), "add-liquidity"),
        (routed("removeLiquidity", A, B, 9, 1, 1, *END), "remove-liquidity"),
        (
            routed(
                "removeLiquidityETHWithPermit", A, 9, 1, 1, *END, True, 27, b"r" * 32, b"s" * 32
            ),
            "remove-liquidity",
        ),
        (call_of("erc20", A, "approve", ROUTER, 5), "approve"),
        (call_of("erc20", WETH, "approve", ROUTER, 5), "approve"),
        (call_of("erc20", AB, "approve", ROUTER, 0), "approve"),
        (call_of("weth9", WETH, "deposit", value=5), "wrap"),
        (call_of("weth9", WETH, "withdraw", 5), "unwrap"),
    ],
)
def test_what_is_relayed(call: Call, kind: str) -> None:
    found = asked(call)
    assert isinstance(found, Calldata), found
    assert found.kind == kind


def test_another_recipient_is_the_signers_to_name() -> None:
    found = asked(sell(end=(BOB, NOW_S)))
    assert isinstance(found, Calldata), found
    assert found.recipient == BOB


BAD_DATA = Call(ROUTER, sell().data[:-1])
TAILED = Call(ROUTER, sell().data + bytes(32))
DIRTY = Call(A, call_of("erc20", A, "approve", ROUTER, 5).data[:4] + b"\1" * 64)


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (Call(STRANGER, sell().data), Code.INVALID_TRANSACTION, "neither local's router"),
        (Call(FACTORY, b""), Code.INVALID_TRANSACTION, "neither local's router"),
        (Call(ROUTER, b""), Code.INVALID_TRANSACTION, "is called with 0x;"),
        (Call(WETH, b"", 5), Code.INVALID_TRANSACTION, "deposit"),
        (call_of("erc20", A, "transfer", ANN, 5), Code.INVALID_TRANSACTION, "its approve"),
        (
            call_of("erc20", A, "permit", ANN, ROUTER, 5, 5, 27, b"r" * 32, b"s" * 32),
            *(Code.INVALID_TRANSACTION, "its approve"),
        ),
        (routed("getAmountsOut", 5, [A, B]), Code.INVALID_TRANSACTION, "is called with"),
        (BAD_DATA, Code.INVALID_TRANSACTION, "are no swapExactTokensForTokens("),
        (TAILED, Code.INVALID_TRANSACTION, "ABI's own form"),
        (DIRTY, Code.INVALID_TRANSACTION, "are no approve("),
        (sell(end=(ANN, NOW_S - 1)), Code.EXPIRED, "passed 1 s ago"),
        (sell(end=(ANN, NOW_S + DAY_S + 1)), Code.EXPIRED, "more than a day"),
        (sell(end=(ANN, 2**256 - 1)), Code.EXPIRED, "more than a day"),
        (sell(least=0), Code.SLIPPAGE_EXCEEDED, "amountOutMin is 0"),
        (
            routed("addLiquidity", A, B, 9, 9, 1, 0, *END),
            *(Code.SLIPPAGE_EXCEEDED, "amountBMin is 0"),
        ),
        (
            routed("removeLiquidityETH", A, 9, 1, 0, *END),
            *(Code.SLIPPAGE_EXCEEDED, "amountETHMin is 0"),
        ),
        (
            routed("swapTokensForExactTokens", 9, 2**112, [A, B], *END),
            *(Code.SLIPPAGE_EXCEEDED, "amountInMax"),
        ),
        (sell((A, STRANGER)), Code.INVALID_TRANSACTION, "not mirrored"),
        (sell((A, C)), Code.INVALID_TRANSACTION, "no mirrored pair"),
        (sell((A,)), Code.INVALID_TRANSACTION, "fewer than two"),
        (sell(()), Code.INVALID_TRANSACTION, "fewer than two"),
        (
            routed("addLiquidity", A, STRANGER, 9, 9, 1, 1, *END),
            *(Code.INVALID_TRANSACTION, "not mirrored"),
        ),
        (
            call_of("erc20", A, "approve", STRANGER, 5),
            *(Code.INVALID_TRANSACTION, "only the router"),
        ),
        (sell(end=("0x" + "00" * 20, NOW_S)), Code.INVALID_TRANSACTION, "is lost"),
        (sell(end=(AB, NOW_S)), Code.INVALID_TRANSACTION, "is lost"),
        (sell(end=(ROUTER, NOW_S)), Code.INVALID_TRANSACTION, "is lost"),
        (
            routed("swapExactETHForTokens", 1, [WETH, A], *END),
            *(Code.INVALID_TRANSACTION, "value is 0"),
        ),
        (Call(ROUTER, sell().data, 1), Code.INVALID_TRANSACTION, "value is not 0"),
        (
            routed("addLiquidityETH", A, 9, 1, 6, *END, value=5),
            *(Code.INVALID_TRANSACTION, "above the transaction's value"),
        ),
    ],
)
def test_what_is_not(call: Call, code: Code, says: str) -> None:
    found = asked(call)
    assert isinstance(found, Rejected), found
    assert found.code is code
    assert says in found.message


def test_another_chain_and_too_little_gas() -> None:
    for changed, says in (({"chain_id": 1}, "is on chain 31337"), ({"gas": 20_999}, "21000")):
        found = asked(sell(), **changed)
        assert isinstance(found, Rejected)
        assert found.code is Code.INVALID_TRANSACTION
        assert says in found.message


def test_every_function_of_the_router_that_changes_something_is_known() -> None:
    """And none that is not in the published ABI: `_verb` goes by names."""
    functions = contract(ROUTER_ABI).functions.values()
    changing = [one for one in functions if one.stateMutability in ("payable", "nonpayable")]
    for function in changing:
        empty = Call(ROUTER, function.selector)
        found = asked(empty)
        assert isinstance(found, Rejected)
        assert "are no" in found.message, function.name
    for function in functions:
        if function not in changing:
            found = asked(Call(ROUTER, function.selector))
            assert isinstance(found, Rejected)
            assert "is called with" in found.message, function.name
