"""Real swaps and mints of Ethereum's pairs, driven through a running server with signed requests.

Each row gets a pair of fresh assets: listed, funded, seeded with the reserves before, acted upon;
the reserves afterwards are the chain's to the unit. Rows that no router call can make (flash swaps,
fees of other forks, tokens that take a tax) are covered at the level of amm (tests/amm).
"""

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from amm.liquidity import optimal_amounts
from tests.server import Server, running_server
from xyk.cli.keys import OPERATOR, kept_wallet
from xyk.client.client import Client
from xyk.client.connection import Refused
from xyk.wallet.signer import Wallet

VECTORS = Path(__file__).parent.parent / "vectors"
AT_ONCE = 16  # rows in work at the same time


class Row(NamedTuple):
    number: int
    kind: str
    before: tuple[int, int]
    put_in: tuple[int, int]
    taken_out: tuple[int, int]
    after: tuple[int, int]


def read_rows() -> list[Row]:
    with (VECTORS / "uniswap_v2_events.csv").open() as file:
        return [
            Row(
                number,
                row["class"],
                (int(row["reserve0_before"]), int(row["reserve1_before"])),
                (int(row["amount0In"]), int(row["amount1In"])),
                (int(row["amount0Out"]), int(row["amount1Out"])),
                (int(row["reserve0_after"]), int(row["reserve1_after"])),
            )
            for number, row in enumerate(csv.DictReader(file))
        ]


def reachable(row: Row) -> bool:
    """Whether the router would deposit just these amounts."""
    return optimal_amounts(*row.put_in, *row.before) == row.put_in


ROWS = read_rows()
EXACT_IN = [row for row in ROWS if row.kind == "swap_exact_in"]
EXACT_OUT = [row for row in ROWS if row.kind == "swap_exact_out"]
MINTS = [row for row in ROWS if row.kind == "mint" and reachable(row)]


def test_the_rows_are_all_there() -> None:
    assert (len(ROWS), len(EXACT_IN), len(EXACT_OUT), len(MINTS)) == (773, 667, 43, 8)


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[tuple[Client, Client]]:
    """The operator's client and a trader's, on a server of their own."""
    with running_server(tmp_path / "data") as server:
        async with operator_of(server) as operator, Client(server.url, Wallet.random()) as trader:
            yield operator, trader


def operator_of(server: Server) -> Client:
    return Client(server.url, kept_wallet(server.data, OPERATOR))


async def seed(operator: Client, trader: Client, row: Row) -> tuple[str, str]:
    """Two fresh assets in a pool with the reserves before; the trader has what it needs."""
    symbols = (f"A{row.number}", f"B{row.number}")
    for symbol in symbols:  # in this order: the later one is the base
        await operator.list_asset(symbol, 18)
    for symbol, reserve, amount in zip(symbols, row.before, row.put_in, strict=True):
        for wanted in (reserve, amount):
            if wanted:
                await trader.faucet(symbol, wanted)
    if any(row.before):  # else the row itself is the pool's first deposit
        await trader.add_liquidity(*symbols, *row.before, *row.before)
    return symbols


async def expect_reserves(trader: Client, symbols: tuple[str, str], row: Row) -> None:
    pool = await trader.pool(f"{symbols[1]}_{symbols[0]}")
    base, quote = (int(reserve) for reserve in pool["reserves"])
    assert (quote, base) == row.after, row


async def for_each(rows: Sequence[Row], work: Callable[[Row], Awaitable[None]]) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> None:
        async with places:
            await work(row)

    async with asyncio.TaskGroup() as group:
        for row in rows:
            group.create_task(one(row))


@pytest.mark.slow
async def test_swaps_of_an_exact_input(venue: tuple[Client, Client]) -> None:
    operator, trader = venue

    async def work(row: Row) -> None:
        symbols = await seed(operator, trader, row)
        sold = 0 if row.put_in[0] else 1
        receipt = await trader.sell(
            symbols[sold], symbols[1 - sold], row.put_in[sold], row.taken_out[1 - sold]
        )
        assert int(receipt["amountOut"]) == row.taken_out[1 - sold], row
        await expect_reserves(trader, symbols, row)

    await for_each(EXACT_IN, work)


async def test_swaps_for_an_exact_output_and_mints(venue: tuple[Client, Client]) -> None:
    operator, trader = venue

    async def buy(row: Row) -> None:
        symbols = await seed(operator, trader, row)
        sold = 0 if row.put_in[0] else 1
        receipt = await trader.buy(
            symbols[sold], symbols[1 - sold], row.taken_out[1 - sold], row.put_in[sold]
        )
        assert int(receipt["amountIn"]) == row.put_in[sold], row
        await expect_reserves(trader, symbols, row)

    async def mint(row: Row) -> None:
        symbols = await seed(operator, trader, row)
        receipt = await trader.add_liquidity(*symbols, *row.put_in, *row.put_in)
        assert (int(receipt["amountA"]), int(receipt["amountB"])) == row.put_in, row
        await expect_reserves(trader, symbols, row)

    await for_each(EXACT_OUT, buy)
    await for_each(MINTS, mint)


async def test_quotes_of_a_real_pancakeswap_router(venue: tuple[Client, Client]) -> None:
    operator, trader = venue
    with (VECTORS / "pancake_v2_quotes.csv").open() as file:
        quotes = [{name: int(text) for name, text in row.items()} for row in csv.DictReader(file)]
    assert len(quotes) == 24
    pools: dict[tuple[int, int], tuple[str, str]] = {}
    for quote in quotes:
        reserves = (quote["reserve_in"], quote["reserve_out"])
        if reserves not in pools:
            symbols = pools[reserves] = (f"IN{len(pools)}", f"OUT{len(pools)}")
            for symbol, reserve in zip(symbols, reserves, strict=True):
                await operator.list_asset(symbol, 18)
                await trader.faucet(symbol, reserve)
            await operator.list_market(*symbols, tick_size=1, lot_size=1, pool_fee_bps=25)
            await trader.add_liquidity(*symbols, *reserves)
        assert quote["fee_bps"] == 25
        asked = trader.quote(*pools[reserves], amount_in=quote["amount_in"])
        if quote["amount_out"] == 0:  # the router quotes 0, and the pair would revert
            with pytest.raises(Refused, match="INSUFFICIENT_LIQUIDITY"):
                await asked
        else:
            assert int((await asked)["amountOut"]) == quote["amount_out"], quote
