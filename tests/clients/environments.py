"""Foreign clients in environments of their own (`make clients`), and the market that they drive."""

import asyncio
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.require import require
from tests.server import ROOT, Server
from xyk.client.client import Client
from xyk.wallet.key_pair import KeyPair
from xyk.wallet.signer import NonceClock, Wallet

HERE = Path(__file__).parent
ENVIRONMENTS = ROOT / "build" / "clients"
FAR_S = 2**33
TIMEOUT_S = 240
NONCES = NonceClock()  # one for all clients: two of a wallet may sign in the same second
SOL, USDC = 10**9, 10**6  # base units of a whole token


class Trader(NamedTuple):
    """An owner's API key as the convention's clients take it: base64 of key and of seed."""

    wallet: Wallet
    key: str
    secret: str


def python_of(name: str) -> Path:
    """The Python of an environment; the test is skipped, or fails, where it was not made."""
    python = ENVIRONMENTS / name / "bin" / "python"
    if not python.is_file():
        require("clients", f"{name} is not installed in build/clients: make clients")
    return python


def drive(name: str, script: str, *arguments: str) -> str:
    """What a driver printed. It says itself what was wrong, and exits with 1."""
    done = subprocess.run(
        [str(python_of(name)), str(HERE / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def open_market(server: Server) -> Trader:
    """SOL_USDC with a pool of 1,000 SOL and 150,000 USDC by somebody who goes away, and a trader
    with 1,000 SOL and 100,000 USDC and a key."""
    return asyncio.run(_open_market(server.url))


async def _open_market(url: str) -> Trader:
    async with Client(url, Wallet.random()) as provider:
        await provider.faucet("SOL", 1_000 * SOL)
        await provider.faucet("USDC", 150_000 * USDC)
        await provider.add_liquidity("SOL", "USDC", 1_000 * SOL, 150_000 * USDC)
    wallet = Wallet.random()
    pair = KeyPair.random()
    async with Client(url, wallet, nonces=NONCES) as owner:
        await owner.faucet("SOL", 1_000 * SOL)
        await owner.faucet("USDC", 100_000 * USDC)
        await owner.approve_api_key(pair.public_key, FAR_S)
    return Trader(wallet, pair.api_key, pair.secret)
