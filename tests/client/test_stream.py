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

PATIENCE_S = 60


async def next_of(frames: AsyncIterator[Frame], *streams: str) -> Frame:
    async with asyncio.timeout(PATIENCE_S):
        async for frame in frames:
            if frame["stream"] in streams:
                return frame
    raise AssertionError(f"the stream ended before a frame of {streams}")


async def test_it_subscribes_again_after_a_restart(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with (
            Client(server.url, Wallet.random()) as alice,
            Stream(server.url, ["trade.ETH_USDC"]) as stream,
        ):
            await alice.faucet("USDC", 10**9)
            frames = aiter(stream)
            reading = asyncio.create_task(next_of(frames, "trade.ETH_USDC"))
            await heard(stream)
            await alice.sell("USDC", "ETH", 10**7)
            first = await reading

            reading = asyncio.create_task(next_of(frames, "trade.ETH_USDC"))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await heard(stream)
            await alice.sell("USDC", "ETH", 10**7)
            second = await reading

        assert stream.connections == 2
        assert second["data"]["t"] == first["data"]["t"] + 1, "trade ids go on"


async def test_streams_come_and_go_on_one_connection(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with (
            Client(server.url, Wallet.random()) as alice,
            Stream(server.url, ["trade.SOL_USDC"]) as stream,
        ):
            await alice.faucet("USDC", 10**9)
            frames = aiter(stream)
            reading = asyncio.create_task(next_of(frames, "pool.ETH_USDC"))
            await heard(stream)
            await stream.subscribe("pool.ETH_USDC")
            await heard(stream)
            await alice.sell("USDC", "ETH", 10**7)
            assert (await reading)["data"]["s"] == "ETH_USDC"

            reading = asyncio.create_task(next_of(frames, "pool.ETH_USDC", "trade.SOL_USDC"))
            await stream.unsubscribe("pool.ETH_USDC")
            await heard(stream)
            await alice.sell("USDC", "ETH", 10**7)
            await alice.sell("USDC", "SOL", 10**7)
            assert (await reading)["stream"] == "trade.SOL_USDC"
        assert stream.connections == 1
        assert stream.streams == ["trade.SOL_USDC"]


async def heard(stream: Stream) -> None:
    """Until the server has said that it knows every subscription."""
    async with asyncio.timeout(PATIENCE_S):
        await stream.subscribed.wait()


async def test_an_unknown_stream_is_refused(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", database_url=database_url) as server:
        async with Stream(server.url, ["weather.London"]) as stream:
            with pytest.raises(Refused):
                async with asyncio.timeout(PATIENCE_S):
                    await anext(aiter(stream))
