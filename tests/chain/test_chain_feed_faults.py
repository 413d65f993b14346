"""A fault of our own in what is told of a deployment's markets."""

import asyncio
from pathlib import Path

import pytest

from tests.chain.scripted_mirror import Chain, indexed
from xyk.chain.mirror import HALTED


async def test_a_fault_of_ours_is_no_reason_to_say_that_all_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The streams that follow the clock outlive it, and say so."""
    monkeypatch.setattr("api.chain_feed.WATCH_S", 0)
    async with indexed(tmp_path) as index:
        await index.follow(Chain(1).grow(20).blocks)
        assert index.feed.feed.is_fresh
        failed, again = 0, asyncio.Event()

        def failing() -> None:
            nonlocal failed
            failed += 1
            if failed > 1:
                again.set()
            raise KeyError

        monkeypatch.setattr(index.feed, "_sight", failing)
        await again.wait()
        assert not index.feed.feed.is_fresh
        status = await index.get("/api/v1/status")
        assert (status["mirror"], status["message"]) == (HALTED, "a fault of ours")
