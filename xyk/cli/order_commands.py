"""`xyk order`: place, replace, cancel, list and watch from the command line.

What changes something is signed with a key from a file of mode 0600 or from XYK_KEY, never from a
flag, which every process of the machine could read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xyk.cli import settings as st
from xyk.cli.ending import ending
from xyk.client.client import Client
from xyk.client.connection import PATIENCE_S
from xyk.domain.market import ASK, BID
from xyk.wallet.typed_data import checksum

orders = typer.Typer(no_args_is_help=True, help="Orders of a wallet: place, replace, cancel, see.")


class Side(StrEnum):
    BID = "bid"
    ASK = "ask"
    BUY = "buy"
    SELL = "sell"


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class SelfTrade(StrEnum):
    REJECT_TAKER = "RejectTaker"
    REJECT_MAKER = "RejectMaker"
    REJECT_BOTH = "RejectBoth"


KeyFile = Annotated[
    Path | None,
    typer.Option(
        envvar="XYK_KEY_FILE", help="File with the private key, mode 0600; else XYK_KEY is it."
    ),
]
Owner = Annotated[
    str, typer.Option(help="Whose account, where the key is an agent's; the key's own by default.")
]
Market = Annotated[str, typer.Argument(help="Such as ETH_USDC.")]
OrderId = Annotated[str, typer.Argument(help="As place and list print it.")]
Nonce = Annotated[
    int | None,
    typer.Option(min=0, help="That of an earlier try, so that only one of both can execute."),
]


@orders.command()
def place(
    market: Market,
    side: Annotated[Side, typer.Argument(case_sensitive=False)],
    quantity: Annotated[str, typer.Argument(help="Whole tokens of base, such as 0.5.")],
    price: Annotated[str, typer.Argument(help="Quote per base, such as 2000.50.")],
    time_in_force: Annotated[TimeInForce, typer.Option("--tif")] = TimeInForce.GTC,
    post_only: Annotated[bool, typer.Option("--post-only", help="Refuse it if it takes.")] = False,
    self_trade: Annotated[SelfTrade, typer.Option()] = SelfTrade.REJECT_TAKER,
    trigger: Annotated[str, typer.Option(help="Wait until a trade reaches this price.")] = "",
    above: Annotated[bool, typer.Option("--above", help="Reached from below.")] = False,
    client_id: Annotated[int, typer.Option(min=0, help="Your own number for it.")] = 0,
    expires: Annotated[int, typer.Option(min=0, help="Unix seconds, with GTD.")] = 0,
    key_file: KeyFile = None,
    owner: Owner = "",
    nonce: Nonce = None,
    url: st.Url = st.URL,
    salt: st.Salt = "",
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Sign and place a limit order; what it did and what became of it."""
    from xyk.cli.order_lines import receipt_lines

    named = BID if side in (Side.BID, Side.BUY) else ASK

    async def act(client: Client) -> list[str]:
        receipt = await client.place_order(
            market,
            named,
            price=price,
            quantity=quantity,
            time_in_force=time_in_force.value,
            post_only=post_only,
            self_trade_prevention=self_trade.value,
            trigger_price=trigger,
            trigger_above=above,
            client_id=client_id,
            expires=expires,
            nonce=nonce,
        )
        return receipt_lines(receipt)

    _signed(act, key_file, owner, url, salt, patience)


@orders.command()
def replace(
    order: OrderId,
    quantity: Annotated[str, typer.Option(help="New total, what is filled included.")] = "",
    price: Annotated[str, typer.Option(help="New price; without one it stays.")] = "",
    key_file: KeyFile = None,
    owner: Owner = "",
    nonce: Nonce = None,
    url: st.Url = st.URL,
    salt: st.Salt = "",
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Change an open order's price or quantity; its id stays."""
    from xyk.cli.order_lines import receipt_lines

    async def act(client: Client) -> list[str]:
        receipt = await client.replace_order(order, price=price, quantity=quantity, nonce=nonce)
        return receipt_lines(receipt)

    if not quantity and not price:
        raise typer.BadParameter("name a new --price, a new --quantity, or both")
    _signed(act, key_file, owner, url, salt, patience)


@orders.command()
def cancel(
    order: Annotated[
        str, typer.Argument(help="Its id; without one name --client-id or --all.")
    ] = "",
    client_id: Annotated[int, typer.Option(min=0, help="Your own number for it.")] = 0,
    everything: Annotated[bool, typer.Option("--all", help="Every open order.")] = False,
    market: Annotated[str, typer.Option(help="With --all: of this market alone.")] = "",
    key_file: KeyFile = None,
    owner: Owner = "",
    nonce: Nonce = None,
    url: st.Url = st.URL,
    salt: st.Salt = "",
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Take one open order, or all, off the book."""
    from xyk.cli.order_lines import cancelled_lines, receipt_lines

    async def act(client: Client) -> list[str]:
        if not everything:
            receipt = await client.cancel_order(order, client_id=client_id, nonce=nonce)
            return receipt_lines(receipt)
        return cancelled_lines(await client.cancel_all_orders(market, nonce=nonce))

    if everything == bool(order or client_id):
        raise typer.BadParameter("name the order by its id or its --client-id, or say --all")
    _signed(act, key_file, owner, url, salt, patience)


@orders.command("list")
def list_orders(
    market: Annotated[str, typer.Option(help="Of this market alone.")] = "",
    key_file: KeyFile = None,
    owner: Owner = "",
    url: st.Url = st.URL,
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Open orders of an owner, waiting triggers too."""
    from xyk.cli.order_lines import print_orders
    from xyk.cli.trader import as_reader

    with ending():
        print_orders(
            asyncio.run(
                as_reader(lambda client: client.open_orders(market), key_file, owner, url, patience)
            )
        )


@orders.command()
def address(key_file: KeyFile = None) -> None:
    """Print the address of the key, whose account it is."""
    from xyk.cli.trader import needed_wallet

    with ending():
        print(checksum(needed_wallet(key_file).address))


@orders.command()
def watch(
    market: Annotated[str, typer.Option(help="Of this market alone.")] = "",
    key_file: KeyFile = None,
    owner: Owner = "",
    url: st.Url = st.URL,
    patience: st.Patience = PATIENCE_S,
) -> None:
    """A line for everything that becomes of an owner's orders, until Ctrl-C."""
    from xyk.cli.order_lines import watch_orders
    from xyk.cli.trader import as_reader

    with ending():
        asyncio.run(
            as_reader(lambda client: watch_orders(client, market), key_file, owner, url, patience)
        )


def _signed(
    act: Callable[[Client], Awaitable[list[str]]],
    key_file: Path | None,
    owner: str,
    url: str,
    salt: str,
    patience_s: float,
) -> None:
    from xyk.cli.trader import as_trader

    with ending():
        lines = asyncio.run(as_trader(act, key_file, owner, url, salt, patience_s))
        print("\n".join(lines))
