"""What a server process loads."""

import subprocess
import sys

HEAVY = ("web3", "aiohttp", "eth_account", "eth_keys", "py_ecc")


def loaded_after(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint(*sys.modules)\nprint(sys.getrecursionlimit())"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    names, limit = run.stdout.splitlines()
    assert limit == "1000", "nested JSON overflows the stack of C where it is higher"
    return set(names.split())


def test_a_server_without_chains_loads_nothing_of_web3() -> None:
    """py_ecc raises the recursion limit for the whole process, and all of it takes a second."""
    loaded = loaded_after("import xyk.cli.serve, api.app, xyk.chain.relay, xyk.chain.follower")
    assert not loaded & set(HEAVY)
    assert "xyk.chain.raw" in loaded


def test_the_node_s_client_leaves_the_recursion_limit_alone() -> None:
    assert set(HEAVY) & loaded_after("import xyk.cli.serve, xyk.chain.node") >= {"web3", "aiohttp"}
