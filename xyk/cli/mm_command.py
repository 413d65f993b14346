"""The flags of `xyk mm`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from xyk.cli import settings as st
from xyk.cli.ending import ending
from xyk.cli.order_commands import KeyFile

LEVELS_MAX = 40  # a side: all of them fit into one batch
BPS_MAX = 5_000


ReferenceName = Annotated[
    str,
    typer.Option(
        help="Price to quote around: pool, market:SYMBOL, market:SYMBOL@URL, file:PATH or walk."
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="Of a keystore: a file with its password, mode 0600.")
]
AgentFile = Annotated[
    Path | None, typer.Option(help="The agent's key, made if missing; else KEY_FILE.agent.")
]
AgentOwner = Annotated[
    str, typer.Option(help="Whose account, where the key is an agent's that is approved.")
]
AgentHours = Annotated[
    int, typer.Option(min=1, max=8_760, help="How long the wallet approves the agent for.")
]


def mm(
    size: Annotated[str, typer.Option(help="Base of each order in whole tokens, such as 0.1.")],
    market: Annotated[str, typer.Option(help="Such as ETH_USDC.")] = "ETH_USDC",
    reference: ReferenceName = "pool",
    levels: Annotated[int, typer.Option(min=1, max=LEVELS_MAX, help="Orders a side.")] = 5,
    spread_bps: Annotated[
        int, typer.Option(min=0, max=BPS_MAX, help="Between best bid and best ask.")
    ] = 20,
    step_bps: Annotated[
        int, typer.Option(min=0, max=BPS_MAX // LEVELS_MAX, help="Between two levels.")
    ] = 10,
    max_base: Annotated[
        str, typer.Option(help="Never hold more base than this, whatever is filled.")
    ] = "",
    max_quote: Annotated[
        str, typer.Option(help="Never hold more quote than this, whatever is filled.")
    ] = "",
    skew: Annotated[
        int, typer.Option(min=0, max=BPS_MAX, help="Bps that quotes shift when one side is all.")
    ] = 20,
    target: Annotated[
        int, typer.Option(min=0, max=10_000, help="Bps of the value that should be base.")
    ] = 5_000,
    tolerance: Annotated[
        int, typer.Option(min=0, max=BPS_MAX, help="Bps that a quote may be off before it moves.")
    ] = 3,
    refresh: Annotated[float, typer.Option(min=0.05, help="Least seconds between two moves.")] = (
        1.0
    ),
    timeout: Annotated[
        int, typer.Option(min=5, max=86_400, help="Seconds of silence until all is cancelled.")
    ] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Of the walk.")] = 1,
    duration: Annotated[float, typer.Option(min=0, help="End after so many seconds; 0: never.")] = (
        0
    ),
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
    agent_file: AgentFile = None,
    owner: AgentOwner = "",
    agent_hours: AgentHours = 24,
    url: st.Url = st.URL,
    salt: st.Salt = "",
) -> None:
    """Make a market: a ladder of post-only orders around a price, until Ctrl-C."""
    from xyk.cli.mm import Keys, Wishes, make_market

    keys = Keys(key_file, password_file, agent_file, owner, agent_hours)
    wishes = Wishes(
        market=market,
        reference=reference,
        levels=levels,
        spread_bps=spread_bps,
        step_bps=step_bps,
        size=size,
        max_base=max_base,
        max_quote=max_quote,
        skew_bps=skew,
        target_bps=target,
        tolerance_bps=tolerance,
        refresh_s=refresh,
        timeout_s=timeout,
        seed=seed,
        duration_s=duration,
    )
    with ending():
        asyncio.run(make_market(url, salt, keys, wishes))
