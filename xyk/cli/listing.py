"""The operator's listings from the command line, signed like anybody's action."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client


async def as_operator(
    data: Path, url: str, salt: str, act: Callable[[Client], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """The receipt. Raises Stop without a key, Refused where the exchange says no."""
    async with Client(url, read_wallet(data / OPERATOR), salt=salt or None) as client:
        return await act(client)
