"""Every decoder takes any bytes: the corpus again, and valid inputs spoilt in ways that hypothesis
chooses; `make fuzz` lets coverage choose."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import spoilt
from tests.fuzz.targets import CORPUS, INPUT_MAX, TARGETS, corpus

# Examples of a run that takes a few seconds; each by what one of its own costs.
EXAMPLES = {"gateway": 120, "frames": 120, "rows": 400, "snapshots": 300}


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_corpus(name: str) -> None:
    paths = list(corpus(name))
    assert paths, "seeds and finds are committed"
    for data in (*TARGETS[name].seeds(), *(path.read_bytes() for path in paths)):
        TARGETS[name].check(data)


@pytest.mark.parametrize("name", TARGETS)
def test_spoilt(name: str) -> None:
    seeds = [*TARGETS[name].seeds(), *(path.read_bytes() for path in corpus(name))]

    @settings(
        max_examples=EXAMPLES.get(name, 500),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(spoilt(seeds) | st.binary(max_size=64))
    def check(data: bytes) -> None:
        TARGETS[name].check(data[:INPUT_MAX])

    check()


def test_the_corpus_is_of_targets_and_small() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    sizes = {path: path.stat().st_size for name in TARGETS for path in corpus(name)}
    assert max(sizes.values()) <= INPUT_MAX
    assert sum(sizes.values()) <= 2 * 1024 * 1024
