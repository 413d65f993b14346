"""The wallet that a person trades with from the command line."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from xyk.cli.exits import CONFIG, NO, Stop
from xyk.cli.keys import read_wallet
from xyk.client.client import Client
from xyk.client.signing import WrongDeployment
from xyk.domain.units import parse_hex
from xyk.wallet.signer import Wallet

T = TypeVar("T")

KEY = "XYK_KEY"
NO_KEY = f"there is no key to sign with: name a file with --key-file, or set {KEY} to 0x and 64 hex"


def trading_wallet(key_file: Path | None) -> Wallet | None:
    """Of the file, else of the environment. Raises Stop for a key that is none; never shows it."""
    if key_file is not None:
        return read_wallet(key_file)
    text = os.environ.get(KEY, "").strip()
    if not text:
        return None
    try:
        return Wallet.from_hex(text)
    except ValueError:
        raise Stop(CONFIG, f"{KEY} holds no private key: expected 0x and 64 hex digits") from None


def needed_wallet(key_file: Path | None) -> Wallet:
    """Raises Stop where there is none."""
    wallet = trading_wallet(key_file)
    if wallet is None:
        raise Stop(CONFIG, NO_KEY)
    return wallet


async def as_trader(
    act: Callable[[Client], Awaitable[T]],
    key_file: Path | None,
    owner: str,
    url: str,
    salt: str,
    patience_s: float,
) -> T:
    """Raises Stop without a key, and where the client refuses what it should sign."""
    wallet = needed_wallet(key_file)
    holder = owner_address(owner)
    async with Client(
        url, wallet, owner=holder or None, salt=salt or None, patience_s=patience_s
    ) as client:
        try:
            return await act(client)
        except WrongDeployment:
            raise
        except ValueError as fault:
            raise Stop(NO, str(fault)) from None


async def as_reader(
    act: Callable[[Client], Awaitable[T]],
    key_file: Path | None,
    owner: str,
    url: str,
    patience_s: float,
) -> T:
    """Needs no key where the owner is named."""
    holder = owner_address(owner)
    if not holder:
        wallet = trading_wallet(key_file)
        if wallet is None:
            raise Stop(CONFIG, f"whose orders? Name an --owner, a --key-file, or set {KEY}")
        holder = wallet.address
    async with Client(url, owner=holder, patience_s=patience_s) as client:
        return await act(client)


def owner_address(text: str) -> str:
    """Lower case; empty for none. Raises Stop."""
    try:
        return parse_hex(text, 20) if text else ""
    except ValueError as fault:
        raise Stop(CONFIG, f"--owner {text[:50]!r} is no address: {fault}") from None
