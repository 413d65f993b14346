"""The guides at /docs/...: one for each kind of user, every route and command in them exists."""

import re
from pathlib import Path

import httpx
import pytest

from api.guides import FOLDER, GUIDES
from tests.api.desk import refusal
from tests.server import run_xyk

ROUTE = re.compile(r"\b(?:GET|POST|DELETE) (/[A-Za-z0-9_/{}.-]*)")


@pytest.mark.parametrize("guide", GUIDES)
async def test_each_guide_is_a_page(http: httpx.AsyncClient, guide: str) -> None:
    response = await http.get(f"/docs/{guide}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    heading = (FOLDER / f"{guide}.md").read_text().splitlines()[0].removeprefix("# ")
    assert f"<h1>{heading}</h1>" in response.text
    assert "<script" not in response.text and "](" not in response.text
    assert f'href="/docs/{guide}"' in (await http.get("/docs")).text


async def test_there_are_no_others(http: httpx.AsyncClient) -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} >= set(GUIDES)
    for name in ("nobody", "..%2Fpyproject", "trader.md"):
        response = await http.get(f"/docs/{name}")
        assert refusal(response) == (404, "RESOURCE_NOT_FOUND"), name


async def test_every_route_that_a_guide_names_exists(http: httpx.AsyncClient) -> None:
    paths = set((await http.get("/schema")).json()["paths"])
    forms = [re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)) for path in paths]
    for guide in set(GUIDES) - {"limits"}:  # its table is made from the code
        for route in ROUTE.findall((FOLDER / f"{guide}.md").read_text()):
            bare = route.partition("?")[0].rstrip(".")
            assert any(form.fullmatch(bare) for form in forms), (guide, route)


def test_every_command_that_a_guide_names_exists(tmp_path: Path) -> None:
    texts = "".join((FOLDER / f"{guide}.md").read_text() for guide in GUIDES)
    named = set(re.findall(r"xyk ((?:api-key |order )?[a-z][a-z-]+)", texts))
    named -= {"answers", "liabilities"}  # words, the second of what is hashed
    shown = run_xyk("--help")[1] + run_xyk("api-key", "--help")[1] + run_xyk("order", "--help")[1]
    known = set(re.findall(r"│ ([a-z-]+) ", shown))
    assert {name.split()[-1] for name in named} <= known, named
