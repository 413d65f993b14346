"""One pair of Uniswap V2, slowly: the contract's steps on Fractions, and the router's sums.

Written from the V2 paper and the contracts' semantics, and for reading, not for speed. Amounts are
base units; side 0 is the base, side 1 the quote. A refusal is an exception with its code, as a
contract reverts; work on a copy and keep it if nothing was raised.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, isqrt

BPS = 10_000
MINIMUM_LIQUIDITY = 1_000
RESERVE_MAX = 2**112 - 1
WORD = 2**256


class Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def refuse_if(fault: bool, code: str) -> None:
    if fault:
        raise Refused(code)


def code_of(check: Callable[[], None]) -> str:
    """The code that `check` refuses with; empty if it does not."""
    try:
        check()
    except Refused as refused:
        return refused.code
    return ""


@dataclass
class Pair:
    fee_bps: int
    reserves: list[int] = field(default_factory=lambda: [0, 0])
    supply: int = 0
    k_last: int = 0
    cumulative: list[int] = field(default_factory=lambda: [0, 0])  # UQ112x112 seconds
    last_s: int = 0

    def copy(self) -> "Pair":
        return Pair(
            self.fee_bps,
            list(self.reserves),
            self.supply,
            self.k_last,
            list(self.cumulative),
            self.last_s,
        )

    def keeps(self) -> Fraction:
        """The part of an input that trades; the rest is the fee."""
        return 1 - Fraction(self.fee_bps, BPS)

    def out_for(self, side_in: int, amount_in: int) -> int:
        """What is left above the curve when `amount_in`, less its fee, has moved along it."""
        reserve_in, reserve_out = self.reserves[side_in], self.reserves[1 - side_in]
        moved_to = reserve_in + amount_in * self.keeps()
        return floor(reserve_out - Fraction(reserve_in * reserve_out) / moved_to)

    def in_for(self, side_in: int, amount_out: int) -> int | None:
        """V2's getAmountIn: the exact need, rounded down, and one more unit. None: out of reach."""
        reserve_in, reserve_out = self.reserves[side_in], self.reserves[1 - side_in]
        if amount_out >= reserve_out:
            return None
        moved_to = Fraction(reserve_in * reserve_out, reserve_out - amount_out)
        return floor((moved_to - reserve_in) / self.keeps()) + 1

    def marginal_price(self, side_in: int, amount_in: int) -> Fraction:
        """Quote per base of the last unit of a swap, the fee inside."""
        reserve_in, reserve_out = self.reserves[side_in], self.reserves[1 - side_in]
        moved_to = reserve_in + amount_in * self.keeps()
        in_per_out = moved_to**2 / (self.keeps() * reserve_in * reserve_out)
        return in_per_out if side_in == 1 else 1 / in_per_out

    def in_until(self, side_in: int, price: Fraction) -> int:
        """Most input whose last unit still costs at most `price`, IN per OUT, the fee inside: a
        guess from the root, then unit by unit."""
        reserve_in, reserve_out = self.reserves[side_in], self.reserves[1 - side_in]
        kept = BPS - self.fee_bps
        most = price.numerator * kept * BPS * reserve_in * reserve_out

        def within(amount_in: int) -> bool:
            return (BPS * reserve_in + kept * amount_in) ** 2 * price.denominator <= most

        amount = max(0, (isqrt(most // price.denominator) - BPS * reserve_in) // kept)
        while amount > 0 and not within(amount):
            amount -= 1
        while within(amount + 1):
            amount += 1
        return amount

    def out_until(self, side_in: int, price: Fraction) -> int:
        """Most output whose last unit still costs at most `price`, IN per OUT, the fee inside."""
        reserve_in, reserve_out = self.reserves[side_in], self.reserves[1 - side_in]
        least = BPS * reserve_in * reserve_out * price.denominator
        per_left = (BPS - self.fee_bps) * price.numerator

        def within(amount_out: int) -> bool:
            left = reserve_out - amount_out
            return left > 0 and least <= per_left * left**2

        amount = max(0, reserve_out - isqrt(least // per_left))
        while amount > 0 and not within(amount):
            amount -= 1
        while within(amount + 1):
            amount += 1
        return amount

    def swap(self, side_in: int, amount_in: int, amount_out: int, now_s: int) -> None:
        """UniswapV2Pair.swap: pay out, take in, and demand k of the balances less the fee."""
        before = self.reserves[0] * self.reserves[1]
        balances = list(self.reserves)
        balances[side_in] += amount_in
        balances[1 - side_in] -= amount_out
        assert amount_in > 0 and amount_out > 0 and balances[1 - side_in] > 0
        adjusted = balances[side_in] - amount_in * Fraction(self.fee_bps, BPS)
        assert adjusted * balances[1 - side_in] >= before, "UniswapV2: K"
        self._update(balances, now_s)

    def router_amounts(self, side_a: int, desired_a: int, desired_b: int) -> tuple[int, int]:
        """UniswapV2Router02._addLiquidity without its minimums, in the caller's order of tokens."""
        reserve_a, reserve_b = self.reserves[side_a], self.reserves[1 - side_a]
        if reserve_a == reserve_b == 0:
            return desired_a, desired_b
        optimal_b = floor(Fraction(desired_a * reserve_b, reserve_a))
        if optimal_b <= desired_b:
            return desired_a, optimal_b
        return floor(Fraction(desired_b * reserve_a, reserve_b)), desired_b

    def mint(self, amounts: tuple[int, int], fee_on: bool, now_s: int) -> tuple[int, int, int]:
        """UniswapV2Pair.mint: (shares of the depositor, locked shares, protocol's shares)."""
        protocol = self._mint_fee(fee_on)
        locked = 0
        if self.supply == 0:
            liquidity = isqrt(amounts[0] * amounts[1]) - MINIMUM_LIQUIDITY
            locked = MINIMUM_LIQUIDITY
        else:
            liquidity = min(
                floor(Fraction(amounts[side] * self.supply, self.reserves[side])) for side in (0, 1)
            )
        refuse_if(liquidity <= 0, "INSUFFICIENT_LIQUIDITY")
        self.supply += liquidity + locked
        self._update([self.reserves[side] + amounts[side] for side in (0, 1)], now_s)
        if fee_on:
            self.k_last = self.reserves[0] * self.reserves[1]
        return liquidity, locked, protocol

    def burn(self, liquidity: int, fee_on: bool, now_s: int) -> tuple[int, int, int]:
        """UniswapV2Pair.burn: (base paid out, quote paid out, protocol's shares)."""
        protocol = self._mint_fee(fee_on)
        base, quote = (
            floor(Fraction(liquidity * self.reserves[side], self.supply)) for side in (0, 1)
        )
        refuse_if(base == 0 or quote == 0, "INSUFFICIENT_LIQUIDITY")
        self.supply -= liquidity
        self._update([self.reserves[0] - base, self.reserves[1] - quote], now_s)
        if fee_on:
            self.k_last = self.reserves[0] * self.reserves[1]
        return base, quote, protocol

    def _mint_fee(self, fee_on: bool) -> int:
        minted = 0
        if fee_on and self.k_last != 0:
            root, root_last = isqrt(self.reserves[0] * self.reserves[1]), isqrt(self.k_last)
            if root > root_last:
                minted = floor(Fraction(self.supply * (root - root_last), 5 * root + root_last))
        if not fee_on:
            self.k_last = 0
        self.supply += minted
        return minted

    def _update(self, balances: list[int], now_s: int) -> None:
        refuse_if(max(balances) > RESERVE_MAX, "RESERVE_OVERFLOW")
        if 0 not in self.reserves:
            for side in (0, 1):
                price = floor(Fraction(self.reserves[1 - side] * 2**112, self.reserves[side]))
                grown = self.cumulative[side] + price * (now_s - self.last_s)
                self.cumulative[side] = grown % WORD
        self.reserves = balances
        self.last_s = now_s
