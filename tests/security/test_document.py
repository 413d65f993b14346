"""docs/security.md: each threat names what stops it, and tests that are there."""

import ast
import re
from functools import cache

import pytest

from tests.server import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
SECTIONS = ("The wire", "The market")
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(text: str, section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    [body] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@cache
def named_in(path: str) -> frozenset[str]:
    """The names of the test functions of a file; none where there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds)]
    return frozenset(node.name for node in found if node.name.startswith("test_"))


def complaints(cells: list[str]) -> list[str]:
    """What is wrong with a row."""
    if len(cells) != 3 or not all(cells):
        return [f"threat, what stops it and proof, none of them empty: {cells}"]
    proofs = PROOF.findall(cells[2])
    if not proofs:
        return [f"no proof: {cells[0]}"]
    return [
        f"{path} has no {name}: {cells[0]}" for path, name in proofs if name not in named_in(path)
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_line_has_its_proof(section: str) -> None:
    assert [fault for cells in rows(TEXT, section) for fault in complaints(cells)] == []


def test_the_rule_complains_and_sees_the_lines() -> None:
    honest = "`tests/security/test_document.py::test_every_line_has_its_proof`"
    table = f"## A\n\n| t | w | p |\n|---|---|---|\n| x | y | {honest} |\n\n## B\n| z |\n"
    assert [complaints(cells) for cells in rows(table, "A")] == [[]]
    for bad in ("", "a hope", honest.replace("every", "no"), honest.replace("security", "safety")):
        [cells] = rows(table.replace(honest, bad), "A")
        assert complaints(cells), bad
    assert len(rows(TEXT, "The wire")) > 30
