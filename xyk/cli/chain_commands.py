"""`xyk chain`: pairs of mirrored deployments, what they would give, and swaps that are signed here.

The key comes from a keystore file and stays in this process: the exchange builds and relays, and
what it builds is read before it is signed (xyk/client/chain_check.py).
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from xyk.cli import settings as st
from xyk.cli.chain_pins import FILE
from xyk.cli.ending import ending
from xyk.client.connection import PATIENCE_S
from xyk.domain.units import BPS

chains = typer.Typer(
    no_args_is_help=True, help="Real pools on a chain: see them, quote them, swap with your key."
)

Deployment = Annotated[str, typer.Argument(help="As the exchange names it, such as mainnet.")]
TokenIn = Annotated[str, typer.Argument(help="What you give: a symbol or an address.")]
TokenOut = Annotated[str, typer.Argument(help="What you get: a symbol or an address.")]
Amount = Annotated[str, typer.Argument(help="Whole tokens of what you give, such as 1.5.")]
Out = Annotated[bool, typer.Option("--out", help="The amount is exactly what you get instead.")]
Slippage = Annotated[
    int, typer.Option(min=0, max=BPS - 1, help="How much worse than quoted, in 1/10,000.")
]
KeyFile = Annotated[
    Path, typer.Option(envvar="XYK_KEYSTORE", dir_okay=False, help="Your keystore, mode 0600.")
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        envvar="XYK_PASSWORD_FILE", dir_okay=False, help="Mode 0600; else you are asked for it."
    ),
]


@chains.command()
def pairs(deployment: Deployment, url: st.Url = st.URL, patience: st.Patience = PATIENCE_S) -> None:
    """All mirrored pairs, with their reserves and prices as of a block."""
    from xyk.cli.chain_show import show_pairs

    with ending():
        asyncio.run(show_pairs(url, deployment, patience))


@chains.command()
def quote(
    deployment: Deployment,
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    out: Out = False,
    slippage: Slippage = 50,
    url: st.Url = st.URL,
    patience: st.Patience = PATIENCE_S,
) -> None:
    """What a swap would give now, and over which pairs."""
    from xyk.cli.chain_show import show_quote

    with ending():
        asyncio.run(
            show_quote(url, deployment, token_in, token_out, amount, out, slippage, patience)
        )


@chains.command()
def swap(
    deployment: Deployment,
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    key_file: KeyFile,
    out: Out = False,
    slippage: Slippage = 50,
    max_gas: Annotated[
        str, typer.Option(help="Coins that the gas of one transaction may cost.")
    ] = "0.05",
    minutes: Annotated[
        int, typer.Option(min=1, max=1_400, help="After so long the router takes it no more.")
    ] = 20,
    limit: Annotated[
        str,
        typer.Option(
            help="Whole tokens: the least you take, with --out the most you give, whatever the "
            "exchange quotes."
        ),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Sign without asking; only with --limit.")
    ] = False,
    password_file: PasswordFile = None,
    trust_file: Annotated[
        Path,
        typer.Option(envvar="XYK_CHAINS", help="Keeps whom you signed for the first time."),
    ] = FILE,
    url: st.Url = st.URL,
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Swap with your own key: shows what is signed, asks, relays it, waits for the receipt."""
    from xyk.cli.chain_swap import Swap

    with ending():
        asked = Swap(
            url=url,
            deployment=deployment,
            token_in=token_in,
            token_out=token_out,
            amount=amount,
            is_out=out,
            slippage_bps=slippage,
            limit=limit,
            gas_cost_max=max_gas,
            deadline_s=minutes * 60,
            is_agreed=yes,
            patience_s=patience,
        )
        asked.run(key_file, password_file, trust_file)


@chains.command("new-key")
def new_key(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file that is not there yet.")],
    password_file: PasswordFile = None,
) -> None:
    """Make a key and keep it in a keystore; the address that it is for."""
    from xyk.cli.keystore_file import new_keystore
    from xyk.wallet.typed_data import checksum

    with ending():
        print(checksum(new_keystore(file, password_file).address))
