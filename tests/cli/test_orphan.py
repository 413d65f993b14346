"""The child that writes snapshots outlives a server that was killed, and must write none then.

What it reads while the server lives is on disk. What it reads later may be in the system's memory
alone: if the power fails too, a snapshot of that is ahead of the journal, and no server starts.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import TRADED_SEQ, trade
from tests.cli.traded import Traded
from tests.server import ROOT, START_S, Server
from xyk.storage.database import DataFolder


def child_of(pid: int) -> int:
    """Once it has one."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
        for line in told.stdout.splitlines():
            child, parent = map(int, line.split())
            if parent == pid:
                return child
        time.sleep(0.02)
    raise AssertionError("no child came")


def wait_for_end(pid: int) -> None:
    """Of a process that is not ours; its state is Z where nobody asks for its end."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
        if told.stdout.strip()[:1] in ("", "Z"):
            return
        time.sleep(0.02)
    raise AssertionError("the child did not end")


def wait_for_reader(pipe: Path) -> int:
    """The writing end, once somebody waits at the other one."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.02)
    raise AssertionError("nobody reads it")


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [True, False])
def test_a_child_whose_server_was_killed_writes_nothing(tmp_path: Path, is_killed: bool) -> None:
    server = Server(tmp_path / "data", "--seed-demo", "--snapshot-every", str(TRADED_SEQ))
    folder = DataFolder(server.data)
    server.start()
    try:
        # A child reads the snapshots first: at this one it waits, until we let it go on.
        pipe = folder.snapshots / f"{10**6:012}.json"
        pipe.parent.mkdir(exist_ok=True)
        os.mkfifo(pipe)
        asyncio.run(trade(server))
        child = child_of(server.pid)
        held = wait_for_reader(pipe)
        if is_killed:
            server.kill()
        pipe.unlink()
        os.close(held)
        wait_for_end(child)
        written = [*folder.snapshots.glob("*"), *folder.liabilities.glob("*")]
    finally:
        server.stop()
    assert bool(written) is not is_killed
    assert ("the server ended meanwhile" in server.log.read_text()) is is_killed


@pytest.mark.slow
def test_a_graceful_end_takes_the_child_with_it_and_warns_of_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--seed-demo", "--snapshot-every", str(TRADED_SEQ)).start()
    folder = DataFolder(server.data)
    try:
        pipe = folder.snapshots / f"{10**6:012}.json"  # where the child waits, as above
        pipe.parent.mkdir(exist_ok=True)
        os.mkfifo(pipe)
        asyncio.run(trade(server))
        child = child_of(server.pid)
        held = wait_for_reader(pipe)
    finally:
        assert server.stop() == 0
    wait_for_end(child)
    os.close(held)
    assert "[warning" not in server.log.read_text()


def test_one_whose_input_ended_writes_nothing(traded: Traded) -> None:
    """Without the race: the rest of it is as the operator's own `xyk snapshot`."""
    traded.forget_snapshots()
    command = [sys.executable, "-m", "xyk", "snapshot", "--child", *traded.where]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        _, said = child.communicate(timeout=START_S)
    assert child.returncode == 1 and b"the server ended meanwhile: no snapshot" in said
    assert not list(traded.data.glob("snapshots/*")) and not list(traded.data.glob("liabilities/*"))
