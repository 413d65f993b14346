"""What a `Node` never tells, asks or does, whoever is at the other end."""

import re
import subprocess
import sys

import pytest

from tests.chain.skies import CHAIN, asking
from tests.chain.weather import Sky, Weather
from tests.server import ROOT
from xyk.chain.node import METHODS, Node
from xyk.chain.rpc import RpcDown, RpcError

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("soon")]

KEY = "0123456789abcdef"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (f"/v2/{KEY}", KEY),
        (f"/?apikey={KEY}", KEY),
        (f"/rpc/{KEY}/?x={KEY}#f", KEY),
        (f"/{KEY}%2b1", f"{KEY}+1"),
        (f"/{KEY}%2b1", f"{KEY}%2b1"),
    ],
)
async def test_no_message_has_the_key_of_a_url(
    first: Sky, path: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    private = f"http://user:{KEY}pw@127.0.0.1:{first.port}{path}"
    repeats = {"code": -32000, "message": f"{'x' * 280}unknown key {key} of {private}"}
    caplog.set_level("DEBUG")
    said = []
    for weather in (
        Weather(status=403),
        Weather(is_dropping=True),
        Weather(body=f"no {key} here, {private}".encode()),
        Weather(errors=dict.fromkeys(METHODS, repeats)),
        Weather(chain_id=5),
    ):
        first.weather = weather
        asked = Node([private], chain_id=CHAIN)
        with pytest.raises((RpcDown, RpcError)) as fault:
            await asked.call("eth_blockNumber")
        said += [str(fault.value), repr(fault.value), str(asked.endpoints())]
        await asked.close()
    assert KEY not in "".join(said)
    assert "xyk.chain.node" in caplog.text
    assert KEY not in caplog.text
    assert f"http://127.0.0.1:{first.port}: HTTP 403: it does not accept our key" in said[0]


async def test_nothing_is_asked_that_would_make_a_node_sign(first: Sky) -> None:
    async with asking(first) as asked:
        for method in ("eth_sign", "eth_accounts", "personal_sign", "eth_sendTransaction"):
            with pytest.raises(AssertionError, match=method):
                await asked.call(method, "0x")
    assert set(first.methods) <= METHODS
    assert not [name for name in METHODS if "sign" in name.lower() or "account" in name]


async def test_no_redirect_is_followed(first: Sky, second: Sky) -> None:
    """Who may be asked stands in chain.toml, keys in the URL included."""
    first.weather = Weather(status=307, headers={"Location": second.url})
    async with asking(first) as asked:
        with pytest.raises(RpcDown, match="HTTP 307"):
            await asked.call("eth_chainId")
    assert not second.asked


def test_loading_web3_makes_no_nesting_deadly() -> None:
    """A library below it raises the limit so far that the decoder overflows the stack."""
    script = (
        "import msgspec, sys, xyk.chain.node\n"
        "try: msgspec.json.decode(b'[' * 1_000_000)\n"
        "except RecursionError: sys.exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 7


def test_nobody_loads_web3_who_has_no_chain() -> None:
    """`node.py` alone imports it (test_tidy), so nobody may import that one at once."""
    files = [path for folder in ("api", "xyk") for path in (ROOT / folder).rglob("*.py")]
    at_once = re.compile(r"^(?:from|import) xyk\.chain(?:\.node| import .*\bnode\b)", re.MULTILINE)
    assert len(files) > 100
    assert not [path for path in files if at_once.search(path.read_text())]
