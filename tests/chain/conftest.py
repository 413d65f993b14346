"""An EVM node for each test here."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.chain.anvil import Anvil, running
from tests.chain.deployed import Deployed
from tests.chain.packages import Missing, anvil_binary
from tests.chain.town import Town
from tests.chain.weather import Sky, sky
from tests.conftest import NodeTools
from tests.require import require


@pytest.fixture(scope="session")
def anvil(node_tools: NodeTools) -> Path:
    """The node's executable; its packages are installed first where they are not yet."""
    try:
        return anvil_binary(node_tools.npm)
    except Missing as missing:
        require("chain", str(missing))


@pytest.fixture
def node(anvil: Path, tmp_path: Path) -> Iterator[Anvil]:
    """A fresh node: it starts in 0.1 s, and one with thousands of blocks takes longer to answer."""
    with running(anvil, tmp_path) as started:
        yield started


@pytest.fixture
def deployed(node: Anvil) -> Deployed:
    """Not open yet."""
    return Deployed(node)


@pytest.fixture
async def town(deployed: Deployed) -> AsyncIterator[Town]:
    made = Town(deployed)
    yield made
    await made.desk.close()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoints are forgiven at once: the rules of pauses are `test_standing.py`'s."""
    monkeypatch.setattr("xyk.chain.standing.PAUSE_S", 0.001)
    monkeypatch.setattr("xyk.chain.standing.PAUSE_MAX_S", 0.01)
    monkeypatch.setattr("xyk.chain.standing.FOREIGN_PAUSE_S", 0.01)
    monkeypatch.setattr("xyk.chain.node.ROUND_S", 0.01)


@pytest.fixture
def first(node: Anvil) -> Iterator[Sky]:
    with sky(node.port) as over:
        yield over


@pytest.fixture
def second(node: Anvil) -> Iterator[Sky]:
    with sky(node.port) as over:
        yield over
