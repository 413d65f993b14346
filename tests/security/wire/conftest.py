"""A server for all, with liquidity in its pools, and one whose patience is a second."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.api.desk import Desk
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.wallet.signer import Wallet


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("wire") / "data"
    with running_server(data, "--seed-demo") as running:
        yield running


@pytest.fixture(scope="session")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`--client-timeout 1`, and 20 connections an address."""
    data = tmp_path_factory.mktemp("hurried") / "data"
    narrow = ("--client-timeout", "1", "--connections-per-ip", "20")
    with running_server(data, *narrow) as running:
        yield running


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
async def alice(server: Server) -> AsyncIterator[Client]:
    """A fresh wallet with 1,000 whole tokens each of ETH and USDC."""
    async with Client(server.url, Wallet.random()) as client:
        await client.faucet("ETH")
        await client.faucet("USDC")
        yield client


@pytest.fixture
async def desk(http: httpx.AsyncClient, alice: Client) -> Desk:
    return Desk(http, alice, await alice.domain())
