"""Secrets that the data folder keeps, each in a file of mode 0600: the private keys of a sandbox,
and what the tokens of sessions are made with.
"""

import os
import secrets
from pathlib import Path

from xyk.cli.exits import CONFIG, Stop
from xyk.domain.units import parse_hex
from xyk.wallet.access_token import SECRET_BYTES
from xyk.wallet.signer import Wallet

OPERATOR = "operator.key"
DEMO = "demo.key"
DEMO_MAKER, DEMO_AGENT, DEMO_TAKER = "demo-maker.key", "demo-agent.key", "demo-taker.key"
SESSIONS = "sessions.key"


def kept_wallet(data: Path, name: str) -> Wallet:
    """The wallet whose key the folder keeps; made at the first call."""
    path = data / name
    if not path.exists():
        _keep(path, Wallet.random().private_key)
    return read_wallet(path)


def session_secret(data: Path) -> bytes:
    """32 bytes, made at the first call. Whoever loses them makes everybody sign in again."""
    path = data / SESSIONS
    if not path.exists():
        _keep(path, "0x" + secrets.token_hex(SECRET_BYTES))
    try:
        return bytes.fromhex(parse_hex(_read(path), SECRET_BYTES)[2:])
    except ValueError as fault:
        raise Stop(CONFIG, f"{path} holds no secret: {fault}") from None


def _keep(path: Path, text: str) -> None:
    """Whole or not at all."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def _read(path: Path) -> str:
    """Stop where the file may be read by others."""
    if path.stat().st_mode & 0o077:
        raise Stop(CONFIG, f"{path} may be read by others; chmod 600 {path}")
    return path.read_text().strip()


def write_new(path: Path, text: str) -> None:
    """Raises Stop rather than write over a secret that somebody may still need."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Stop(CONFIG, f"{path} exists; name another file") from None
    except OSError as fault:
        raise Stop(CONFIG, f"{path} cannot be written: {fault.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def read_wallet(path: Path) -> Wallet:
    """Stop where the file is missing, open to others, or holds no key."""
    try:
        return Wallet.from_hex(_read(path))
    except FileNotFoundError:
        raise Stop(
            CONFIG, f"{path} does not exist; a sandbox makes it at its first start"
        ) from None
    except ValueError as fault:
        raise Stop(CONFIG, f"{path} holds no private key: {fault}") from None
