"""Entry 1 from a TOML file, and what is wrong with one that is refused."""

from pathlib import Path

import pytest

from xyk.cli.exits import CONFIG, Stop
from xyk.cli.genesis import genesis_entry, load_genesis
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.cli.settings import Settings
from xyk.engine.entry import GENESIS_HASH, decode_events
from xyk.exchange import evolve
from xyk.exchange.state import State

OPERATOR_ADDRESS = "0x" + "Ab" * 20
GOOD = f"""
operator = "{OPERATOR_ADDRESS}"
[[assets]]
symbol = "USDC"
decimals = 6
[[assets]]
symbol = "ETH"
decimals = 18
token = "0x{"CD" * 20}"
[[markets]]
base = "ETH"
quote = "USDC"
tick_size = 10_000
lot_size = 100_000_000_000_000
"""


def settings(folder: Path, text: str | None = None, *, sandbox: bool = False) -> Settings:
    file = None
    if text is not None:
        file = folder / "genesis.toml"
        file.write_text(text)
    return Settings(data=folder, genesis=file, sandbox=sandbox)


def test_a_file_founds_an_exchange(tmp_path: Path) -> None:
    entry = genesis_entry(settings(tmp_path, GOOD), 1_750_000_000_000)
    assert (entry.seq, entry.previous, entry.kind) == (1, GENESIS_HASH, "Genesis")
    state = State()
    evolve.apply(state, 1, entry.time, decode_events(entry))
    assert state.operator == state.fee_recipient == OPERATOR_ADDRESS.lower()
    assert state.tokens["0x" + "cd" * 20] == "ETH"
    assert not state.sandbox
    assert not (tmp_path / OPERATOR).exists(), "an exchange of its own keeps no operator key"


def test_each_deployment_has_its_own_salt(tmp_path: Path) -> None:
    one, other = (load_genesis(settings(tmp_path, GOOD)).salt for _ in range(2))
    assert len(one) == 66
    assert one != other


def test_the_sandbox_lists_what_the_convention_says(tmp_path: Path) -> None:
    genesis = load_genesis(settings(tmp_path, sandbox=True))
    listed = [(asset.symbol, asset.decimals) for asset in genesis.assets]
    assert listed == [("USDC", 6), ("BTC", 8), ("ETH", 18), ("SOL", 9)]
    pairs = [(market.base, market.quote, market.book) for market in genesis.markets]
    assert pairs == [
        ("ETH", "USDC", True),
        ("BTC", "USDC", True),
        ("SOL", "USDC", True),
        ("ETH", "BTC", False),
    ]
    assert genesis.sandbox
    assert genesis.operator == read_wallet(tmp_path / OPERATOR).address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("operator", "owner"), "names no operator"),
        (GOOD.replace(OPERATOR_ADDRESS, "0x12"), "40 hex digits"),
        (GOOD + "tick = 1\n", "tick"),
        (GOOD.replace('"ETH"\nquote', '"DOGE"\nquote'), "unlisted asset"),
        (GOOD.replace("10_000\n", "0\n"), "tickSize"),
        (GOOD.replace("decimals = 6", "decimals = 6.5"), "decimals"),
        ("assets = [", "genesis.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(Stop, match=r"genesis\.toml") as stopped:
        genesis_entry(settings(tmp_path, text), 1)
    assert reason in stopped.value.message
    assert stopped.value.code == CONFIG


def test_an_empty_folder_needs_to_be_told(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="--sandbox"):
        load_genesis(settings(tmp_path))


def test_the_sandbox_flag_does_not_turn_a_real_genesis_into_one(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="sandbox = true"):
        load_genesis(settings(tmp_path, GOOD, sandbox=True))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"nowhere\.toml"):
        load_genesis(Settings(data=tmp_path, genesis=tmp_path / "nowhere.toml"))
