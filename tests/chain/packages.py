"""What npm gives these tests: a real EVM node and the artifacts that Uniswap published.

anvil's binary is inside its platform package, so that `npm ci` needs no install script; it runs
without node.
"""

import json
import platform
import sys
from pathlib import Path
from typing import Any

from tests.npm import Missing, install

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"

CORE = MODULES / "@uniswap/v2-core/build"
PERIPHERY = MODULES / "@uniswap/v2-periphery/build"
PERIPHERY_CORE = MODULES / "@uniswap/v2-periphery/node_modules/@uniswap/v2-core/build"

MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def artifact(folder: Path, name: str) -> dict[str, Any]:
    """The published build of contract `name`: its `abi` and `bytecode` among others."""
    build: dict[str, Any] = json.loads((folder / f"{name}.json").read_bytes())
    return build


def anvil_binary(npm: str) -> Path:
    """The EVM node's executable; `npm` installs the packages first where needed. Raises Missing."""
    install(npm, HERE)
    machine = MACHINES.get(platform.machine(), platform.machine())
    binary = MODULES / f"@foundry-rs/anvil-{sys.platform}-{machine}/bin/anvil"
    if not binary.is_file():
        raise Missing(f"package-lock.json has no anvil for {sys.platform}-{machine}")
    return binary
