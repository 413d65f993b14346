"""What a person does first: clone, `make run`, `make test`, with only make, Python and coreutils.

The environment is empty but for what leads pip to its index (PIP_*, proxies, certificates), so that
the test says the same on a laptop, behind a mirror and in CI.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.require import require

ROOT = Path(__file__).resolve().parents[2]

COREUTILS = (
    "basename cat chmod cp cut date dirname env expr false head id ln ls mkdir mktemp mv printf "
    "pwd readlink realpath rm rmdir seq sh sleep sort stat tail tee test touch tr true uname wc"
)
NETWORK_VARIABLES = (
    "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy "
    "SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE"
)
BUILD_TIMEOUT_S = 900  # downloads; only a hang takes as long
ANSWER_TIMEOUT_S = 60


def pip_settings() -> dict[str, str]:
    """Variables that give a pip with another HOME the settings that this one has."""
    names = NETWORK_VARIABLES.split()
    found = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k in names}
    if "PIP_CONFIG_FILE" not in found:
        debug = [sys.executable, "-m", "pip", "config", "debug"]
        lines = subprocess.run(debug, capture_output=True, text=True, check=True).stdout.split("\n")
        for line in lines[lines.index("user:") + 1 :]:
            path, _, exists = line.strip().partition(", exists: ")
            if exists == "True":
                found["PIP_CONFIG_FILE"] = path
    return found


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has make, a Python in range, coreutils and nothing else."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("make", *COREUTILS.split()):
        program = shutil.which(name)
        if program is None:
            require("fresh", f"{name} is not installed")
        (tools / name).symlink_to(program)
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (tools / python.name).symlink_to(python.resolve())
    home = tmp_path / "home"
    home.mkdir()
    return {"HOME": str(home), "PATH": str(tools), **pip_settings()}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone of what is committed."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        require("fresh", "git is not installed, or this is not a git checkout")
    clone = tmp_path / "xyk"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    return clone


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def first_status(port: int, server: subprocess.Popen[bytes]) -> dict[str, object]:
    """The first answer of GET /api/v1/status; fails when the server ends before it gives one."""
    url = f"http://127.0.0.1:{port}/api/v1/status"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    give_up = time.monotonic() + BUILD_TIMEOUT_S + ANSWER_TIMEOUT_S
    while server.poll() is None and time.monotonic() < give_up:
        try:
            with direct.open(url, timeout=ANSWER_TIMEOUT_S) as answer:
                status: dict[str, object] = json.load(answer)
                return status
        except OSError:  # not listening yet, or not ready (an HTTPError is one too)
            time.sleep(0.2)
    raise AssertionError(f"no status from {url}; make ended with {server.poll()}")


def make_run(checkout: Path, machine: dict[str, str], data: Path) -> None:
    """`make run` comes up, answers, and goes down on Ctrl-C without a trace of trouble."""
    port = free_port()
    log = data.with_suffix(".log")
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["make", "run", f"ARGS=--port {port} --data {data}"],
            cwd=checkout,
            env=machine,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group of its own, as under a terminal
        )
    try:
        seq = first_status(port, server)["seq"]
        assert isinstance(seq, int)
        assert seq >= 1
        os.killpg(server.pid, signal.SIGINT)  # what Ctrl-C sends
        server.wait(timeout=ANSWER_TIMEOUT_S)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        sys.stdout.write(log.read_text(errors="replace"))
    said = log.read_text(errors="replace")
    assert "Traceback" not in said
    assert "no page was built: it needs node" in said, "which is not on this machine"
    assert not is_listening(port)
    assert any(data.iterdir())


def make_test(checkout: Path, machine: dict[str, str]) -> None:
    """A small selection: that tests run there at all; the whole suite is `make test` itself."""
    wanted = ("tests/amm", "tests/genesis")
    selection = " ".join(path for path in wanted if (checkout / path).exists())
    run = subprocess.run(
        ["make", "test", f"PYTEST_ARGS={selection}"],
        cwd=checkout,
        env=machine,
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout


@pytest.mark.slow
def test_a_fresh_machine_runs_and_tests(
    checkout: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    make_run(checkout, machine, tmp_path / "data")
    make_test(checkout, machine)
