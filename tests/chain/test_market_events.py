"""Events of a pair on a chain, in the words of the exchange."""

from typing import Any

import pytest

from tests.chain.scripted_mirror import E6, E18, ETH_USDC, PEPE_WETH, TRADER, USDC, WETH
from xyk.chain.market_events import MarketEvents
from xyk.chain.pair import Block, BlockEvents, Burn, Mint, Pair, PairEvent, Swap, Sync, Token
from xyk.chain.terms import Terms, least_quote, terms_of
from xyk.domain.chain_events import ReservesSynced
from xyk.domain.events import (
    AssetListed,
    Event,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    PoolSwapped,
)

PAIR = ETH_USDC.address  # token0 is USDC, which is the quote
BLOCK = Block(7, "0x07", "0x06", 1_760_000_000)


def said(*events: PairEvent, pair: Pair = ETH_USDC, fee_bps: int = 30) -> list[Event]:
    """After the pair was seen with 2,000,000 USDC and 1,000 WETH."""
    told = MarketEvents(fee_bps, {pair.address: pair})
    opened = [*told.of(BlockEvents(BLOCK, (sync(2 * 10**6 * E6, 1000 * E18),)), {})]
    assert isinstance(opened[-1], ReservesSynced)
    return [*told.of(BlockEvents(BLOCK, events), {PAIR: 77})]


def sync(reserve0: int = 2 * 10**6 * E6, reserve1: int = 1000 * E18) -> Sync:
    return Sync(PAIR, "0x", 0, reserve0, reserve1)


def swap(in0: int = 0, in1: int = 0, out0: int = 0, out1: int = 0) -> Swap:
    return Swap(PAIR, "0x", 1, "0x" + "99" * 20, TRADER, in0, in1, out0, out1)


@pytest.mark.parametrize(
    ("amounts", "sold", "amount_in", "amount_out", "fee", "forms"),
    [
        # WETH is sold, WETH is bought
        ({"in1": E18, "out0": 1990 * E6}, "WETH", E18, 1990 * E6, 3 * E18 // 1000, True),
        ({"in0": 2010 * E6, "out1": E18}, "USDC", 2010 * E6, E18, 6_030_000, True),
        # a flash swap that takes 5 WETH and gives 4 back and pays for one: one was bought
        (
            {"in0": 2020 * E6, "in1": 4 * E18, "out1": 5 * E18},
            *("USDC", 2020 * E6, E18, 6_060_000, True),
        ),
        # both out and one in, as where a token's fee is paid out of the pool
        (
            {"in1": 2 * E18, "out0": 1990 * E6, "out1": E18},
            *("WETH", E18, 1990 * E6, 6 * E18 // 1000, True),
        ),
        # a flash loan of WETH: it grew by the fee alone, there is no price
        (
            {"in1": 5 * E18 + 10**16, "out1": 5 * E18},
            "WETH",
            10**16,
            0,
            15_030_000_000_000_000,
            False,
        ),
        ({"in0": 1003 * E6, "out0": 1000 * E6}, "USDC", 3 * E6, 0, 3_009_000, False),
        # both sides stayed: paid twice
        (
            {"in0": 10 * E6, "in1": E18, "out1": 10**15},
            "WETH",
            999 * 10**15,
            10 * E6,
            3 * 10**15,
            False,
        ),
        # dust: less than a lot of base, or fewer than 10,000 units of quote
        ({"in1": 10**11, "out0": 199}, "WETH", 10**11, 199, 3 * 10**8, False),
        ({"in1": 5 * 10**12, "out0": 9_999}, "WETH", 5 * 10**12, 9_999, 15 * 10**9, False),
        ({"in1": 5 * 10**12, "out0": 10_000}, "WETH", 5 * 10**12, 10_000, 15 * 10**9, True),
        ({"in1": 10**12 - 1, "out0": 10_000}, "WETH", 10**12 - 1, 10_000, 3 * 10**9, False),
        ({"in1": 10**12, "out0": 10_000}, "WETH", 10**12, 10_000, 3 * 10**9, True),
    ],
)
def test_a_swap_is_what_it_left_in_the_pool(
    amounts: dict[str, int], sold: str, amount_in: int, amount_out: int, fee: int, forms: bool
) -> None:
    [told] = said(sync(1, 2), swap(**amounts))
    assert isinstance(told, PoolSwapped)
    bought = "USDC" if sold == "WETH" else "WETH"
    assert (told.asset_in, told.asset_out) == (sold, bought)
    assert (told.amount_in, told.amount_out, told.fee) == (amount_in, amount_out, fee)
    assert told.price_forming is forms
    assert (told.reserve_base, told.reserve_quote) == (2, 1)
    assert (told.owner, told.market, told.trade_id) == (TRADER, "WETH_USDC", 1)


def test_a_sync_alone_changes_reserves_and_is_no_trade() -> None:
    told = said(sync(1, 2), sync(3, 4), swap(in1=E18, out0=E6), sync(5, 6))
    kinds = [type(event) for event in told]
    assert kinds == [ReservesSynced, PoolSwapped, ReservesSynced]
    reserves: list[Any] = told
    assert [(one.reserve_base, one.reserve_quote) for one in reserves] == [(2, 1), (4, 3), (6, 5)]


def test_deposits_and_withdrawals() -> None:
    added, removed = said(
        sync(1, 2),
        Mint(PAIR, "0x", 1, "0x" + "99" * 20, 10, 20),
        sync(3, 4),
        Burn(PAIR, "0x", 3, "0x" + "99" * 20, TRADER, 30, 40),
    )
    assert isinstance(added, LiquidityAdded) and isinstance(removed, LiquidityRemoved)
    assert (added.amount_base, added.amount_quote, added.owner) == (20, 10, "0x" + "99" * 20)
    assert (removed.amount_base, removed.amount_quote, removed.owner) == (40, 30, TRADER)
    assert added.total_supply == removed.total_supply == 77


def test_a_pair_is_listed_when_it_first_has_reserves() -> None:
    told = MarketEvents(25, {PAIR: ETH_USDC, PEPE_WETH.address: PEPE_WETH})
    unknown = Sync("0x" + "dd" * 20, "0x", 0, 5, 5)
    nothing = BlockEvents(BLOCK, (unknown, sync(0, 0), sync(0, 9), swap(in1=1, out0=1)))
    assert [*told.of(nothing, {})] == []
    first, quote, market, shares, reserves = told.of(BlockEvents(BLOCK, (sync(),)), {})
    assert first == AssetListed(symbol="WETH", token=WETH.address, decimals=18)
    assert quote == AssetListed(symbol="USDC", token=USDC.address, decimals=6)
    assert isinstance(market, MarketListed) and isinstance(reserves, ReservesSynced)
    assert (market.market, market.pool_fee_bps, market.book) == ("WETH_USDC", 25, False)
    # 2,000 USDC a WETH, with seven digits 0.001; a reserve of 1,000 WETH, with ten 10^-6
    assert (market.tick_size, market.lot_size) == (10**3, 10**12)
    assert shares == AssetListed(symbol="LP:WETH_USDC", token=PAIR, decimals=18)
    again = [*told.of(BlockEvents(BLOCK, (sync(1, 1),)), {})]
    assert [type(event) for event in again] == [ReservesSynced]  # and its terms stay


def test_the_supply_of_shares_is_told_with_the_first_reserves_where_it_is_known() -> None:
    told = MarketEvents(30, {PAIR: ETH_USDC})
    *_, known, swapped = told.of(BlockEvents(BLOCK, (sync(), swap(in1=E18, out0=E6))), {PAIR: 9})
    assert isinstance(known, ReservesSynced) and known.total_supply == 9
    assert isinstance(swapped, PoolSwapped)


def test_what_was_read_is_told_once() -> None:
    told = MarketEvents(30, {PAIR: ETH_USDC})
    assert [*told.sighted(ETH_USDC, 0, 0, 0)] == []
    assert [*told.sighted(ETH_USDC, 0, 7, 0)] == []
    *_, reserves = told.sighted(ETH_USDC, 2 * 10**6 * E6, 1000 * E18, 9)
    assert isinstance(reserves, ReservesSynced) and reserves.total_supply == 9
    assert [*told.sighted(ETH_USDC, 2 * 10**6 * E6, 1000 * E18, 9)] == []
    [supply] = told.sighted(ETH_USDC, 2 * 10**6 * E6, 1000 * E18, 10)
    assert isinstance(supply, ReservesSynced) and supply.total_supply == 10
    assert [*told.sighted(ETH_USDC, 2 * 10**6 * E6, 1000 * E18, 0)] == []  # not known just now
    [drained] = told.sighted(ETH_USDC, 0, 0, 9)
    assert isinstance(drained, ReservesSynced) and drained.reserve_base == 0


@pytest.mark.parametrize(
    ("base", "quote", "decimals", "terms"),
    [
        (1000 * E18, 2 * 10**6 * E6, 18, Terms(10**3, 10**12)),
        (10**28, 40 * E18, 18, Terms(10**3, 10**19)),  # 4e-9 of 18 decimals: 4,000,000,000 units
        (10**30, 10**13, 18, Terms(1, 10**21)),  # 0.00001 of 6 decimals: 10 units a whole token
        (10**30, 10**10, 18, Terms(1, 10**21)),  # less than a unit
        (5, 7, 0, Terms(1, 1)),
        (10**9, 1, 9, Terms(1, 1)),
        (2**112 - 1, 2**112 - 1, 0, Terms(1, 10**24)),
        (1, 2**112 - 1, 18, Terms(10**45, 1)),
    ],
)
def test_terms_of_first_reserves(base: int, quote: int, decimals: int, terms: Terms) -> None:
    assert terms_of(base, quote, decimals) == terms


def test_the_least_quote_is_never_more_than_a_token() -> None:
    assert [least_quote(decimals) for decimals in (0, 2, 4, 6, 18)] == [1, 100, 10**4, 10**4, 10**4]


def test_decimals_of_the_quote_decide_what_forms_a_price() -> None:
    dollars = Pair(PAIR, Token(USDC.address, "GUSD", 2), WETH, False)
    [told] = said(sync(1, 2), swap(in1=E18, out0=100), pair=dollars)
    assert isinstance(told, PoolSwapped) and told.price_forming
    [told] = said(sync(1, 2), swap(in1=E18, out0=99), pair=dollars)
    assert isinstance(told, PoolSwapped) and not told.price_forming
