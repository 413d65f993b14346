"""What the wallet layer is measured against: type strings, published vectors, strategies."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from xyk.domain.commands import ACTIONS, SignedAction
from xyk.domain.units import decode_wire
from xyk.wallet.typed_data import Domain

# Section 5 of the design, letter for letter.
TYPE_STRINGS = """\
SwapExactIn(address owner,address tokenIn,address tokenOut,uint256 amountIn,uint256 minAmountOut,uint64 nonce,uint64 deadline)
SwapExactOut(address owner,address tokenIn,address tokenOut,uint256 amountOut,uint256 maxAmountIn,uint64 nonce,uint64 deadline)
AddLiquidity(address owner,address tokenA,address tokenB,uint256 amountADesired,uint256 amountBDesired,uint256 amountAMin,uint256 amountBMin,uint64 nonce,uint64 deadline)
RemoveLiquidity(address owner,address tokenA,address tokenB,uint256 liquidity,uint256 amountAMin,uint256 amountBMin,uint64 nonce,uint64 deadline)
PlaceOrder(address owner,address sellToken,address buyToken,uint256 sellAmount,uint256 buyAmount,string timeInForce,bool postOnly,string selfTradePrevention,uint256 triggerPrice,bool triggerAbove,uint64 clientId,uint64 expires,uint64 nonce,uint64 deadline)
ReplaceOrder(address owner,bytes32 order,address sellToken,address buyToken,uint256 sellAmount,uint256 buyAmount,uint64 nonce,uint64 deadline)
CancelOrder(address owner,string orderId,uint64 clientId,uint64 nonce,uint64 deadline)
CancelAllOrders(address owner,string market,uint64 nonce,uint64 deadline)
CancelAllAfter(address owner,string market,uint64 timeoutSeconds,uint64 nonce,uint64 deadline)
Transfer(address owner,address token,uint256 amount,address recipient,uint64 nonce,uint64 deadline)
Withdraw(address owner,address token,uint256 amount,address recipient,uint64 nonce,uint64 deadline)
ApproveAgent(address owner,address agent,uint64 validUntil,uint64 nonce,uint64 deadline)
RevokeAgent(address owner,address agent,uint64 nonce,uint64 deadline)
ApproveApiKey(address owner,bytes32 publicKey,uint64 validUntil,uint64 nonce,uint64 deadline)
RevokeApiKey(address owner,bytes32 publicKey,uint64 nonce,uint64 deadline)
ListAsset(address owner,string symbol,address token,uint8 decimals,uint64 nonce,uint64 deadline)
ListMarket(address owner,string base,string quote,uint256 tickSize,uint256 lotSize,int32 makerFeeBps,int32 takerFeeBps,uint32 poolFeeBps,bool book,uint64 nonce,uint64 deadline)
UpdateMarket(address owner,string market,uint256 tickSize,uint256 lotSize,int32 makerFeeBps,int32 takerFeeBps,uint32 poolFeeBps,bool book,uint64 nonce,uint64 deadline)
SetMarketStatus(address owner,string market,string status,uint64 nonce,uint64 deadline)
SetProtocolFee(address owner,address recipient,uint64 nonce,uint64 deadline)
SetOperator(address owner,address operator,uint64 nonce,uint64 deadline)
""".splitlines()  # noqa: E501

_FILE = Path(__file__).parent.parent / "vectors" / "typed_data_vectors.json"
FILE: dict[str, Any] = json.loads(_FILE.read_text())
VECTORS: list[dict[str, Any]] = FILE["vectors"]
VECTOR_IDS = [f"{vector['type']}-{vector['domain']}" for vector in VECTORS]
OWNER: str = FILE["owner"].lower()
KEY = bytes.fromhex(FILE["privateKey"][2:])

DOMAINS = {
    name: Domain(
        document["salt"], document.get("chainId", 0), document.get("verifyingContract", "")
    )
    for name, document in FILE["domains"].items()
}


def action_of(vector: dict[str, Any]) -> SignedAction:
    """The vector's action, decoded as a request is."""
    kind = ACTIONS[vector["type"]]
    return msgspec.convert(vector["action"], kind, dec_hook=decode_wire, strict=True)


def members_of(type_string: str) -> list[tuple[str, str]]:
    """(solidity type, name) of each member, read from the type string and not from our Structs."""
    inner = re.fullmatch(r"\w+\((.*)\)", type_string)
    assert inner is not None
    return [
        (solidity, name) for solidity, name in (pair.split(" ") for pair in inner[1].split(","))
    ]


def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.sampled_from([low, 0, 1, high - 1, high]) | st.integers(low, high)


def _hex(size: int) -> st.SearchStrategy[str]:
    edges = [bytes(size), b"\xff" * size, bytes(size - 1) + b"\x01"]
    return (st.sampled_from(edges) | st.binary(min_size=size, max_size=size)).map(
        lambda b: f"0x{b.hex()}"
    )


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint256": _integers(0, 2**256 - 1),
    "uint64": _integers(0, 2**64 - 1),
    "uint32": _integers(0, 2**32 - 1),
    "uint8": _integers(0, 2**8 - 1),
    "int32": _integers(-(2**31), 2**31 - 1) | st.sampled_from([-1, -2, -256]),
    "address": _hex(20),
    "bytes32": _hex(32),
    "string": st.sampled_from(["", "ETH_USDC", "é", "\x00", "価格 🦄", "x" * 200]) | st.text(),
    "bool": st.booleans(),
}


def documents(type_string: str) -> st.SearchStrategy[dict[str, Any]]:
    """Messages of one type, as Python values keyed by the names of the wire."""
    return st.fixed_dictionaries(
        {name: VALUES[solidity] for solidity, name in members_of(type_string)}
    )


def struct_of(kind: str, document: dict[str, Any]) -> SignedAction:
    """The Struct with exactly these values, with no wire form in between."""
    struct = ACTIONS[kind]
    names = {field.encode_name: field.name for field in msgspec.structs.fields(struct)}
    return struct(**{names[name]: value for name, value in document.items()})
