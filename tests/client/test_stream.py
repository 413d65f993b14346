"""The stream survives a restart of the server, and frames say what was committed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server import running_server
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.client.stream import Frame, Stream
from xyk.wallet.signer import Wallet

PATIENCE_S = 20


async def next_of(frames: AsyncIterator[Frame], stream: str) -> Frame:
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            if frame["stream"] == stream:
                return frame
    raise AssertionError(f"the stream ended before a frame of {stream}")


async def test_it_subscribes_again_after_a_restart(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--seed-demo") as server:
        async with (
            Client(server.url, Wallet.random()) as alice,
            Stream(server.url, ["trade.ETH_USDC"]) as stream,
        ):
            frames = aiter(stream)
            reading = asyncio.create_task(next_of(frames, "trade.ETH_USDC"))
            await alice.faucet("USDC", 10**9)
            first = await trade_until_read(alice, reading)

            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)

            reading = asyncio.create_task(next_of(frames, "trade.ETH_USDC"))
            second = await trade_until_read(alice, reading)

        assert stream.connections == 2
        assert second["data"]["t"] > first["data"]["t"], "trade ids go on"


async def trade_until_read(client: Client, reading: "asyncio.Task[Frame]") -> Frame:
    """Trades go by that nobody was subscribed to yet; one of them is seen."""
    while not reading.done():
        await client.sell("USDC", "ETH", 10**7)
        await asyncio.wait([reading], timeout=0.1)
    return await reading


async def test_an_unknown_stream_is_refused(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        async with Stream(server.url, ["weather.London"]) as stream:
            with pytest.raises(Refused):
                async with asyncio.timeout(PATIENCE_S):
                    await anext(aiter(stream))
