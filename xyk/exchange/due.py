"""What the clock must do before the next user's command: derived from the state and the time alone,
so that an auditor derives the same.
"""

from xyk.domain.commands import ActivateTrigger, ClockCommand, ExpireOrder, FireCancelTimer
from xyk.domain.market import OPEN
from xyk.exchange.state import State


def next_due(state: State, now_ms: int, activations_left: int) -> ClockCommand | None:
    """The clock's next command at `now_ms`, or None.

    Expiries and dead man's switches first, in the order of their times, an expiry before a switch
    of the same millisecond; then triggered orders in the order in which they were reached, except
    in markets that are not open. `activations_left`: how many of those may still come before the
    next user's command.
    """
    orders = state.open_orders
    expiry, timer = orders.next_expiry(), orders.next_timer()
    if (
        expiry is not None
        and expiry[0] * 1000 <= now_ms
        and (timer is None or expiry[0] * 1000 <= timer[0])
    ):
        return ExpireOrder(order_id=expiry[1])
    if timer is not None and timer[0] <= now_ms:
        owner, market = timer[1]
        return FireCancelTimer(owner=owner, market=market)
    if activations_left and orders.due:
        number = orders.first_due(lambda market: state.markets[market].status == OPEN)
        if number is not None:
            return ActivateTrigger(order_id=number)
    return None
