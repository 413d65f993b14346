"""What is kept of refresh tokens: one hash a session, exchanged once."""

import asyncio
from pathlib import Path

from xyk.storage.refresh_tokens import RefreshTokens

ONE, TWO = "0x" + "01" * 32, "0x" + "02" * 32
OWNER = "0x" + "a1" * 20


async def test_a_hash_is_exchanged_once(tmp_path: Path) -> None:
    tokens = RefreshTokens.open(tmp_path / "sessions.db")
    await tokens.put(ONE, OWNER, "first", 100)
    assert await tokens.owner(ONE) == OWNER
    assert await tokens.owner(TWO) is None
    assert await tokens.rotate(ONE, "first", "second")
    assert not await tokens.rotate(ONE, "first", "third")
    assert not await tokens.rotate(TWO, "second", "third")
    won = await asyncio.gather(*(tokens.rotate(ONE, "second", f"n{n}") for n in range(20)))
    assert won.count(True) == 1
    tokens.close()


async def test_what_was_put_is_there_after_a_reopening_until_removed_or_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sessions.db"
    tokens = RefreshTokens.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    await tokens.put(ONE, OWNER, "a", 100)
    await tokens.put(TWO, OWNER, "b", 101)
    tokens.close()
    tokens = RefreshTokens.open(path)
    assert await tokens.rotate(ONE, "a", "c") and await tokens.rotate(TWO, "b", "d")
    await tokens.sweep(101)
    assert await tokens.owner(ONE) is None
    assert await tokens.owner(TWO) == OWNER
    await tokens.remove(TWO)
    assert await tokens.owner(TWO) is None
    tokens.close()
