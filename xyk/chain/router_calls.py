"""What a wallet sends to a deployment: calls of Router02, of a token, of the wrapped coin.

Pure encoding. Amounts are base units, addresses lower case, deadlines unix seconds. Where a side is
the native coin its place in a path is the wrapped token's and the router wraps and unwraps.
"""

from collections.abc import Sequence

import msgspec

from xyk.chain.call import Call, call_of

ROUTER = "uniswap_v2_router02"
FEE_ON_TRANSFER = "SupportingFeeOnTransferTokens"


class Signature(msgspec.Struct, frozen=True):
    """Of a permit; `r` and `s` are 32 bytes, `v` 27 or 28."""

    v: int
    r: bytes
    s: bytes


class Way(msgspec.Struct, frozen=True):
    """How a swap runs. `path`: tokens from in to out; `recipient`: who gets what comes out."""

    router: str
    path: tuple[str, ...]
    recipient: str
    deadline: int
    native_in: bool = False
    native_out: bool = False


def sell(way: Way, amount_in: int, min_out: int, *, fee_on_transfer: bool = False) -> Call:
    """Exactly `amount_in` for at least `min_out`; with `fee_on_transfer` the router counts what
    arrives instead of what was sent."""
    tail = (way.path, way.recipient, way.deadline)
    suffix = FEE_ON_TRANSFER if fee_on_transfer else ""
    if way.native_in:
        name = "swapExactETHForTokens" + suffix
        return call_of(ROUTER, way.router, name, min_out, *tail, value=amount_in)
    name = "swapExactTokensForETH" if way.native_out else "swapExactTokensForTokens"
    return call_of(ROUTER, way.router, name + suffix, amount_in, min_out, *tail)


def buy(way: Way, amount_out: int, max_in: int) -> Call:
    """Exactly `amount_out` for at most `max_in`; of the native coin the router gives back the
    rest."""
    tail = (way.path, way.recipient, way.deadline)
    if way.native_in:
        name = "swapETHForExactTokens"
        return call_of(ROUTER, way.router, name, amount_out, *tail, value=max_in)
    name = "swapTokensForExactETH" if way.native_out else "swapTokensForExactTokens"
    return call_of(ROUTER, way.router, name, amount_out, max_in, *tail)


class Sides(msgspec.Struct, frozen=True):
    """The two tokens of a deposit or a withdrawal with their amounts: of B the native coin's where
    `native_b`, which the router takes and gives as such."""

    router: str
    token_a: str
    token_b: str
    a_min: int
    b_min: int
    recipient: str
    deadline: int
    native_b: bool = False


def add_liquidity(sides: Sides, a_desired: int, b_desired: int) -> Call:
    tail = (sides.a_min, sides.b_min, sides.recipient, sides.deadline)
    if sides.native_b:
        taken = (sides.token_a, a_desired)
        return call_of(ROUTER, sides.router, "addLiquidityETH", *taken, *tail, value=b_desired)
    taken_both = (sides.token_a, sides.token_b, a_desired, b_desired)
    return call_of(ROUTER, sides.router, "addLiquidity", *taken_both, *tail)


def remove_liquidity(
    sides: Sides,
    liquidity: int,
    *,
    permit: Signature | None = None,
    fee_on_transfer: bool = False,
) -> Call:
    """`permit` is for exactly `liquidity` and for the same deadline. `fee_on_transfer` counts only
    beside the native coin: other tokens go from the pair straight to the recipient."""
    name = "removeLiquidityETH" if sides.native_b else "removeLiquidity"
    if permit is not None:
        name += "WithPermit"
    if fee_on_transfer and sides.native_b:
        name += FEE_ON_TRANSFER
    tokens = (sides.token_a,) if sides.native_b else (sides.token_a, sides.token_b)
    arguments: Sequence[object] = (
        *(*tokens, liquidity, sides.a_min, sides.b_min, sides.recipient, sides.deadline),
        *(() if permit is None else (False, permit.v, permit.r, permit.s)),
    )
    return call_of(ROUTER, sides.router, name, *arguments)


def approve(token: str, spender: str, amount: int) -> Call:
    return call_of("erc20", token, "approve", spender, amount)


def wrap(wrapped: str, amount: int) -> Call:
    return call_of("weth9", wrapped, "deposit", value=amount)


def unwrap(wrapped: str, amount: int) -> Call:
    return call_of("weth9", wrapped, "withdraw", amount)
