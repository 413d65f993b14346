"""Hypothesis profiles, simulation seeds, and the things that a machine may lack."""

import asyncio
import inspect
import os
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from tests.databases import POSTGRES_URL, Databases, in_a_thread, on_postgres, postgres_database
from tests.require import require

# No deadlines: a test that fails because the machine was busy says nothing about the code.
_DEV = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", _DEV)
settings.register_profile("ci", _DEV, derandomize=True, print_blob=True)
settings.register_profile("nightly", _DEV, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# Their tests run on both databases: on SQLite in `make test`, on PostgreSQL in `make slow`, because
# twice a server for each would take `make test` beyond its five minutes.
SLOW_ON_POSTGRES = tuple(f"tests/{folder}/" for folder in ("api", "cli", "client", "storage"))

# Those of every run; `make sim` goes on from the clock. 485: a deposit was judged by other amounts
# than it took.
SIMULATION_SEEDS = (*range(30), 485)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `simulation_seed` runs once a seed, or once with XYK_SIMULATION_SEED."""
    if "simulation_seed" in metafunc.fixturenames:
        named = os.environ.get("XYK_SIMULATION_SEED")
        metafunc.parametrize("simulation_seed", [int(named)] if named else SIMULATION_SEEDS)


# One that waits for ever fails, and its traceback says for what. Where even that does not come, the
# runner ends with everybody's stack (faulthandler_timeout in pyproject.toml).
WAIT_MAX_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            if item.get_closest_marker("nightly") is None:
                item.obj = _not_for_ever(item.obj)
        if item.nodeid.startswith(SLOW_ON_POSTGRES) and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.slow)


def _not_for_ever(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @wraps(test)
    async def limited(*arguments: Any, **fixtures: Any) -> None:
        async with asyncio.timeout(WAIT_MAX_S):
            await test(*arguments, **fixtures)

    return limited


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each reason to skip once, with how many tests it cost (-rs has a line for each test)."""
    skips = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skips)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {count}: {reason}")


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server that we may make databases on."""
    try:
        in_a_thread(on_postgres(POSTGRES_URL, "SELECT 1"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        reason = type(error).__name__
        require("postgres", f"PostgreSQL does not answer on 127.0.0.1:5432: {reason}")
    return POSTGRES_URL


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database that lives as long as the test."""
    with postgres_database() as url:
        yield url


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def databases(request: pytest.FixtureRequest) -> Databases:
    """What asks for it, directly or not, runs on both kinds. `with databases() as url` gives what
    `--database-url` would say: that of a fresh database, or nothing for SQLite."""
    if request.param == "sqlite":
        return partial(nullcontext, "")
    request.getfixturevalue("postgres_server")
    return postgres_database


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """Of a database that lives as long as the test; empty for SQLite."""
    with databases() as url:
        yield url


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
