"""The operator's actions and the genesis: what they change, and every way they are refused."""

from typing import Any

import msgspec
import pytest

from tests.exchange.venue import ALICE, BOB, NOBODY, OPERATOR, SANDBOX, TREASURY, Venue, seeded
from xyk.domain.commands import (
    GenesisAsset,
    GenesisMarket,
    ListAsset,
    ListMarket,
    SetMarketStatus,
    SetOperator,
    SetProtocolFee,
    UpdateMarket,
)
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import GENESIS, Request
from xyk.domain.tokens import token_address
from xyk.domain.units import ZERO_ADDRESS
from xyk.exchange.decide import decide
from xyk.exchange.state import State

TERMS: dict[str, Any] = dict(
    tick_size=10**4, lot_size=10**6, maker_fee_bps=2, taker_fee_bps=5, pool_fee_bps=30, book=True
)


def refusal(outcome: object) -> tuple[Code, int]:
    assert isinstance(outcome, Rejected), outcome
    return outcome.code, outcome.http_status


def test_only_the_operator_lists_and_the_role_moves_with_set_operator() -> None:
    venue = Venue()
    listing = dict(symbol="DOGE", token=ZERO_ADDRESS, decimals=8)
    assert refusal(venue.do(ListAsset, ALICE, **listing)) == (Code.FORBIDDEN, 403)
    zero = venue.do(SetOperator, OPERATOR, operator=ZERO_ADDRESS)
    assert refusal(zero) == (Code.FORBIDDEN, 403)
    assert not isinstance(venue.do(SetOperator, OPERATOR, operator=ALICE), Rejected)
    assert refusal(venue.do(ListAsset, OPERATOR, **listing)) == (Code.FORBIDDEN, 403)
    assert not isinstance(venue.do(ListAsset, ALICE, **listing), Rejected)


def test_assets_get_the_ledger_address_or_their_own() -> None:
    venue = Venue()
    venue.do(ListAsset, OPERATOR, symbol="DOGE", token=ZERO_ADDRESS, decimals=8)
    venue.do(ListAsset, OPERATOR, symbol="CAT", token=NOBODY, decimals=0)
    assert venue.token("DOGE") == token_address("DOGE")
    assert venue.state.assets["CAT"].token == NOBODY
    assert [venue.state.assets[symbol].decimals for symbol in ("DOGE", "CAT")] == [8, 0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (dict(symbol="ETH"), (Code.INVALID_ASSET, 409)),
        (dict(token=token_address("ETH")), (Code.INVALID_ASSET, 409)),
        (dict(symbol=""), (Code.INVALID_ASSET, 422)),
        (dict(symbol="doge"), (Code.INVALID_ASSET, 422)),
        (dict(symbol="DOGE\n"), (Code.INVALID_ASSET, 422)),
        (dict(symbol="ABCDEFGHIJKLM"), (Code.INVALID_ASSET, 422)),
        (dict(symbol="LP:ETH"), (Code.INVALID_ASSET, 422)),
        (dict(decimals=37), (Code.INVALID_QUANTITY, 422)),
    ],
)
def test_bad_assets(changes: dict[str, Any], expected: tuple[Code, int]) -> None:
    listing = dict(symbol="DOGE", token=ZERO_ADDRESS, decimals=8) | changes
    assert refusal(Venue().do(ListAsset, OPERATOR, **listing)) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (dict(base="DOGE"), Code.INVALID_ASSET),
        (dict(quote="LP:ETH_USDC"), Code.INVALID_ASSET),
        (dict(base="ETH", quote="USDC"), Code.INVALID_MARKET),
        (dict(base="USDC", quote="ETH"), Code.INVALID_MARKET),
        (dict(base="SOL", quote="SOL"), Code.SAME_TOKEN),
        (dict(tick_size=0), Code.INVALID_PRICE),
        (dict(tick_size=2**112), Code.INVALID_PRICE),
        (dict(maker_fee_bps=6), Code.INVALID_PRICE),
        (dict(maker_fee_bps=-6), Code.INVALID_PRICE),
        (dict(maker_fee_bps=-1_001, taker_fee_bps=1_000), Code.INVALID_PRICE),
        (dict(taker_fee_bps=1_001), Code.INVALID_PRICE),
        (dict(maker_fee_bps=-5, taker_fee_bps=-1), Code.INVALID_PRICE),
        (dict(taker_fee_bps=60), Code.INVALID_PRICE),
        (dict(pool_fee_bps=5, taker_fee_bps=10), Code.INVALID_PRICE),
        (dict(pool_fee_bps=101), Code.INVALID_PRICE),
        (dict(lot_size=0), Code.INVALID_QUANTITY),
        (dict(lot_size=2**112), Code.INVALID_QUANTITY),
        (dict(tick_size=3, lot_size=10**8), Code.INVALID_QUANTITY),
    ],
)
def test_bad_markets(changes: dict[str, Any], code: Code) -> None:
    venue = Venue()
    outcome = venue.do(ListMarket, OPERATOR, **(dict(base="SOL", quote="USDC") | TERMS | changes))
    assert refusal(outcome)[0] is code


@pytest.mark.parametrize(
    "changes",
    [
        dict(taker_fee_bps=59),
        dict(pool_fee_bps=5, taker_fee_bps=9),
        dict(pool_fee_bps=0, taker_fee_bps=0, maker_fee_bps=0),
        dict(maker_fee_bps=-5),
        dict(tick_size=3, lot_size=10**8, book=False),
        dict(pool_fee_bps=100, taker_fee_bps=199),
    ],
)
def test_markets_at_the_bound(changes: dict[str, Any]) -> None:
    venue = Venue()
    outcome = venue.do(ListMarket, OPERATOR, **(dict(base="SOL", quote="USDC") | TERMS | changes))
    assert not isinstance(outcome, Rejected), outcome
    market = venue.state.markets["SOL_USDC"]
    assert venue.state.pools["SOL_USDC"].total_supply == 0
    assert not market.implicit


def test_the_message_names_the_highest_taker_fee() -> None:
    outcome = Venue().do(
        ListMarket, OPERATOR, base="SOL", quote="USDC", **(TERMS | dict(taker_fee_bps=60))
    )
    assert isinstance(outcome, Rejected)
    assert "at most 59" in outcome.message


def test_update_market_changes_terms_and_keeps_the_pool() -> None:
    venue = seeded()
    terms = TERMS | dict(lot_size=10**15, taker_fee_bps=4, pool_fee_bps=25)
    unknown = venue.do(UpdateMarket, OPERATOR, market="ETH_DOGE", **terms)
    assert refusal(unknown) == (Code.INVALID_MARKET, 404)
    bad = venue.do(UpdateMarket, OPERATOR, market="ETH_USDC", **(terms | dict(tick_size=0)))
    assert refusal(bad) == (Code.INVALID_PRICE, 422)
    created = venue.state.markets["ETH_USDC"].created_ms
    venue.now_ms += 5_000
    assert not isinstance(venue.do(UpdateMarket, OPERATOR, market="ETH_USDC", **terms), Rejected)
    market, pool = venue.state.markets["ETH_USDC"], venue.state.pools["ETH_USDC"]
    assert (market.lot_size, market.taker_fee_bps, market.created_ms) == (10**15, 4, created)
    assert (pool.fee_bps, pool.reserve_base) == (25, 100 * 10**18)
    sold = venue.sell(ALICE, "ETH", "USDC", 10**18)
    assert not isinstance(sold, Rejected)
    assert sold[-1].fee == 25 * 10**14, "the new fee holds for the next swap"


def test_status_changes_one_market_or_all() -> None:
    venue = seeded()
    unknown = venue.do(SetMarketStatus, OPERATOR, market="DOGE", status="open")
    assert refusal(unknown) == (Code.INVALID_MARKET, 404)
    bad = venue.do(SetMarketStatus, OPERATOR, market="*", status="shut")
    assert refusal(bad) == (Code.INVALID_ORDER, 422)
    venue.do(SetMarketStatus, OPERATOR, market="ETH_BTC", status="cancel_only")
    assert [m.status for m in venue.state.markets.values()] == ["open", "open", "cancel_only"]
    venue.do(SetMarketStatus, OPERATOR, market="*", status="paused")
    assert {m.status for m in venue.state.markets.values()} == {"paused"}


def test_protocol_fee_switches_on_and_off() -> None:
    venue = Venue()
    venue.do(SetProtocolFee, OPERATOR, recipient=TREASURY)
    assert venue.state.protocol_recipient == TREASURY
    venue.do(SetProtocolFee, OPERATOR, recipient=ZERO_ADDRESS)
    assert venue.state.protocol_recipient == ""


def test_an_implicit_market_keeps_its_status_when_taken_over() -> None:
    venue = Venue()
    venue.fund(BOB, SOL=10**12, USDC=10**12)
    venue.add(BOB, "SOL", 10**11, "USDC", 10**10)
    venue.do(SetMarketStatus, OPERATOR, market="SOL_USDC", status="paused")
    taken = venue.do(ListMarket, OPERATOR, base="SOL", quote="USDC", **TERMS)
    assert not isinstance(taken, Rejected)
    assert venue.state.markets["SOL_USDC"].status == "paused"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (dict(assets=(GenesisAsset(symbol="eth", decimals=18),)), Code.INVALID_ASSET),
        (dict(assets=(GenesisAsset(symbol="ETH", decimals=99),)), Code.INVALID_QUANTITY),
        (dict(assets=(GenesisAsset(symbol="ETH", decimals=18),) * 2), Code.INVALID_ASSET),
        (
            dict(
                assets=(
                    GenesisAsset(symbol="ETH", decimals=18),
                    GenesisAsset(symbol="WETH", decimals=18, token=token_address("ETH")),
                )
            ),
            Code.INVALID_ASSET,
        ),
        (dict(assets=()), Code.INVALID_ASSET),
        (dict(markets=(SANDBOX.markets[0],) * 2), Code.INVALID_MARKET),
        (
            dict(markets=(GenesisMarket(base="ETH", quote="ETH", tick_size=1, lot_size=1),)),
            Code.SAME_TOKEN,
        ),
        (
            dict(markets=(GenesisMarket(base="ETH", quote="BTC", tick_size=0, lot_size=1),)),
            Code.INVALID_PRICE,
        ),
    ],
)
def test_a_bad_genesis_is_refused(changes: dict[str, Any], code: Code) -> None:
    genesis = msgspec.structs.replace(SANDBOX, **changes)
    outcome = decide(State(), Request(1, 0, "", "", GENESIS, genesis))
    assert refusal(outcome)[0] is code


def test_genesis_sets_the_exchange_up() -> None:
    state = Venue().state
    assert (state.operator, state.fee_recipient, state.sandbox) == (OPERATOR, OPERATOR, True)
    assert list(state.markets) == ["ETH_USDC", "BTC_USDC", "ETH_BTC"]
    assert [a for a in state.assets if ":" not in a] == ["USDC", "BTC", "ETH", "SOL"]
    assert state.assets["USDC"].token == "0x70c97aedf7449ba9778b9c0e5dcae631077c1918"
    assert state.assets["LP:ETH_USDC"].token == "0xf0b1874a0a9939298afdb048e6caa489495b93c5"
