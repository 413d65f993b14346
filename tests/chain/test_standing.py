"""When an endpoint is asked, left alone, checked again. Times are made up."""

import pytest

from xyk.chain.standing import (
    BUSY_PAUSE_MAX_S,
    BUSY_PAUSE_S,
    FOREIGN_PAUSE_S,
    PAUSE_MAX_S,
    PAUSE_S,
    Head,
    Standing,
    State,
)

HEAD = Head(number=7, time_s=1_600_000_000)


@pytest.fixture
def good() -> Standing:
    standing = Standing()
    standing.checked(HEAD, asked=0)
    return standing


def test_a_new_one_is_checked_before_it_is_used() -> None:
    standing = Standing()
    assert not standing.is_usable(0)
    assert standing.is_due(0)
    standing.worked(0)  # whatever was answered: its chain is not known
    assert not standing.is_usable(0)
    standing.checked(HEAD, asked=0)
    assert standing.is_usable(0)
    assert not standing.is_due(0)
    assert (standing.state, standing.why, standing.head) == (State.GOOD, "", HEAD)


def test_pauses_double_up_to_a_bound_and_end_in_a_check(good: Standing) -> None:
    now, pauses = 100.0, []
    for _ in range(12):
        good.failed("HTTP 500", asked=now, now=now)
        pauses.append(good.until - now)
        assert not good.is_usable(good.until)
        assert not good.is_due(good.until - 0.001)
        assert good.is_due(good.until)
        now = good.until
        good.checked(HEAD, asked=now)  # which is cheap to pass: it forgives nothing
    assert pauses[:4] == [PAUSE_S, 2 * PAUSE_S, 4 * PAUSE_S, 8 * PAUSE_S]
    assert pauses[-1] == PAUSE_MAX_S
    good.worked(asked=now)
    good.failed("HTTP 500", asked=now, now=now)
    assert good.until - now == PAUSE_S


def test_calls_that_fail_side_by_side_are_one_failure(good: Standing) -> None:
    for now in (10.0, 10.1, 10.2):
        good.failed("down", asked=9.9, now=now)
    assert good.until == pytest.approx(10.2 + PAUSE_S)


def test_a_time_out_is_paid_back_with_as_long_a_pause(good: Standing) -> None:
    good.failed("no answer", asked=10, now=20)
    assert good.until == 30


def test_an_answer_to_an_older_question_forgives_nothing(good: Standing) -> None:
    good.failed("down", asked=10, now=10)
    good.worked(asked=9)
    assert good.state is State.DOWN
    good.checked(HEAD, asked=10)
    good.worked(asked=9)
    good.failed("down", asked=11, now=11)
    assert good.until - 11 == 2 * PAUSE_S


def test_a_rate_limit_is_as_long_as_it_says_and_needs_no_check(good: Standing) -> None:
    good.busy("HTTP 429", 30, asked=10, now=10)
    assert not good.is_usable(39.9)
    assert not good.is_due(39.9)
    assert good.is_usable(40)
    good.worked(asked=20)  # asked before the refusal ended
    assert good.state is State.BUSY
    good.worked(asked=40)
    assert good.state is State.GOOD


def test_a_rate_limit_that_says_nothing_doubles(good: Standing) -> None:
    now, pauses = 10.0, []
    for _ in range(12):
        good.busy("HTTP 429", 0, asked=now, now=now)
        pauses.append(good.until - now)
        now = good.until
    assert pauses[:3] == [BUSY_PAUSE_S, 2 * BUSY_PAUSE_S, 4 * BUSY_PAUSE_S]
    assert pauses[-1] == BUSY_PAUSE_MAX_S
    good.busy("come back tomorrow", 86_400, asked=now, now=now)
    assert good.until - now == BUSY_PAUSE_MAX_S


def test_of_two_limits_the_longer_one_holds(good: Standing) -> None:
    good.busy("HTTP 429", 30, asked=10, now=10)
    good.busy("HTTP 429", 1, asked=10, now=11)
    assert good.until == 40


def test_one_that_is_limited_before_it_was_checked_is_checked_afterwards() -> None:
    standing = Standing()
    standing.busy("HTTP 429", 5, asked=0, now=0)
    assert not standing.is_usable(5)
    assert standing.is_due(5)


def test_another_chain_and_one_behind_are_checked_again(good: Standing) -> None:
    good.foreign("its chain id is 5", now=10)
    assert not good.is_usable(10 + FOREIGN_PAUSE_S)
    assert good.is_due(10 + FOREIGN_PAUSE_S)
    good.checked(HEAD, asked=10 + FOREIGN_PAUSE_S)
    good.behind("its newest block is 7", until=20)
    assert not good.is_usable(20)
    assert good.is_due(20)
    assert not good.is_due(19.9)


def test_a_check_forgives_nothing_that_came_after_it(good: Standing) -> None:
    newer = Head(number=8, time_s=HEAD.time_s + 12)
    good.busy("HTTP 429", 30, asked=10, now=11)
    good.checked(newer, asked=10.5)
    assert good.state is State.BUSY
    assert good.head == newer
    good.failed("down", asked=50, now=50)
    good.checked(newer, asked=49)
    assert good.state is State.DOWN
