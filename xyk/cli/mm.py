"""`xyk mm`: a market maker on one market, as a client of the public API."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from xyk.cli.exits import CONFIG, NO, Stop
from xyk.cli.mm_authority import Authority, authority
from xyk.cli.mm_screen import screen_for
from xyk.client.client import Client
from xyk.client.connection import Unanswered
from xyk.client.market_terms import MarketTerms
from xyk.domain.decimals import base_units
from xyk.maker.exchange_clock import ExchangeClock
from xyk.maker.market_maker import PATIENCE_S, PERISH_S, MarketMaker, Pace, Stopped
from xyk.maker.market_view import MarketView
from xyk.maker.quoting import Style
from xyk.maker.reference import (
    FileReference,
    MarketReference,
    PoolReference,
    Reference,
    WalkReference,
)

REFERENCES = "pool, market:SYMBOL, market:SYMBOL@URL, file:PATH or walk"


class Wishes(NamedTuple):
    """What the command line says, decimals as text in whole tokens; empty for none."""

    market: str
    reference: str
    levels: int
    spread_bps: int
    step_bps: int
    size: str
    max_base: str
    max_quote: str
    skew_bps: int
    target_bps: int
    tolerance_bps: int
    refresh_s: float
    timeout_s: int
    seed: int
    duration_s: float


class Keys(NamedTuple):
    """Where the keys are. `owner`: not empty where the key is an agent's already."""

    key_file: Path | None
    password_file: Path | None
    agent_file: Path | None
    owner: str
    agent_hours: int


async def make_market(url: str, salt: str, keys: Keys, wishes: Wishes) -> None:
    """Until SIGINT or SIGTERM. Raises Stop where it cannot begin or go on."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ending.set)
    clock = ExchangeClock()
    may = await authority(
        url, salt, keys.key_file, keys.password_file, keys.agent_file, keys.owner, keys.agent_hours
    )
    async with agent_client(url, may, clock) as client:
        await clock.measure(client)  # the approval's end is by the exchange's time
        maker = await prepared(client, wishes, may, clock)
        screen = screen_for(Console(), maker)
        if wishes.duration_s:
            loop.call_later(wishes.duration_s, ending.set)
        try:
            with screen:
                await maker.run(ending, screen.show)
        except Stopped as stopped:
            raise Stop(NO, str(stopped)) from None
        except Unanswered as fault:
            raise Stop(
                NO,
                f"{fault}; nobody confirmed the last cancel. Orders that are open are cancelled by "
                f"the switch within {wishes.timeout_s} s",
            ) from None


def agent_client(url: str, may: Authority, clock: ExchangeClock) -> Client:
    client = Client(
        url,
        may.agent,
        owner=may.owner,
        salt=may.salt,
        timeout_s=PERISH_S,
        patience_s=PATIENCE_S,
        now_s=clock.now_s,
    )
    client.session = may.session
    return client


async def prepared(
    client: Client, wishes: Wishes, may: Authority, clock: ExchangeClock
) -> MarketMaker:
    """Raises Stop for wishes that the market does not allow."""
    if wishes.refresh_s > wishes.timeout_s / 3:
        raise Stop(
            CONFIG,
            f"--refresh {wishes.refresh_s:g} is above a third of --timeout {wishes.timeout_s}: the "
            "switch would cancel all orders between two moves",
        )
    try:
        terms = await client.market_terms(wishes.market)
        market = await client.get("/api/v1/market", {"symbol": wishes.market})
        if not market["book"]:
            raise ValueError(f"{wishes.market} has no book where an order could rest")
        style = Style(
            levels=wishes.levels,
            lots=_of_flag("--size", lambda: terms.lots(wishes.size)),
            spread_bps=wishes.spread_bps,
            step_bps=wishes.step_bps,
            skew_bps=wishes.skew_bps,
            target_bps=wishes.target_bps,
            max_base=_amount("--max-base", wishes.max_base, terms.base_decimals),
            max_quote=_amount("--max-quote", wishes.max_quote, terms.quote_decimals),
        )
        reference = reference_of(wishes, terms, client.connection.base_url)
    except ValueError as fault:
        raise Stop(NO, str(fault)) from None
    return MarketMaker(
        client,
        lambda changed: MarketView(client, terms, changed),
        reference,
        style,
        Pace(wishes.refresh_s, wishes.timeout_s, wishes.tolerance_bps, may.valid_until),
        clock,
    )


def reference_of(
    wishes: Wishes, terms: MarketTerms, base_url: str
) -> Callable[[MarketView], Reference]:
    """Raises Stop for a text that names none."""
    kind, _, rest = wishes.reference.partition(":")
    if kind == "pool" and not rest:
        return lambda view: PoolReference(lambda: view.pool)
    if kind == "walk" and not rest:
        return lambda view: WalkReference(wishes.seed, lambda: view.pool)
    if kind == "file" and rest:
        return lambda view: FileReference(Path(rest), terms)
    if kind == "market" and rest:
        symbol, _, url = rest.partition("@")
        if url and not url.startswith(("http://", "https://")):
            raise Stop(CONFIG, f"--reference {wishes.reference}: {url!r} is no http address")
        if symbol == wishes.market and url.rstrip("/") in ("", base_url):
            raise Stop(
                CONFIG,
                f"--reference {wishes.reference} is the market itself: it would follow"
                " its own quotes",
            )
        return lambda view: MarketReference(symbol, url or base_url, terms)
    raise Stop(CONFIG, f"--reference {wishes.reference!r} is unknown; it is {REFERENCES}")


def _amount(flag: str, text: str, decimals: int) -> int | None:
    return _of_flag(flag, lambda: base_units(text, decimals)) if text else None


def _of_flag(flag: str, number: Callable[[], int]) -> int:
    """Raises ValueError that names the flag."""
    try:
        return number()
    except ValueError as fault:
        raise ValueError(f"{flag}: {fault}") from None
