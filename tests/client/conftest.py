"""An exchange with a deployment that may lie, and a wallet that talks to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.client.chain_lies import KEY, NOW_S
from tests.client.chain_server import ChainServer, chain_server
from xyk.client.chain_wallet import ChainWallet
from xyk.client.connection import Connection
from xyk.wallet.signer import Wallet


@pytest.fixture
def chain() -> Iterator[ChainServer]:
    with chain_server() as started:
        yield started


@pytest.fixture
async def wallet(chain: ChainServer) -> AsyncIterator[ChainWallet]:
    connection = Connection(chain.url, patience_s=0)
    yield ChainWallet(connection, "local", Wallet.from_hex(KEY), now_s=lambda: NOW_S)
    await connection.close()
