"""Wallets of every kind in chromium: connecting, agents, sign-in."""

from importlib import resources
from pathlib import Path

import pytest

from tests.browser.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# Signatures count on one network, and no node is asked: the page has to tell people of it.
NETWORK = (
    'sandbox = true\nchain_id = 31337\ncontract = "0x00000000000000000000000000000000000000c0"\n'
)


def test_wallets_connect_and_sign_on_the_network_of_the_deployment(
    scenarios: Run, tmp_path: Path
) -> None:
    text = resources.files("xyk.genesis").joinpath("sandbox.toml").read_text()
    genesis = tmp_path / "genesis.toml"
    genesis.write_text(text.replace("sandbox = true\n", NETWORK))
    scenarios("wallets.mjs", "--genesis", str(genesis))


def test_an_agent_trades_without_pop_ups_until_its_end(scenarios: Run) -> None:
    scenarios("agents.mjs")


def test_a_sign_in_opens_what_is_private(scenarios: Run) -> None:
    scenarios("signin.mjs", "--visibility", "private")
