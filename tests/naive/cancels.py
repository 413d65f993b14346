"""Orders that end without a trade: cancelled one by one, all at once, later, or by their time."""

import re

from tests.naive.open_orders import OpenOrders
from tests.naive.pair import refuse_if
from tests.naive.vault import Fields, Outcome

CANCEL_AFTER_MAX_S = 86_400
ORDER_ID = re.compile(r"[1-9][0-9]*", re.ASCII)


class Cancels(OpenOrders):
    def do_CancelOrder(self, fields: Fields, signer: str) -> Outcome:
        text, client_id = fields["orderId"], fields["clientId"]
        if text:
            number = int(text) if ORDER_ID.fullmatch(text) else 0
            found = [one for one in self.of_owner(fields["owner"]) if one["id"] == number]
        else:
            found = self.of_owner(fields["owner"])
            found = [one for one in found if one["clientId"] == client_id != 0]
        refuse_if(found == [], "RESOURCE_NOT_FOUND")
        return {"events": [self.close(found[0], "Cancelled", "UserCancelled")]}

    def do_CancelAllOrders(self, fields: Fields, signer: str) -> Outcome:
        refuse_if(fields["market"] not in ("", *self.markets), "INVALID_MARKET")
        mine = self.of_owner(fields["owner"], fields["market"])
        return {"events": [self.close(order, "Cancelled", "UserCancelled") for order in mine]}

    def do_CancelAllAfter(self, fields: Fields, signer: str) -> Outcome:
        timer, seconds = (fields["owner"], fields["market"]), fields["timeoutSeconds"]
        refuse_if(fields["market"] not in ("", *self.markets), "INVALID_MARKET")
        refuse_if(seconds > CANCEL_AFTER_MAX_S, "INVALID_QUANTITY")
        return {"events": [self._set_timer(timer, self.now_ms + 1000 * seconds if seconds else 0)]}

    def do_FireCancelTimer(self, fields: Fields, signer: str) -> Outcome:
        timer = fields["owner"], fields["market"]
        assert self.timers[timer] <= self.now_ms
        fired = self._set_timer(timer, 0)
        closed = [self.close(one, "Cancelled", "CancelAllAfter") for one in self.of_owner(*timer)]
        return {"events": [fired, *closed]}

    def do_ExpireOrder(self, fields: Fields, signer: str) -> Outcome:
        order = self.by_id(fields["orderId"])
        assert 0 < order["expires"] * 1000 <= self.now_ms
        return {"events": [self.close(order, "Expired", "GoodTillDate")]}

    def _set_timer(self, timer: tuple[str, str], fires_ms: int) -> Fields:
        self.timers.pop(timer, None)
        if fires_ms:
            self.timers[timer] = fires_ms
        owner, market = timer
        return {"type": "CancelTimerSet", "owner": owner, "market": market, "firesMs": fires_ms}

    def next_due(self, now_ms: int, activations_left: int) -> tuple[str, Fields] | None:
        """What the clock has to do before anybody else: expiries and timers by their time, then
        triggers in the order in which they were reached."""
        late: list[tuple[int, int, int, str, str]] = [
            (order["expires"] * 1000, 0, order["id"], "", "")
            for order in self.orders
            if 0 < order["expires"] * 1000 <= now_ms
        ]
        late += [(at, 1, 0, *timer) for timer, at in self.timers.items() if at <= now_ms]
        if late:
            _, is_timer, number, owner, market = min(late)
            if is_timer:
                return "FireCancelTimer", {"owner": owner, "market": market}
            return "ExpireOrder", {"orderId": number}
        for number in self.due if activations_left > 0 else []:
            if self.markets[self.by_id(number)["market"]]["status"] == "open":
                return "ActivateTrigger", {"orderId": number}
        return None
