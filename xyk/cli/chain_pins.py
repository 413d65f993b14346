"""What a person trusted a deployment with, the first time he signed for it: its chain, its router
and the tokens that he meant. An exchange that says anything else later is not signed for.
"""

import os
from pathlib import Path

import msgspec
import typer

from xyk.cli.exits import CONFIG, Stop
from xyk.client.chain_terms import ChainPin, ChainToken

FILE = Path(typer.get_app_dir("xyk")) / "chains.json"


class ChainPins:
    """By the exchange's address and the deployment's name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = self._read()

    def get(self, url: str, deployment: str) -> ChainPin | None:
        return self._known.get(f"{url} {deployment}")

    def keep(self, url: str, deployment: str, pin: ChainPin, *tokens: ChainToken) -> None:
        """What is the same for all, and the tokens by what they were called. Raises Stop."""
        name = f"{url} {deployment}"
        meant = {one.symbol: one for one in tokens if not one.native and one.symbol in pin.tokens}
        known = self._known.get(name)
        kept = (known.tokens if known else {}) | meant
        wanted = msgspec.structs.replace(pin, tokens=kept, pairs={})
        if wanted == known:
            return
        self._known[name] = wanted
        text = msgspec.json.format(msgspec.json.encode(self._known), indent=2)
        temporary = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_bytes(text + b"\n")
            os.replace(temporary, self.path)
        except OSError as fault:
            raise Stop(CONFIG, f"{self.path} cannot be written: {fault.strerror}") from None

    def _read(self) -> dict[str, ChainPin]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, ChainPin])
        except FileNotFoundError:
            return {}
        except OSError as fault:
            raise Stop(CONFIG, f"{self.path} cannot be read: {fault.strerror}") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise Stop(CONFIG, f"{self.path} is damaged: {fault}") from None
