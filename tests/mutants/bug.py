"""A small patch of the source, and what must catch it."""

from typing import NamedTuple

SIMULATION = "simulation"


class Bug(NamedTuple):
    """`edits` are (old, new); each old text is there exactly once. `only`: of a file of browser
    scenarios, those whose names have these words, because a whole file takes minutes."""

    name: str
    path: str
    edits: tuple[tuple[str, str], ...]
    caught_by: str = SIMULATION
    only: str = ""
