"""What follows a chain and meets a fault of ours: it begins again, and says so meanwhile."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from xyk.chain.discovery import Misconfigured
from xyk.cli import chains
from xyk.cli.chains import AGAIN, keep_on


@pytest.fixture
def venue() -> Any:
    """As much of a Venue as it has to do with."""
    return SimpleNamespace(fault="", mirror=SimpleNamespace(is_torn=False))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch, venue: Any) -> list[tuple[float, str]]:
    """Each pause in seconds, with the fault that is told in it."""
    taken: list[tuple[float, str]] = []

    async def sleep(seconds: float) -> None:
        taken.append((seconds, venue.fault))

    monkeypatch.setattr(chains, "asyncio", SimpleNamespace(sleep=sleep))
    return taken


class Work:
    """Fails as often as there are faults; then it runs until it is cancelled, if `is_endless`."""

    def __init__(self, venue: Any, *faults: Exception, is_endless: bool = False) -> None:
        self.venue = venue
        self.faults = list(faults)
        self.told: list[str] = []
        self.is_endless = is_endless

    async def run(self) -> None:
        self.told.append(self.venue.fault)
        if self.faults:
            raise self.faults.pop(0)
        if self.is_endless:
            await asyncio.Event().wait()


async def test_it_begins_again_later_each_time(
    venue: Any, pauses: list[tuple[float, str]], caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(venue, *[KeyError("odd")] * 8)
    await keep_on(venue, work.run, "mirror of local")
    assert [seconds for seconds, _ in pauses] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert {fault for _, fault in pauses} == {AGAIN}, "nobody trades on it meanwhile"
    assert work.told == [""] * 9 and not venue.fault
    assert "what follows a chain failed, mirror of local: KeyError('odd')" in caplog.text


async def test_after_a_while_that_went_well_it_does_not_wait_long(
    venue: Any, pauses: list[tuple[float, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0, 0, 0, 0, 0, 61, 61])  # begin and end of each run
    monkeypatch.setattr(chains, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    await keep_on(venue, Work(venue, *[KeyError()] * 3).run, "mirror of local")
    assert [seconds for seconds, _ in pauses] == [1, 2, 1]


async def test_what_a_restart_alone_can_mend_is_left(
    venue: Any, pauses: list[tuple[float, str]]
) -> None:
    wrong = Misconfigured("local: factory: no contract there")
    await keep_on(venue, Work(venue, wrong).run, "pairs of local")
    assert venue.fault == "local: factory: no contract there"
    venue.fault, venue.mirror.is_torn = "", True
    await keep_on(venue, Work(venue, KeyError()).run, "mirror of local")
    assert venue.fault == "a fault of ours"
    assert not pauses


async def test_the_fault_of_another_part_stays(venue: Any, pauses: list[tuple[float, str]]) -> None:
    venue.fault = "a fault of ours"  # as the feed says
    await keep_on(venue, Work(venue, KeyError()).run, "mirror of local")
    assert venue.fault == "a fault of ours" and len(pauses) == 1


async def test_it_can_be_cancelled(venue: Any) -> None:
    work = Work(venue, is_endless=True)
    task = asyncio.create_task(keep_on(venue, work.run, "mirror of local"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not venue.fault
