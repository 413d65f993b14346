"""Every table of `pools.py`, line by line, by the exchange and by its naive twin."""

import pytest

from tests.scenario import verbs
from tests.scenario.language import VERBS, Stage
from tests.scenario.pools import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_pools(name: str) -> None:
    Stage().play(SCENARIOS[name])


def test_the_language_knows_its_verbs_and_tells_what_it_does_not_know() -> None:
    assert verbs.__doc__ and len(VERBS) > 10
    for line in ("alice dances", "alice has 1.0000001 USDC", "pool ETH_USDC -> 1 ETH"):
        with pytest.raises(AssertionError):
            Stage().step(line)
