"""Rules for the page's sources that a pattern can check. Each is shown a line that breaks it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import ROOT
from tests.tidy import LINES_MAX

PAGE = ROOT / "web"
BROWSER = ROOT / "tests" / "browser"

# What no source may hold, and why. Styles stand in <style>, for the exchange's policy (CSP) refuses
# them on an element.
BANS = [
    (r"\bconsole\.|\bdebugger\b", "left over from a search for a fault"),
    (r"@ts-(ignore|nocheck|expect-error)|\bas any\b|:\s*any\b|<any\b", "a type that says nothing"),
    (r"\{@html|\.(inner|outer)HTML\b|insertAdjacentHTML", "text that becomes elements"),
    (r"\beval\(|new Function\(", "text that becomes code"),
    (r"""\sstyle=["'{]""", "a style that the policy refuses; style:name={...} is none"),
    (r"\b(describe|it|test)\.(only|skip)\(", "a test that hides others, or is hidden"),
]
# Beside what every source must not: tests may name hosts.
NO_TEST_BANS = [(r"https?://(?!www\.(w3\.org|tradingview\.com)/)", "an address elsewhere")]

Complaint = tuple[int, str]


def complaints(text: str, bans: list[tuple[str, str]]) -> list[Complaint]:
    """(line, what is wrong)."""
    lines = text.splitlines()
    found = [
        (number, f"{match.group().strip()}: {why}")
        for number, line in enumerate(lines, start=1)
        for pattern, why in bans
        if (match := re.search(pattern, line))
    ]
    if len(lines) > LINES_MAX:
        found.append((1, f"{len(lines)} lines, at most {LINES_MAX} a file"))
    return found


def sources() -> Iterator[tuple[Path, list[tuple[str, str]]]]:
    """Each file with what it must not hold."""
    for path in sorted((PAGE / "src").rglob("*")):
        if path.name.endswith(".test.ts"):
            yield path, BANS
        elif path.suffix in (".svelte", ".ts", ".css"):
            yield path, BANS + NO_TEST_BANS
    yield PAGE / "index.html", BANS + NO_TEST_BANS
    for path in sorted(BROWSER.glob("*.mjs")):
        yield path, []


def test_the_page_is_tidy() -> None:
    looked = list(sources())
    assert {"App.svelte", "main.ts", "theme.css", "person.mjs"} <= {path.name for path, _ in looked}
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path, bans in looked
        for line, what in complaints(path.read_text(), bans)
    ]
    assert not "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "console.log(order)",
        "const x = y as any",
        "// @ts-ignore",
        "<p>{@html name}</p>",
        "one.innerHTML = name",
        'new Function("x")',
        '<p style="color: red">',
        "<p style={colour}>",
        'fetch("https://fonts.example/a")',
        'it.only("one", () => {})',
    ],
)
def test_a_rule_complains(text: str) -> None:
    found = complaints(f"<p>x</p>\n{text}", BANS + NO_TEST_BANS)
    assert [line for line, _ in found] == [2]


def test_the_rules_let_pass() -> None:
    text = "<p style:--share={x}>many things</p>\n"
    assert not complaints(text * LINES_MAX, BANS + NO_TEST_BANS)
    assert [line for line, _ in complaints(text * (LINES_MAX + 1), BANS)] == [1]
