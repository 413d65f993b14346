"""What a wallet wants to do on a deployment, as it asks for transactions to sign.

Tokens by address, by the mirror's symbol or, for the native coin, by the deployment's `coin`.
Amounts are base units. `slippage_bps` makes the bounds that are not named, `deadline` is in unix
seconds of the chain's time.
"""

import msgspec

from xyk.domain.units import Address, Bytes32, Uint8, Uint32, Uint64, Uint256

SLIPPAGE_BPS = 50


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """`owner` signs and pays."""

    owner: Address


class SellWish(Wish, frozen=True, kw_only=True):
    """`path`: tokens from in to out, the best way by default; `recipient`: the owner by default."""

    token_in: str
    token_out: str
    amount_in: Uint256
    min_amount_out: Uint256 | None = None
    slippage_bps: Uint32 = SLIPPAGE_BPS
    deadline: Uint64 | None = None
    recipient: Address | None = None
    path: list[str] | None = None


class BuyWish(Wish, frozen=True, kw_only=True):
    """As SellWish."""

    token_in: str
    token_out: str
    amount_out: Uint256
    max_amount_in: Uint256 | None = None
    slippage_bps: Uint32 = SLIPPAGE_BPS
    deadline: Uint64 | None = None
    recipient: Address | None = None
    path: list[str] | None = None


class AddLiquidityWish(Wish, frozen=True, kw_only=True):
    """Taken at the pool's ratio, up to the desired amounts."""

    token_a: str
    token_b: str
    amount_a_desired: Uint256
    amount_b_desired: Uint256
    amount_a_min: Uint256 | None = None
    amount_b_min: Uint256 | None = None
    slippage_bps: Uint32 = SLIPPAGE_BPS
    deadline: Uint64 | None = None


class PermitParts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signature of a permit in three parts."""

    v: Uint8
    r: Bytes32
    s: Bytes32


class RemoveLiquidityWish(Wish, frozen=True, kw_only=True):
    """`permit`: false for an approval instead of one; or the signature of one that an earlier
    answer asked for (65 bytes in hex, or its parts), which needs that answer's `deadline`."""

    token_a: str
    token_b: str
    liquidity: Uint256
    amount_a_min: Uint256 | None = None
    amount_b_min: Uint256 | None = None
    slippage_bps: Uint32 = SLIPPAGE_BPS
    deadline: Uint64 | None = None
    permit: bool | str | PermitParts | None = None


class ApproveWish(Wish, frozen=True, kw_only=True):
    """`amount` 0 takes an approval back. `spender` can only be the router, and is by default."""

    token: str
    amount: Uint256
    spender: Address | None = None


class WrapWish(Wish, frozen=True, kw_only=True):
    amount: Uint256


class UnwrapWish(Wish, frozen=True, kw_only=True):
    amount: Uint256


SwapWish = SellWish | BuyWish
AnyWish = SwapWish | AddLiquidityWish | RemoveLiquidityWish | ApproveWish | WrapWish | UnwrapWish
