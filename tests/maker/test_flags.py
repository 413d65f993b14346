"""What `xyk mm` says to flags that cannot be: one clear line and an exit code, nothing signed."""

import pytest
from typer.testing import CliRunner

from tests.maker.conftest import Makers
from tests.maker.desk import Desk
from tests.maker.maker import Maker
from xyk.cli.main import app

SIZE = ("--size", "0.5")


@pytest.fixture(scope="module")
def shared(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Never started."""
    return Maker(desk, desk.market(), tmp_path_factory.mktemp("flags"), base=1, quote=1)


def run(maker: Maker, *flags: str) -> tuple[int, str]:
    """In this process, because one of its own takes a second to start. A later flag wins over the
    maker's own. Where the flags are taken after all, it ends soon."""
    arguments = [*maker.command()[3:], "--duration", "2"]
    done = CliRunner().invoke(app, [*arguments, *flags], prog_name="xyk")
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ((), 2, "Missing option '--size'"),
        (("--size", "x"), 1, "--size: 'x' is no decimal number"),
        (("--size", "0"), 1, "--size: A quantity of "),
        (("--size", "0.00001"), 1, "the nearest to 0.00001 is 0.0001"),
        ((*SIZE, "--max-base", "much"), 1, "--max-base: 'much' is no decimal number"),
        ((*SIZE, "--max-quote", "-1"), 1, "--max-quote: '-1' is no decimal number"),
        ((*SIZE, "--market", "NO_PE"), 1, "No market 'NO_PE'; there are "),
        ((*SIZE, "--market", "ETH_BTC"), 1, "ETH_BTC has no book where an order could rest"),
        ((*SIZE, "--reference", "moon"), 78, "'moon' is unknown; it is pool, market:SYMBOL, "),
        ((*SIZE, "--reference", "file:"), 78, "'file:' is unknown; it is pool, market:SYMBOL, "),
        ((*SIZE, "--reference", "market:X_Y@ftp://z"), 78, "'ftp://z' is no http address"),
        ((*SIZE, "--reference", "market:NO_PE"), 1, "market NO_PE of http://127.0.0.1:"),
        ((*SIZE, "--timeout", "4"), 2, "'--timeout'"),
        ((*SIZE, "--refresh", "11", "--timeout", "30"), 78, "above a third of --timeout 30"),
        ((*SIZE, "--levels", "41"), 2, "'--levels'"),
        ((*SIZE, "--key-file", "/nowhere/my.key"), 78, "/nowhere/my.key does not exist"),
        ((*SIZE, "--owner", "0x12"), 78, "--owner '0x12' is no address"),
        ((*SIZE, "--owner", "0x" + "1" * 40), 1, "it was never approved"),
        ((*SIZE, "--salt", "0x" + "1" * 64), 78, "Expected the deployment with salt 0x1111"),
    ],
    ids=lambda value: " ".join(value) or "none" if isinstance(value, tuple) else "",
)
def test_bad_flags(shared: Maker, flags: tuple[str, ...], code: int, said: str) -> None:
    ended, shown = run(shared, *flags)
    assert ended == code, shown
    assert said in " ".join(shown.split())
    assert "Traceback" not in shown
    if code != 2:
        assert sum(line.startswith("xyk: ") for line in shown.splitlines()) == 1, shown
    assert "PlaceOrder" not in {one.kind for one in shared.actions()}


def test_its_own_market_is_no_reference(shared: Maker) -> None:
    for text in (f"market:{shared.market}", f"market:{shared.market}@{shared.desk.server.url}"):
        code, shown = run(shared, *SIZE, "--reference", text)
        assert code == 78
        assert "is the market itself: it would follow its own quotes" in shown


def test_no_funds_is_said(desk: Desk, makers: Makers) -> None:
    maker = makers(desk.market(), base=0, quote=0).start(*SIZE)
    assert maker.until_state("quoting", "no orders; funds and limits allow no order")
    assert maker.stop() == 0
