"""Our calldata against web3's encoding by the published ABIs, and a permit against eth-account."""

from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from web3 import Web3

from tests.chain.packages import CORE, PERIPHERY, artifact
from xyk.chain import router_calls as rc
from xyk.chain.call import Call
from xyk.chain.permit import PermitDomain, signature_of
from xyk.chain.refused import Refused
from xyk.chain.wishes import PermitParts

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("anvil")]

ROUTER, A, B, C, ME = ("0x" + f"{number:02x}" * 20 for number in (0xAA, 1, 2, 3, 0xEE))
DEADLINE = 1_800_000_000
R, S = b"\x11" * 32, b"\x22" * 32
FEE = "SupportingFeeOnTransferTokens"


def way(native_in: bool = False, native_out: bool = False) -> rc.Way:
    return rc.Way(ROUTER, (A, B, C), ME, DEADLINE, native_in, native_out)


def sides(native: bool) -> rc.Sides:
    return rc.Sides(ROUTER, A, B, 7, 8, ME, DEADLINE, native)


PATH = [A, B, C]
TAIL = [7, 8, ME, DEADLINE]
PERMIT = rc.Signature(28, R, S)
CASES: list[tuple[Call, str, list[Any], int]] = [
    (rc.sell(way(), 5, 6), "swapExactTokensForTokens", [5, 6, PATH, ME, DEADLINE], 0),
    (rc.sell(way(True), 5, 6), "swapExactETHForTokens", [6, PATH, ME, DEADLINE], 5),
    (rc.sell(way(False, True), 5, 6), "swapExactTokensForETH", [5, 6, PATH, ME, DEADLINE], 0),
    (
        rc.sell(way(), 5, 6, fee_on_transfer=True),
        "swapExactTokensForTokens" + FEE,
        [5, 6, PATH, ME, DEADLINE],
        0,
    ),
    (
        rc.sell(way(True), 5, 6, fee_on_transfer=True),
        "swapExactETHForTokens" + FEE,
        [6, PATH, ME, DEADLINE],
        5,
    ),
    (
        rc.sell(way(False, True), 5, 6, fee_on_transfer=True),
        "swapExactTokensForETH" + FEE,
        [5, 6, PATH, ME, DEADLINE],
        0,
    ),
    (rc.buy(way(), 5, 6), "swapTokensForExactTokens", [5, 6, PATH, ME, DEADLINE], 0),
    (rc.buy(way(True), 5, 6), "swapETHForExactTokens", [5, PATH, ME, DEADLINE], 6),
    (rc.buy(way(False, True), 5, 6), "swapTokensForExactETH", [5, 6, PATH, ME, DEADLINE], 0),
    (rc.add_liquidity(sides(False), 10, 11), "addLiquidity", [A, B, 10, 11, *TAIL], 0),
    (rc.add_liquidity(sides(True), 10, 11), "addLiquidityETH", [A, 10, *TAIL], 11),
    (rc.remove_liquidity(sides(False), 9), "removeLiquidity", [A, B, 9, *TAIL], 0),
    (rc.remove_liquidity(sides(True), 9), "removeLiquidityETH", [A, 9, *TAIL], 0),
    (
        rc.remove_liquidity(sides(True), 9, fee_on_transfer=True),
        "removeLiquidityETH" + FEE,
        [A, 9, *TAIL],
        0,
    ),
    (
        rc.remove_liquidity(sides(False), 9, permit=PERMIT),
        "removeLiquidityWithPermit",
        [A, B, 9, *TAIL, False, 28, R, S],
        0,
    ),
    (
        rc.remove_liquidity(sides(True), 9, permit=PERMIT),
        "removeLiquidityETHWithPermit",
        [A, 9, *TAIL, False, 28, R, S],
        0,
    ),
    (
        rc.remove_liquidity(sides(True), 9, permit=PERMIT, fee_on_transfer=True),
        "removeLiquidityETHWithPermit" + FEE,
        [A, 9, *TAIL, False, 28, R, S],
        0,
    ),
]


def encoded(folder: Any, name: str, function: str, arguments: list[Any]) -> bytes:
    """By web3, which wants checksums."""

    def shown(value: Any) -> Any:
        if isinstance(value, list):
            return [shown(one) for one in value]
        return Web3.to_checksum_address(value) if isinstance(value, str) else value

    contract = Web3().eth.contract(abi=artifact(folder, name)["abi"])
    return bytes.fromhex(contract.encode_abi(function, [shown(one) for one in arguments])[2:])


@pytest.mark.parametrize(("call", "function", "arguments", "value"), CASES, ids=lambda one: one)
def test_the_router_is_called_as_its_abi_says(
    call: Call, function: str, arguments: list[Any], value: int
) -> None:
    assert call.data == encoded(PERIPHERY, "UniswapV2Router02", function, arguments)
    assert (call.to, call.value) == (ROUTER, value)


def test_every_swap_and_liquidity_function_of_the_router_is_built() -> None:
    abi = artifact(PERIPHERY, "UniswapV2Router02")["abi"]
    changing = {
        one["name"]
        for one in abi
        if one["type"] == "function" and one["stateMutability"] in ("nonpayable", "payable")
    }
    assert changing == {function for _, function, _, _ in CASES}


def test_tokens_are_called_as_their_abis_say() -> None:
    approve = rc.approve(A, ROUTER, 5)
    assert (approve.to, approve.value) == (A, 0)
    assert approve.data == encoded(CORE, "ERC20", "approve", [ROUTER, 5])
    wrap, unwrap = rc.wrap(A, 5), rc.unwrap(A, 6)
    assert (wrap.to, wrap.value, wrap.data) == (A, 5, encoded(PERIPHERY, "WETH9", "deposit", []))
    assert (unwrap.to, unwrap.value) == (A, 0)
    assert unwrap.data == encoded(PERIPHERY, "WETH9", "withdraw", [6])


def test_the_document_of_a_permit_is_the_one_that_its_separator_is_of() -> None:
    domain = PermitDomain("Uniswap V2", "1", 1, A, 3)
    signable = encode_typed_data(full_message=domain.typed_data(ME, ROUTER, 10**30, DEADLINE))
    assert signable.header == domain.separator()
    other = PermitDomain("Uniswap V2", "2", 1, A, 3)
    assert other.separator() != domain.separator()


@pytest.mark.parametrize("v", [0, 1, 27, 28])
def test_a_permit_comes_whole_or_in_parts(v: int) -> None:
    whole = "0x" + (R + S + bytes([v])).hex()
    parts = PermitParts(v=v, r="0x" + R.hex(), s="0x" + S.hex())
    expected = rc.Signature(27 + v % 27, R, S)
    assert signature_of(whole) == signature_of(parts) == expected


@pytest.mark.parametrize(
    "permit",
    ["", "0x", "0x" + "11" * 64, "0x" + "11" * 66, "0x" + "zz" * 65, "0x" + "11" * 64 + "1d"],
)
def test_a_malformed_permit_is_refused(permit: str) -> None:
    with pytest.raises(Refused) as caught:
        signature_of(permit)
    assert caught.value.rejected.code.name == "INVALID_SIGNATURE"
