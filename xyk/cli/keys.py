"""Private keys that a sandbox keeps in its data folder, each in a file of mode 0600."""

import os
from pathlib import Path

from xyk.cli.exits import CONFIG, Stop
from xyk.wallet.signer import Wallet

OPERATOR = "operator.key"
DEMO = "demo.key"


def kept_wallet(data: Path, name: str) -> Wallet:
    """The wallet whose key the folder keeps; made at the first call."""
    path = data / name
    if not path.exists():
        wallet = Wallet.random()
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(wallet.private_key + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    return read_wallet(path)


def read_wallet(path: Path) -> Wallet:
    """Stop where the file is missing, open to others, or holds no key."""
    try:
        if path.stat().st_mode & 0o077:
            raise Stop(CONFIG, f"{path} may be read by others; chmod 600 {path}")
        return Wallet.from_hex(path.read_text().strip())
    except FileNotFoundError:
        raise Stop(
            CONFIG, f"{path} does not exist; a sandbox makes it at its first start"
        ) from None
    except ValueError as fault:
        raise Stop(CONFIG, f"{path} holds no private key: {fault}") from None
