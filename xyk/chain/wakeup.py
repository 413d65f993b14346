"""News of blocks over a websocket. It only says when to ask: what it says is never believed."""

import asyncio
import logging
from collections.abc import Callable
from typing import NoReturn

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

SUBSCRIBE = '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'
RETRY_S = 30.0  # after an endpoint that cannot be meant; where it is only away, the library's own

log = logging.getLogger("xyk.chain.wakeup")


async def watch_heads(url: str, wake: Callable[[], None]) -> NoReturn:
    """Calls `wake` with every message, and goes on for ever: whoever polls misses nothing while
    this is down."""
    while True:
        try:
            async for socket in connect(url):
                try:
                    await socket.send(SUBSCRIBE)
                    async for _ in socket:
                        wake()
                except WebSocketException as fault:
                    log.debug("the websocket closed: %s", type(fault).__name__)
        except (WebSocketException, OSError, ValueError) as fault:
            # A message of the library may name the URL, and that may hold a key.
            log.warning("no news of blocks from the websocket: %s", type(fault).__name__)
            await asyncio.sleep(RETRY_S)
