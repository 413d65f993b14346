"""Every planted bug still fits the code, and, at night, every one of them is caught."""

import pytest

from tests.mutants.bugs import BUGS, SIMULATION, Bug
from tests.mutants.run import ROOT, main, patched


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_it_still_applies(bug: Bug) -> None:
    text = (ROOT / bug.path).read_text()
    changed = patched(bug, text)
    assert changed != text
    compile(changed, bug.path, "exec")


def test_they_are_enough_and_have_names_of_their_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 12
    assert sum(bug.caught_by == SIMULATION for bug in BUGS) >= 12


@pytest.mark.nightly
def test_all_are_caught(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["mutants"])
        survivors = main()
    assert not survivors, capsys.readouterr().out
