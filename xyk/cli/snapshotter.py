"""Has a child write a snapshot every so many entries; the server never encodes its state."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from api.services import StateDigest
from xyk.cli.settings import Settings
from xyk.engine.liabilities import Liabilities, LiabilitiesFolder
from xyk.engine.snapshot import Snapshot, SnapshotFolder
from xyk.engine.submission import Committed

log = logging.getLogger("xyk.snapshots")


class Snapshotter:
    """`on_committed` is a listener of the writer. One child at a time."""

    def __init__(
        self,
        settings: Settings,
        folder: SnapshotFolder,
        newest: Snapshot | None,
        owed: LiabilitiesFolder,
        newest_owed: Liabilities | None,
    ) -> None:
        """`newest`: the snapshot that the start began from; `newest_owed`: the liabilities that
        the journal has."""
        self._settings = settings
        self._folder = folder
        self._newest = newest
        self._owed = owed
        self._newest_owed = newest_owed
        self._asked_at = newest.seq if newest is not None else 0
        self._committed_seq = self._asked_at
        self._task: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._is_stopping = False

    def state_digest(self) -> StateDigest | None:
        newest = self._newest
        return None if newest is None else StateDigest(newest.seq, newest.digest)

    def liabilities(self) -> Liabilities | None:
        return self._newest_owed

    def on_committed(self, committed: Sequence[Committed]) -> None:
        self.consider(committed[-1].entry.seq)

    def consider(self, seq: int) -> None:
        """A snapshot, if enough entries have come since the last one."""
        self._committed_seq = seq
        if seq - self._asked_at >= self._settings.snapshot_every and self._task is None:
            self._asked_at = seq
            self._task = asyncio.create_task(self._snapshot())

    async def stop(self) -> None:
        """The unfinished file of a child that is ended is dropped by the next one."""
        task = self._task
        self._is_stopping = True
        if task is not None:
            if self._child is not None and self._child.returncode is None:
                self._child.terminate()
            await task

    async def _snapshot(self) -> None:
        environment = {**os.environ, "XYK_DATABASE_URL": self._settings.database_url}
        arguments = (
            "-m",
            "xyk",
            "snapshot",
            "--child",
            "--data",
            str(self._settings.data),
        )
        try:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                env=environment,  # keeps the URL's password out of the process list
                stdin=asyncio.subprocess.PIPE,  # ends with us: then it must write nothing more
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is for the server alone
            )
            code = await self._child.wait()
            if code and not self._is_stopping:
                log.warning("the snapshot at seq %d ended with code %d", self._asked_at, code)
            self._newest = await asyncio.to_thread(self._folder.newest, self._committed_seq)
            self._newest_owed = await asyncio.to_thread(self._owed.newest)
        except OSError as error:
            log.warning("no snapshot at seq %d: %s", self._asked_at, error)
        finally:
            self._child = self._task = None
