"""The exchange's clock, as far as it can be told from here: quotes are signed to be good for
seconds, and this machine's clock may be off by more."""

import time

from xyk.client.client import Client


class ExchangeClock:
    """`now_s` in unix seconds; this machine's own time before the first `measure`."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now_s(self) -> float:
        return time.time() + self.offset_s

    async def measure(self, client: Client) -> None:
        """The answer is taken to be half as old as the question took."""
        asked = time.time()
        told_ms = int(await client.get("/api/v1/time"))
        self.offset_s = told_ms / 1000 - (asked + time.time()) / 2
