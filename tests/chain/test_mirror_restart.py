"""A mirror that is killed and goes on from what it kept: nothing twice, nothing left out."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.exc import OperationalError

from tests.chain.anvil import Anvil
from tests.chain.market import CONFIRMATIONS, Market
from tests.chain.mirrored import Told, caught_up, mirrored, pools_of, until
from xyk.chain.mirror import HALTED, STALE, Mirror
from xyk.chain.node import Node
from xyk.chain.pair import Block
from xyk.storage.chain import ChainStore

pytestmark = [pytest.mark.chain]


@pytest.fixture
def market(node: Anvil) -> Market:
    market = Market(node)
    market.open()
    return market


@pytest.fixture
async def store(tmp_path: Path, database_url: str) -> AsyncIterator[ChainStore]:
    store = await ChainStore.open(tmp_path, "local", database_url)
    yield store
    await store.close()


class Killed(BaseException):
    """As a signal that nobody catches."""


class Mortal(Told):
    """Its process dies in its n-th `final`, before or after what it keeps."""

    def __init__(self, durable: dict, lives: int, *, keeps: bool) -> None:
        super().__init__(durable)
        self.lives = lives
        self.keeps = keeps

    async def final(self, block: Block) -> None:
        self.lives -= 1
        if self.lives == 0 and not self.keeps:
            raise Killed
        await super().final(block)
        if self.lives == 0:
            raise Killed


async def test_killed_in_the_middle_of_catching_up(market: Market, store: ChainStore) -> None:
    random = Random(21)
    market.trade(random, 40)
    durable: dict = {}
    settings = {"start_block": 1, "block_span": 5}
    begun = []
    for attempt in range(6):
        told = Mortal(durable, 1 + attempt % 3, keeps=attempt % 2 == 1)
        rpc = Node([market.node.url])
        mirror = Mirror(
            market.deployment(**settings), rpc, market.pairs(), store=store, now_ms=market.now_ms
        )
        mirror.listeners.append(told)
        await mirror.start()
        begun.append(mirror.block.number)
        with pytest.raises(Killed):
            await mirror.run()
        await rpc.close()
    assert begun == sorted(begun)
    assert 0 < begun[-1] < market.head() - CONFIRMATIONS
    told = Told(durable)
    async with mirrored(market, told=told, store=store, **settings) as mirror:
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    fresh = Told()
    async with mirrored(market, told=fresh, start_block=1) as mirror:
        await caught_up(mirror, market)
    assert told.blocks == fresh.blocks


async def test_at_the_tip_it_goes_on_from_the_newest_final_block(
    market: Market, store: ChainStore
) -> None:
    random, told = Random(22), Told()
    async with mirrored(market, told=told, store=store) as mirror:
        for _ in range(8):
            market.trade(random, 5)
            await caught_up(mirror, market)
    final = market.head() - CONFIRMATIONS
    cursor = await store.cursor()
    assert cursor and (cursor.number, cursor.hash) == (final, market.block_hash(final))
    kept = {one.pair: one for one in await store.pools()}
    assert {
        pair: (one.reserve0, one.reserve1, one.total_supply) for pair, one in kept.items()
    } == market.pools(final)

    market.trade(random, 5)
    again = Told({n: one for n, one in told.blocks.items() if n <= final})
    async with mirrored(market, told=again, store=store) as mirror:
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
    assert {n: one for n, one in again.blocks.items() if n in told.blocks} == told.blocks


async def test_without_a_node_it_shows_what_was_kept_and_says_how_old_it_is(
    market: Market, store: ChainStore
) -> None:
    market.trade(Random(23), 20)
    async with mirrored(market, store=store) as mirror:
        await caught_up(mirror, market)
        tokens, pairs = mirror.tokens, mirror.pairs
    nowhere = Node(["http://127.0.0.1:1"])
    async with mirrored(market, pairs=(), rpc=nowhere, store=store) as mirror:
        final = market.head() - CONFIRMATIONS
        assert (mirror.tokens, mirror.pairs) == (tokens, pairs)
        assert mirror.block.hash == market.block_hash(final)
        assert pools_of(mirror) == market.pools(final)
        await until(lambda: "127.0.0.1" in mirror.state(market.now_ms()).reason)
        state = mirror.state(market.now_ms())
        assert (state.status, state.block) == (STALE, final)
        assert state.age_ms == market.now_ms() - mirror.block.time_s * 1000 > 0
    await nowhere.close()


async def test_a_reorg_below_the_cursor_while_it_was_down_halts_it(
    market: Market, store: ChainStore
) -> None:
    random = Random(24)
    market.trade(random, 20)
    async with mirrored(market, store=store) as mirror:
        await caught_up(mirror, market)
    kept = await store.cursor()
    market.reorg(CONFIRMATIONS + 1, [])
    market.trade(random, 2)
    async with mirrored(market, store=store) as mirror:
        await until(lambda: mirror.state(market.now_ms()).status == HALTED)
    assert await store.cursor() == kept


async def test_pairs_that_come_and_go_between_starts(
    market: Market, store: ChainStore, caplog: pytest.LogCaptureFixture
) -> None:
    """What was kept of one that is left out for a while is not of the block that the others are
    of."""
    random = Random(25)
    first, *others = market.pairs()
    for pairs in ([first, *others], others, [first], [first, *others]):
        async with mirrored(market, pairs=pairs, store=store) as mirror:
            await caught_up(mirror, market)
            market.trade(random, CONFIRMATIONS + 3)
            await caught_up(mirror, market)
            assert {one.address for one in await store.pairs()} == {one.address for one in pairs}
            now = market.pools(market.head())
            assert pools_of(mirror) == {one.address: now[one.address] for one in pairs}
    assert "known were" not in caplog.text


async def test_a_disk_that_fails_makes_it_stale_and_moves_no_cursor(
    market: Market, store: ChainStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(26)
    market.trade(random, CONFIRMATIONS)
    async with mirrored(market, store=store) as mirror:
        await caught_up(mirror, market)
        before = await store.cursor()

        async def full(*_: object) -> None:
            raise OperationalError("INSERT", {}, Exception("disk is full"))

        with monkeypatch.context() as failing:
            failing.setattr(store, "save", full)
            market.trade(random, CONFIRMATIONS + 5)
            await until(lambda: "disk is full" in mirror.state(market.now_ms()).reason)
            market.trade(random, 10)
            assert mirror.state(market.now_ms()).status == STALE
            assert await store.cursor() == before
        await caught_up(mirror, market)
        assert pools_of(mirror) == market.pools(market.head())
        after = await store.cursor()
        assert after and before and after.number == market.head() - CONFIRMATIONS > before.number


async def test_a_listener_with_a_bug_ends_it(market: Market) -> None:
    class Broken(Told):
        async def final(self, block: Block) -> None:
            raise LookupError("no such market")

    market.trade(Random(27), 20)
    rpc = Node([market.node.url])
    mirror = Mirror(market.deployment(start_block=1), rpc, market.pairs(), now_ms=market.now_ms)
    mirror.listeners.append(Broken())
    with pytest.raises(LookupError, match="no such market"):
        await mirror.run()
    await rpc.close()


async def test_a_token_that_is_no_longer_mirrored_keeps_its_symbol(
    market: Market, store: ChainStore
) -> None:
    """Its markets' history is kept by that name, and no other token may have it."""
    async with mirrored(market, store=store) as mirror:
        await caught_up(mirror, market)
    symbols = {one.address: one.symbol for one in await store.tokens()}
    assert len(symbols) == len(market.tokens)
    async with mirrored(market, store=store, pairs=market.pairs()[:1]) as mirror:
        await caught_up(mirror, market)
    assert [one.address for one in await store.pairs()] == [market.pairs()[0].address]
    assert {one.address: one.symbol for one in await store.tokens()} == symbols
