"""Rows of the bench table: what, measured, target, ratio."""

from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """`ratio`: measured over target, 1 or more is good; None where there is no target."""

    what: str
    measured: str
    target: str
    ratio: float | None


def at_least(what: str, measured: float, target: float, unit: str) -> Row:
    return Row(what, f"{measured:,.0f} {unit}", f">= {target:,.0f}", measured / target)


def at_most(what: str, measured: float, target: float, unit: str) -> Row:
    return Row(what, f"{measured:,.2f} {unit}", f"<= {target:,.2f}", target / measured)


def note(what: str, measured: str) -> Row:
    return Row(what, measured, "", None)


def show(rows: list[Row]) -> None:
    widths = [max(len(str(row[i])) for row in rows) for i in range(3)]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:6.2f} x"
        texts = (text.ljust(width) for text, width in zip(row[:3], widths, strict=True))
        print("  ".join((*texts, ratio)).rstrip())


def middle(values: list[float]) -> float:
    return median(values)
