"""Sessions: opened by their owner's wallet, they cancel, close themselves, and nothing else."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.venue import ALICE, BOB, NOW_S, Outcome, Venue, seeded
from xyk.domain.commands import (
    ApproveAgent,
    CancelAllAfter,
    CancelAllOrders,
    CancelOrder,
    SwapExactIn,
    Transfer,
    Withdraw,
)
from xyk.domain.events import NonceUsed, OrderClosed, SessionClosed, SessionOpened
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import SESSION
from xyk.domain.session_commands import CloseSession, OpenSession
from xyk.domain.units import SESSIONS_PER_OWNER_MAX
from xyk.exchange.sessions import prune_sessions
from xyk.exchange.state import HOUR_S, Session, State

ID, OTHER = "0x" + "51" * 32, "0x" + "52" * 32
DAY_S = 86_400


def code(outcome: object) -> Code | None:
    return outcome.code if isinstance(outcome, Rejected) else None


def by_session(venue: Venue, command: Any, signer: str = ID) -> Outcome:
    venue.tick()
    return venue._run(command, SESSION, signer)


def opened(venue: Venue, owner: str = ALICE, name: str = ID, lasts_s: int = DAY_S) -> Outcome:
    expires = venue.now_ms // 1000 + lasts_s
    return by_session(venue, OpenSession(owner=owner, session=name, expires=expires), owner)


def cancel(owner: str = ALICE, order_id: str = "", client_id: int = 0, **stamp: int) -> CancelOrder:
    stamp = {"nonce": 0, "deadline": 0, **stamp}
    return CancelOrder(owner=owner, order_id=order_id, client_id=client_id, **stamp)


def cancel_all(owner: str = ALICE, market: str = "") -> CancelAllOrders:
    return CancelAllOrders(owner=owner, market=market, nonce=0, deadline=0)


def with_order(owner: str = ALICE) -> tuple[Venue, str]:
    """One bid for 1 ETH at 1,000 USDC, and its id."""
    venue = seeded()
    venue.fund(owner, USDC=10**10)
    placed = venue.order(owner, ("USDC", 1_000 * 10**6), ("ETH", 10**18))
    assert not isinstance(placed, Rejected), placed
    return venue, str(venue.state.seq)


def test_a_session_cancels_its_owners_order_without_a_nonce() -> None:
    venue, order = with_order()
    assert opened(venue) == (SessionOpened(owner=ALICE, session=ID, expires=NOW_S + DAY_S),)
    outcome = by_session(venue, cancel(order_id=order))
    assert not isinstance(outcome, Rejected)
    assert [type(event) for event in outcome] == [OrderClosed]
    assert not any(isinstance(event, NonceUsed) for event in outcome)
    assert code(by_session(venue, cancel(order_id=order))) is Code.RESOURCE_NOT_FOUND
    assert by_session(venue, cancel_all()) == ()
    assert code(by_session(venue, cancel_all(market="NO_ONE"))) is Code.INVALID_MARKET


def test_a_session_cannot_touch_another_owners_order() -> None:
    venue, order = with_order(BOB)
    opened(venue)
    assert code(by_session(venue, cancel(order_id=order))) is Code.RESOURCE_NOT_FOUND
    assert code(by_session(venue, cancel(BOB, order_id=order))) is Code.UNAUTHORIZED
    assert code(by_session(venue, cancel_all(BOB))) is Code.UNAUTHORIZED
    assert code(by_session(venue, CloseSession(owner=BOB, session=ID))) is Code.UNAUTHORIZED
    assert int(order) in venue.state.open_orders.by_id


def test_what_a_session_may_not_do() -> None:
    venue = seeded()
    opened(venue)
    token, stamp = venue.token("ETH"), {"nonce": 0, "deadline": 0}
    for command in (
        Transfer(owner=ALICE, token=token, amount=1, recipient=BOB, **stamp),
        Withdraw(owner=ALICE, token=token, amount=1, recipient=ALICE, **stamp),
        ApproveAgent(owner=ALICE, agent=BOB, valid_until=NOW_S + DAY_S, **stamp),
        CancelAllAfter(owner=ALICE, market="", timeout_seconds=1, **stamp),
        SwapExactIn(
            owner=ALICE,
            token_in=token,
            token_out=venue.token("USDC"),
            amount_in=10**15,
            min_amount_out=0,
            **stamp,
        ),
    ):
        assert code(by_session(venue, command)) is Code.FORBIDDEN, command
    assert code(by_session(venue, cancel(order_id="1", nonce=1))) is Code.FORBIDDEN
    assert code(by_session(venue, cancel(order_id="1", deadline=1))) is Code.FORBIDDEN
    assert code(by_session(venue, CloseSession(owner=ALICE, session=OTHER))) is Code.FORBIDDEN


def test_only_the_owners_own_wallet_opens_a_session() -> None:
    venue = seeded()
    venue.do(ApproveAgent, ALICE, agent=BOB, valid_until=NOW_S + DAY_S)
    command = OpenSession(owner=ALICE, session=ID, expires=NOW_S + DAY_S)
    assert code(by_session(venue, command, BOB)) is Code.INVALID_SIGNATURE


@pytest.mark.parametrize(
    ("lasts_s", "expected"),
    [(-1, Code.EXPIRED), (0, None), (30 * DAY_S, None), (30 * DAY_S + 1, Code.EXPIRED)],
)
def test_a_session_lasts_30_days_at_most(lasts_s: int, expected: Code | None) -> None:
    assert code(opened(Venue(), lasts_s=lasts_s)) is expected


def test_it_is_open_to_the_last_ms_of_its_end_and_not_longer() -> None:
    venue = Venue()
    opened(venue, lasts_s=100)
    venue.now_ms = (NOW_S + 100) * 1000 + 999
    assert by_session(venue, cancel_all()) == ()
    venue.now_ms += 1
    assert code(by_session(venue, cancel_all())) is Code.UNAUTHORIZED


def test_a_closed_session_stays_closed_and_its_message_never_opens_again() -> None:
    venue = Venue()
    opened(venue)
    closed = by_session(venue, CloseSession(owner=ALICE, session=ID))
    assert closed == (SessionClosed(owner=ALICE, session=ID),)
    assert code(by_session(venue, cancel_all())) is Code.UNAUTHORIZED
    assert code(by_session(venue, CloseSession(owner=ALICE, session=ID))) is Code.UNAUTHORIZED
    assert code(opened(venue)) is Code.NONCE_USED
    assert code(opened(venue, name=OTHER)) is None
    assert by_session(venue, cancel_all(), OTHER) == ()


def test_sessions_of_an_owner_are_limited_until_they_expire() -> None:
    venue = Venue()
    for number in range(SESSIONS_PER_OWNER_MAX):
        assert code(opened(venue, name=f"0x{number:064x}", lasts_s=60)) is None
    by_session(venue, CloseSession(owner=ALICE, session=f"0x{0:064x}"), f"0x{0:064x}")
    assert code(opened(venue, name=ID)) is Code.ORDER_LIMIT
    assert code(opened(venue, BOB, ID)) is None
    venue.now_ms += 61_000
    assert code(opened(venue, name=ID)) is None


def test_expired_sessions_are_forgotten_at_the_first_entry_of_the_next_hour() -> None:
    venue = Venue()
    venue.now_ms = (NOW_S - NOW_S % 3_600) * 1000 + 3_600_000  # a full hour
    opened(venue, lasts_s=10)
    opened(venue, BOB, OTHER, lasts_s=2 * 3_600)
    opened(venue, BOB, ID, lasts_s=20)
    venue.now_ms += 3_599_999
    venue.faucet(ALICE, "ETH", 1)
    assert set(venue.state.sessions) == {ALICE, BOB}
    venue.now_ms += 1
    venue.faucet(ALICE, "ETH", 1)
    assert set(venue.state.sessions) == {BOB} and set(venue.state.sessions[BOB]) == {OTHER}


class Unwalked(dict[str, dict[str, Session]]):
    """Counts whose sessions were asked for, and takes no walk over all owners."""

    asked = 0

    def get(self, owner: str, default: Any = None) -> Any:
        self.asked += 1
        return super().get(owner, default)

    def __iter__(self) -> Any:
        raise AssertionError("all of them are walked")

    items = keys = values = __iter__  # type: ignore[assignment]


def test_forgetting_the_expired_looks_at_nobody_else() -> None:
    """The state may hold a week of sign-ins: a walk over 100,000 would stop the writer."""
    state = State()
    state.sessions = Unwalked()
    hour = NOW_S // HOUR_S
    state.now_ms = hour * HOUR_S * 1000
    for index in range(1_000):
        ends = (hour + 1) * HOUR_S + index % 100 * HOUR_S
        state.add_session(f"0x{index:040x}", ID, Session(ends))
    for passed in range(2, 5):
        state.sessions.asked = 0
        prune_sessions(state, (hour + passed) * HOUR_S * 1000)
        state.now_ms = (hour + passed) * HOUR_S * 1000
        assert len(state.sessions) == 1_000 - 10 * (passed - 1)
        assert state.sessions.asked <= 20, "those that end at the full hour are looked at twice"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ALICE, BOB]),
            st.sampled_from([ID, OTHER, "0x03"]),
            st.integers(0, 4 * HOUR_S),  # how long it lasts
            st.sampled_from([0, 1, HOUR_S // 2, HOUR_S, 3 * HOUR_S]),  # until the next one
        ),
        max_size=12,
    )
)
def test_what_is_kept_is_what_a_walk_over_all_would_keep(
    opened: list[tuple[str, str, int, int]],
) -> None:
    """Or else journals of before would replay to another state. From a loaded state too."""
    state, now_s = State(), NOW_S
    state.now_ms = now_s * 1000
    naive: dict[tuple[str, str], int] = {}
    for owner, session, lasts_s, pause_s in opened:
        if naive.get((owner, session), 0) < now_s:  # as decide has it: not while it is open
            state.add_session(owner, session, Session(now_s + lasts_s))
            naive[owner, session] = now_s + lasts_s
        if lasts_s % 2:
            state = State.load(msgspec.json.decode(state.encode()))
        prune_sessions(state, (now_s + pause_s) * 1000)
        if (now_s + pause_s) // HOUR_S > now_s // HOUR_S:
            naive = {key: end for key, end in naive.items() if end >= now_s + pause_s}
        now_s += pause_s
        state.now_ms = now_s * 1000
        kept = {
            (owner, name): one.expires
            for owner, some in state.sessions.items()
            for name, one in some.items()
        }
        assert kept == naive
        assert all(state.sessions.values()), "nor is an owner left without any"
        indexed = [key for keys in state.session_ends.values() for key in keys]
        assert set(kept) <= set(indexed)


def test_sessions_are_dumped_and_loaded_and_count_only_where_there_are_any() -> None:
    venue = Venue()
    assert "sessions" not in venue.state.dump()
    bare = venue.state.digest()
    opened(venue)
    by_session(venue, CloseSession(owner=ALICE, session=ID))
    opened(venue, BOB, OTHER)
    assert venue.state.digest() != bare
    copy = State.load(msgspec.json.decode(venue.state.encode()))
    assert copy.sessions == {
        ALICE: {ID: Session(NOW_S + DAY_S, closed=True)},
        BOB: {OTHER: Session(NOW_S + DAY_S)},
    }
    assert copy.digest() == venue.state.digest()


def test_an_owners_own_signed_cancel_works_beside_sessions() -> None:
    venue, order = with_order()
    opened(venue)
    outcome = venue.do(CancelOrder, ALICE, order_id=order, client_id=0)
    assert not isinstance(outcome, Rejected) and isinstance(outcome[0], NonceUsed)
