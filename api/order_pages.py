"""An owner's orders of any state, page by page: those of the read tables and the newer ones that
the order log has, together. An order is found as soon as it is committed, wherever the tables are.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from api.order_log import OrderLog
from api.services import Services
from xyk.engine.order_record import OrderRecord
from xyk.storage.history import OrderFilter, Page


def newer_orders(log: OrderLog, wanted: OrderFilter) -> list[OrderRecord]:
    """The committed orders that the tables may not have, ascending id."""
    found = [
        replace(order)
        for order in log.placed_after(wanted.up_to)
        if order.owner == wanted.owner
        and wanted.market in ("", order.market)
        and wanted.order_id in (0, order.order_id)
    ]
    return sorted(found, key=lambda order: order.order_id)


async def merged_orders(
    services: Services, wanted: OrderFilter, page: Page, newer: list[OrderRecord], stored: int
) -> list[OrderRecord]:
    """The page of the tables' orders, of which there are `stored`, and the newer ones together; all
    newer ids are greater."""
    first, last = page.offset, page.offset + page.limit
    if page.ascending:
        head = await services.history.orders_page(wanted, page) if first < stored else []
        return head + newer[max(0, first - stored) : max(0, last - stored)]
    head = newer[::-1][first:last]
    rest = page.limit - len(head)
    if not rest:
        return head
    left = Page(limit=rest, offset=max(0, first - len(newer)))
    return head + await services.history.orders_page(wanted, left)


def latest_order(
    log: OrderLog, ended: Mapping[int, OrderRecord], order: OrderRecord
) -> OrderRecord:
    """As the log has it, or had when it was asked, where that is newer than the row."""
    number = order.order_id
    known = (log.open(number), log.closed(number), ended.get(number), order)
    return max([one for one in known if one is not None], key=lambda one: one.seq)


async def newest_orders(
    services: Services, log: OrderLog, owner: str, market: str, page: Page
) -> tuple[int, list[OrderRecord]]:
    """The seq up to which they tell, and a page of them, newest first. `market` empty: all."""
    seq = await services.committed(services.state.seq)
    # From here to the first await: what the tables show for certain, and what is newer than that.
    wanted = OrderFilter(owner=owner, up_to=services.projected(), market=market)
    newer = newer_orders(log, wanted)
    ended = {number: replace(one) for number, one in log.closed_of(owner).items()}
    orders = await merged_orders(services, wanted, page, newer, stored=0)
    return seq, [latest_order(log, ended, order) for order in orders]
