"""Every table of orders, line by line, by the exchange and by its naive twin."""

from functools import partial

import pytest

from tests.scenario import (
    book_and_pool,
    edges,
    key_verbs,
    market_orders,
    market_verbs,
    order_verbs,
    orders,
    own_orders,
    standing,
    triggers,
    waking,
)
from tests.scenario.language import Stage, address, steps
from tests.simulation import minds
from xyk.exchange.state import State

FILES = (orders, standing, own_orders, triggers, book_and_pool, waking, edges, market_orders)
TABLES = {name: table for file in FILES for name, table in file.SCENARIOS.items()}


@pytest.mark.parametrize("name", TABLES)
def test_orders(name: str) -> None:
    Stage().play(TABLES[name])


def test_no_table_hides_another_and_every_module_of_verbs_is_read() -> None:
    assert len(TABLES) == sum(len(file.SCENARIOS) for file in FILES)
    assert order_verbs.__doc__ and market_verbs.__doc__ and key_verbs.__doc__


def test_every_entry_of_a_table_is_followed_by_every_invariant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    checks = {name: getattr(minds, name) for name in ("check_all", "nothing_is_crossed")}

    def note(name: str, state: State) -> None:
        seen.append(name)
        checks[name](state)

    for name in checks:
        monkeypatch.setattr(minds, name, partial(note, name))
    stage = Stage()
    stage.play(TABLES["of those that one fill sets off the nearest goes first, then the oldest"])
    assert seen == list(checks) * len(stage.minds.entries)
    stage.minds.state.ledger.hold(address("bob"), "ETH", 1)
    with pytest.raises(AssertionError, match="its orders need"):
        stage.step("carol has 1 USDC")


def test_a_step_reads_its_lines_together() -> None:
    table = """
        # what it is about
        alice bids 1 ETH at 2_000
            -> one
            -> two
        book ETH_USDC
            | 1 | 2_000 |  |
        the clock
    """
    assert steps(table) == [
        "alice bids 1 ETH at 2_000 -> one; two",
        "book ETH_USDC | 1 | 2_000 |  |",
        "the clock",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        "alice bids 1 ETH at 2_000 soon",
        "alice bids 1 ETH at 2_000 -> filled",
        "alice bids 1 ETH at 2_000 -> rests 1 ETH, 2_000 USDC held; filled",
        "alice bids 6 ETH at 2_000",
        "book ETH_USDC | 1 | 2_000 | |",
        "alice has on hold -> 1 USDC",
        "1 s pass -> alice 1 expired with 1 ETH left, 2_000 USDC freed",
    ],
)
def test_a_table_that_is_wrong_fails(wrong: str) -> None:
    stage = Stage()
    stage.step("alice has 10_000 USDC")
    with pytest.raises(AssertionError):
        stage.step(wrong)
