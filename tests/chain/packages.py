"""What npm gives these tests: a real EVM node and the artifacts that Uniswap published.

`package-lock.json` pins every package by its hash and names no download address. anvil's binary is
inside its platform package, so that `npm ci` needs no install script; it runs without node.
"""

import fcntl
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
LOCK = HERE / "package-lock.json"
INSTALLED = MODULES / ".package-lock.json"  # npm writes it last

CORE = MODULES / "@uniswap/v2-core/build"
PERIPHERY = MODULES / "@uniswap/v2-periphery/build"
PERIPHERY_CORE = MODULES / "@uniswap/v2-periphery/node_modules/@uniswap/v2-core/build"

NPM_TIMEOUT_S = 300
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Missing(Exception):
    """The packages cannot be had here; the message says why."""


def artifact(folder: Path, name: str) -> dict[str, Any]:
    """The published build of contract `name`: its `abi` and `bytecode` among others."""
    build: dict[str, Any] = json.loads((folder / f"{name}.json").read_bytes())
    return build


def anvil_binary(npm: str) -> Path:
    """The EVM node's executable; `npm` installs the packages first where needed. Raises Missing."""
    _install(npm)
    machine = MACHINES.get(platform.machine(), platform.machine())
    binary = MODULES / f"@foundry-rs/anvil-{sys.platform}-{machine}/bin/anvil"
    if not binary.is_file():
        raise Missing(f"package-lock.json has no anvil for {sys.platform}-{machine}")
    return binary


def _install(npm: str) -> None:
    with LOCK.open() as lock:
        # Parallel test workers share one folder; the first installs, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if INSTALLED.is_file() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
            return
        try:
            subprocess.run(
                [npm, "ci"],
                cwd=HERE,
                env=dict(os.environ, CI="1"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
                timeout=NPM_TIMEOUT_S,
            )
        except subprocess.CalledProcessError as failed:
            faults = [line for line in failed.stderr.splitlines() if line.startswith("npm error")]
            raise Missing(f"npm ci failed: {'; '.join(faults[:3])}") from failed
        except subprocess.TimeoutExpired as slow:
            raise Missing(f"npm ci took more than {NPM_TIMEOUT_S} s") from slow
