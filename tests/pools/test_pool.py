"""A pool's state: its price record against a brute-force integral, dormancy, dump and load."""

import json
from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amm.oracle import CUMULATIVE_MODULUS, Q112
from pools.pool import OBSERVATION_SPACING_S, OBSERVATION_WINDOW_S, Pool
from tests.amm.strategies import moderate, reserves
from xyk.domain.units import MINIMUM_RESERVE, RESERVE_MAX

E6, E18 = 10**6, 10**18
T0 = 1_700_000_000

Change = tuple[int, int, int]  # seconds since the one before, reserve_base, reserve_quote
changes = st.lists(
    st.tuples(
        st.integers(0, 100) | st.integers(1, 40).map(lambda n: n * 60),
        st.integers(10**6, 10**20),
        st.integers(10**6, 10**20),
    ),
    min_size=1,
    max_size=12,
)
spaced_changes = st.lists(
    st.tuples(st.integers(60, 2_000), st.integers(1, 10**20), st.integers(1, 10**20)),
    min_size=1,
    max_size=12,
)


def pool_with(*, base: int, quote: int, now_s: int = T0) -> Pool:
    pool = Pool.new("ETH_USDC", 30)
    pool.set_reserves(base, quote, now_s)
    return pool


class Tape:
    """The naive twin: the price of every single second, and nothing else."""

    def __init__(self, history: list[Change]) -> None:
        self.pool = Pool.new("ETH_USDC", 30)
        self.price_of_second: list[int] = []
        now_s, price = T0, 0
        for index, (gap_s, base, quote) in enumerate(history):
            if index > 0:
                self.price_of_second += [price] * gap_s
                now_s += gap_s
            self.pool.set_reserves(base, quote, now_s)
            price = quote * Q112 // base
        self.now_s, self.price = now_s, price

    def wait(self, seconds: int) -> None:
        self.price_of_second += [self.price] * seconds
        self.now_s += seconds

    def integral(self, start_s: int) -> int:
        return sum(self.price_of_second[start_s - T0 :])


class TestNew:
    def test_is_empty(self) -> None:
        pool = Pool.new("ETH_USDC", 30)
        assert (pool.market, pool.fee_bps) == ("ETH_USDC", 30)
        assert (pool.reserve_base, pool.reserve_quote, pool.total_supply, pool.k_last) == (
            0,
            0,
            0,
            0,
        )
        assert (pool.price_base_cumulative, pool.price_quote_cumulative, pool.last_s) == (0, 0, 0)
        assert pool.observations == []
        assert pool.twap(T0, 60) is None

    def test_has_no_room_for_misspelt_fields(self) -> None:
        with pytest.raises(AttributeError):
            Pool.new("ETH_USDC", 30).reserve_bas = 1  # type: ignore[attr-defined]


class TestSetReserves:
    def test_the_time_before_the_first_deposit_counts_for_nothing(self) -> None:
        pool = pool_with(base=E18, quote=2_000 * E6)
        assert (pool.price_base_cumulative, pool.price_quote_cumulative) == (0, 0)
        assert (pool.last_s, pool.observations) == (T0, [(T0, 0)])

    def test_the_old_reserves_count_until_the_change(self) -> None:
        pool = pool_with(base=4, quote=8)
        pool.set_reserves(1, 1, T0 + 5)
        assert pool.price_base_cumulative == 5 * 2 * Q112
        assert pool.price_quote_cumulative == 5 * Q112 // 2
        assert (pool.reserve_base, pool.reserve_quote, pool.last_s) == (1, 1, T0 + 5)

    def test_within_one_second_only_the_state_before_the_first_change_counts(self) -> None:
        pool = pool_with(base=4, quote=8)
        pool.set_reserves(1, 1_000_000, T0 + 5)
        pool.set_reserves(4, 8, T0 + 5)
        pool.set_reserves(1, 1, T0 + 10)
        assert pool.price_base_cumulative == 10 * 2 * Q112

    def test_a_first_deposit_at_the_epoch_is_observed_too(self) -> None:
        pool = pool_with(base=1, quote=3, now_s=0)
        assert pool.twap(10, 10) == (3 * Q112, 10)

    @pytest.mark.parametrize(
        ("base", "quote", "now_s"),
        [
            (RESERVE_MAX + 1, 1, T0),
            (1, RESERVE_MAX + 1, T0),
            (0, 1, T0),
            (1, 0, T0),
            (-1, 1, T0),
            (1, 1, T0 - 1),
        ],
    )
    def test_beyond_uint112_below_one_or_back_in_time_is_a_bug(
        self, base: int, quote: int, now_s: int
    ) -> None:
        pool = pool_with(base=RESERVE_MAX, quote=RESERVE_MAX)
        with pytest.raises(AssertionError):
            pool.set_reserves(base, quote, now_s)
        assert (pool.reserve_base, pool.reserve_quote, pool.last_s) == (
            RESERVE_MAX,
            RESERVE_MAX,
            T0,
        )

    @moderate
    @given(
        st.integers(2**32 - 500, 2**32 + 500),
        st.lists(st.tuples(st.integers(0, 200), reserves, reserves), max_size=8),
    )
    def test_accumulators_are_v2s_over_the_wrap_of_its_uint32_clock(
        self, start_s: int, history: list[Change]
    ) -> None:
        base, quote, now_s = 5, 10, start_s
        pool = pool_with(base=base, quote=quote, now_s=now_s)
        cumulative_0, cumulative_1, block_timestamp_last = 0, 0, start_s % 2**32
        for gap_s, next_base, next_quote in history:
            now_s += gap_s
            pool.set_reserves(next_base, next_quote, now_s)
            elapsed_s = (now_s % 2**32 - block_timestamp_last) % 2**32
            cumulative_0 = (cumulative_0 + quote * 2**112 // base * elapsed_s) % 2**256
            cumulative_1 = (cumulative_1 + base * 2**112 // quote * elapsed_s) % 2**256
            block_timestamp_last = now_s % 2**32
            base, quote = next_base, next_quote
        assert pool.price_base_cumulative == cumulative_0
        assert pool.price_quote_cumulative == cumulative_1


class TestTwap:
    def test_of_a_quiet_pool_is_its_price_over_what_it_covers(self) -> None:
        pool = pool_with(base=E18, quote=2_000 * E6)
        price = 2_000 * E6 * Q112 // E18
        assert pool.twap(T0, 3_600) is None
        assert pool.twap(T0 + 1, 3_600) == (price, 1)
        assert pool.twap(T0 + 3_599, 3_600) == (price, 3_599)
        assert pool.twap(T0 + 10_000, 3_600) == (price, 3_600)

    def test_weighs_prices_by_their_seconds(self) -> None:
        pool = pool_with(base=1, quote=100)
        pool.set_reserves(1, 400, T0 + 90)
        assert pool.twap(T0 + 100, 100) == (130 * Q112, 100)
        assert pool.twap(T0 + 100, 10) == (400 * Q112, 10)
        assert pool.twap(T0 + 100, 20) == (250 * Q112, 20)

    def test_a_price_of_one_moment_weighs_nothing(self) -> None:
        """What makes it safe: moving the price and back within a second leaves no trace."""
        pool = pool_with(base=1, quote=100)
        pool.set_reserves(1, 10**9, T0 + 1_000)
        pool.set_reserves(1, 100, T0 + 1_000)
        assert pool.twap(T0 + 2_000, 1_500) == (100 * Q112, 1_500)

    @moderate
    @given(spaced_changes, st.integers(0, 2_000), st.data())
    def test_is_the_integral_to_the_unit_where_every_change_is_observed(
        self, history: list[Change], wait_s: int, data: st.DataObject
    ) -> None:
        tape = Tape(history)
        tape.wait(wait_s)
        window_s = data.draw(st.integers(1, tape.now_s - T0 + 100))
        answer = tape.pool.twap(tape.now_s, window_s)
        covered_s = min(window_s, tape.now_s - T0)
        if covered_s == 0:
            assert answer is None
        else:
            exact = tape.integral(tape.now_s - covered_s)
            assert answer == (exact // covered_s, covered_s)

    @moderate
    @given(changes, st.integers(0, 2_000), st.data())
    def test_errs_by_less_than_a_minute_of_the_price_range(
        self, history: list[Change], wait_s: int, data: st.DataObject
    ) -> None:
        tape = Tape(history)
        tape.wait(wait_s)
        window_s = data.draw(st.integers(1, tape.now_s - T0 + 100))
        answer = tape.pool.twap(tape.now_s, window_s)
        if answer is None:
            assert tape.now_s == T0
            return
        average, covered_s = answer
        assert covered_s == min(window_s, tape.now_s - T0)
        low, high = min(tape.price_of_second), max(tape.price_of_second)
        assert low <= average <= high
        error = abs(average * covered_s - tape.integral(tape.now_s - covered_s))
        assert error < OBSERVATION_SPACING_S * (high - low) + covered_s

    @moderate
    @given(changes, st.integers(0, 2_000), st.data())
    def test_is_the_straight_line_between_the_observations_beside_the_start(
        self, history: list[Change], wait_s: int, data: st.DataObject
    ) -> None:
        """Observations by their rule and the line by fractions, from the tape alone."""
        tape = Tape(history)
        change_s = [T0]
        for gap_s, _, _ in history[1:]:
            change_s.append(change_s[-1] + gap_s)
        tape.wait(wait_s)
        observed = [T0]
        for moment in change_s:
            if moment >= observed[-1] + OBSERVATION_SPACING_S:
                observed.append(moment)
        assert [observation.time_s for observation in tape.pool.observations] == observed
        if tape.now_s == T0:
            return
        start_s = data.draw(st.integers(T0, tape.now_s - 1))
        knots = sorted({*observed, change_s[-1], tape.now_s})
        before = max(knot for knot in knots if knot <= start_s)
        after = min(knot for knot in knots if knot > start_s)
        of_span = tape.integral(before) - tape.integral(after)
        skipped = Fraction(of_span * (start_s - before), after - before)
        expected = (tape.integral(before) - skipped // 1) // (tape.now_s - start_s)
        assert tape.pool.twap(tape.now_s, tape.now_s - start_s) == (
            expected,
            tape.now_s - start_s,
        )

    @moderate
    @given(changes, st.integers(0, CUMULATIVE_MODULUS - 1), st.integers(1, 3_000))
    def test_does_not_depend_on_where_the_accumulator_wraps(
        self, history: list[Change], shift: int, window_s: int
    ) -> None:
        plain, shifted = Tape(history[:1]).pool, Tape(history[:1]).pool
        shifted.price_base_cumulative = shift
        shifted.observations = [type(plain.observations[0])(T0, shift)]
        now_s = T0
        for gap_s, base, quote in history[1:]:
            now_s += gap_s
            plain.set_reserves(base, quote, now_s)
            shifted.set_reserves(base, quote, now_s)
        end = (plain.price_base_cumulative + shift) % CUMULATIVE_MODULUS
        assert shifted.price_base_cumulative == end
        assert plain.twap(now_s + 7, window_s) == shifted.twap(now_s + 7, window_s)

    @pytest.mark.parametrize(("now_s", "window_s"), [(T0 - 1, 60), (T0, 0)])
    def test_before_the_last_change_or_over_no_time_is_a_bug(
        self, now_s: int, window_s: int
    ) -> None:
        with pytest.raises(AssertionError):
            pool_with(base=1, quote=1).twap(now_s, window_s)


class TestObservations:
    def test_two_days_of_changes_keep_one_day_a_minute_apart(self) -> None:
        pool = pool_with(base=1, quote=1)
        now_s = T0
        while now_s < T0 + 2 * OBSERVATION_WINDOW_S:
            now_s += 60 if now_s < T0 + OBSERVATION_WINDOW_S else 37
            pool.set_reserves(1, 1 + now_s % 5, now_s)
            assert len(pool.observations) <= OBSERVATION_WINDOW_S // OBSERVATION_SPACING_S + 1
        times = [observation.time_s for observation in pool.observations]
        assert all(b - a >= OBSERVATION_SPACING_S for a, b in pairwise(times))
        assert times[0] <= times[-1] - OBSERVATION_WINDOW_S < times[1]
        answer = pool.twap(now_s, OBSERVATION_WINDOW_S)
        assert answer is not None
        assert answer[1] == OBSERVATION_WINDOW_S

    def test_a_window_beyond_what_is_kept_covers_what_is_kept(self) -> None:
        pool = pool_with(base=1, quote=1)
        for day in range(1, 4):
            pool.set_reserves(1, 1 + day, T0 + day * OBSERVATION_WINDOW_S)
        assert len(pool.observations) == 2
        now_s = T0 + 3 * OBSERVATION_WINDOW_S
        assert pool.twap(now_s, 10 * OBSERVATION_WINDOW_S) == (3 * Q112, OBSERVATION_WINDOW_S)


class TestDormant:
    LOT = 10**14

    @pytest.mark.parametrize("beside_book", [True, False])
    def test_before_the_first_deposit_always(self, beside_book: bool) -> None:
        assert Pool.new("ETH_USDC", 30).is_dormant(1, beside_book)

    @pytest.mark.parametrize(
        ("base", "quote", "lot", "dormant"),
        [
            (MINIMUM_RESERVE, MINIMUM_RESERVE, 1, False),
            (MINIMUM_RESERVE - 1, MINIMUM_RESERVE, 1, True),
            (MINIMUM_RESERVE, MINIMUM_RESERVE - 1, 1, True),
            (LOT, MINIMUM_RESERVE, LOT, False),
            (LOT - 1, MINIMUM_RESERVE, LOT, True),
            (LOT, MINIMUM_RESERVE - 1, LOT, True),
        ],
    )
    def test_beside_a_book_below_a_lot_or_a_million_units(
        self, base: int, quote: int, lot: int, dormant: bool
    ) -> None:
        pool = pool_with(base=base, quote=quote)
        assert pool.is_dormant(lot, beside_book=True) == dormant

    def test_without_a_book_never_however_small(self) -> None:
        assert not pool_with(base=1, quote=1).is_dormant(self.LOT, beside_book=False)


class TestDump:
    @moderate
    @given(changes, st.integers(0, 2**128), st.integers(0, RESERVE_MAX**2))
    def test_round_trip_through_json_gives_an_equal_pool_that_goes_on_alike(
        self, history: list[Change], total_supply: int, k_last: int
    ) -> None:
        tape = Tape(history)
        pool = tape.pool
        pool.total_supply, pool.k_last = total_supply, k_last
        dumped = pool.dump()
        again = Pool.load(dumped)
        for encode, decode in (
            (msgspec.json.encode, msgspec.json.decode),
            (json.dumps, json.loads),
        ):
            again = Pool.load(decode(encode(again.dump())))
            assert again.dump() == dumped
        for name in Pool.__slots__:
            assert getattr(again, name) == getattr(pool, name)
        pool.set_reserves(7, 9, tape.now_s + 61)
        again.set_reserves(7, 9, tape.now_s + 61)
        assert again.dump() == pool.dump()
        assert again.twap(tape.now_s + 70, 65) == pool.twap(tape.now_s + 70, 65)

    def test_names_every_field(self) -> None:
        assert set(Pool.new("ETH_USDC", 30).dump()) == set(Pool.__slots__)

    def test_shares_nothing_with_the_pool(self) -> None:
        pool = pool_with(base=1, quote=1)
        dumped = pool.dump()
        pool.set_reserves(2, 2, T0 + 60)
        assert dumped == pool_with(base=1, quote=1).dump()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("market", 1),
            ("fee_bps", "30"),
            ("reserve_base", True),
            ("observations", None),
            ("observations", [[1, "2"]]),
        ],
    )
    def test_loading_another_type_is_a_bug(self, field: str, value: object) -> None:
        dumped = pool_with(base=1, quote=1).dump()
        with pytest.raises(AssertionError):
            Pool.load({**dumped, field: value})
