"""Orders as lines for a person: what a receipt says, what is open, what the stream tells."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from xyk.client.client import Client
from xyk.client.order_watch import SNAPSHOT
from xyk.client.signing import Json

COLUMNS = ("id", "market", "side", "price", "quantity", "filled", "terms", "status", "client id")
PIPE_COLUMNS = 120  # where there is no terminal to ask


def order_line(order: Json) -> str:
    """Of an order object."""
    parts = [
        f"order {order['id']} {order['symbol']} {order['side'].lower()}",
        f"{order['quantity']} at {order['price']}: {status(order)}",
    ]
    if order["executedQuantity"] != "0":
        parts.append(f"{order['executedQuantity']} filled for {order['executedQuoteQuantity']}")
    return ", ".join([" ".join(parts[:2]), *parts[2:]])


def status(order: Json) -> str:
    """With the reason why it closed, where there is one."""
    reason = order["expiryReason"]
    return f"{order['status']} ({reason})" if reason else str(order["status"])


def receipt_lines(receipt: Json) -> list[str]:
    """The fills that it took, the order as it left it, and where it is in the journal."""
    lines = [
        f"{'bought' if fill['side'] == 'Bid' else 'sold'} {fill['quantity']} at {fill['price']} "
        f"from {_maker(fill)}, fee {fill['fee']} {fill['feeSymbol']}"
        for fill in receipt["fills"]
    ]
    return [*lines, f"{order_line(receipt['order'])}; entry {receipt['seq']}"]


def cancelled_lines(receipt: Json) -> list[str]:
    """Of the receipt for all orders."""
    lines = [order_line(order) for order in receipt["orders"]]
    return [*lines, f"{len(lines)} orders cancelled; entry {receipt['seq']}"]


def print_orders(orders: list[Json]) -> None:
    table = Table(box=None, header_style="dim")
    for name in COLUMNS:
        is_number = name in ("id", "price", "quantity", "filled")
        table.add_column(name, justify="right" if is_number else "left", no_wrap=True)
    for order in orders:
        table.add_row(
            order["id"],
            order["symbol"],
            order["side"].lower(),
            order["price"],
            order["quantity"],
            order["executedQuantity"],
            _terms(order),
            order["status"],
            str(order["clientId"] or ""),
        )
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_COLUMNS)
    if orders:
        console.print(table)
    else:
        console.print("no open orders")


async def watch_orders(client: Client, market: str) -> None:
    """Prints until it is cancelled."""
    async with client.watch_orders(market) as watch:
        async for update in watch:
            for line in update_lines(update):
                print(line, flush=True)


def update_lines(update: Json) -> list[str]:
    """Of what an OrderWatch gives."""
    if update["e"] == SNAPSHOT:
        orders = [*update["closed"], *update["orders"]]
        return [order_line(order) for order in orders] or ["no open orders; watching"]
    when = datetime.fromtimestamp(update["T"] // 1_000_000, UTC)
    line = (
        f"{when:%H:%M:%S} {update['e']}: order {update['i']} {update['s']} {update['S'].lower()} "
        f"{update['q']} at {update['p']}: {update['X']}"
    )
    if update["e"] == "orderFill":
        line += f", {update['l']} at {update['L']}, {update['z']} filled for {update['Z']}"
    if "R" in update:
        line += f" ({update['R']})"
    return [line]


def _maker(fill: Json) -> str:
    return "the pool" if fill["venue"] == "pool" else f"order {fill['makerOrderId']}"


def _terms(order: Json) -> str:
    terms = str(order["timeInForce"])
    if order["postOnly"]:
        terms += " post-only"
    if order["triggerPrice"] is not None:
        terms += f" {'above' if order['triggerAbove'] else 'below'} {order['triggerPrice']}"
    return terms
