"""A deployment's pairs and quotes for a person to read."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xyk.cli.amounts import short, whole
from xyk.cli.exits import NO, Stop
from xyk.cli.ladder import QUIET
from xyk.client.chain_reads import chain_pairs, chain_quote, told_deployment, told_pin
from xyk.client.chain_terms import ChainPin, ChainToken
from xyk.client.connection import Connection
from xyk.client.signing import Json
from xyk.domain.decimals import base_units
from xyk.domain.units import BPS

PIPE_COLUMNS = 120  # where there is no terminal to ask
LIVE = "live"


async def show_pairs(url: str, deployment: str, patience_s: float) -> None:
    """Raises Stop for an unknown deployment. What is stale is shown and said to be."""
    connection = Connection(url, patience_s=patience_s)
    try:
        told = await told_deployment(connection, deployment)
        listed = await chain_pairs(connection, deployment)
    except ValueError as fault:
        raise Stop(NO, str(fault)) from None
    finally:
        await connection.close()
    console = pipe_or_terminal()
    console.print(Text(f"{deployment}, chain {told['chainId']}, ", "bold") + freshness(told))
    if not listed:
        console.print("no pairs are mirrored")
        return
    table = Table(box=None, header_style=QUIET)
    for name in ("pair", "price", "reserves", "", "address"):
        table.add_column(name, justify="right" if name in ("price", "reserves", "") else "left")
    for pair in listed:
        tokens = pair["token0"], pair["token1"]
        kept = [
            f"{short(int(amount), int(token['decimals']))} {token['symbol']}"
            for amount, token in zip(pair["reserves"], tokens, strict=True)
        ]
        in_order = kept if tokens[0]["symbol"] == pair["base"] else kept[::-1]
        table.add_row(pair["symbol"], pair["spotPrice"] or "-", *in_order, pair["address"])
    console.print(table)


async def show_quote(
    url: str,
    deployment: str,
    token_in: str,
    token_out: str,
    amount: str,
    is_out: bool,
    slippage_bps: int,
    patience_s: float,
) -> None:
    """Raises Stop for an unknown deployment or token, and for an amount that is none."""
    connection = Connection(url, patience_s=patience_s)
    try:
        pin = await told_pin(connection, deployment)
        given, wanted = pin.token(token_in), pin.token(token_out)
        units = units_of(amount, wanted if is_out else given)
        found = await chain_quote(
            connection,
            deployment,
            given.name,
            wanted.name,
            amount_in=None if is_out else units,
            amount_out=units if is_out else None,
            slippage_bps=slippage_bps,
        )
    except ValueError as fault:
        raise Stop(NO, str(fault)) from None
    finally:
        await connection.close()
    bound = bound_of(found, is_out, slippage_bps)
    rows = {
        "you give": shown(int(found["amountIn"]), given),
        "you get": shown(int(found["amountOut"]), wanted),
        ("at most" if is_out else "at least"): (
            f"{shown(bound, given if is_out else wanted)}, {percent(slippage_bps)} worse"
        ),
        "price": f"{found['executionPrice']}, {percent(found['priceImpactBps'])} by its own impact",
        "over": route_text(found, pin),
        "fees": ", ".join(fee_text(hop, pin) for hop in found["route"]),
        "block": f"{found['block']}, {age_text(found['ageMs'])} old",
    }
    pipe_or_terminal().print(listing(rows))


def listing(rows: Mapping[str, str]) -> Table:
    table = Table(box=None, show_header=False)
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows.items():
        table.add_row(name, Text(text))
    return table


def pipe_or_terminal() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_COLUMNS)


def freshness(told: Json) -> Text:
    """Of a deployment: what is not live is said in red."""
    age = f"block {told['block']}, {age_text(told['ageMs'])} old"
    if told["status"] == LIVE:
        return Text(age)
    reason = f": {told['reason']}" if told.get("reason") else ""
    return Text(f"{age}, {str(told['status']).replace('_', ' ')}{reason}", "bold red")


def age_text(age_ms: int) -> str:
    seconds = int(age_ms) // 1000
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def units_of(amount: str, token: ChainToken) -> int:
    """Base units of whole tokens, exactly. ValueError for no number, and where nobody said the
    token's decimals."""
    if token.decimals is None:
        raise ValueError(f"No mirrored pair has {token.symbol}, so its decimals are not known")
    units = base_units(amount, token.decimals)
    if units == 0:
        raise ValueError("An amount is above 0")
    return units


def shown(units: int, token: ChainToken) -> str:
    assert token.decimals is not None
    return f"{whole(units, token.decimals)} {token.symbol}"


def bound_of(found: Json, is_out: bool, slippage_bps: int) -> int:
    """The worst that the quote may become: rounded against whoever swaps least, as the router
    reads it."""
    if is_out:
        return -(-int(found["amountIn"]) * (BPS + slippage_bps) // BPS)
    expected = int(found["amountOut"])
    return max(min(expected, 1), expected * (BPS - slippage_bps) // BPS)  # 0 accepts anything


def percent(bps: int) -> str:
    """50 is 0.5 %."""
    return f"{whole(int(bps), 2)} %"


def route_text(found: Json, pin: ChainPin) -> str:
    hops = found["route"]
    tokens = [hops[0]["tokenIn"], *(hop["tokenOut"] for hop in hops)]
    return path_text(tokens, pin)


def path_text(path: list[str], pin: ChainPin) -> str:
    return " > ".join(pin.token(address).symbol for address in path)


def fee_text(hop: Json, pin: ChainPin) -> str:
    token = pin.token(hop["tokenIn"])
    return shown(int(hop["fee"]), token) if token.decimals is not None else str(hop["fee"])
