"""What a careless or wicked operator may list: terms beyond their bounds, and assets under an
address that is somebody else's to come."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.venue import ALICE, BOB, OPERATOR, Venue, refused
from tests.security.market_thief import Bazaar, done, genesis
from xyk.domain.commands import (
    GenesisAsset,
    GenesisMarket,
    ListAsset,
    ListMarket,
    UpdateMarket,
    Withdraw,
)
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import GENESIS, Request
from xyk.domain.tokens import token_address
from xyk.domain.units import BPS, POOL_FEE_BPS_MAX, RESERVE_MAX
from xyk.exchange.decide import decide
from xyk.exchange.state import State

SHARES = token_address("LP:SOL_BTC")
uint256 = st.sampled_from([0, 1, 10**4, 10**9, 10**18, RESERVE_MAX, 2**112, 2**256 - 1])
bps = st.integers(-1_100, 1_100) | st.sampled_from([-(2**31), 2**31 - 1])
TERMS = {"tick_size": 1, "lot_size": 10**9, "maker_fee_bps": 0, "taker_fee_bps": 0}


def test_no_pool_takes_the_address_of_a_listed_asset_for_its_shares() -> None:
    """Else whoever makes the pool freezes what others hold of that asset: nobody could name it."""
    venue = Venue()
    done(venue.do(ListAsset, OPERATOR, symbol="TRAP", token=SHARES, decimals=6))
    venue.fund(BOB, TRAP=100, SOL=10**12, BTC=10**12)
    code, message = refused(venue.add(BOB, "SOL", 10**10, "BTC", 10**10))
    assert code is Code.INVALID_ASSET and SHARES in message
    fields = {"base": "SOL", "quote": "BTC", **TERMS, "pool_fee_bps": 30, "book": False}
    assert refused(venue.do(ListMarket, OPERATOR, **fields))[0] is Code.INVALID_ASSET
    done(venue.do(Withdraw, BOB, token=SHARES, amount=100, recipient=ALICE))


def test_nor_does_a_genesis() -> None:
    opening = genesis(
        [("BTC", 8)], [GenesisMarket(base="SOL", quote="BTC", tick_size=1, lot_size=1)]
    )
    assets = (*opening.assets, GenesisAsset(symbol="SOL", decimals=9, token=SHARES))
    twisted = type(opening)(
        **{name: getattr(opening, name) for name in opening.__struct_fields__} | {"assets": assets}
    )
    outcome = decide(State(), Request(1, 1, "", "", GENESIS, twisted))
    assert refused(outcome)[0] is Code.INVALID_ASSET


@pytest.mark.parametrize("token", [SHARES, token_address("USDC")])
def test_nor_is_an_asset_listed_under_the_address_of_another(token: str) -> None:
    venue = Venue()
    venue.fund(BOB, SOL=10**12, BTC=10**12)
    done(venue.add(BOB, "SOL", 10**10, "BTC", 10**10))
    outcome = venue.do(ListAsset, OPERATOR, symbol="TRAP", token=token, decimals=6)
    assert refused(outcome)[0] is Code.INVALID_ASSET


@given(
    kind=st.sampled_from(["list", "update"]),
    tick=uint256,
    lot=uint256,
    maker=bps,
    taker=bps,
    pool=st.integers(0, 120) | st.just(2**32 - 1),
    book=st.booleans(),
)
def test_terms_that_are_accepted_lie_within_their_bounds(
    kind: str, tick: int, lot: int, maker: int, taker: int, pool: int, book: bool
) -> None:
    """Fees that cover the rebate, a pool's fee that keeps book and curve apart, a tick of a lot
    that is whole: whatever the operator signs."""
    markets = [GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=10**9)]
    venue = Bazaar(genesis([("Q", 6), ("B", 9), ("C", 9)], markets))
    terms: dict[str, Any] = {"tick_size": tick, "lot_size": lot, "book": book}
    terms |= {"maker_fee_bps": maker, "taker_fee_bps": taker, "pool_fee_bps": pool}
    if kind == "list":
        outcome = venue.do(ListMarket, OPERATOR, base="C", quote="Q", **terms)
    else:
        outcome = venue.do(UpdateMarket, OPERATOR, market="B_Q", **terms)
    if isinstance(outcome, Rejected):
        return
    assert 1 <= tick <= RESERVE_MAX and 1 <= lot <= RESERVE_MAX
    assert -taker <= maker <= taker and pool <= POOL_FEE_BPS_MAX
    if book:
        assert (BPS - pool) ** 2 <= BPS * (BPS - taker) and tick * lot % 10**9 == 0


GOOD: dict[str, Any] = {"tick_size": 1, "lot_size": 10**9, "maker_fee_bps": 0, "taker_fee_bps": 0}
GOOD |= {"pool_fee_bps": 30, "book": True}


@pytest.mark.parametrize("kind", ["list", "update"])
@pytest.mark.parametrize(
    ("changed", "is_good"),
    [
        ({}, True),
        ({"tick_size": 0}, False),
        ({"tick_size": RESERVE_MAX}, True),
        ({"tick_size": RESERVE_MAX + 1}, False),
        ({"lot_size": 0}, False),
        ({"lot_size": RESERVE_MAX, "book": False}, True),
        ({"lot_size": RESERVE_MAX + 1, "book": False}, False),
        ({"lot_size": 10**9 + 1}, False),
        ({"lot_size": 10**9 + 1, "book": False}, True),
        ({"maker_fee_bps": 1, "taker_fee_bps": 1}, True),
        ({"maker_fee_bps": 2, "taker_fee_bps": 1}, False),
        ({"maker_fee_bps": -1, "taker_fee_bps": 1}, True),
        ({"maker_fee_bps": -2, "taker_fee_bps": 1}, False),
        ({"taker_fee_bps": -1, "maker_fee_bps": -1}, False),
        ({"maker_fee_bps": -1_000, "taker_fee_bps": 1_000, "book": False}, True),
        ({"taker_fee_bps": 1_001, "book": False}, False),
        ({"maker_fee_bps": -1_001, "taker_fee_bps": 1_001, "book": False}, False),
        ({"taker_fee_bps": 59}, True),
        ({"taker_fee_bps": 60}, False),
        ({"taker_fee_bps": 60, "book": False}, True),
        ({"pool_fee_bps": 0}, True),
        ({"pool_fee_bps": 100}, True),
        ({"pool_fee_bps": 101}, False),
    ],
)
def test_every_bound_of_the_terms_holds_to_the_unit(
    kind: str, changed: dict[str, Any], is_good: bool
) -> None:
    """One term at its edge, all others as they should be."""
    markets = [GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=10**9)]
    venue = Bazaar(genesis([("Q", 6), ("B", 9), ("C", 9)], markets))
    if kind == "list":
        outcome = venue.do(ListMarket, OPERATOR, base="C", quote="Q", **{**GOOD, **changed})
    else:
        outcome = venue.do(UpdateMarket, OPERATOR, market="B_Q", **{**GOOD, **changed})
    assert isinstance(outcome, Rejected) is not is_good, outcome
    if not is_good:
        assert refused(outcome)[0] in (Code.INVALID_PRICE, Code.INVALID_QUANTITY)
