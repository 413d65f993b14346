"""The keystore file that a person trades on a chain with, and the password to it.

The password is typed, or read from a file of mode 0600; never from a flag, which every process of
the machine could read.
"""

import sys
from pathlib import Path

import typer

from xyk.cli.exits import CONFIG, Stop
from xyk.cli.keys import write_new
from xyk.wallet.keystore import SIZE_MAX, NoKeystore, WrongPassword, seal, unseal
from xyk.wallet.signer import Wallet

PASSWORD_MIN = 8  # characters of a new one: whoever gets the file may try them all


def open_keystore(path: Path, password_file: Path | None) -> Wallet:
    """Asks for the password where there is no file of it. Raises Stop."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(SIZE_MAX + 1)
        mode = path.stat().st_mode
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is no text"
        hint = "; `xyk chain new-key` makes one" if isinstance(fault, FileNotFoundError) else ""
        raise Stop(CONFIG, f"{path} cannot be read: {why}{hint}") from None
    if mode & 0o077:
        print(
            f"xyk: warning: {path} may be read by others, who may try passwords; chmod 600 {path}",
            file=sys.stderr,
        )
    try:
        return unseal(text, _password(path, password_file))
    except WrongPassword:
        raise Stop(CONFIG, f"the password does not open {path}") from None
    except NoKeystore as fault:
        raise Stop(CONFIG, f"{path}: {fault}; `xyk chain new-key` makes one") from None


def new_keystore(path: Path, password_file: Path | None) -> Wallet:
    """A new key, in a file that was not there. Raises Stop."""
    if path.exists():  # said before a password is typed twice
        raise Stop(CONFIG, f"{path} exists; name another file")
    password = _password(path, password_file, is_new=True)
    if len(password) < PASSWORD_MIN:
        raise Stop(CONFIG, f"a password has at least {PASSWORD_MIN} characters")
    wallet = Wallet.random()
    write_new(path, seal(wallet, password) + "\n")
    return wallet


def _password(path: Path, password_file: Path | None, *, is_new: bool = False) -> str:
    if password_file is None:
        text: str = typer.prompt(
            f"Password of {path}", hide_input=True, confirmation_prompt=is_new, err=True
        )
        return text
    try:
        if password_file.stat().st_mode & 0o077:
            raise Stop(CONFIG, f"{password_file} may be read by others; chmod 600 {password_file}")
        return password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is no text"
        raise Stop(CONFIG, f"{password_file} cannot be read: {why}") from None
