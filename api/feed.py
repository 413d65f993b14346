"""What the streams say, built from committed entries alone, and the last 24 hours of every market.

Frames and letters are the Backpack convention's: E and T in microseconds, decimals as strings. What
comes from an entry carries its `seq`. Of a pool's fill the pool is the maker with the order id "0";
a swap has no order, so its entry's seq stands as the taker's order id.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from api.account_stream import AccountStream
from api.candle_log import CandleLog, Fill
from api.day import Day, DayFill, Days, Week
from api.depth_stream import DepthStream
from api.feed_frames import Named, Orders, pool_frame, ticker_frame, trade_frame
from api.hub import Hub
from api.kline_stream import KlineStream, is_kline_stream
from api.order_log import OrderLog
from api.order_stream import OrderStream, is_owner_stream
from api.trade_tail import PublicTrade, TradeTail, Trail
from xyk.domain import events as ev
from xyk.domain.chain_events import ReservesSynced
from xyk.domain.decimals import whole_tokens
from xyk.domain.events import (
    BookFilled,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    MarketUpdated,
    PoolSwapped,
)
from xyk.domain.price import fill_price
from xyk.engine.entry import Entry
from xyk.engine.order_record import TRIGGER_PENDING
from xyk.engine.submission import Committed
from xyk.exchange.depth import Depth
from xyk.exchange.state import State

POOL_ORDER = "0"
# The channels and the spellings that name them; a stream is a spelling, a dot or an @, and a
# market.
SPELLINGS = {
    "pool": ("pool.", "pool@"),
    "trade": ("trade.", "trades@"),
    "ticker": ("ticker.", "ticker@"),
}

_Change = PoolSwapped | LiquidityAdded | LiquidityRemoved | ReservesSynced


class MarketFeed:
    """What is committed of one market. The decimals are those of base and quote."""

    __slots__ = (
        "base",
        "base_decimals",
        "day",
        "depth",
        "named",
        "names",
        "quote_decimals",
        "seq",
        "symbol",
        "tail",
        "total_supply",
        "week",
    )

    def __init__(
        self, state: State, depth: Depth, first_id: int, windows: tuple[Day, Week]
    ) -> None:
        symbol = depth.market.symbol
        market = state.markets[symbol]
        self.symbol = symbol
        self.base = market.base
        self.base_decimals = state.assets[market.base].decimals
        self.quote_decimals = state.assets[market.quote].decimals
        self.named = Named(symbol, self.base_decimals, self.quote_decimals)
        self.names = {
            channel: tuple(spelling + symbol for spelling in spellings)
            for channel, spellings in SPELLINGS.items()
        }
        self.day, self.week = windows
        self.tail = TradeTail()
        self.depth = DepthStream(depth, self.quote_decimals, first_id)
        self.seq = 0
        self.total_supply = 0


class Feed:
    """`publish` is a listener of the writer. Made before the writer runs: all of `state` is
    committed.

    `is_fresh`: whether what it knows is how things are; what is not fresh is kept and not told but
    for trades, which say themselves when they were. One's own exchange always is."""

    def __init__(
        self,
        state: State,
        hub: Hub,
        log: OrderLog,
        candles: CandleLog,
        first_id: int,
        projected: Callable[[], int],
        accounts: AccountStream,
    ) -> None:
        """`first_id`: of depth updates; `projected`: up to which seq the read tables show
        trades."""
        self._state = state
        self._hub = hub
        self.log = log
        self._orders = OrderStream(state, hub, log, accounts)
        self.accounts = accounts
        self.candles = candles
        self.days = Days()
        self.klines = KlineStream(state, hub, candles)
        self._first_id = first_id
        self.trail = Trail(projected, state.seq, state.now_ms)
        self.markets: dict[str, MarketFeed] = {}
        self._streams: set[str] = set()
        self._depth_names: dict[str, str] = {}  # those of the streams that DepthStream makes
        self.seq = state.seq  # the last entry that is told of here
        self.time_ms = state.now_ms
        self.is_fresh = True
        self._is_replaying = False
        self._deepen: Mapping[type, Callable[[Any], None]] = {
            PoolSwapped: self._reserves_changed,
            LiquidityAdded: self._reserves_changed,
            LiquidityRemoved: self._reserves_changed,
            ReservesSynced: self._reserves_changed,
            BookFilled: self._maker_filled,
            ev.OrderRested: self._order_rested,
            ev.OrderReduced: self._order_reduced,
            ev.OrderReplaced: self._order_replaced,
            ev.OrderClosed: self._order_closed,
            MarketListed: self._terms_changed,
            MarketUpdated: self._terms_changed,
        }
        self._tell: Mapping[type, Callable[[Entry, Any], None]] = {
            PoolSwapped: self._swapped,
            BookFilled: self._filled,
            LiquidityAdded: self._liquidity_changed,
            LiquidityRemoved: self._liquidity_changed,
            ReservesSynced: self._synced,
        }
        self._deeper: dict[str, None] = {}  # markets whose depth changed in the group at hand
        for symbol in state.markets:
            market = self._list(Depth.of(state, symbol))
            market.seq = state.seq
            market.total_supply = state.pools[symbol].total_supply

    def has_stream(self, name: str) -> bool:
        """Whether it can be subscribed to."""
        if name in self._streams or is_owner_stream(name, self.markets):
            return True
        return is_kline_stream(name, self.markets)

    def follow(self, name: str) -> None:
        """A stream that there is has one more reader."""
        symbol = self._depth_names.get(name)
        if symbol is not None:
            self.markets[symbol].depth.follow(name)
        else:
            self.accounts.follow_named(name)

    def publish(self, group: Sequence[Committed]) -> None:
        log, hub = self.log, self._hub
        for committed in group:
            entry = committed.entry
            for event in committed.events:
                kind = type(event)
                deepen = self._deepen.get(kind)
                if deepen is not None:  # before the log has it, which knows what an order was
                    deepen(event)
                changed = log.apply(committed, event)
                if changed and hub.account_readers:
                    self._orders.publish(entry, event, changed)
                tell = self._tell.get(kind)
                if tell is not None:
                    tell(entry, event)
            log.keep_outcome(committed)
            self.accounts.publish(committed)
        log.forget_projected()
        self.accounts.forget_silent()
        last = group[-1].entry
        self.seq, self.time_ms = last.seq, last.time
        self.trail.committed(last.seq, last.time)
        for symbol in self._deeper:
            self.markets[symbol].depth.changed(hub, last.time, is_told=self.is_fresh)
        self._deeper.clear()

    def replay(self, entry: Entry, events: Sequence[Any]) -> None:
        """Of markets that went back: what was told of before, and is not told again."""
        self._is_replaying = True
        for event in events:
            deepen, tell = self._deepen.get(type(event)), self._tell.get(type(event))
            if deepen is not None:
                deepen(event)
            if tell is not None:
                tell(entry, event)
        self._is_replaying = False
        self._deeper.clear()

    def tell_again(self, market: MarketFeed) -> None:
        """How the pool is now, whoever was told what."""
        self._tell_pool(market, self.time_ms)
        market.depth.changed(self._hub, self.time_ms, is_told=self.is_fresh)

    def tick_depth(self, number: int, now_ms: int) -> None:
        """The `number`-th tick of the clock that paces depth frames."""
        if not self.is_fresh:
            return
        for market in self.markets.values():
            market.depth.tick(self._hub, number, now_ms)

    def push_tickers(self, now_ms: int) -> None:
        """One frame for each market that has a price and somebody who listens."""
        if not self.is_fresh:
            return
        for market in self.markets.values():
            names = market.names["ticker"]
            if self._is_heard(names):
                frame = ticker_frame(market.named, seq=market.seq, now_ms=now_ms, day=market.day)
                if frame is not None:
                    self._hub.push(names, frame, replaceable=True)

    def _list(self, depth: Depth) -> MarketFeed:
        """Names of assets and decimals never change, so they may be read from the live state."""
        windows = self.days.of(depth.market.symbol)
        market = MarketFeed(self._state, depth, self._first_id, windows)
        self.markets[market.symbol] = market
        for names in market.names.values():
            self._streams.update(names)
        self._streams.update(market.depth.names)
        self._depth_names |= dict.fromkeys(market.depth.names, market.symbol)
        return market

    # What an event does to the levels of its market.

    def _reserves_changed(self, event: _Change) -> None:
        depth = self._depth(event.market)
        depth.set_reserves(event.reserve_base, event.reserve_quote)

    def _maker_filled(self, event: BookFilled) -> None:
        self._depth(event.market).add(not event.taker_buys, event.price, -event.quantity)

    def _order_rested(self, event: ev.OrderRested) -> None:
        self._add_lots(event.order_id, event.remaining)

    def _order_reduced(self, event: ev.OrderReduced) -> None:
        self._add_lots(event.order_id, event.remaining - self._left(event.order_id))

    def _order_replaced(self, event: ev.OrderReplaced) -> None:
        self._add_lots(event.order_id, -self._left(event.order_id))

    def _order_closed(self, event: ev.OrderClosed) -> None:
        if event.released:
            self._add_lots(event.order_id, -event.remaining)

    def _terms_changed(self, event: MarketListed | MarketUpdated) -> None:
        if isinstance(event, MarketListed) and event.market not in self.markets:
            self._list(Depth.listed(event, self._state.assets[event.base].decimals))
        depth = self._depth(event.market)
        terms = replace(
            depth.market, tick_size=event.tick_size, lot_size=event.lot_size, book=event.book
        )
        self.markets[event.market].depth.set_terms(terms, event.pool_fee_bps)

    def _depth(self, market: str) -> Depth:
        self._deeper[market] = None
        return self.markets[market].depth.depth

    def _left(self, order_id: int) -> int:
        """Lots that stand in the book."""
        order = self.log.open(order_id)
        assert order is not None
        _, lot = self.log.tick_and_lot(order.market)
        return (order.quantity - order.executed_base) // lot

    def _add_lots(self, order_id: int, lots: int) -> None:
        """To the level of an order, unless it waits for its trigger."""
        order = self.log.open(order_id)
        assert order is not None
        if order.status != TRIGGER_PENDING and lots:
            tick, _ = self.log.tick_and_lot(order.market)
            self._depth(order.market).add(order.is_bid, order.price // tick, lots)

    def _filled(self, entry: Entry, fill: BookFilled) -> None:
        market = self.markets[fill.market]
        tick, _ = self.log.tick_and_lot(fill.market)
        price = whole_tokens(fill.price * tick, market.quote_decimals)
        market.seq = entry.seq
        self._trade(
            entry,
            market,
            fill,
            (fill.base_amount, fill.quote_amount),
            (0, 0),
            price if fill.price_forming else None,
            fill.taker_buys,
            str(fill.maker_order_id),
        )

    def _swapped(self, entry: Entry, swap: PoolSwapped) -> None:
        market = self.markets[swap.market]
        sells_base = swap.asset_in == market.base
        base, quote = swap.amount_in, swap.amount_out
        if not sells_base:
            base, quote = quote, base
        price = None
        if swap.price_forming:
            price = fill_price(
                base_amount=base,
                quote_amount=quote,
                base_decimals=market.base_decimals,
                quote_decimals=market.quote_decimals,
            )
        fees = (swap.fee, 0) if sells_base else (0, swap.fee)
        self._trade(entry, market, swap, (base, quote), fees, price, not sells_base, POOL_ORDER)
        self._changed(entry, swap, market.total_supply)

    def _trade(
        self,
        entry: Entry,
        market: MarketFeed,
        fill: PoolSwapped | BookFilled,
        volume: tuple[int, int],
        pool_fees: tuple[int, int],
        price: str | None,
        taker_buys: bool,
        maker: str,
    ) -> None:
        """`volume` and `pool_fees` are base and quote; `price` None where the fill forms none."""
        self.days.add(DayFill(entry.seq, entry.time, market.symbol, *volume, *pool_fees, price))
        self.klines.add(Fill(entry.seq, entry.time, market.symbol, *volume, price))
        if price is None:
            return
        trade = PublicTrade(fill.trade_id, entry.seq, entry.time, price, *volume, taker_buys)
        self.trail.add(market.symbol, market.tail, trade)
        names = market.names["trade"]
        if not self._is_heard(names):
            return
        frame = trade_frame(
            market.named,
            seq=entry.seq,
            time_ms=entry.time,
            price=price,
            base=volume[0],
            trade_id=fill.trade_id,
            taker_buys=taker_buys,
            orders=Orders(str(fill.order_id or entry.seq), maker),
        )
        self._hub.push(names, frame, replaceable=False)

    def _liquidity_changed(self, entry: Entry, event: LiquidityAdded | LiquidityRemoved) -> None:
        self._changed(entry, event, event.total_supply)

    def _synced(self, entry: Entry, event: ReservesSynced) -> None:
        market = self.markets[event.market]
        self._changed(entry, event, event.total_supply or market.total_supply)

    def _changed(self, entry: Entry, change: _Change, total_supply: int) -> None:
        """The pool after a change of its reserves."""
        market = self.markets[change.market]
        market.seq = entry.seq
        market.total_supply = total_supply
        self._tell_pool(market, entry.time)

    def _tell_pool(self, market: MarketFeed, time_ms: int) -> None:
        names = market.names["pool"]
        if self.is_fresh and self._is_heard(names):
            pool = market.depth.depth.pool
            frame = pool_frame(
                market.named,
                seq=market.seq,
                time_ms=time_ms,
                reserves=(pool.reserve_base, pool.reserve_quote),
                total_supply=market.total_supply,
            )
            self._hub.push(names, frame, replaceable=True)

    def _is_heard(self, names: tuple[str, ...]) -> bool:
        return not self._is_replaying and any(self._hub.has_readers(name) for name in names)
