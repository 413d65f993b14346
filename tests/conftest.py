"""Hypothesis profiles, simulation seeds, and the things that a machine may lack."""

import asyncio
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from tests.require import require

# No deadlines: a test that fails because the machine was busy says nothing about the code.
_DEV = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", _DEV)
settings.register_profile("ci", _DEV, derandomize=True, print_blob=True)
settings.register_profile("nightly", _DEV, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

SIMULATION_SEEDS = range(30)  # those of every run; `make sim` goes on from the clock

POSTGRES_URL = os.environ.get(
    "XYK_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
)
POSTGRES_TIMEOUT_S = 5


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `simulation_seed` runs once a seed, or once with XYK_SIMULATION_SEED."""
    if "simulation_seed" in metafunc.fixturenames:
        named = os.environ.get("XYK_SIMULATION_SEED")
        metafunc.parametrize("simulation_seed", [int(named)] if named else SIMULATION_SEEDS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each reason to skip once, with how many tests it cost (-rs has a line for each test)."""
    skips = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skips)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {count}: {reason}")


def _in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` on a loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def _on_postgres(*statements: str) -> None:
    connection = await asyncpg.connect(POSTGRES_URL, timeout=POSTGRES_TIMEOUT_S)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server that we may make databases on."""
    try:
        _in_a_thread(_on_postgres("SELECT 1"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        reason = type(error).__name__
        require("postgres", f"PostgreSQL does not answer on 127.0.0.1:5432: {reason}")
    return POSTGRES_URL


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL (postgresql://...) of an empty database that lives as long as the test."""
    name = f"xyk_test_{secrets.token_hex(8)}"
    _in_a_thread(_on_postgres(f"CREATE DATABASE {name}"))
    try:
        yield postgres_server.rpartition("/")[0] + f"/{name}"
    finally:
        _in_a_thread(_on_postgres(f"DROP DATABASE {name} WITH (FORCE)"))


@dataclass(frozen=True)
class NodeTools:
    """Paths of the programs."""

    node: str
    npm: str


@pytest.fixture(scope="session")
def node_tools() -> NodeTools:
    """node and npm, for the tests that run contracts on a real EVM node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        require("chain", "node and npm are not installed")
    return NodeTools(node=node, npm=npm)
