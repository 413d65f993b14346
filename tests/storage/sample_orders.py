"""Orders for a handmade journal: plausible events without a real book behind them.

Whoever takes meets any open orders of the other side at their own prices; holds are numbers that
nobody checks here.
"""

from random import Random

from xyk.domain import events as e
from xyk.domain.commands import CancelOrder, Command, ExpireOrder, PlaceOrder

TOKEN = "0x" + "00" * 20
STAMP = {"nonce": 0, "deadline": 0}


class OpenOrder:
    def __init__(self, placed: e.OrderPlaced) -> None:
        self.placed = placed
        self.price = placed.price
        self.quantity = placed.quantity
        self.filled = 0
        self.waits = False

    @property
    def left(self) -> int:
        return self.quantity - self.filled


class Orders:
    """The open orders of a sample's markets. `terms`: (tick, lot) by market."""

    def __init__(self, random: Random, decimals: dict[str, int]) -> None:
        self.random = random
        self.decimals = decimals
        self.open: dict[str, dict[int, OpenOrder]] = {}
        self.terms: dict[str, tuple[int, int]] = {}

    def step(
        self, market: str, owner: str, seq: int, trade_id: int
    ) -> tuple[Command, list[e.AnyEvent], str]:
        """A command, its events without the nonce, and the scheme."""
        open_ = self.open.setdefault(market, {})
        self.terms.setdefault(market, (1, 1))
        kind = self.random.random()
        if not open_ and kind < 0.5:
            return self.update_terms(market)
        if not open_ or kind < 0.45:
            return self.place(market, owner, seq, trade_id)
        order = self.random.choice(list(open_.values()))
        if kind < 0.62:
            return self.replace(market, order, seq, trade_id)
        if order.waits and kind < 0.9:
            return self.trigger(market, order, trade_id)
        return self.close(order)

    def update_terms(self, market: str) -> tuple[Command, list[e.AnyEvent], str]:
        tick, lot = 10 ** self.random.randrange(3), 10 ** self.random.randrange(3)
        self.terms[market] = (tick, lot)
        event = e.MarketUpdated(
            market=market,
            tick_size=tick,
            lot_size=lot,
            maker_fee_bps=0,
            taker_fee_bps=0,
            pool_fee_bps=30,
            book=True,
        )
        return CancelOrder(owner=TOKEN, order_id="", client_id=0, **STAMP), [event], "eip712"

    def place(
        self, market: str, owner: str, seq: int, trade_id: int
    ) -> tuple[Command, list[e.AnyEvent], str]:
        random = self.random
        placed = e.OrderPlaced(
            owner=owner,
            order_id=seq,
            digest=f"0x{seq:064x}",
            market=market,
            is_bid=random.random() < 0.5,
            price=random.randrange(1, 10**9),
            quantity=random.randrange(1, 10**12),
            time_in_force=random.choice(["GTC", "IOC", "GTD"]),
            post_only=random.random() < 0.1,
            client_id=random.choice([0, 0, 7, 2**32 - 1]),
            expires=random.choice([0, 1_800_000_000, 2**64 - 1]),
            trigger_price=random.choice([0, 0, 0, 10**6]),
            trigger_above=random.random() < 0.5,
            order_type=random.choice(["Limit", "Limit", "Market"]),
            quote_quantity=random.choice([0, 0, 10**6, 2**112 - 1]),
        )
        order = OpenOrder(placed)
        self.open[market][seq] = order
        events: list[e.AnyEvent] = [placed]
        if placed.trigger_price:
            order.waits = True
            events.append(e.TriggerArmed(order_id=seq, held=1))
        else:
            self.take_and_rest(market, order, trade_id, events)
        command = PlaceOrder(
            owner=owner,
            sell_token=TOKEN,
            buy_token=TOKEN,
            sell_amount=1,
            buy_amount=1,
            time_in_force="",
            post_only=False,
            self_trade_prevention="",
            trigger_price=0,
            trigger_above=False,
            client_id=0,
            expires=0,
            **STAMP,
        )
        return command, events, "eip712"

    def take_and_rest(
        self, market: str, order: OpenOrder, trade_id: int, events: list[e.AnyEvent]
    ) -> None:
        """Fills with a few makers and perhaps the pool; the rest stands, or is over."""
        placed, open_ = order.placed, self.open[market]
        others = [one for one in open_.values() if one.placed.is_bid != placed.is_bid]
        makers = [one for one in others if not one.waits and one.placed.owner != placed.owner]
        for maker in self.random.sample(makers, min(len(makers), self.random.randrange(3))):
            if order.left == 0:
                break
            lots = min(order.left, maker.left, self.random.choice([1, 10**6, 10**12]))
            trade_id += 1
            events.append(self.fill(market, order, maker, lots, trade_id))
            if not maker.left:
                del open_[maker.placed.order_id]
        if order.left > 1 and self.random.random() < 0.3:
            events.append(self.pool_fill(market, order, trade_id + 1))
        number = placed.order_id
        if order.left == 0 or placed.time_in_force == "IOC":
            status = "Expired" if order.left else "Filled"
            reason = "ImmediateOrCancel" if order.left else ""
            events.append(self.closed(order, status, reason, 0))
            del open_[number]
        else:
            events.append(e.OrderRested(order_id=number, remaining=order.left, held=1))

    def fill(
        self, market: str, order: OpenOrder, maker: OpenOrder, lots: int, trade_id: int
    ) -> e.BookFilled:
        tick, lot = self.terms[market]
        base = lots * lot
        quote = maker.price * tick * base // 10 ** self.decimals[market.split("_")[0]]
        order.filled += lots
        maker.filled += lots
        return e.BookFilled(
            market=market,
            maker_order_id=maker.placed.order_id,
            maker=maker.placed.owner,
            taker=order.placed.owner,
            taker_buys=order.placed.is_bid,
            price=maker.price,
            quantity=lots,
            base_amount=base,
            quote_amount=quote,
            taker_fee=base // 1000,
            maker_remaining=maker.left,
            trade_id=trade_id,
            price_forming=quote >= 10**4,
            maker_fee=self.random.choice([0, 3]),
            maker_rebate=self.random.choice([0, 2]),
            order_id=order.placed.order_id,
        )

    def pool_fill(self, market: str, order: OpenOrder, trade_id: int) -> e.PoolSwapped:
        """One lot from the pool, whose reserves the caller puts right."""
        _, lot = self.terms[market]
        order.filled += 1
        base, quote = market.split("_")
        assets, amounts = (base, quote), (lot, 10**5)
        if order.placed.is_bid:
            assets, amounts = assets[::-1], amounts[::-1]
        return e.PoolSwapped(
            owner=order.placed.owner,
            market=market,
            asset_in=assets[0],
            asset_out=assets[1],
            amount_in=amounts[0],
            amount_out=amounts[1],
            fee=1,
            reserve_base=0,
            reserve_quote=0,
            trade_id=trade_id,
            price_forming=False,
            order_id=order.placed.order_id,
        )

    def replace(
        self, market: str, order: OpenOrder, seq: int, trade_id: int
    ) -> tuple[Command, list[e.AnyEvent], str]:
        number = order.placed.order_id
        command = CancelOrder(owner=order.placed.owner, order_id="", client_id=0, **STAMP)
        if order.left > 1 and not order.waits and self.random.random() < 0.5:
            order.quantity -= order.left // 2
            reduced = e.OrderReduced(
                order_id=number, quantity=order.quantity, remaining=order.left, released=1
            )
            return command, [reduced], "eip712"
        order.price += 1
        order.quantity += 5
        replaced = e.OrderReplaced(
            order_id=number, price=order.price, quantity=order.quantity, released=1
        )
        events: list[e.AnyEvent] = [replaced]
        if order.waits:
            events.append(e.TriggerArmed(order_id=number, held=1))
        else:
            self.take_and_rest(market, order, trade_id, events)
        return command, events, "eip712"

    def trigger(
        self, market: str, order: OpenOrder, trade_id: int
    ) -> tuple[Command, list[e.AnyEvent], str]:
        number = order.placed.order_id
        order.waits = False
        events: list[e.AnyEvent] = [e.OrderTriggered(order_id=number, released=1)]
        if self.random.random() < 0.3:
            events.append(self.closed(order, "TriggerFailed", "InsufficientLiquidity", 0))
            del self.open[market][number]
        else:
            self.take_and_rest(market, order, trade_id, events)
        return ExpireOrder(order_id=number), events, "clock"

    def close(self, order: OpenOrder) -> tuple[Command, list[e.AnyEvent], str]:
        number, owner = order.placed.order_id, order.placed.owner
        del self.open[order.placed.market][number]
        if order.placed.expires:
            event = self.closed(order, "Expired", "GoodTillDate", 1)
            return ExpireOrder(order_id=number), [event], "clock"
        event = self.closed(order, "Cancelled", "UserCancelled", 1)
        return CancelOrder(owner=owner, order_id="", client_id=0, **STAMP), [event], "eip712"

    def closed(self, order: OpenOrder, status: str, reason: str, released: int) -> e.OrderClosed:
        return e.OrderClosed(
            owner=order.placed.owner,
            order_id=order.placed.order_id,
            market=order.placed.market,
            status=status,
            reason=reason,
            remaining=order.left,
            released=released,
        )
