"""Every planted bug still fits the code, and, at night, every one of them is caught."""

import pytest

from tests.mutants.bug import SIMULATION, Bug
from tests.mutants.run import BUGS, ROOT, main, patched


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_it_still_applies(bug: Bug) -> None:
    text = (ROOT / bug.path).read_text()
    changed = patched(bug, text)
    assert changed != text
    if bug.path.endswith(".py"):
        compile(changed, bug.path, "exec")


@pytest.mark.parametrize(
    "bug", [bug for bug in BUGS if bug.caught_by != SIMULATION], ids=lambda bug: bug.name
)
def test_what_catches_it_is_there(bug: Bug) -> None:
    file, _, test = bug.caught_by.partition("::")
    assert f"def {test.partition('[')[0]}" in (ROOT / file).read_text()
    scenarios = sorted((ROOT / "tests/browser").glob("*.mjs"))
    # Some names are put together from parts: what stands before a comma is one of them.
    part = bug.only.partition(",")[0]
    assert not bug.only or any(part in path.read_text() for path in scenarios)


def test_they_are_enough_and_have_names_of_their_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 12
    assert sum(bug.caught_by == SIMULATION for bug in BUGS) >= 12


@pytest.mark.nightly
def test_all_are_caught(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["mutants"])
        survivors = main()
    assert not survivors, capsys.readouterr().out
