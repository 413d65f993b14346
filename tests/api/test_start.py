"""What is committed while the server starts: after the streams were made on the state, before the
read tables are read back."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from tests.api.desk import ETH, USDC
from xyk.cli.compose import Exchange, running
from xyk.cli.settings import Settings
from xyk.domain.commands import FaucetDeposit, SwapExactIn
from xyk.domain.request import EIP712, FAUCET
from xyk.engine.entry import Evidence
from xyk.engine.submission import Committed, Submission

URL = "http://exchange.example"
OWNER = "0x" + "a1" * 20


class Lifespan:
    """Of an ASGI application that no server runs."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._in: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def __aenter__(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._running = asyncio.create_task(self._app(scope, self._in.get, self._out.put))
        await self._in.put({"type": "lifespan.startup"})
        assert await self._out.get() == {"type": "lifespan.startup.complete"}

    async def __aexit__(self, *_: object) -> None:
        await self._in.put({"type": "lifespan.shutdown"})
        await self._running


def fail(error: BaseException) -> None:
    raise AssertionError from error


async def swap(exchange: Exchange, number: int) -> None:
    """0.01 ETH into the demo's pool; the read tables show it when it returns."""
    services = exchange.services
    funds = FaucetDeposit(owner=OWNER, token=ETH, amount=10**16)
    now_s = services.now_ms() // 1000
    sold = SwapExactIn(
        owner=OWNER,
        token_in=ETH,
        token_out=USDC,
        amount_in=10**16,
        min_amount_out=0,
        nonce=now_s << 8 | number,
        deadline=now_s + 60,
    )
    by_owner = Evidence(scheme=EIP712, signer=OWNER, digest=f"0x{number:064x}", signature="0x")
    for one in (Submission(funds, Evidence(scheme=FAUCET)), Submission(sold, by_owner)):
        assert isinstance(await services.writer.submit(one), Committed)
    await exchange.projection.reached(services.writer.committed_seq)


@pytest.mark.parametrize("early", [0, 1, 3])
async def test_a_fill_that_is_committed_while_it_starts_counts_once(
    tmp_path: Path, database_url: str, early: int
) -> None:
    """Such as an order that its trigger activates, which was left over from before."""
    settings = Settings(
        data=tmp_path, database_url=database_url, sandbox=True, seed_demo=True, public_url=URL
    )
    async with running(settings, "test", on_failure=fail) as exchange:
        await swap(exchange, 1)
        app = create_app(exchange.services)
        for number in range(early):
            await swap(exchange, 2 + number)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with Lifespan(app), httpx.AsyncClient(transport=transport) as http:
            await swap(exchange, 9)
            for path in ("ticker?symbol=ETH_USDC", "ticker?symbol=ETH_USDC&interval=1w"):
                ticker = (await http.get(f"{URL}/api/v1/{path}")).json()
                assert ticker["trades"] == str(early + 2), path
                assert ticker["volume"] == f"0.0{early + 2}", path
            [pool] = [
                one
                for one in (await http.get(f"{URL}/api/v1/pools")).json()
                if one["symbol"] == "ETH_USDC"
            ]
            assert pool["baseVolume24h"] == f"0.0{early + 2}"
            trades = (await http.get(f"{URL}/api/v1/trades?symbol=ETH_USDC")).json()
            assert [one["id"] for one in trades] == list(range(early + 2, 0, -1))
            path = f"{URL}/api/v1/klines?symbol=ETH_USDC&interval=1d&startTime=0"
            candles = (await http.get(path)).json()
            assert sum(int(one["trades"]) for one in candles) == early + 2
