"""From committed entries to rows of the read tables: the part of the projection that knows the
events.

`Fold` holds the running totals of every market and appends to a `Batch` what one transaction
writes. Rows are tuples in the order of the table's columns, amounts already in the driver's form:
at thousands of entries a second the event loop has no time for anything in between.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table

from xyk.domain.events import (
    AnyEvent,
    AssetListed,
    Deposited,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    NonceUsed,
    PoolSwapped,
    Transferred,
    Withdrawn,
)
from xyk.domain.price import fill_price
from xyk.domain.units import LP_PREFIX
from xyk.engine.entry import Entry, Evidence, decode_events, decode_evidence
from xyk.storage import tables
from xyk.storage.position import Position, Reserves
from xyk.storage.totals import Candle, MarketTotals, PoolMinute

Row = tuple[Any, ...]


class CommittedEntry(Protocol):
    """An entry of the journal with its evidence and events decoded, as the writer publishes it."""

    @property
    def entry(self) -> Entry: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def events(self) -> tuple[AnyEvent, ...]: ...


class DecodedEntry(NamedTuple):
    """The same, read back from the journal."""

    entry: Entry
    evidence: Evidence
    events: tuple[AnyEvent, ...]

    @classmethod
    def of(cls, entry: Entry) -> "DecodedEntry":
        return cls(entry, decode_evidence(entry), decode_events(entry))


class Where(NamedTuple):
    """The place of an event in the journal."""

    seq: int
    event: int
    time_ms: int


class Batch:
    """What one transaction writes: new rows, and the totals that changed, each once."""

    __slots__ = ("added", "candles", "hash", "minutes", "positions", "rows", "seq")

    def __init__(self) -> None:
        self.seq = 0
        self.hash = ""
        self.added = 0
        self.rows: dict[Table, list[Row]] = {}
        self.candles: dict[tuple[str, int], Candle] = {}
        self.minutes: dict[tuple[str, int], PoolMinute] = {}
        self.positions: dict[tuple[str, str], Position] = {}

    def add(self, table: Table, row: Row) -> None:
        self.added += 1
        self.rows.setdefault(table, []).append(row)

    @property
    def size(self) -> int:
        """Rows, the cursor's included."""
        return 1 + self.added + len(self.candles) + len(self.minutes) + len(self.positions)


# The most rows that an event can bring; events that are not here bring none.
_ROWS = {
    AssetListed: 1,
    MarketListed: 1,
    Deposited: 1,
    Withdrawn: 1,
    Transferred: 4,
    PoolSwapped: 4,
    LiquidityAdded: 4,
    LiquidityRemoved: 4,
}


def rows_at_most(committed: CommittedEntry) -> int:
    """An upper bound of what the entry adds to a batch."""
    rows = 1
    for event in committed.events:
        rows += _ROWS.get(type(event), 0)
    return rows


def position_keys(committed: Iterable[CommittedEntry]) -> set[tuple[str, str]]:
    """The (owner, market) whose positions these entries may change."""
    keys: set[tuple[str, str]] = set()
    for one in committed:
        for event in one.events:
            if isinstance(event, LiquidityAdded | LiquidityRemoved):
                keys.add((event.owner, event.market))
                if event.protocol_liquidity:
                    keys.add((event.protocol_recipient, event.market))
            elif isinstance(event, Transferred) and event.asset.startswith(LP_PREFIX):
                market = event.asset.removeprefix(LP_PREFIX)
                keys.update(((event.owner, market), (event.recipient, market)))
    return keys


class Fold:
    """Totals after some entry, and how each kind of event goes on from them.

    `positions` holds those that the caller loaded for the entries at hand; one that is absent is
    new."""

    def __init__(self, amount: Callable[[int], str | Decimal]) -> None:
        self.amount = amount
        self.decimals: dict[str, int] = {}
        self.markets: dict[str, MarketTotals] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self._folds: dict[type[Any], Callable[[Where, Any, Batch], None]] = {
            AssetListed: self._asset_listed,
            MarketListed: self._market_listed,
            Deposited: self._deposited,
            Withdrawn: self._withdrawn,
            Transferred: self._transferred,
            PoolSwapped: self._pool_swapped,
            LiquidityAdded: self._liquidity_added,
            LiquidityRemoved: self._liquidity_removed,
        }

    def apply(self, committed: CommittedEntry, batch: Batch) -> None:
        """One entry, the next after the last one."""
        entry, digest = committed.entry, committed.evidence.digest
        if digest:
            signer, nonce = _nonce_of(committed)
            batch.add(tables.ACTIONS, (digest, entry.seq, signer, nonce, entry.kind))
        for index, event in enumerate(committed.events):
            fold = self._folds.get(type(event))
            if fold:
                fold(Where(entry.seq, index, entry.time), event, batch)
        batch.seq, batch.hash = entry.seq, entry.hash

    def changed_rows(self, batch: Batch) -> Iterable[tuple[Table, Sequence[Row]]]:
        """The batch's totals as rows; each replaces the one of the same key."""
        candles, minutes, positions = batch.candles, batch.minutes, batch.positions
        yield tables.CANDLES, [self._candle_row(candle) for candle in candles.values()]
        yield tables.POOL_MINUTES, [self._minute_row(minute) for minute in minutes.values()]
        yield tables.POSITIONS, [self._position_row(one) for one in positions.values()]

    def _candle_row(self, candle: Candle) -> Row:
        prices = candle.open, candle.high, candle.low, candle.close
        volumes = self.amount(candle.base_volume), self.amount(candle.quote_volume)
        return candle.market, candle.start_ms, *prices, *volumes, candle.trades, candle.forming

    def _minute_row(self, minute: PoolMinute) -> Row:
        volumes = self.amount(minute.base_volume), self.amount(minute.quote_volume)
        fees = self.amount(minute.base_fees), self.amount(minute.quote_fees)
        return minute.market, minute.start_ms, *volumes, *fees, minute.swaps

    def _position_row(self, position: Position) -> Row:
        a = self.amount
        basis = a(position.sqrt_k_in), a(position.base_in), a(position.quote_in)
        fees = a(position.base_fees), a(position.quote_fees)
        return position.owner, position.market, position.seq, a(position.shares), *basis, *fees

    def _asset_listed(self, where: Where, event: AssetListed, batch: Batch) -> None:
        self.decimals[event.symbol] = event.decimals
        batch.add(tables.ASSETS, (event.symbol, event.decimals))

    def _market_listed(self, where: Where, event: MarketListed, batch: Batch) -> None:
        if event.market in self.markets:
            return  # an implicit market is taken over: same pair, and its history goes on
        self.add_market(event.market, base=event.base, quote=event.quote)
        batch.add(tables.MARKETS, (event.market, event.base, event.quote))

    def add_market(self, market: str, *, base: str, quote: str) -> MarketTotals:
        totals = MarketTotals(
            market,
            base=base,
            quote=quote,
            base_decimals=self.decimals[base],
            quote_decimals=self.decimals[quote],
        )
        self.markets[market] = totals
        return totals

    def _deposited(self, where: Where, event: Deposited, batch: Batch) -> None:
        self._transfer(where, event.owner, "deposit", event.asset, event.amount, "", batch)

    def _withdrawn(self, where: Where, event: Withdrawn, batch: Batch) -> None:
        kind, to = "withdrawal", event.recipient
        self._transfer(where, event.owner, kind, event.asset, event.amount, to, batch)

    def _transferred(self, where: Where, event: Transferred, batch: Batch) -> None:
        owner, recipient, asset = event.owner, event.recipient, event.asset
        self._transfer(where, owner, "out", asset, event.amount, recipient, batch)
        if owner == recipient:
            return
        self._transfer(where, recipient, "in", asset, event.amount, owner, batch)
        if asset.startswith(LP_PREFIX):
            market = asset.removeprefix(LP_PREFIX)
            pool = self.markets[market].pool
            now = Reserves(pool.reserve_base, pool.reserve_quote, pool.total_supply)
            base, quote = now.amounts_of(event.amount)
            self._position(where, owner, market, batch).leave(event.amount, base, quote, now)
            self._position(where, recipient, market, batch).enter(event.amount, base, quote, now)

    def _transfer(
        self, where: Where, owner: str, kind: str, asset: str, amount: int, other: str, batch: Batch
    ) -> None:
        row = (
            owner,
            where.seq,
            where.event,
            where.time_ms,
            kind,
            asset,
            self.amount(amount),
            other,
        )
        batch.add(tables.TRANSFERS, row)

    def _pool_swapped(self, where: Where, event: PoolSwapped, batch: Batch) -> None:
        totals = self.markets[event.market]
        taker_buys = event.asset_out == totals.base
        base_amount, quote_amount = event.amount_in, event.amount_out
        if taker_buys:
            base_amount, quote_amount = quote_amount, base_amount
        self._trade(where, totals, event, taker_buys, base_amount, quote_amount, batch)

        minute = totals.minute_at(where.time_ms)
        minute.base_volume += base_amount
        minute.quote_volume += quote_amount
        minute.swaps += 1
        if taker_buys:
            minute.quote_fees += event.fee
        else:
            minute.base_fees += event.fee
        batch.minutes[(minute.market, minute.start_ms)] = minute
        supply = totals.pool.total_supply
        self._pool_changed(where, totals, event.reserve_base, event.reserve_quote, supply, batch)

    def _trade(
        self,
        where: Where,
        totals: MarketTotals,
        event: PoolSwapped,
        taker_buys: bool,
        base_amount: int,
        quote_amount: int,
        batch: Batch,
    ) -> None:
        price = fill_price(
            base_amount=base_amount,
            quote_amount=quote_amount,
            base_decimals=totals.base_decimals,
            quote_decimals=totals.quote_decimals,
        )
        candle = totals.candle_at(where.time_ms)
        candle.add(base_amount, quote_amount)
        if event.price_forming:
            candle.form(price)
        batch.candles[(candle.market, candle.start_ms)] = candle
        a = self.amount
        head = (
            event.market,
            event.trade_id,
            where.seq,
            where.time_ms,
            a(base_amount),
            a(quote_amount),
        )
        tail = (event.owner, taker_buys, a(event.fee), event.asset_in)
        batch.add(tables.TRADES, (*head, price, event.price_forming, *tail))

    def _liquidity_added(self, where: Where, event: LiquidityAdded, batch: Batch) -> None:
        self._liquidity_changed(where, event, "add", event.locked, batch)
        after = Reserves(event.reserve_base, event.reserve_quote, event.total_supply)
        self._protocol_entered(where, event, after, batch)
        position = self._position(where, event.owner, event.market, batch)
        position.enter(event.liquidity, event.amount_base, event.amount_quote, after)

    def _liquidity_removed(self, where: Where, event: LiquidityRemoved, batch: Batch) -> None:
        self._liquidity_changed(where, event, "remove", 0, batch)
        before = Reserves(
            event.reserve_base + event.amount_base,
            event.reserve_quote + event.amount_quote,
            event.total_supply + event.liquidity,
        )
        self._protocol_entered(where, event, before, batch)
        position = self._position(where, event.owner, event.market, batch)
        position.leave(event.liquidity, event.amount_base, event.amount_quote, before)

    def _protocol_entered(
        self, where: Where, event: LiquidityAdded | LiquidityRemoved, pool: Reserves, batch: Batch
    ) -> None:
        shares = event.protocol_liquidity
        if shares:
            position = self._position(where, event.protocol_recipient, event.market, batch)
            position.enter(shares, *pool.amounts_of(shares), pool)

    def _liquidity_changed(
        self,
        where: Where,
        event: LiquidityAdded | LiquidityRemoved,
        kind: str,
        locked: int,
        batch: Batch,
    ) -> None:
        a = self.amount
        head = (event.market, where.seq, where.event, where.time_ms, event.owner, kind)
        moved = (a(event.amount_base), a(event.amount_quote), a(event.liquidity), a(locked))
        protocol = (event.protocol_recipient, a(event.protocol_liquidity))
        after = (a(event.reserve_base), a(event.reserve_quote), a(event.total_supply))
        batch.add(tables.LIQUIDITY_EVENTS, head + moved + protocol + after)
        totals, supply = self.markets[event.market], event.total_supply
        self._pool_changed(where, totals, event.reserve_base, event.reserve_quote, supply, batch)

    def _pool_changed(
        self, where: Where, totals: MarketTotals, base: int, quote: int, supply: int, batch: Batch
    ) -> None:
        pool = totals.pool.after(where.time_ms // 1000, base, quote, supply)
        totals.pool = pool
        a = self.amount
        reserves = (a(base), a(quote), a(supply))
        cumulatives = (a(pool.price_base_cumulative), a(pool.price_quote_cumulative))
        batch.add(tables.POOL_HISTORY, (totals.market, *where, *reserves, *cumulatives))

    def _position(self, where: Where, owner: str, market: str, batch: Batch) -> Position:
        key = (owner, market)
        position = self.positions.get(key)
        if position is None:
            position = self.positions[key] = Position(owner, market)
        position.seq = where.seq
        batch.positions[key] = position
        return position


def _nonce_of(committed: CommittedEntry) -> tuple[str, int | None]:
    for event in committed.events:
        if isinstance(event, NonceUsed):
            return event.signer, event.nonce
    return committed.evidence.signer, None
