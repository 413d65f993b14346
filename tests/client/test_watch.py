"""A local book and an owner's orders, followed over everything that happens to the server."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tests.server import Server, running_server
from xyk.client.book_watch import BookWatch
from xyk.client.client import Client
from xyk.client.local_book import LocalBook
from xyk.client.order_watch import SNAPSHOT
from xyk.client.signing import Json
from xyk.wallet.signer import Wallet

T = TypeVar("T")
PATIENCE_S = 60
MARKET = "ETH_USDC"


async def next_where(updates: AsyncIterator[T], is_wanted: object) -> T:
    async with asyncio.timeout(PATIENCE_S):
        async for update in updates:
            if is_wanted(update):  # type: ignore[operator]
                return update
    raise AssertionError("the watcher ended")


async def fund(client: Client) -> None:
    await client.faucet("ETH", 10**20)
    await client.faucet("USDC", 10**12)


async def caught_up(client: Client, watch: BookWatch, frames: AsyncIterator[Json]) -> Json:
    """GET /depth, once the local book has its update id; the frame that brings that id may cover
    a later one only where something changed since, so nothing may be traded meanwhile."""
    depth = await client.depth(MARKET)
    wanted = int(depth["lastUpdateId"])
    if watch.book.last_update_id < wanted:
        await next_where(frames, lambda _: watch.book.last_update_id >= wanted)
    return depth


def assert_equal(book: LocalBook, depth: Json) -> None:
    assert [[f"{x.price:f}", f"{x.quantity:f}"] for x in book.best_asks()] == depth["asks"]
    assert [[f"{x.price:f}", f"{x.quantity:f}"] for x in book.best_bids()] == depth["bids"][::-1]


async def trade(alice: Client, bob: Client) -> None:
    """Orders that rest, take book and pool, move and go."""
    ask = await alice.place_order(MARKET, "Ask", price="2008", quantity="2.7")
    await alice.place_order(MARKET, "Bid", price="1990", quantity="0.3")
    await bob.place_order(MARKET, "Bid", price="2009", quantity="0.9")
    await alice.replace_order(ask, price="2011.11")
    await bob.sell("ETH", "USDC", 10**18)
    await bob.cancel_all_orders()


async def test_the_local_book_is_the_servers_over_a_kill(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with (
            Client(server.url, Wallet.random()) as alice,
            Client(server.url, Wallet.random()) as bob,
            alice.watch_book(MARKET) as watch,
        ):
            await fund(alice)
            await fund(bob)
            frames = aiter(watch)
            await next_where(frames, lambda _: watch.book.last_update_id)
            first_ids = watch.book.last_update_id
            await trade(alice, bob)
            assert_equal(watch.book, await caught_up(alice, watch, frames))
            assert watch.snapshots == 1, "changes alone kept it"
            assert watch.book.asks[Decimal("2011.11")] > 0

            await change_during_a_kill(server, alice, bob, watch, frames)
            assert watch.book.last_update_id > first_ids
            assert_equal(watch.book, await caught_up(alice, watch, frames))
            before = watch.snapshots
            await trade(alice, bob)
            assert_equal(watch.book, await caught_up(alice, watch, frames))
            assert watch.snapshots == before == 2


async def change_during_a_kill(
    server: Server, alice: Client, bob: Client, watch: BookWatch, frames: AsyncIterator[Json]
) -> None:
    """The server dies with changes on the way, and others come before the watcher is back."""
    await alice.place_order(MARKET, "Bid", price="1900", quantity="5")
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    await alice.cancel_all_orders()
    await bob.place_order(MARKET, "Bid", price="1800", quantity="4")
    await next_where(frames, lambda _: watch.snapshots == 2)
    assert Decimal("1800") in watch.book.bids
    assert Decimal("1900") not in watch.book.bids


async def test_a_gap_asks_for_a_new_snapshot(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with Client(server.url, Wallet.random()) as alice, alice.watch_book(MARKET) as watch:
            frames = aiter(watch)
            await next_where(frames, lambda _: watch.book.last_update_id)
            watch.book.last_update_id -= 1_000  # as if frames had been lost
            await next_where(frames, lambda _: watch.snapshots == 2)
            assert_equal(watch.book, await caught_up(alice, watch, frames))


def test_update_ids_join_the_changes() -> None:
    book = LocalBook(MARKET)
    book.reset(
        {"asks": [["2", "1"], ["3", "1"]], "bids": [["0.5", "7"], ["1", "1"]], "lastUpdateId": "10"}
    )
    assert book.apply({"U": 8, "u": 10, "a": [["2", "9"]], "b": []}), "known already"
    assert book.asks[Decimal(2)] == 1
    assert book.apply({"U": 9, "u": 12, "a": [["2", "0"], ["2.5", "4"]], "b": [["1", "2"]]})
    assert book.best_asks() == [(Decimal("2.5"), Decimal(4)), (Decimal(3), Decimal(1))]
    assert book.best_bids(1) == [(Decimal(1), Decimal(2))]
    assert not book.apply({"U": 14, "u": 15, "a": [], "b": [["1", "0"]]}), "13 is missing"
    assert (book.last_update_id, book.bids[Decimal(1)]) == (12, 2)
    assert book.apply({"U": 13, "u": 13, "a": [], "b": [["7", "0"]]}), "a level that was not there"


async def test_orders_are_followed_over_a_kill(tmp_path: Path, database_url: str) -> None:
    with running_server(tmp_path / "data", "--seed-demo", database_url=database_url) as server:
        async with (
            Client(server.url, Wallet.random()) as alice,
            Client(server.url, Wallet.random()) as bob,
            alice.watch_orders() as watch,
        ):
            await fund(alice)
            await fund(bob)
            early = await alice.place_order(MARKET, "Bid", price="1500", quantity="1")
            updates = aiter(watch)
            first = await next_where(updates, bool)
            assert first["e"] == SNAPSHOT
            assert [one["id"] for one in first["orders"]] == [early["id"]]
            assert first["closed"] == []

            ask = await alice.place_order(MARKET, "Ask", price="2003", quantity="1")
            await bob.place_order(MARKET, "Bid", price="2003", quantity="0.4", time_in_force="IOC")
            seen = [await next_where(updates, bool) for _ in range(2)]
            assert [(one["e"], one["i"], one["z"]) for one in seen] == [
                ("orderAccepted", ask["id"], "0"),
                ("orderFill", ask["id"], "0.4"),
            ]

            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await alice.cancel_order(early["id"])  # while nobody listens
            again = await next_where(updates, lambda one: one["e"] == SNAPSHOT)
            assert [(one["id"], one["status"]) for one in again["closed"]] == [
                (early["id"], "Cancelled")
            ]
            assert [one["id"] for one in again["orders"]] == [ask["id"]]
            await alice.replace_order(ask, price="2004")
            moved = await next_where(updates, bool)
            assert (moved["e"], moved["i"], moved["p"]) == ("orderModified", ask["id"], "2004")
            assert list(watch.open) == [ask["id"]]
