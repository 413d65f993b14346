"""The read tables as anybody would write them down from the journal: whole lists, Fractions, no
totals.

Only the shape of the rows and the texts of prices (tested on their own) are shared with the
projection."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, isqrt
from typing import Any

from tests.naive.candles import INTERVALS, Fill, grouped
from tests.storage.naive_orders import naive_orders
from xyk.domain import events as e
from xyk.domain.price import fill_price
from xyk.storage.batch import DecodedEntry

Row = tuple[Any, ...]
Tables = dict[str, list[Row]]
POOL_OR_MAKER = 14  # the column of a trade that is empty where the pool was the maker


def naive_tables(entries: Sequence[DecodedEntry]) -> Tables:
    """Every read table, sorted by its primary key."""
    decimals, pairs = listings(entries)
    trades = naive_trades(entries, decimals, pairs)
    tables: Tables = {
        "cursor": [naive_cursor(entries)],
        "assets": list(decimals.items()),
        "markets": naive_markets(entries, pairs),
        "orders": naive_orders(places(entries)),
        "actions": naive_actions(entries),
        "trades": trades,
        "liquidity_events": naive_liquidity(entries),
        "transfers": naive_transfers(entries),
        "pool_history": naive_pool_history(entries),
        "candles": naive_candles(trades),
        "pool_minutes": naive_pool_minutes(
            [row for row in trades if not row[POOL_OR_MAKER]], pairs
        ),
        "positions": naive_positions(entries),
    }
    return {name: sorted(rows, key=by_key) for name, rows in tables.items()}


def naive_cursor(entries: Sequence[DecodedEntry]) -> Row:
    return (
        ("read", entries[-1].entry.seq, entries[-1].entry.hash)
        if entries
        else ("read", 0, "0" * 64)
    )


def by_key(row: Row) -> Row:
    return row[:3]


def places(entries: Sequence[DecodedEntry]) -> list[tuple[int, int, int, Any]]:
    return [
        (one.entry.seq, index, one.entry.time, event)
        for one in entries
        for index, event in enumerate(one.events)
    ]


def listings(
    entries: Sequence[DecodedEntry],
) -> tuple[dict[str, int], dict[str, tuple[str, str]]]:
    everything = [event for *_, event in places(entries)]
    decimals = {x.symbol: x.decimals for x in everything if isinstance(x, e.AssetListed)}
    pairs = {x.market: (x.base, x.quote) for x in everything if isinstance(x, e.MarketListed)}
    return decimals, pairs


def naive_actions(entries: Sequence[DecodedEntry]) -> list[Row]:
    rows: list[Row] = []
    for one in entries:
        if one.evidence.digest:
            used = next(event for event in one.events if isinstance(event, e.NonceUsed))
            digest, entry = one.evidence.digest, one.entry
            rows.append((digest, entry.seq, used.signer, used.nonce, entry.kind))
    return rows


def naive_markets(entries: Sequence[DecodedEntry], pairs: dict[str, tuple[str, str]]) -> list[Row]:
    return [
        (market, *pair, *terms)
        for market, terms in terms_after(places(entries)).items()
        for pair in [pairs[market]]
    ]


def terms_after(happened: list[tuple[int, int, int, Any]]) -> dict[str, tuple[int, int]]:
    return {
        x.market: (x.tick_size, x.lot_size)
        for *_, x in happened
        if isinstance(x, e.MarketListed | e.MarketUpdated)
    }


def naive_trades(
    entries: Sequence[DecodedEntry], decimals: dict[str, int], pairs: dict[str, tuple[str, str]]
) -> list[Row]:
    rows: list[Row] = []
    happened = places(entries)
    terms: dict[str, tuple[int, int]] = {}
    for seq, index, time_ms, x in happened:
        if isinstance(x, e.MarketListed | e.MarketUpdated):
            terms[x.market] = (x.tick_size, x.lot_size)
        if isinstance(x, e.BookFilled):
            base, quote = pairs[x.market]
            value = Fraction(x.price * terms[x.market][0], 10 ** decimals[quote])
            head = (x.market, x.trade_id, seq, index, time_ms, x.base_amount, x.quote_amount)
            paid = (x.taker_fee, base if x.taker_buys else quote)
            maker = (x.maker, x.maker_order_id, x.maker_fee, x.maker_rebate)
            taker = (x.taker, x.order_id, x.taker_buys, *paid)
            rows.append((*head, decimal(value), x.price_forming, *taker, *maker))
        if isinstance(x, e.PoolSwapped):
            base, quote = pairs[x.market]
            amounts = {x.asset_in: x.amount_in, x.asset_out: x.amount_out}
            price = fill_price(
                base_amount=amounts[base],
                quote_amount=amounts[quote],
                base_decimals=decimals[base],
                quote_decimals=decimals[quote],
            )
            volume = (amounts[base], amounts[quote])
            taker = (x.owner, x.order_id, x.asset_in == quote, x.fee, x.asset_in)
            place = (x.market, x.trade_id, seq, index, time_ms)
            rows.append((*place, *volume, price, x.price_forming, *taker, "", 0, 0, 0))
    return rows


def decimal(value: Fraction) -> str:
    """Exactly, in plain notation."""
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def naive_candles(trades: list[Row]) -> list[Row]:
    """Of each market and interval; the last candle of those longer than a minute is not over."""
    rows: list[Row] = []
    for market in {row[0]: None for row in trades}:
        fills = [fill_of(row) for row in trades if row[0] == market]
        for interval in INTERVALS:
            candles = grouped(fills, interval)
            whole = candles if interval in ("1s", "1m") else candles[:-1]
            rows += [(market, interval, *candle) for candle in whole]
    return rows


def fill_of(trade: Row) -> Fill:
    """What the twin of the candles asks of a row of `trades`."""
    return Fill(trade[4], trade[5], trade[6], trade[7] if trade[8] else None)


def naive_pool_minutes(trades: list[Row], pairs: dict[str, tuple[str, str]]) -> list[Row]:
    return [
        (
            market,
            start,
            sum(row[5] for row in fills),
            sum(row[6] for row in fills),
            sum(row[12] for row in fills if row[13] == pairs[market][0]),
            sum(row[12] for row in fills if row[13] == pairs[market][1]),
            len(fills),
        )
        for (market, start), fills in by_minute(trades).items()
    ]


def by_minute(trades: list[Row]) -> dict[tuple[str, int], list[Row]]:
    minutes: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in trades:
        minutes[(row[0], row[4] // 60_000 * 60_000)].append(row)
    return minutes


def naive_liquidity(entries: Sequence[DecodedEntry]) -> list[Row]:
    rows: list[Row] = []
    for seq, index, time_ms, x in places(entries):
        if isinstance(x, e.LiquidityAdded | e.LiquidityRemoved):
            kind, locked = ("add", x.locked) if isinstance(x, e.LiquidityAdded) else ("remove", 0)
            moved = (x.amount_base, x.amount_quote, x.liquidity, locked)
            protocol = (x.protocol_recipient, x.protocol_liquidity)
            after = (x.reserve_base, x.reserve_quote, x.total_supply)
            head = (x.market, seq, index, time_ms, x.owner, kind)
            rows.append((*head, *moved, *protocol, *after))
    return rows


def naive_transfers(entries: Sequence[DecodedEntry]) -> list[Row]:
    rows: list[Row] = []
    for seq, index, time_ms, x in places(entries):
        match x:
            case e.Deposited():
                sides = [(x.owner, "deposit", "")]
            case e.Withdrawn():
                sides = [(x.owner, "withdrawal", x.recipient)]
            case e.Transferred() if x.owner == x.recipient:
                sides = [(x.owner, "out", x.owner)]
            case e.Transferred():
                sides = [(x.owner, "out", x.recipient), (x.recipient, "in", x.owner)]
            case _:
                continue
        for owner, kind, other in sides:
            rows.append((owner, seq, index, time_ms, kind, x.asset, x.amount, other))
    return rows


def naive_pool_history(entries: Sequence[DecodedEntry]) -> list[Row]:
    """The accumulators second by second, one term for each second that a price stood."""
    rows: list[Row] = []
    last: dict[str, Row] = {}
    for seq, index, time_ms, x in places(entries):
        if isinstance(x, e.PoolSwapped | e.LiquidityAdded | e.LiquidityRemoved):
            before = last.get(x.market)
            supply = before[6] if before else 0
            cumulatives = (before[7], before[8]) if before else (0, 0)
            if isinstance(x, e.LiquidityAdded | e.LiquidityRemoved):
                supply = x.total_supply
            if before and before[4] and before[5]:
                seconds = time_ms // 1000 - before[3] // 1000
                price = floor(Fraction(before[5] * 2**112, before[4]))
                inverse = floor(Fraction(before[4] * 2**112, before[5]))
                sums = (before[7] + price * seconds, before[8] + inverse * seconds)
                cumulatives = (sums[0] % 2**256, sums[1] % 2**256)
            reserves = (x.reserve_base, x.reserve_quote, supply)
            last[x.market] = (x.market, seq, index, time_ms, *reserves, *cumulatives)
            rows.append(last[x.market])
    return rows


def naive_positions(entries: Sequence[DecodedEntry]) -> list[Row]:
    """Six numbers each: shares, sqrt_k_in, base_in, quote_in, base_fees, quote_fees."""
    held: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 6)
    touched: dict[tuple[str, str], int] = {}
    pools: dict[str, tuple[int, int, int]] = {}

    def part(pool: tuple[int, int, int], shares: int) -> tuple[int, int, Fraction]:
        base, quote, supply = pool
        share = Fraction(shares, supply)
        return floor(base * share), floor(quote * share), isqrt(base * quote) * share

    def enter(
        seq: int,
        owner: str,
        market: str,
        shares: int,
        base: int,
        quote: int,
        pool: tuple[int, int, int],
    ) -> None:
        gained = (shares, ceil(part(pool, shares)[2]), base, quote, 0, 0)
        key = (owner, market)
        held[key] = [old + new for old, new in zip(held[key], gained, strict=True)]
        touched[key] = seq

    def leave(
        seq: int,
        owner: str,
        market: str,
        shares: int,
        base: int,
        quote: int,
        pool: tuple[int, int, int],
    ) -> None:
        had = held[(owner, market)]
        share = Fraction(shares, had[0])
        worth, paid = floor(part(pool, shares)[2]), ceil(had[1] * share)
        earned = Fraction(max(0, worth - paid), worth) if worth else Fraction(0)
        lost = (shares, paid, floor(had[2] * share), floor(had[3] * share))
        fees = (floor(base * earned), floor(quote * earned))
        kept = [old - gone for old, gone in zip(had, lost, strict=False)]
        held[(owner, market)] = [*kept, had[4] + fees[0], had[5] + fees[1]]
        touched[(owner, market)] = seq

    for seq, _, _, x in places(entries):
        if isinstance(x, e.LiquidityAdded):
            pool = (x.reserve_base, x.reserve_quote, x.total_supply)
            if x.protocol_liquidity:
                base, quote, _ = part(pool, x.protocol_liquidity)
                enter(seq, x.protocol_recipient, x.market, x.protocol_liquidity, base, quote, pool)
            enter(seq, x.owner, x.market, x.liquidity, x.amount_base, x.amount_quote, pool)
            pools[x.market] = pool
        elif isinstance(x, e.LiquidityRemoved):
            pools[x.market] = (x.reserve_base, x.reserve_quote, x.total_supply)
            reserves = (x.reserve_base + x.amount_base, x.reserve_quote + x.amount_quote)
            pool = (*reserves, x.total_supply + x.liquidity)
            if x.protocol_liquidity:
                base, quote, _ = part(pool, x.protocol_liquidity)
                enter(seq, x.protocol_recipient, x.market, x.protocol_liquidity, base, quote, pool)
            leave(seq, x.owner, x.market, x.liquidity, x.amount_base, x.amount_quote, pool)
        elif isinstance(x, e.PoolSwapped):
            pools[x.market] = (x.reserve_base, x.reserve_quote, pools[x.market][2])
        elif isinstance(x, e.Transferred) and x.asset.startswith("LP:") and x.owner != x.recipient:
            market = x.asset[3:]
            base, quote, _ = part(pools[market], x.amount)
            leave(seq, x.owner, market, x.amount, base, quote, pools[market])
            enter(seq, x.recipient, market, x.amount, base, quote, pools[market])
    return [(*key, touched[key], *numbers) for key, numbers in held.items()]
