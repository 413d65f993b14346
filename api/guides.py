"""The guides of docs/ as pages: /docs/trader and so on, one for each kind of user."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NoReturn

from litestar import Response, get
from litestar.params import FromPath

from api.page import page, page_response
from api.problems import Refused
from xyk.domain.rejections import Code, Rejected

FOLDER = Path(__file__).resolve().parents[1] / "docs"
GUIDES: Mapping[str, str] = {  # file in docs/ -> for whom
    "trader": "Traders with a wallet",
    "bots": "Bot authors",
    "market-maker": "Market makers",
    "liquidity": "Liquidity providers",
    "front-end": "Front-end authors",
    "operator": "Operators",
    "operations": "Operations",
    "chain": "Real chains",
    "auditor": "Auditors",
    "limits": "Limits",
    "security": "Security",
}


@get("/docs/{guide:str}", include_in_schema=False)
async def get_guide(guide: FromPath[str]) -> Response[str]:
    if guide not in GUIDES:
        _no_guide()
    return page_response(_rendered(guide))


def links() -> str:
    """HTML of a list of all guides."""
    items = "".join(
        f'<li><a href="/docs/{name}">{title}</a></li>' for name, title in GUIDES.items()
    )
    return f"<ul>{items}</ul>"


@cache
def _rendered(guide: str) -> str:
    from markdown_it import MarkdownIt  # long to import, and no start needs it

    text = (FOLDER / f"{guide}.md").read_text()
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return page(GUIDES[guide], f'<p><a href="/docs">All of it</a></p>{body}')


def _no_guide() -> NoReturn:
    names = ", ".join(GUIDES)
    raise Refused(
        Rejected(Code.RESOURCE_NOT_FOUND, f"No such guide; there are {names} under /docs")
    )
