"""Selectors and topics that are known from outside, and that every file is read whole."""

from pathlib import Path

import pytest

from contracts_abi import contract as module
from contracts_abi.contract import NAMES, contract

# Of https://www.4byte.directory and etherscan; they name these functions on every chain.
SELECTORS = [
    ("erc20", "transfer", "a9059cbb"),
    ("erc20", "approve", "095ea7b3"),
    ("erc20", "balanceOf", "70a08231"),
    ("erc20", "permit", "d505accf"),
    ("uniswap_v2_factory", "getPair", "e6a43905"),
    ("uniswap_v2_factory", "allPairs", "1e3dd18b"),
    ("uniswap_v2_pair", "getReserves", "0902f1ac"),
    ("uniswap_v2_pair", "swap", "022c0d9f"),
    ("uniswap_v2_router02", "swapExactTokensForTokens", "38ed1739"),
    ("uniswap_v2_router02", "swapTokensForExactTokens", "8803dbee"),
    ("uniswap_v2_router02", "addLiquidity", "e8e33700"),
    ("uniswap_v2_router02", "getAmountsOut", "d06ca61f"),
    ("weth9", "deposit", "d0e30db0"),
    ("weth9", "withdraw", "2e1a7d4d"),
    ("multicall3", "aggregate3", "82ad56cb"),
]
TOPICS = [
    ("erc20", "Transfer", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
    (
        "uniswap_v2_factory",
        "PairCreated",
        "0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9",
    ),
    ("uniswap_v2_pair", "Sync", "1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"),
    ("uniswap_v2_pair", "Swap", "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"),
    ("uniswap_v2_pair", "Mint", "4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"),
    ("uniswap_v2_pair", "Burn", "dccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496"),
]


@pytest.mark.parametrize(("name", "function", "selector"), SELECTORS)
def test_selectors(name: str, function: str, selector: str) -> None:
    assert contract(name).functions[function].selector.hex() == selector


@pytest.mark.parametrize(("name", "event", "topic"), TOPICS)
def test_topics(name: str, event: str, topic: str) -> None:
    assert contract(name).events[event].topic.hex() == topic


def test_tuples_are_spelled_out() -> None:
    aggregate = contract("multicall3").functions["aggregate3"]
    assert aggregate.signature == "aggregate3((address,bool,bytes)[])"
    assert aggregate.output_types == ["(bool,bytes)[]"]


def test_every_file_has_a_name() -> None:
    assert {path.stem for path in Path(module.__file__).parent.glob("*.json")} == set(NAMES)
    assert all(contract(name).functions for name in NAMES)
