"""What a pool was at moments of the past."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Select, bindparam, desc, select, union_all

from xyk.storage.tables import POOL_HISTORY, POOL_MINUTES

LOOKUPS_A_QUERY = 20  # of one statement: to build and compile it takes longer than to run it


class Rows(Protocol):
    async def __call__(
        self, query: Select[Any], values: Mapping[str, Any] | None = None
    ) -> Sequence[Any]: ...


class PoolChange(msgspec.Struct, frozen=True):
    """The pool after a change; the cumulatives are UQ112x112 times seconds, mod 2^256."""

    market: str
    seq: int
    event: int
    time_ms: int
    reserve_base: int
    reserve_quote: int
    total_supply: int
    price_base_cumulative: int
    price_quote_cumulative: int


class PoolSums(msgspec.Struct, frozen=True):
    """What went through a pool in some time; fees in the asset they were paid in, V2's whole
    fee."""

    base_volume: int = 0
    quote_volume: int = 0
    base_fees: int = 0
    quote_fees: int = 0
    swaps: int = 0

    def plus(self, other: "PoolSums") -> "PoolSums":
        return PoolSums(
            self.base_volume + other.base_volume,
            self.quote_volume + other.quote_volume,
            self.base_fees + other.base_fees,
            self.quote_fees + other.quote_fees,
            self.swaps + other.swaps,
        )


async def pool_sums(rows: Rows, market: str, start_ms: int, end_ms: int) -> PoolSums:
    """Of the pool's minutes with start_ms <= start < end_ms."""
    start = POOL_MINUTES.c.start_ms
    query = select(POOL_MINUTES).where(
        POOL_MINUTES.c.market == market, start >= start_ms, start < end_ms
    )
    found = await rows(query)
    return PoolSums(
        base_volume=sum(row.base_volume for row in found),
        quote_volume=sum(row.quote_volume for row in found),
        base_fees=sum(row.base_fees for row in found),
        quote_fees=sum(row.quote_fees for row in found),
        swaps=sum(row.swaps for row in found),
    )


async def first_change(rows: Rows, market: str) -> PoolChange | None:
    columns = POOL_HISTORY.c
    query = select(POOL_HISTORY).where(columns.market == market)
    found = await rows(query.order_by(columns.seq, columns.event).limit(1))
    return PoolChange(*found[0]) if found else None


async def changes_before(
    rows: Rows, market: str, times_ms: Sequence[int]
) -> list[PoolChange | None]:
    """The last change before each of these times. Halves the entries for want of an index by time,
    for all times at once: some thirty rounds of one look-up a time, however long the history is."""
    first = await first_change(rows, market)
    [last] = await _until(rows, market, [2**62])
    if first is None or last is None:
        return [None for _ in times_ms]
    # Of each time: the change before it is not earlier than entry `low`, nor later than `high`.
    low = [
        last.seq if time_ms > last.time_ms else first.seq if time_ms > first.time_ms else 0
        for time_ms in times_ms
    ]
    high = [last.seq if seq else 0 for seq in low]
    while open_ones := [at for at, seq in enumerate(low) if seq < high[at]]:
        probes = sorted({(low[at] + high[at] + 1) // 2 for at in open_ones})
        found = dict(zip(probes, await _until(rows, market, probes), strict=True))
        for at in open_ones:
            probe = (low[at] + high[at] + 1) // 2
            change = found[probe]
            assert change is not None
            if change.time_ms < times_ms[at]:
                low[at] = probe
            else:
                high[at] = change.seq - 1
    seqs = sorted({seq for seq in low if seq})
    at_seq = dict(zip(seqs, await _until(rows, market, seqs), strict=True))
    return [at_seq.get(seq) for seq in low]


async def _until(rows: Rows, market: str, seqs: Sequence[int]) -> list[PoolChange | None]:
    """The last change of an entry up to each of these, ascending."""
    found: list[PoolChange | None] = []
    for at in range(0, len(seqs), LOOKUPS_A_QUERY):
        part = list(seqs[at : at + LOOKUPS_A_QUERY])
        padded = part + part[-1:] * (LOOKUPS_A_QUERY - len(part))
        values = {"market": market, **dict(zip(_SEQS, padded, strict=True))}
        # One that found nothing gave no row, and several may have found the same one.
        known = {row.seq: PoolChange(*row) for row in await rows(_LOOKUPS, values)}
        order = sorted(known)
        for seq in part:
            place = bisect_right(order, seq)
            found.append(known[order[place - 1]] if place else None)
    return found


def _last(seq: str) -> Any:
    """`seq` is the name of a value, as "market" is."""
    columns = POOL_HISTORY.c
    query = select(POOL_HISTORY).where(
        columns.market == bindparam("market"), columns.seq <= bindparam(seq)
    )
    newest = query.order_by(desc(columns.seq), desc(columns.event)).limit(1)
    return select(newest.subquery())


_SEQS = [f"seq_{number}" for number in range(LOOKUPS_A_QUERY)]
_LOOKUPS = select(union_all(*[_last(seq) for seq in _SEQS]).subquery())
