"""Uniswap V2's pair contract, composed of `amm` and `Pool`, for the published scenarios."""

from amm.liquidity import (
    MINIMUM_LIQUIDITY,
    amounts_burned,
    first_liquidity,
    liquidity_minted,
    protocol_liquidity,
)
from pools.pool import Pool
from tests.amm.k_check import passes_k_check


class Pair:
    """Token 0 is the base. `fee_to` is the protocol's shares; the rest belongs to one depositor."""

    def __init__(self, *, fee_on: bool = False, fee_bps: int = 30) -> None:
        self.pool = Pool.new("ETH_USDC", fee_bps)
        self.now_s = 1_700_000_000
        self.fee_on = fee_on
        self.fee_to = 0

    @property
    def reserves(self) -> tuple[int, int]:
        return self.pool.reserve_base, self.pool.reserve_quote

    def mint(self, amount_0: int, amount_1: int) -> int:
        """Deposit; returns the depositor's new shares."""
        self._mint_fee()
        supply = self.pool.total_supply
        if supply == 0:
            shares = first_liquidity(amount_0, amount_1)
            self.pool.total_supply = shares + MINIMUM_LIQUIDITY
        else:
            shares = liquidity_minted(amount_0, amount_1, *self.reserves, supply)
            self.pool.total_supply = supply + shares
        assert shares > 0
        self._update(amount_0, amount_1)
        self._keep_k()
        return shares

    def burn(self, shares: int) -> tuple[int, int]:
        """Withdraw; returns both amounts."""
        self._mint_fee()
        amounts = amounts_burned(shares, *self.reserves, self.pool.total_supply)
        assert min(amounts) > 0
        self.pool.total_supply -= shares
        self._update(-amounts[0], -amounts[1])
        self._keep_k()
        return amounts

    def swap(self, *, paid: tuple[int, int], taken: tuple[int, int]) -> None:
        assert taken[0] < self.reserves[0]
        assert taken[1] < self.reserves[1]
        assert passes_k_check(
            reserves=self.reserves, amounts_in=paid, amounts_out=taken, fee_bps=self.pool.fee_bps
        )
        self._update(paid[0] - taken[0], paid[1] - taken[1])

    def sync(self) -> None:
        self._update(0, 0)

    def _update(self, change_0: int, change_1: int) -> None:
        reserve_0, reserve_1 = self.reserves
        self.pool.set_reserves(reserve_0 + change_0, reserve_1 + change_1, self.now_s)

    def _mint_fee(self) -> None:
        if not self.fee_on:
            self.pool.k_last = 0
        pool = self.pool
        minted = protocol_liquidity(*self.reserves, pool.total_supply, pool.k_last)
        pool.total_supply += minted
        self.fee_to += minted

    def _keep_k(self) -> None:
        if self.fee_on:
            self.pool.k_last = self.pool.reserve_base * self.pool.reserve_quote
