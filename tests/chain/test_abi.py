"""Our ABIs say what the published contracts say: function for function, event for event."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts_abi.contract import Contract, Parameter, contract
from tests.chain.packages import CORE, MODULES, PERIPHERY, artifact
from tests.conftest import NodeTools

pytestmark = pytest.mark.chain

PUBLISHED = [
    ("uniswap_v2_factory", CORE, "UniswapV2Factory"),
    ("uniswap_v2_pair", CORE, "UniswapV2Pair"),
    ("uniswap_v2_router02", PERIPHERY, "UniswapV2Router02"),
    ("weth9", PERIPHERY, "WETH9"),
    ("erc20", CORE, "UniswapV2ERC20"),
]
OF_THE_PAIR = {"MINIMUM_LIQUIDITY()", "PERMIT_TYPEHASH()"}  # its own, not of every ERC-20


def spelled(parameters: list[dict[str, Any]]) -> list[str]:
    """Read by other code than ours: no tuples occur in what Uniswap published."""
    assert not any(one["type"].startswith("tuple") for one in parameters)
    return [one["type"] + (" indexed" if one.get("indexed") else "") for one in parameters]


def ours(parameters: tuple[Parameter, ...]) -> list[str]:
    return [one.canonical + (" indexed" if one.indexed else "") for one in parameters]


def published(abi: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for item in abi:
        if item["type"] == "function":
            signature = f"{item['name']}({','.join(spelled(item['inputs']))})"
            told[signature] = (spelled(item["outputs"]), item["stateMutability"])
        elif item["type"] == "event":
            told[f"event {item['name']}"] = (spelled(item["inputs"]), item["anonymous"])
        elif item["type"] == "receive":
            told["receive"] = item["stateMutability"]
    return told


def declared(one: Contract) -> dict[str, Any]:
    told: dict[str, Any] = {
        function.signature: (ours(function.outputs), function.stateMutability)
        for function in one.functions.values()
    }
    told |= {
        f"event {name}": (ours(event.inputs), event.anonymous) for name, event in one.events.items()
    }
    return told | ({"receive": "payable"} if one.is_payable else {})


@pytest.mark.usefixtures("anvil")
@pytest.mark.parametrize(("name", "folder", "build"), PUBLISHED)
def test_it_is_what_was_published(name: str, folder: Path, build: str) -> None:
    expected = published(artifact(folder, build)["abi"])
    if name == "erc20":
        expected = {what: of for what, of in expected.items() if what not in OF_THE_PAIR}
    assert declared(contract(name)) == expected


@pytest.mark.usefixtures("anvil")
def test_the_published_multicall_knows_every_function(node_tools: NodeTools) -> None:
    """Its ABI is published in part only: the selectors stand in its code, each as a PUSH4."""
    script = (
        "const {multicall3Bytecode} = require('./node_modules/viem/_cjs/constants/contracts.js');"
        "const {multicall3Abi} = require('viem');"
        "console.log(JSON.stringify([multicall3Bytecode, multicall3Abi]))"
    )
    told = subprocess.run(
        [node_tools.node, "-e", script],
        cwd=MODULES.parent,
        capture_output=True,
        check=True,
        timeout=60,
    )
    code, abi = json.loads(told.stdout)
    functions = contract("multicall3").functions
    missing = [one.signature for one in functions.values() if "63" + one.selector.hex() not in code]
    assert missing == []
    [aggregate] = [item for item in abi if item["name"] == "aggregate3"]
    for side, mine in (
        ("inputs", functions["aggregate3"].inputs),
        ("outputs", functions["aggregate3"].outputs),
    ):
        [theirs], [our] = aggregate[side], mine
        assert [one["type"] for one in theirs["components"]] == [x.type for x in our.components]
