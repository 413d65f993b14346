"""Dust and rounding attacks on pools: hypothesis plays the thief, in units so small that every
rounding shows. He may trade, deposit, withdraw and set the scene before his victim comes.
"""

from math import isqrt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.venue import ALICE, BOB, CAROL, OPERATOR, TREASURY, refused
from tests.security.market_thief import Bazaar, done, gained, genesis
from xyk.domain.commands import ACTIONS, GenesisMarket, SetProtocolFee
from xyk.domain.events import LiquidityAdded, LiquidityRemoved, PoolSwapped
from xyk.domain.market import LOCKED, OUTSIDE, pool_account
from xyk.domain.rejections import Code, Rejected
from xyk.domain.tokens import token_address
from xyk.domain.units import ZERO_ADDRESS, Address, decode_wire

PURSE = 10**34
amounts = st.integers(1, 10**6) | st.integers(1, 10**30)
fees = st.sampled_from([0, 1, 30, 100])


def pool(fee_bps: int = 30) -> Bazaar:
    """B_Q without a book, empty; Alice, Bob and Carol have 10^34 of both."""
    market = GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=1, pool_fee_bps=fee_bps)
    venue = Bazaar(genesis([("Q", 0), ("B", 0)], [market]))
    for owner in (ALICE, BOB, CAROL):
        venue.state.ledger.transfer(OUTSIDE, owner, "B", PURSE)
        venue.state.ledger.transfer(OUTSIDE, owner, "Q", PURSE)
    return venue


def reserves(venue: Bazaar) -> tuple[int, int, int]:
    """(base, quote, shares)."""
    pool = venue.state.pools["B_Q"]
    return pool.reserve_base, pool.reserve_quote, pool.total_supply


def play(venue: Bazaar, thief: str, verb: str, amount: int) -> Any:
    """One move; a refused one is none."""
    base, quote, _ = reserves(venue)
    if verb == "sell":
        return venue.sell(thief, "B", "Q", amount)
    if verb == "buy":
        return venue.sell(thief, "Q", "B", amount)
    if verb == "take":
        return venue.buy(thief, "Q", "B", amount % max(1, base))
    if verb == "give":
        return venue.buy(thief, "B", "Q", amount % max(1, quote))
    if verb == "add":
        return venue.add(thief, "B", amount, "Q", PURSE // 10)
    if verb == "add other":
        return venue.add(thief, "Q", amount, "B", PURSE // 10)
    return venue.remove(thief, "B_Q", 1 + amount % max(1, venue.has(thief, "LP:B_Q")))


moves = st.lists(
    st.tuples(
        st.sampled_from(["sell", "buy", "take", "give", "add", "add other", "remove"]), amounts
    ),
    max_size=8,
)


@given(
    fee=fees,
    first=st.tuples(amounts, amounts),
    steps=moves,
    deposit=amounts.map(lambda some: (some, 0)) | st.tuples(st.just(0), st.integers(1, 5_000)),
)
def test_to_rob_the_second_depositor_of_a_unit_the_first_must_lose_a_thousand(
    fee: int, first: tuple[int, int], steps: list[tuple[str, int]], deposit: tuple[int, int]
) -> None:
    """Share inflation: make one share dear, so that a deposit rounds down to few. A deposit (so
    many units, or thousandths of a share) loses less than a share, and less than one unit of the
    other asset as V2's router rounds; of the shares 1,000 are locked, and what makes one dear
    makes those dear that nobody will ever burn."""
    venue = pool(fee)
    before = venue.wealth(BOB)
    venue.add(BOB, "B", first[0], "Q", first[1])
    for verb, amount in steps:
        play(venue, BOB, verb, amount)
    base, quote, supply = reserves(venue)
    if not supply:
        return
    had, lost = venue.wealth(CAROL), {"B": 0, "Q": 0}
    units = deposit[0] or 1 + base * deposit[1] // (1_000 * supply)
    outcome = venue.add(CAROL, "B", units, "Q", units * quote // base + 1)
    if not isinstance(outcome, Rejected):
        shares = venue.has(CAROL, "LP:B_Q")
        assert shares and venue.has(LOCKED, "LP:B_Q") == 1_000
        base, quote, supply = reserves(venue)
        paid = {asset: had[asset] - left for asset, left in venue.wealth(CAROL).items()}
        for asset, other, reserve in (("B", "Q", base), ("Q", "B", quote)):
            lost[asset] = paid[asset] - shares * reserve // supply
            by_share = lost[asset] - paid[asset] // paid[other] - 2
            locked = venue.has(LOCKED, "LP:B_Q") * reserve // supply
            assert 1_000 * by_share <= locked, (asset, lost, locked)
    venue.cash_out(BOB)
    for asset, gain in gained(before, venue.wealth(BOB)).items():
        assert gain <= max(0, lost[asset]), "more than rounding took from the victim"


@given(fee=fees, first=st.tuples(amounts, amounts), steps=moves)
def test_no_cycle_of_deposits_withdrawals_and_swaps_gains(
    fee: int, first: tuple[int, int], steps: list[tuple[str, int]]
) -> None:
    venue = pool(fee)
    if isinstance(venue.add(ALICE, "B", first[0], "Q", first[1]), Rejected):
        return
    before = venue.wealth(BOB)
    base, quote, supply = reserves(venue)
    for verb, amount in steps:
        play(venue, BOB, verb, amount)
    venue.cash_out(BOB)
    assert not gained(before, venue.wealth(BOB))
    base_after, quote_after, supply_after = reserves(venue)
    assert base_after * quote_after * supply**2 >= base * quote * supply_after**2, "LPs lost"


@given(
    skew=st.tuples(st.sampled_from(["sell", "buy"]), st.integers(1, 10**14)),
    slippage_bps=st.sampled_from([0, 10, 50, 500]),
    deposit=st.integers(10**6, 10**12),
)
def test_a_sandwiched_deposit_loses_at_most_the_slippage_that_it_signed(
    skew: tuple[str, int], slippage_bps: int, deposit: int
) -> None:
    """The thief turns the pool, the victim deposits, the thief turns it back. At the price before
    (1:1) he never gains more than the victim's minimums leave open."""
    venue = pool(0)
    done(venue.add(ALICE, "B", 10**12, "Q", 10**12))
    before = sum(venue.wealth(BOB).values())
    play(venue, BOB, *skew)
    least = deposit * (10_000 - slippage_bps) // 10_000
    venue.add(CAROL, "B", deposit, "Q", deposit, min_a=least, min_b=least)
    base, quote, _ = reserves(venue)
    back = isqrt(base * quote) - min(base, quote)
    if back:
        play(venue, BOB, "sell" if base < quote else "buy", back)
    gain = sum(venue.wealth(BOB).values()) - before
    assert gain <= deposit * slippage_bps // 10_000 + 2, gain


@pytest.mark.parametrize("name", ACTIONS)
def test_nobody_can_name_an_account_that_is_no_wallet(name: str) -> None:
    """No donation: a pool's account, the outside and the locked minimum have names that no address
    field takes, in any action."""
    kind = ACTIONS[name]
    fields = [one for one in msgspec.structs.fields(kind) if one.type is Address]
    assert "owner" in [one.name for one in fields]
    for account in (pool_account("B_Q"), OUTSIDE, LOCKED, "LP:B_Q", "", "0x"):
        for field in fields:
            with pytest.raises(msgspec.ValidationError, match=field.encode_name):
                msgspec.convert(
                    _wire(kind) | {field.encode_name: account}, kind, dec_hook=decode_wire
                )
    msgspec.convert(_wire(kind), kind, dec_hook=decode_wire)


def _wire(kind: type[Any]) -> dict[str, Any]:
    """A body that decodes."""
    plain: dict[type, Any] = {bool: True, str: "x", Address: "0x" + "ab" * 20}
    sizes = {"Uint256": "1", "Bytes32": "0x" + "ab" * 32}
    return {
        one.encode_name: plain.get(one.type, sizes.get(getattr(one.type, "__name__", ""), 1))
        for one in msgspec.structs.fields(kind)
    }


def test_shares_sent_away_change_nothing_for_those_who_stay() -> None:
    """Not even to the token's own address, as people do on a chain: reserves and supply stay."""
    venue = pool()
    done(venue.add(ALICE, "B", 10**6, "Q", 10**6))
    before = reserves(venue)
    for asset in ("LP:B_Q", "B"):
        token = token_address(asset)
        done(venue.do(ACTIONS["Transfer"], ALICE, token=token, amount=999, recipient=token))
    assert reserves(venue) == before
    code = refused(
        venue.do(
            ACTIONS["Transfer"],
            ALICE,
            token=token_address("B"),
            amount=1,
            recipient=ZERO_ADDRESS,
        )
    )[0]
    assert code is Code.INVALID_ORDER


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["on", "off", "sell", "buy", "add", "remove"]),
            st.integers(10**6, 10**13),
        ),
        max_size=14,
    )
)
def test_however_the_protocol_fee_is_switched_it_takes_a_sixth_of_the_growth_once(
    steps: list[tuple[str, int]],
) -> None:
    """Counted in sqrt(k): all protocol shares together are worth, when they are minted, at most a
    sixth of what swaps have added to the pool. None while the fee is off."""
    venue = pool()
    done(venue.add(ALICE, "B", 10**12, "Q", 10**12))
    grown = minted = events = 0
    for verb, amount in steps:
        if verb in ("on", "off"):
            recipient = TREASURY if verb == "on" else ZERO_ADDRESS
            done(venue.do(SetProtocolFee, OPERATOR, recipient=recipient))
            continue
        is_on = bool(venue.state.protocol_recipient)
        base, quote, _ = reserves(venue)
        outcome = play(venue, ALICE, verb, amount)
        for event in () if isinstance(outcome, Rejected) else outcome:
            if isinstance(event, PoolSwapped):
                grown += isqrt(event.reserve_base * event.reserve_quote) - isqrt(base * quote) + 1
            elif isinstance(event, (LiquidityAdded, LiquidityRemoved)) and event.protocol_liquidity:
                assert is_on
                events += 1
                burned = (
                    event.liquidity if isinstance(event, LiquidityRemoved) else -event.liquidity
                )
                supply = event.total_supply + burned
                minted += event.protocol_liquidity * isqrt(base * quote) // supply
    assert 6 * minted <= grown + 6 * events, (minted, grown)
