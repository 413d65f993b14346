"""A constant-product pool: reserves, shares, fee, and the record of its price.

State alone, after Uniswap V2's pair; what a swap or a deposit changes is decided elsewhere and
stored here. Every change of the reserves goes through `set_reserves`, which first adds the price
that was valid until then to V2's accumulators, so that the TWAP covers every whole second.
"""

from bisect import bisect_right
from typing import NamedTuple

from amm import oracle
from xyk.domain.units import MINIMUM_RESERVE, RESERVE_MAX

OBSERVATION_SPACING_S = 60  # at most one observation a minute is kept
OBSERVATION_WINDOW_S = 24 * 60 * 60  # the newest one older than this is kept, to interpolate from


class Observation(NamedTuple):
    """The accumulator of quote per base (UQ112x112 seconds, mod 2^256) at a whole second."""

    time_s: int
    price_base_cumulative: int


class Pool:
    """The pool of one market. Reserves and supply are base units, both 0 until the first deposit.

    `k_last` is V2's kLast: reserve_base * reserve_quote after the last deposit or withdrawal with
    the protocol fee on, else 0. `price_base_cumulative` accumulates quote per base,
    `price_quote_cumulative` base per quote, UQ112x112 seconds modulo 2^256, up to unix second
    `last_s`.
    """

    __slots__ = (
        "fee_bps",
        "k_last",
        "last_s",
        "market",
        "observations",
        "price_base_cumulative",
        "price_quote_cumulative",
        "reserve_base",
        "reserve_quote",
        "total_supply",
    )

    market: str
    fee_bps: int
    reserve_base: int
    reserve_quote: int
    total_supply: int
    k_last: int
    price_base_cumulative: int
    price_quote_cumulative: int
    last_s: int
    observations: list[Observation]  # oldest first, at least OBSERVATION_SPACING_S apart

    @classmethod
    def new(cls, market: str, fee_bps: int) -> "Pool":
        """A pool without reserves or shares."""
        pool = cls()
        pool.market = market
        pool.fee_bps = fee_bps
        pool.reserve_base = 0
        pool.reserve_quote = 0
        pool.total_supply = 0
        pool.k_last = 0
        pool.price_base_cumulative = 0
        pool.price_quote_cumulative = 0
        pool.last_s = 0
        pool.observations = []
        return pool

    def set_reserves(self, reserve_base: int, reserve_quote: int, now_s: int) -> None:
        """Take over reserves, after the old ones have counted for the seconds they stood.

        V2's _update: several changes in one second price only the state before the first. The
        locked minimum keeps both reserves of a seeded pool above 0 for ever. V2's clock is a
        uint32 that wraps; ours does not, which gives the same seconds for any pause below 2^32 of
        them.
        """
        assert 0 < reserve_base <= RESERVE_MAX
        assert 0 < reserve_quote <= RESERVE_MAX
        assert now_s >= self.last_s
        if now_s > self.last_s:
            if self._is_seeded():
                self.price_quote_cumulative = oracle.accumulate(
                    self.price_quote_cumulative,
                    oracle.price_increment(
                        self.reserve_quote, self.reserve_base, now_s - self.last_s
                    ),
                )
                self.price_base_cumulative = self._price_base_cumulative_at(now_s)
            self.last_s = now_s
        self._observe()
        self.reserve_base = reserve_base
        self.reserve_quote = reserve_quote

    def is_dormant(self, lot_size: int, beside_book: bool) -> bool:
        """Whether routes, quotes and depth skip this pool.

        Always before the first deposit. Beside a book also while a reserve is so small that
        rounding would outweigh the fee, and pool and book could cross; without a book V2's rules
        alone hold.
        """
        floor_base, floor_quote = awake_floors(lot_size, beside_book)
        return self.reserve_base < floor_base or self.reserve_quote < floor_quote

    def twap(self, now_s: int, window_s: int) -> tuple[int, int] | None:
        """The average price over the last `window_s` seconds, and the seconds it really covers.

        UQ112x112 quote per base, rounded down; fewer seconds where the pool is younger than the
        window, None where it has no full second or no reserves. `now_s` is the exchange's time, not
        before the last change. Where the window starts between two observations the price between
        them is taken as even; every change a minute or more after an observation is one itself, so
        this errs by less than 60 seconds of the price's range there.
        """
        assert now_s >= self.last_s
        assert window_s > 0
        if not self.observations or not self._is_seeded():
            return None
        start_s = max(now_s - window_s, self.observations[0].time_s)
        if start_s == now_s:
            return None
        start = self._price_base_cumulative_at(start_s)
        end = self._price_base_cumulative_at(now_s)
        return oracle.twap(start, end, now_s - start_s), now_s - start_s

    def dump(self) -> dict[str, object]:
        """All state as plain JSON values under string keys; `load` gives an equal pool."""
        return {
            "market": self.market,
            "fee_bps": self.fee_bps,
            "reserve_base": self.reserve_base,
            "reserve_quote": self.reserve_quote,
            "total_supply": self.total_supply,
            "k_last": self.k_last,
            "price_base_cumulative": self.price_base_cumulative,
            "price_quote_cumulative": self.price_quote_cumulative,
            "last_s": self.last_s,
            "observations": [[*observation] for observation in self.observations],
        }

    @classmethod
    def load(cls, dump: dict[str, object]) -> "Pool":
        """The pool that `dump` described; a value of another type fails an assertion."""
        market, observations = dump["market"], dump["observations"]
        assert isinstance(market, str)
        assert isinstance(observations, list)
        pool = cls.new(market, _integer(dump["fee_bps"]))
        pool.reserve_base = _integer(dump["reserve_base"])
        pool.reserve_quote = _integer(dump["reserve_quote"])
        pool.total_supply = _integer(dump["total_supply"])
        pool.k_last = _integer(dump["k_last"])
        pool.price_base_cumulative = _integer(dump["price_base_cumulative"])
        pool.price_quote_cumulative = _integer(dump["price_quote_cumulative"])
        pool.last_s = _integer(dump["last_s"])
        pool.observations = [
            Observation(_integer(time_s), _integer(cumulative))
            for time_s, cumulative in observations
        ]
        return pool

    def _is_seeded(self) -> bool:
        return self.reserve_base > 0 and self.reserve_quote > 0

    def _observe(self) -> None:
        """Keep the accumulator as it is at `last_s`, and drop what no window reaches any more."""
        kept = self.observations
        if kept and self.last_s - kept[-1].time_s < OBSERVATION_SPACING_S:
            return
        kept.append(Observation(self.last_s, self.price_base_cumulative))
        horizon_s = self.last_s - OBSERVATION_WINDOW_S
        expired = bisect_right(kept, horizon_s, key=_time_s) - 1
        if expired > 0:
            del kept[:expired]

    def _price_base_cumulative_at(self, time_s: int) -> int:
        """The accumulator at a second not before the first observation."""
        if time_s >= self.last_s:
            increment = oracle.price_increment(
                self.reserve_base, self.reserve_quote, time_s - self.last_s
            )
            return oracle.accumulate(self.price_base_cumulative, increment)
        after = bisect_right(self.observations, time_s, key=_time_s)
        assert after > 0
        start = self.observations[after - 1]
        if after < len(self.observations):
            end = self.observations[after]
        else:
            end = Observation(self.last_s, self.price_base_cumulative)
        return oracle.interpolate(
            start.price_base_cumulative,
            end.price_base_cumulative,
            time_s - start.time_s,
            end.time_s - start.time_s,
        )


def awake_floors(lot_size: int, beside_book: bool) -> tuple[int, int]:
    """The least reserves (base, quote) of a pool that is not dormant."""
    return (max(MINIMUM_RESERVE, lot_size), MINIMUM_RESERVE) if beside_book else (1, 1)


def _time_s(observation: Observation) -> int:
    return observation.time_s


def _integer(value: object) -> int:
    assert type(value) is int
    return value
