"""Moves committed pages from SQLite's write-ahead log into the database, beside the writer.

SQLite's own automatic checkpoint would do it inside a commit. A passive one never makes the writer
wait; but while entries keep coming it never reaches the end of the log either, which then grows.
From LOG_PAGES_MAX on, a second one follows that does hold the writer back for the little that the
first one left.
"""

import logging
import sqlite3
import threading
from pathlib import Path

LOG_PAGES_MAX = 16_384  # 64 MiB of 4 KiB pages
BUSY_TIMEOUT_MS = 100  # for readers that stand in the way; the next nudge tries again

log = logging.getLogger(__name__)


class Checkpointer:
    """A thread with a connection of its own, idle until `nudge`."""

    def __init__(self, path: Path, log_pages_max: int = LOG_PAGES_MAX) -> None:
        self._path = path
        self._log_pages_max = log_pages_max
        self._nudged = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        self._nudged.set()

    def close(self) -> None:
        """Waits for a checkpoint that is under way."""
        self._is_closing = True
        self._nudged.set()
        self._thread.join()

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            while True:
                self._nudged.wait()
                self._nudged.clear()
                if self._is_closing:
                    return
                self._checkpoint(connection)
        finally:
            connection.close()

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        try:
            _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages > self._log_pages_max:
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        except sqlite3.Error:  # nothing is lost; a disk that fails will fail the next append
            log.exception("a checkpoint of %s failed", self._path.name)
