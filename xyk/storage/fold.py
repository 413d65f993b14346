"""From committed entries to rows of the read tables: the part of the projection that knows the
events.

`Fold` holds the running totals of every market and appends to a `Batch` what one transaction
writes. Rows are tuples in the order of the table's columns, amounts already in the driver's form:
at thousands of entries a second the event loop has no time for anything in between.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Table

from xyk.domain.decimals import whole_tokens
from xyk.domain.events import (
    AssetListed,
    BookFilled,
    Deposited,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    MarketUpdated,
    NonceUsed,
    PoolSwapped,
    Transferred,
    Withdrawn,
)
from xyk.domain.price import fill_price
from xyk.domain.units import LP_PREFIX
from xyk.engine.candles import Candle
from xyk.engine.intervals import ONE_MINUTE, ONE_SECOND
from xyk.engine.order_record import OrderRecord, OrderRecords, Terms
from xyk.storage import tables
from xyk.storage.batch import Batch, CommittedEntry, Row, Where
from xyk.storage.position import Position, Reserves
from xyk.storage.totals import MarketTotals, PoolMinute


class Fold:
    """Totals after some entry, and how each kind of event goes on from them.

    `positions` holds those that the caller loaded for the entries at hand; one that is absent is
    new. `orders` holds open ones that were changed lately, and all that the entries at hand
    change."""

    def __init__(self, amount: Callable[[int], str | Decimal]) -> None:
        self.amount = amount
        self._pool_is_maker = ("", 0, amount(0), amount(0))
        self.decimals: dict[str, int] = {}
        self.markets: dict[str, MarketTotals] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.orders = OrderRecords()
        self._folds: dict[type[Any], Callable[[Where, Any, Batch], None]] = {
            AssetListed: self._asset_listed,
            MarketListed: self._market_listed,
            MarketUpdated: self._market_updated,
            Deposited: self._deposited,
            Withdrawn: self._withdrawn,
            Transferred: self._transferred,
            PoolSwapped: self._pool_swapped,
            BookFilled: self._book_filled,
            LiquidityAdded: self._liquidity_added,
            LiquidityRemoved: self._liquidity_removed,
        }

    def apply(self, committed: CommittedEntry, batch: Batch) -> None:
        """One entry, the next after the last one."""
        entry, digest = committed.entry, committed.evidence.digest
        if digest:
            signer, nonce = _nonce_of(committed)
            batch.add(tables.ACTIONS, (digest, entry.seq, signer, nonce, entry.kind))
        orders, changed = self.orders, batch.orders
        for index, event in enumerate(committed.events):
            fold = self._folds.get(type(event))
            if fold:
                fold(Where(entry.seq, index, entry.time), event, batch)
            for order in orders.apply(entry.seq, entry.time, event):
                changed[order.order_id] = order
        batch.seq, batch.hash = entry.seq, entry.hash

    def changed_rows(self, batch: Batch) -> Iterable[tuple[Table, Sequence[Row]]]:
        """The batch's totals as rows; each replaces the one of the same key."""
        minutes, positions = batch.minutes, batch.positions
        yield tables.CANDLES, self._candle_rows(batch)
        yield tables.POOL_MINUTES, [self._minute_row(minute) for minute in minutes.values()]
        yield tables.POSITIONS, [self._position_row(one) for one in positions.values()]
        yield tables.ORDERS, [self._order_row(order) for order in batch.orders.values()]

    def _candle_rows(self, batch: Batch) -> list[Row]:
        """Closed ones, and the present second and minute of every market that had a fill."""
        rows = [self._candle_row(*closed) for closed in batch.closed]
        for market, totals in batch.candles.items():
            for interval in (ONE_SECOND, ONE_MINUTE):
                candle = totals.candles.at_present(interval)
                assert candle is not None
                rows.append(self._candle_row(market, interval.name, candle))
        return rows

    def _candle_row(self, market: str, interval: str, candle: Candle) -> Row:
        prices = candle.open, candle.high, candle.low, candle.close
        volumes = self.amount(candle.base_volume), self.amount(candle.quote_volume)
        counts = candle.trades, candle.forming
        return market, interval, candle.start_ms, *prices, *volumes, *counts

    def _minute_row(self, minute: PoolMinute) -> Row:
        volumes = self.amount(minute.base_volume), self.amount(minute.quote_volume)
        fees = self.amount(minute.base_fees), self.amount(minute.quote_fees)
        return minute.market, minute.start_ms, *volumes, *fees, minute.swaps

    def _position_row(self, position: Position) -> Row:
        a = self.amount
        basis = a(position.sqrt_k_in), a(position.base_in), a(position.quote_in)
        fees = a(position.base_fees), a(position.quote_fees)
        return position.owner, position.market, position.seq, a(position.shares), *basis, *fees

    def _order_row(self, order: OrderRecord) -> Row:
        values = list(msgspec.structs.astuple(order))
        for place in _ORDER_AMOUNTS:
            values[place] = self.amount(values[place])
        return tuple(values)

    def _asset_listed(self, where: Where, event: AssetListed, batch: Batch) -> None:
        self.decimals[event.symbol] = event.decimals
        batch.add(tables.ASSETS, (event.symbol, event.decimals))

    def _market_listed(self, where: Where, event: MarketListed, batch: Batch) -> None:
        if event.market not in self.markets:  # else an implicit one is taken over: same pair
            self.add_market(event.market, base=event.base, quote=event.quote)
        self._market_row(event, batch)

    def _market_updated(self, where: Where, event: MarketUpdated, batch: Batch) -> None:
        self._market_row(event, batch)

    def _market_row(self, event: MarketListed | MarketUpdated, batch: Batch) -> None:
        totals, a = self.markets[event.market], self.amount
        terms = a(event.tick_size), a(event.lot_size)
        batch.add(tables.MARKETS, (event.market, totals.base, totals.quote, *terms))

    def restore_market(
        self, market: str, *, base: str, quote: str, tick_size: int, lot_size: int
    ) -> None:
        self.add_market(market, base=base, quote=quote)
        self.orders.terms[market] = Terms(tick_size, lot_size)

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
        price = "0"  # of one that forms none, where an amount is nothing: only on a chain
        if base_amount and quote_amount:
            price = fill_price(
                base_amount=base_amount,
                quote_amount=quote_amount,
                base_decimals=totals.base_decimals,
                quote_decimals=totals.quote_decimals,
            )
        taker = (event.owner, event.order_id, taker_buys, self.amount(event.fee), event.asset_in)
        volume = (base_amount, quote_amount)
        self._trade(where, totals, event, volume, price, (*taker, *self._pool_is_maker), batch)

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

    def _book_filled(self, where: Where, event: BookFilled, batch: Batch) -> None:
        totals, a = self.markets[event.market], self.amount
        ticks = self.orders.terms[event.market].tick_size
        price = whole_tokens(event.price * ticks, totals.quote_decimals)
        received = totals.base if event.taker_buys else totals.quote
        taker = (event.taker, event.order_id, event.taker_buys, a(event.taker_fee), received)
        maker = (event.maker, event.maker_order_id, a(event.maker_fee), a(event.maker_rebate))
        volume = (event.base_amount, event.quote_amount)
        self._trade(where, totals, event, volume, price, (*taker, *maker), batch)

    def _trade(
        self,
        where: Where,
        totals: MarketTotals,
        event: PoolSwapped | BookFilled,
        volume: tuple[int, int],
        price: str,
        sides: Row,
        batch: Batch,
    ) -> None:
        market, forming = event.market, event.price_forming
        closed = totals.candles.add(where.time_ms, *volume, price if forming else None)
        for interval, candle in closed:
            batch.closed.append((market, interval.name, candle))
        batch.candles[market] = totals
        amounts = self.amount(volume[0]), self.amount(volume[1])
        head = (market, event.trade_id, *where, *amounts, price, forming)
        batch.add(tables.TRADES, head + sides)

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


_ORDER_AMOUNTS = tuple(
    place
    for place, name in enumerate(OrderRecord.__struct_fields__)
    if name
    in (
        *("price", "quantity", "executed_base", "executed_quote", "expires", "trigger_price"),
        "quote_quantity",
    )
)


def _nonce_of(committed: CommittedEntry) -> tuple[str, int | None]:
    for event in committed.events:
        if isinstance(event, NonceUsed):
            return event.signer, event.nonce
    return committed.evidence.signer, None
