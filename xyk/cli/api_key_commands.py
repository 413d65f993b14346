"""`xyk api-key`: keys that bots of the Backpack convention (ccxt, bpx-py) sign with.

The owner's wallet approves the public key; the secret is made here, kept in a file of mode 0600 and
sent nowhere. A key trades and reads; it can never withdraw or transfer.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from xyk.cli import settings as st
from xyk.cli.ending import ending
from xyk.cli.keys import write_new
from xyk.cli.order_commands import KeyFile
from xyk.client.client import Client
from xyk.client.connection import PATIENCE_S
from xyk.client.signing import Json

api_keys = typer.Typer(no_args_is_help=True, help="Keys for bots: create, list, revoke.")

DAY_S = 86_400
DAYS_DEFAULT = 90
FILE_DEFAULT = "api-key.json"

PublicKey = Annotated[str, typer.Argument(help="0x and 64 hex digits, as create and list print.")]


@api_keys.command()
def create(
    save: Annotated[Path, typer.Option(help="New file for apiKey and secret.")] = Path(
        FILE_DEFAULT
    ),
    days: Annotated[int, typer.Option(min=1, help="How long it is good for.")] = DAYS_DEFAULT,
    key_file: KeyFile = None,
    url: st.Url = st.URL,
    salt: st.Salt = "",
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Make a key, approve it with the wallet and write both parts to a file."""
    from xyk.wallet.key_pair import KeyPair

    async def act(client: Client) -> list[str]:
        pair = KeyPair.random()
        written = {"apiKey": pair.api_key, "secret": pair.secret, "url": url}
        write_new(save, json.dumps(written, indent=2) + "\n")  # before anybody approves it
        await client.approve_api_key(pair.public_key, int(time.time()) + days * DAY_S)
        return [pair.public_key, f"approved for {days} days; apiKey and secret are in {save}"]

    _signed(act, key_file, url, salt, patience)


@api_keys.command("list")
def list_keys(
    key_file: KeyFile = None,
    owner: Annotated[str, typer.Option(help="The key file's wallet by default.")] = "",
    url: st.Url = st.URL,
    patience: st.Patience = PATIENCE_S,
) -> None:
    """All keys that the owner ever approved."""
    from xyk.cli.trader import as_reader

    async def act(client: Client) -> list[str]:
        account = await client.account()
        return [f"{key['publicKey']} {_standing(key)}" for key in account["apiKeys"]]

    with ending():
        for line in asyncio.run(as_reader(act, key_file, owner, url, patience)):
            print(line)


@api_keys.command()
def revoke(
    public_key: PublicKey,
    key_file: KeyFile = None,
    url: st.Url = st.URL,
    salt: st.Salt = "",
    patience: st.Patience = PATIENCE_S,
) -> None:
    """Revoke a key; its open orders stay."""

    async def act(client: Client) -> list[str]:
        await client.revoke_api_key(public_key)
        return [f"{public_key} is revoked; its open orders stay until they are cancelled"]

    _signed(act, key_file, url, salt, patience)


def _signed(
    act: Callable[[Client], Awaitable[list[str]]],
    key_file: Path | None,
    url: str,
    salt: str,
    patience: float,
) -> None:
    from xyk.cli.trader import as_trader

    with ending():
        for line in asyncio.run(as_trader(act, key_file, "", url, salt, patience)):
            print(line)


def _standing(key: Json) -> str:
    if key["revoked"]:
        return "revoked"
    return time.strftime("until %Y-%m-%d", time.gmtime(key["validUntil"]))
