"""An EVM node for each test here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.anvil import Anvil, running
from tests.chain.packages import Missing, anvil_binary
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
