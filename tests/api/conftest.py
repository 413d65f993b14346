"""One real server for all tests of the API, and clients that talk to it over HTTP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.aged import trade_for_years
from tests.api.desk import Desk
from tests.databases import Databases
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, read_wallet
from xyk.client.client import Client
from xyk.wallet.signer import NonceClock, Wallet


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    """A sandbox with liquidity in its pools, one on each database, which tests share: none may
    depend on a balance or price that another one moves, nor pause what others trade."""
    data = tmp_path_factory.mktemp("api") / "data"
    with databases() as url, running_server(data, "--seed-demo", database_url=url) as running:
        yield running


@pytest.fixture(scope="session")
def aged(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Server]:
    """A server on a journal that spans years; tests may restart it, and trade where they say so."""
    data = tmp_path_factory.mktemp("aged") / "data"
    with databases() as url:
        trade_for_years(data, url)
        with running_server(data, "--accept-clock", database_url=url) as running:
            yield running


@pytest.fixture
def url(server: Server) -> str:
    return server.url


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
async def alice(url: str) -> AsyncIterator[Client]:
    """A fresh wallet with 1,000 whole tokens each of ETH and USDC."""
    async with Client(url, Wallet.random()) as client:
        await client.faucet("ETH")
        await client.faucet("USDC")
        yield client


@pytest.fixture
async def bob(url: str) -> AsyncIterator[Client]:
    """A fresh wallet with nothing."""
    async with Client(url, Wallet.random()) as client:
        yield client


@pytest.fixture(scope="session")
def operator_nonces() -> NonceClock:
    """One for all clients of the operator's wallet: tests of one second would meet at a nonce."""
    return NonceClock()


@pytest.fixture
async def operator(server: Server, operator_nonces: NonceClock) -> AsyncIterator[Client]:
    wallet = read_wallet(Path(server.data) / OPERATOR)
    async with Client(server.url, wallet, nonces=operator_nonces) as client:
        yield client


@pytest.fixture
async def desk(http: httpx.AsyncClient, alice: Client) -> Desk:
    return Desk(http, alice, await alice.domain())
