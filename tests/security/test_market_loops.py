"""Loops there and back: over one market and several, pool and book, whole lots and dust, with every
fee that a listing allows. Hypothesis plays a thief with two wallets among makers and providers
who do nothing; he never has more of one asset and less of none.
"""

from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.venue import ALICE, BOB, CAROL, refused
from tests.security.market_thief import Bazaar, done, gained, genesis
from xyk.domain.commands import CancelAllOrders, GenesisMarket
from xyk.domain.market import OUTSIDE
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import BPS

DAVE = "0x" + "da" * 20  # the thief's other wallet
ACES = ("Q", "M", "B")
PURSE = 10**18


def highest_taker_bps(pool_bps: int) -> int:
    """The bound of listings: (d - pool fee)^2 <= d * (d - taker fee)."""
    return (BPS**2 - (BPS - pool_bps) ** 2) // BPS


@st.composite
def fees(draw: st.DrawFn) -> tuple[int, int, int]:
    """(maker, taker, pool) bps that a listing with book and pool takes."""
    pool = draw(st.sampled_from([0, 1, 5, 30, 100]))
    taker = draw(
        st.sampled_from([0, highest_taker_bps(pool)]) | st.integers(0, highest_taker_bps(pool))
    )
    maker = draw(st.sampled_from([-taker, 0, taker]) | st.integers(-taker, taker))
    return maker, taker, pool


def triangle(fee: tuple[int, int, int], lot: int, base: int, quote: int) -> Bazaar:
    """B_Q with book and pool, M_Q and B_M with pools; all units are whole, so that rounding shows.
    Alice has the pools; Carol makes the market beside B_Q's, off the curve by its fee and a bit."""
    maker, taker, pool = fee
    whole = [("Q", 0), ("M", 0), ("B", 0)]
    book = {"maker_fee_bps": maker, "taker_fee_bps": taker, "pool_fee_bps": pool, "book": True}
    markets = [
        GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=lot, **book),
        GenesisMarket(base="M", quote="Q", tick_size=1, lot_size=1, pool_fee_bps=pool),
        GenesisMarket(base="B", quote="M", tick_size=1, lot_size=1, pool_fee_bps=pool),
    ]
    venue = Bazaar(genesis(whole, markets))
    for owner in (ALICE, BOB, CAROL, DAVE):
        for asset in ACES:
            venue.state.ledger.transfer(OUTSIDE, owner, asset, PURSE)
    done(venue.add(ALICE, "B", base, "Q", quote))
    done(venue.add(ALICE, "M", base, "Q", quote))
    done(venue.add(ALICE, "B", base, "M", base))
    return venue


def at(venue: Bazaar, side: str, owner: str, lots: int, ticks: int, **fields: object) -> object:
    lot = venue.state.markets["B_Q"].lot_size
    base, quote = ("B", lots * lot), ("Q", lots * lot * ticks)
    return venue.order(owner, *((quote, base) if side == "bid" else (base, quote)), **fields)


def make(venue: Bazaar, offsets: list[tuple[int, int]]) -> None:
    """Carol's orders, `offset` ticks beyond what the pool asks and bids, its fee or a taker's
    inside."""
    pool = venue.state.pools["B_Q"]
    kept = BPS - max(pool.fee_bps, venue.state.markets["B_Q"].taker_fee_bps)
    ask = -(-pool.reserve_quote * BPS // (pool.reserve_base * kept)) + 1
    bid = pool.reserve_quote * kept // (pool.reserve_base * BPS) - 1
    for offset, lots in offsets:
        at(venue, "ask", CAROL, lots, ask + offset)
        at(venue, "bid", CAROL, lots, max(1, bid - offset))


VERBS = ("in", "in", "out", "out", "bid", "ask", "add", "remove", "cancel", "dust")


def play(venue: Bazaar, verb: str, who: str, one: str, two: str, amount: int, form: str) -> None:
    """One move of the thief; a refused one is none."""
    if verb in ("bid", "ask"):
        spot = venue.state.pools["B_Q"]
        ticks = max(1, spot.reserve_quote // spot.reserve_base + amount % 9 - 4)
        lots = 1 + amount % 50 if amount > 100 else amount
        fields = {"post_only": True} if form == "post" else {"time_in_force": form}
        prevention = ("RejectTaker", "RejectMaker", "RejectBoth")[amount % 3]
        at(venue, verb, who, lots, ticks, self_trade_prevention=prevention, **fields)
    elif verb == "dust":
        spot, lot = venue.state.pools["B_Q"], venue.state.markets["B_Q"].lot_size
        value = lot * spot.reserve_quote // spot.reserve_base
        for _ in range(25):
            venue.sell(
                who, *(("B", "Q", max(1, lot - 1)) if amount % 2 else ("Q", "B", max(1, value - 1)))
            )
    elif verb == "cancel":
        venue.do(CancelAllOrders, who, market="")
    elif verb == "add":
        venue.add(who, one, amount, two, amount)
    elif verb == "remove":
        pair = {("B", "Q"): "B_Q", ("M", "Q"): "M_Q", ("B", "M"): "B_M"}
        market = pair.get((one, two)) or pair[two, one]
        shares = venue.has(who, f"LP:{market}")
        venue.remove(who, market, 1 + amount % max(1, shares))
    elif verb == "in":
        venue.sell(who, one, two, amount)
    else:
        venue.buy(who, one, two, amount)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    one, two = draw(st.permutations(ACES))[:2]
    return one, two


moves = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.sampled_from([BOB, DAVE]),
        pairs(),
        st.integers(1, 60) | st.integers(1, 10**6) | st.integers(1, 10**9),
        st.sampled_from(["GTC", "IOC", "FOK", "post"]),
    ),
    min_size=2,
    max_size=14,
)
makers = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10**4)), max_size=5)


@given(
    fee=fees(),
    lot=st.sampled_from([1, 7, 1_000]),
    base=st.integers(10**6, 10**8),
    price=st.integers(1, 300),
    offsets=makers,
    steps=moves,
)
def test_no_loop_over_pools_and_a_book_gains_in_every_asset_at_once(
    fee: tuple[int, int, int],
    lot: int,
    base: int,
    price: int,
    offsets: list[tuple[int, int]],
    steps: list[tuple[str, str, tuple[str, str], int, str]],
) -> None:
    venue = triangle(fee, lot, base, base * price)
    make(venue, offsets)
    before = venue.wealth(BOB, DAVE)
    for verb, who, (one, two), amount, form in steps:
        play(venue, verb, who, one, two, amount, form)
    venue.cash_out(BOB, DAVE)
    assert not gained(before, venue.wealth(BOB, DAVE))
    assert venue.alarms == [] or "remove" in {step[0] for step in steps}


@given(fee=fees(), lots=st.integers(1, 9), ticks=st.integers(20, 300), sells=st.booleans())
def test_dust_by_the_hundred_stops_before_it_carries_the_pool_across_an_order(
    fee: tuple[int, int, int], lots: int, ticks: int, sells: bool
) -> None:
    """Each swap is less than a lot, so no order is filled; unspent is what would go too far."""
    venue = triangle(fee, 10**4, 10**6, 10**6 * ticks)
    make(venue, [(0, lots)])
    before = venue.wealth(BOB, DAVE)
    for _ in range(100):
        venue.sell(BOB, *(("B", "Q", 9_999) if sells else ("Q", "B", 9_999 * ticks)))
    assert venue.alarms == []
    for lot in (1, 2, 50):
        venue.sell(DAVE, *(("Q", "B", lot * 10**4 * ticks) if sells else ("B", "Q", lot * 10**4)))
    assert not gained(before, venue.wealth(BOB, DAVE))


@given(
    base=st.integers(10**6, 3 * 10**6),
    price=st.integers(1, 5),
    lot=st.sampled_from([1, 7, 100]),
    share=st.integers(1, 3_000),
    crumbs=st.integers(1, 120),
    edge=st.integers(0, 2),
)
def test_withdrawing_in_crumbs_may_ring_the_alarm_and_still_earns_nothing(
    base: int, price: int, lot: int, share: int, crumbs: int, edge: int
) -> None:
    """Without a fee nothing keeps a pool from an order at its own price, and RemoveLiquidity, which
    always works, rounds each side down: so its price creeps. What the creeping wins from orders is
    less than what the crumbs left behind."""
    venue = triangle((0, 0, 0), lot, base, base * price)
    done(venue.add(BOB, "B", 5 * base, "Q", 5 * base * price))
    for side, ticks in (("ask", price + edge), ("bid", price - edge)):
        at(venue, side, CAROL, 10**4, max(1, ticks))
    before = venue.wealth(BOB, DAVE)
    held = venue.has(BOB, "LP:B_Q")
    for _ in range(crumbs):
        venue.remove(BOB, "B_Q", share)
    shares = (held - venue.has(BOB, "LP:B_Q"), venue.state.pools["B_Q"].total_supply)
    received = venue.wealth(BOB, DAVE)
    reserves = venue.state.pools["B_Q"].reserve_base, venue.state.pools["B_Q"].reserve_quote
    for one, two in (("B", "Q"), ("Q", "B")) * 2:
        for lots in (1, 2, 50):
            venue.sell(DAVE, one, two, lots * lot * (price if one == "Q" else 1))
    won = venue.wealth(BOB, DAVE)
    for asset, reserve in (("B", reserves[0]), ("Q", reserves[1])):
        fair = shares[0] * reserve // shares[1]  # what the shares that are gone were worth
        left = before[asset] + fair - received[asset]
        assert left >= -1, "a crumb took more than its part"
    given = {
        asset: before[asset] + shares[0] * reserve // shares[1] + 1
        for asset, reserve in (("B", reserves[0]), ("Q", reserves[1]))
    }
    assert not gained(given, won)


@given(
    fee=fees(),
    lot=st.sampled_from([1, 1_000, 10**6]),
    seed=st.integers(1_100, 10**6 - 1),
    ratio=st.integers(1, 400),
    deposit=st.integers(1, 10**6) | st.integers(10**6, 10**9),
    orders=st.tuples(st.integers(2, 200), st.integers(1, 50)),
    size=st.integers(2, 10**4),
)
def test_a_pool_woken_at_an_odd_ratio_beside_a_live_book_feeds_nobody(
    fee: tuple[int, int, int],
    lot: int,
    seed: int,
    ratio: int,
    deposit: int,
    orders: tuple[int, int],
    size: int,
) -> None:
    """A dormant pool is skipped, however wrong its price; a deposit that wakes it beyond an order
    is refused. So no two lots or more ever go through pool and book with a gain."""
    maker, taker, pool_bps = fee
    book = {"maker_fee_bps": maker, "taker_fee_bps": taker, "pool_fee_bps": pool_bps, "book": True}
    market = GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=lot, **book)
    venue = Bazaar(genesis([("Q", 0), ("B", 0)], [market]))
    for owner in (ALICE, BOB, CAROL, DAVE):
        for asset in ("B", "Q"):
            venue.state.ledger.transfer(OUTSIDE, owner, asset, PURSE)
    bid, spread = orders
    done(venue.add(BOB, "B", seed, "Q", seed * ratio))
    at(venue, "bid", CAROL, 10**4, bid)
    at(venue, "ask", CAROL, 10**4, bid + spread)
    venue.add(BOB, "B", deposit, "Q", PURSE // 10)
    assert venue.alarms == []
    before = venue.wealth(DAVE)
    for one, two, amount in (("Q", "B", size * lot * bid), ("B", "Q", size * lot)):
        had = venue.has(DAVE, two)
        if isinstance(venue.sell(DAVE, one, two, amount), Rejected):
            continue
        venue.sell(DAVE, two, one, venue.has(DAVE, two) - had)
    tolerated = 2 * lot * (bid + spread)
    for asset, gain in gained(before, venue.wealth(DAVE)).items():
        assert gain < (tolerated if asset == "Q" else 2 * lot), (asset, gain)


def test_the_first_deposit_of_a_dust_pool_is_no_way_around_the_book() -> None:
    """Dormant at any ratio, so no quote, route or order ever sees it."""
    market = GenesisMarket(base="B", quote="Q", tick_size=1, lot_size=1, book=True)
    venue = Bazaar(genesis([("Q", 0), ("B", 0)], [market]))
    for owner in (BOB, CAROL, DAVE):
        for asset in ("B", "Q"):
            venue.state.ledger.transfer(OUTSIDE, owner, asset, PURSE)
    at(venue, "bid", CAROL, 10**5, 100)
    at(venue, "ask", CAROL, 10**5, 110)
    done(venue.add(BOB, "B", 10**6 - 1, "Q", 10**12))
    before = venue.wealth(DAVE)
    done(venue.sell(DAVE, "B", "Q", 1_000))
    assert venue.wealth(DAVE)["Q"] - before["Q"] == 100_000
    code = refused(venue.add(BOB, "B", 1, "Q", 10**7))[0]
    assert code is Code.INVALID_PRICE
