"""What a transaction asks of a deployment, read from where it goes and its data."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from contracts_abi.contract import Function, contract
from xyk.chain.deployment import Deployment
from xyk.chain.raw import keccak
from xyk.domain.rejections import Code, Rejected

BUY, SELL = "buy", "sell"
ADD_LIQUIDITY, REMOVE_LIQUIDITY = "add-liquidity", "remove-liquidity"
APPROVE, WRAP, UNWRAP = "approve", "wrap", "unwrap"

_SELECTOR_BYTES = 4
# The verb of the router's functions by how their names begin, the longest first.
_VERBS = (
    ("swapExact", SELL),
    ("swap", BUY),
    ("addLiquidity", ADD_LIQUIDITY),
    ("removeLiquidity", REMOVE_LIQUIDITY),
)

Arguments = Mapping[str, Any]


class Calldata(msgspec.Struct, frozen=True):
    """`kind`: the verb. `arguments` by the ABI's names; addresses are lower case."""

    kind: str
    to: str
    function: Function
    arguments: Arguments

    @property
    def deadline_s(self) -> int | None:
        return self.arguments.get("deadline")

    @property
    def recipient(self) -> str | None:
        """Who gets what comes out, where the call names one."""
        return self.arguments.get("to")

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.arguments.get("path", ()))

    @property
    def is_payable(self) -> bool:
        """Whether the native coin goes in."""
        return self.function.stateMutability == "payable"

    @property
    def takes_coin(self) -> bool:
        """Whether the native coin comes out."""
        return self.function.name.startswith(
            ("swapExactTokensForETH", "swapTokensForExactETH", "removeLiquidityETH")
        )

    def spends(self, deployment: Deployment) -> list[tuple[str, int]]:
        """Tokens that the sender must have, and the most that is taken of each."""
        given = self.arguments
        if self.kind in (SELL, BUY):
            if self.is_payable:
                return []
            most = given["amountIn" if self.kind == SELL else "amountInMax"]
            return [(self.path[0], most)]
        if self.kind == REMOVE_LIQUIDITY:
            pair = pair_address(deployment, *self.tokens(deployment))
            return [(pair, given["liquidity"])]
        if self.kind == UNWRAP:
            return [(self.to, given["value"])]
        if "token" in given:
            return [(given["token"], given["amountTokenDesired"])]
        if self.kind == ADD_LIQUIDITY:
            desired = given["amountADesired"], given["amountBDesired"]
            return list(zip(self.tokens(deployment), desired, strict=True))
        return []

    @property
    def needs_allowance(self) -> bool:
        """Whether the router takes them, and by no permit in the call itself."""
        return self.kind != UNWRAP and "approveMax" not in self.arguments

    def tokens(self, deployment: Deployment) -> tuple[str, ...]:
        """A swap's path, or liquidity's two tokens as the call orders them, the coin second."""
        if "path" in self.arguments:
            return self.path
        if "token" in self.arguments:
            return self.arguments["token"], deployment.wrapped
        if "tokenA" in self.arguments:
            return self.arguments["tokenA"], self.arguments["tokenB"]
        return ()


def pair_address(deployment: Deployment, one: str, other: str) -> str:
    """Where the factory puts the pair of two tokens (CREATE2)."""
    low, high = sorted((one, other))
    salt = keccak(bytes.fromhex(low[2:] + high[2:]))
    factory, code = bytes.fromhex(deployment.factory[2:]), deployment.init_code_hash
    return "0x" + keccak(b"\xff" + factory + salt + bytes.fromhex(code[2:]))[12:].hex()


def read_calldata(deployment: Deployment, to: str, data: bytes) -> Calldata | Rejected:
    """INVALID_TRANSACTION where nobody could mean it for this deployment. `approve` is read
    wherever it goes to."""
    known = _functions(_role(deployment, to))
    found = known.get(data[:_SELECTOR_BYTES])
    if found is None:
        names = ", ".join(function.name for function, _ in known.values())
        return _refused(
            f"{to} is called with 0x{data[:_SELECTOR_BYTES].hex()}; relayed are its {names}"
        )
    function, kind = found
    types = function.input_types
    try:
        values = decode(types, data[_SELECTOR_BYTES:])
        is_exact = encode(types, values) == data[_SELECTOR_BYTES:]
    except (DecodingError, OverflowError, ValueError):
        return _refused(f"The data are no {function.signature}")
    if not is_exact:
        return _refused(f"The data of {function.signature} are not in the ABI's own form")
    names_of = [parameter.name for parameter in function.inputs]
    return Calldata(kind, to, function, dict(zip(names_of, values, strict=True)))


def _role(deployment: Deployment, to: str) -> str:
    return {deployment.router: "router", deployment.wrapped: "wrapped"}.get(to, "token")


@cache
def _functions(role: str) -> dict[bytes, tuple[Function, str]]:
    """What may be called, by selector."""
    if role == "router":
        return {
            function.selector: (function, verb)
            for function in contract("uniswap_v2_router02").functions.values()
            if (verb := _verb(function.name)) is not None
        }
    weth, approve = contract("weth9").functions, contract("erc20").functions["approve"]
    known = {approve.selector: (approve, APPROVE)}
    if role == "wrapped":
        known[weth["deposit"].selector] = weth["deposit"], WRAP
        known[weth["withdraw"].selector] = weth["withdraw"], UNWRAP
    return known


def _verb(name: str) -> str | None:
    return next((verb for prefix, verb in _VERBS if name.startswith(prefix)), None)


def _refused(message: str) -> Rejected:
    return Rejected(Code.INVALID_TRANSACTION, message)
