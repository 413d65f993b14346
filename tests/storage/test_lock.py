"""One deployment, one writer: the second process is refused and told who is first."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.storage.chain import eventually
from xyk.storage.lock import DataInUse, FolderLock, PostgresLock

HOLD_FOLDER = """
import sys
from pathlib import Path
from xyk.storage.lock import FolderLock
lock = FolderLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
HOLD_POSTGRES = """
import asyncio, sys
from xyk.storage.lock import PostgresLock
async def main():
    lock = await PostgresLock.take(sys.argv[1], print)
    print("held", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await lock.release()
asyncio.run(main())
"""
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def holder(program: str, argument: str) -> Iterator["subprocess.Popen[str]"]:
    """A second process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, argument],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


class TestFolder:
    def test_a_second_process_is_refused_and_named(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        with holder(HOLD_FOLDER, str(path)) as process:
            with pytest.raises(DataInUse) as refused:
                FolderLock.take(path)
            assert str(refused.value) == (
                f"{tmp_path} is in use by the process with pid {process.pid}; "
                "one data folder has one server"
            )

    def test_it_is_free_when_its_process_was_killed(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        with holder(HOLD_FOLDER, str(path)) as process:
            process.kill()
            process.wait()
            path.write_text("4194304000\n")  # of a longer number than any
            lock = FolderLock.take(path)
            assert path.read_text() == f"{os.getpid()}\n"
            lock.release()

    def test_release(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        FolderLock.take(path).release()
        lock = FolderLock.take(path)
        with pytest.raises(DataInUse, match=f"pid {os.getpid()}"):
            FolderLock.take(path)
        lock.release()

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            FolderLock.take(tmp_path / "nowhere" / "lock")


async def cut_off_the_holder(url: str) -> None:
    """Returns when its session is no more, which has let go of its locks before."""
    sessions = (
        " FROM pg_stat_activity"
        " WHERE application_name LIKE 'xyk writer%' AND datname = current_database()"
    )
    connection = await asyncpg.connect(url)

    async def is_gone() -> bool:
        return not await connection.fetchval(f"SELECT count(*){sessions}")

    await connection.execute(f"SELECT pg_terminate_backend(pid){sessions}")
    await eventually(is_gone)
    await connection.close()


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The URL by way of a relay that passes nothing on while the event is not set."""
    flows = asyncio.Event()
    flows.set()
    parts = urlsplit(url)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                await flows.wait()
                sink.write(data)
                await sink.drain()
        sink.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield url.replace(f":{parts.port}/", f":{port}/"), flows
    finally:
        server.close()
        await server.wait_closed()


class TestPostgres:
    async def test_a_second_process_is_refused_and_named(self, postgres_url: str) -> None:
        with holder(HOLD_POSTGRES, postgres_url) as process:
            with pytest.raises(DataInUse, match=f"in use by xyk writer, pid {process.pid} on "):
                await PostgresLock.take(postgres_url, pytest.fail)

    async def test_release(self, postgres_url: str) -> None:
        lost: list[str] = []
        for _ in range(2):
            lock = await PostgresLock.take(postgres_url, lost.append)
            await lock.release()
        assert lost == []

    async def test_its_loss_is_told_once(self, postgres_url: str) -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        lock = await PostgresLock.take(postgres_url, lost.put_nowait, heartbeat_s=0.01)
        await cut_off_the_holder(postgres_url)
        async with asyncio.timeout(30):
            assert "the connection that holds it" in await lost.get()
        other = await PostgresLock.take(postgres_url, pytest.fail)
        await other.release()
        await lock.release()
        assert lost.empty()

    async def test_a_connection_that_no_longer_answers(self, postgres_url: str) -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        lock = await PostgresLock.take(postgres_url, lost.put_nowait, heartbeat_s=0.01)
        lock._connection.terminate()
        async with asyncio.timeout(30):
            await lost.get()
        await lock.release()
        assert lost.empty()

    async def test_a_closed_connection_is_told_before_the_next_heartbeat(
        self, postgres_url: str
    ) -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        lock = await PostgresLock.take(postgres_url, lost.put_nowait, heartbeat_s=3_600)
        await cut_off_the_holder(postgres_url)
        async with asyncio.timeout(30):
            assert await lost.get() == "the connection that holds it was closed"
        await lock.release()

    async def test_a_connection_that_is_silently_cut_off(self, postgres_url: str) -> None:
        lost: asyncio.Queue[str] = asyncio.Queue()
        async with wire(postgres_url) as (url, flows):
            lock = await PostgresLock.take(url, lost.put_nowait, heartbeat_s=1)
            flows.clear()
            async with asyncio.timeout(30):
                assert "the connection that holds it fails: TimeoutError" in await lost.get()
            flows.set()
            await lock.release()
        assert lost.empty()

    async def test_another_scheme_is_refused(self) -> None:
        for url in ("sqlite:///journal.db", "postgresql://127.0.0.1", "mysql://127.0.0.1/xyk"):
            with pytest.raises(ValueError, match="postgresql://user:password@host:port/database"):
                await PostgresLock.take(url, pytest.fail)
