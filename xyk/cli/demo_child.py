"""Keeps the demo's traders running beside the server, in a child that ends when the server does."""

import asyncio
import logging
import os
import sys
from contextlib import suppress

from xyk.cli.settings import Settings

AGAIN_S, AGAIN_MAX_S = 1.0, 60.0  # doubles with each end
END_S = 3.0  # to cancel its orders while the server still answers

log = logging.getLogger("xyk.traders")


class DemoChild:
    """`start` when the server answers, `stop` while it still does. What becomes of the child is a
    line in the log and nothing else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None

    def start(self, url: str) -> None:
        self._task = asyncio.create_task(self._keep(url))

    async def stop(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        child = self._child
        if child is None or child.returncode is not None:
            return
        child.terminate()
        try:
            async with asyncio.timeout(END_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()

    async def _keep(self, url: str) -> None:
        again_s = AGAIN_S
        while True:
            try:
                self._child = await self._spawn(url)
            except OSError as error:
                log.warning("no demo traders: %s", error)
                return
            code = await self._child.wait()
            log.warning("the demo traders ended with code %d; again in %d s", code, again_s)
            await asyncio.sleep(again_s)
            again_s = min(again_s * 2, AGAIN_MAX_S)

    async def _spawn(self, url: str) -> asyncio.subprocess.Process:
        settings = self._settings
        own = {name: value for name, value in os.environ.items() if not name.startswith("XYK_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "xyk", "demo-traders"),
            *("--url", url, "--data", str(settings.data), "--log", settings.log.value),
            env=own,  # no setting of the server's, and no password in one, is theirs
            stdin=asyncio.subprocess.PIPE,  # ends with us: then it ends too
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the server alone
        )
