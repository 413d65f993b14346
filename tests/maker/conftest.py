"""One exchange for all tests here that need not end it; each has a market of its own."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.maker.desk import Desk
from tests.maker.maker import Maker
from tests.server import running_server

Makers = Callable[..., Maker]


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_server(tmp_path_factory.mktemp("makers") / "data") as server:
        yield Desk(server)


@pytest.fixture
def makers(desk: Desk, tmp_path: Path) -> Iterator[Makers]:
    """`makers(market)` gives one with funds, not started; what still runs in the end is ended."""
    made: list[Maker] = []

    def make(
        market: str, *, base: Decimal | int = 20, quote: Decimal | int = 40_000, on: Desk = desk
    ) -> Maker:
        made.append(Maker(on, market, tmp_path / f"maker{len(made)}", base=base, quote=quote))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.kill()
