"""The owner's open orders in one market, from reads, receipts and the stream, in whatever order
these arrive: for each order the newest entry counts.
"""

from typing import Any

from xyk.client.market_terms import MarketTerms
from xyk.domain.decimals import base_units
from xyk.domain.market import BID
from xyk.maker.changes import Open

Json = dict[str, Any]

OPEN_STATUSES = ("New", "PartiallyFilled")
CLOSED_KEPT = 1_000  # ids of closed orders that a late message could bring back


class OwnOrders:
    """`filled_seq`: the entry of the newest fill; `fills` counts them. `strange`: ids of open
    orders that can be no quote: those that could take or wait for a trigger, and those of which
    only the stream told, so that the digest is unknown that a replacement has to name."""

    def __init__(self, terms: MarketTerms) -> None:
        self.terms = terms
        self.open: dict[str, Open] = {}
        self.strange: dict[str, None] = {}
        self.filled_seq = 0
        self.fills = 0
        self._seqs: dict[str, int] = {}  # the entry up to which an order is known

    def reset(self, orders: list[Json]) -> None:
        """`orders`: an answer of GET /api/v1/orders. What the stream told meanwhile is newer."""
        answered = {order["id"] for order in orders}
        for order_id in [*self.open, *self.strange]:
            if order_id not in answered:
                self._close(order_id)
        for order in orders:
            self.learn(order)

    def learn(self, order: Json) -> None:
        """An order object, of a read or of a receipt."""
        if order["seq"] < self._seqs.get(order["id"], 0):
            known = self.open.get(order["id"])
            if known is not None and not known.digest:  # the stream was faster than the receipt
                self.open[order["id"]] = known._replace(digest=order["digest"])
                self.strange.pop(order["id"], None)
            return
        self._set(
            order["id"],
            order["seq"],
            order["status"],
            self._order(order, order["digest"]),
            is_quote=order["postOnly"],
        )

    def told(self, update: Json) -> None:
        """The data of a frame of account.orderUpdate."""
        if update["s"] != self.terms.symbol:
            return
        if update["e"] == "orderFill" and update["seq"] > self.filled_seq:
            self.filled_seq = update["seq"]
        self.fills += update["e"] == "orderFill"
        if update["seq"] < self._seqs.get(update["i"], 0):
            return
        known = self.open.get(update["i"])
        named = {
            "id": update["i"],
            "side": update["S"],
            "price": update.get("p", "0"),
            "quantity": update["q"],
            "executedQuantity": update["z"],
        }
        digest = known.digest if known is not None else ""
        order = self._order(named, digest)
        self._set(update["i"], update["seq"], update["X"], order, is_quote=update["y"])

    def _set(self, order_id: str, seq: int, status: str, order: Open, *, is_quote: bool) -> None:
        self._seqs[order_id] = seq
        if status == "TriggerPending":
            self.open.pop(order_id, None)
            self.strange[order_id] = None
        elif status in OPEN_STATUSES:
            self.open[order_id] = order
            if order.digest and is_quote:
                self.strange.pop(order_id, None)
            else:
                self.strange[order_id] = None
        else:
            self._close(order_id)

    def _close(self, order_id: str) -> None:
        self.open.pop(order_id, None)
        self.strange.pop(order_id, None)
        if len(self._seqs) > CLOSED_KEPT + len(self.open):
            for known in list(self._seqs)[:CLOSED_KEPT]:
                if known not in self.open:
                    del self._seqs[known]

    def _order(self, order: Json, digest: str) -> Open:
        terms = self.terms
        quantity = base_units(order["quantity"], terms.base_decimals) // terms.lot_size
        filled = base_units(order["executedQuantity"], terms.base_decimals) // terms.lot_size
        return Open(
            id=order["id"],
            digest=digest,
            is_bid=order["side"] == BID,
            ticks=base_units(order["price"], terms.quote_decimals) // terms.tick_size,
            lots=quantity - filled,
            filled=filled,
        )
