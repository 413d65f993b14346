"""The page at `/`: what is served of a folder, how browsers keep it, and what stands there
without."""

import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from api.site import SIZE_MAX, Site, read_site
from tests.api.desk import refusal
from tests.api.held import held_exchange
from tests.server import Server, running_server

SCRIPT = b"export const answer = 42\n" * 200
FILES = {
    "index.html": b'<!doctype html><html><a href="/docs">docs</a></html>\n' * 20,
    "icon.svg": b"<svg/>",
    "assets/index-DDBYhm9q.js": SCRIPT,
    "assets/index-Nu_-s2h5.css": b"a{}",
    "assets/plain.js": b"1",
    "deep/er/data.bin": b"\x00\x01",
}


def write(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("site")
    write(folder / "dist")
    with running_server(folder / "data", "--page", str(folder / "dist")) as running:
        yield running


@pytest.fixture
async def page(paged: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=paged.url, trust_env=False, timeout=60) as client:
        yield client


async def raw(site: Site, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    status = await site.answer({"path": path, "headers": given}, send)
    assert status == sent[0]["status"]
    named = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return status, named, sent[1]["body"]


@pytest.mark.parametrize("name", FILES)
async def test_every_file_is_there_whole_and_of_its_type(
    page: httpx.AsyncClient, name: str
) -> None:
    types = {
        ".html": "text/html",
        ".svg": "image/svg",
        ".js": "text/javascript",
        ".css": "text/css",
    }
    answer = await page.get(f"/{name}")
    assert (answer.status_code, answer.content) == (200, FILES[name])
    assert answer.headers["content-type"].startswith(
        types.get(Path(name).suffix, "application/octet-stream")
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = await page.head(f"/{name}")
    assert (head.status_code, head.content) == (200, b"")
    same = ("content-length", "etag", "cache-control", "content-type")
    assert [head.headers[one] for one in same] == [answer.headers[one] for one in same]


async def test_the_root_is_the_index(page: httpx.AsyncClient, paged: Server) -> None:
    answer = await page.get("/")
    assert answer.content == FILES["index.html"]
    assert (await page.get("//")).content == FILES["index.html"]
    refused = await page.post("/", content=b"{}")
    assert refusal(refused) == (405, "INVALID_CLIENT_REQUEST")
    assert refused.headers["allow"] == "GET, HEAD"
    assert (await page.get("/docs")).headers["content-type"].startswith("text/html")
    async with connect(paged.url.replace("http", "ws") + "/", proxy=None) as socket:
        await socket.send('{"method": "SUBSCRIBE", "params": ["trade.ETH_USDC"], "id": 1}')
        assert await socket.recv() == '{"id":1,"result":null}'


async def test_only_what_has_a_digest_is_kept_without_asking(page: httpx.AsyncClient) -> None:
    kept = {name: (await page.get(f"/{name}")).headers["cache-control"] for name in FILES}
    forever = "public, max-age=31536000, immutable"
    assert [name for name, value in kept.items() if value == forever] == [
        "assets/index-DDBYhm9q.js",
        "assets/index-Nu_-s2h5.css",
    ]
    assert {value for value in kept.values() if value != forever} == {"no-cache"}


async def test_what_is_still_the_same_is_not_sent_again(page: httpx.AsyncClient) -> None:
    for encoding in ("gzip", "identity"):
        first = await page.get("/", headers={"accept-encoding": encoding})
        etag = first.headers["etag"]
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            headers = {"accept-encoding": encoding, "if-none-match": known}
            again = await page.get("/", headers=headers)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        for other in ('"x"', etag.strip('"'), ""):
            headers = {"accept-encoding": encoding, "if-none-match": other}
            assert (await page.get("/", headers=headers)).status_code == 200
    etags = {(await page.get(f"/{name}")).headers["etag"] for name in FILES}
    assert len(etags) == len(FILES)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("identity", False),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("notgzip", False),
    ],
)
async def test_what_the_browser_takes_is_packed(accepted: str, packed: bool) -> None:
    site = Site(FILES)
    path = "/assets/index-DDBYhm9q.js"
    _, headers, body = await raw(site, path, accept_encoding=accepted)
    assert headers["vary"] == "accept-encoding"
    assert int(headers["content-length"]) == len(body)
    assert (headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(body) if packed else body) == SCRIPT
    assert len(body) < len(SCRIPT) / 10 if packed else True
    _, other, _ = await raw(site, path, accept_encoding="gzip" if not packed else "identity")
    assert headers["etag"] != other["etag"], "two representations"


async def test_what_does_not_shrink_goes_out_as_it_is() -> None:
    _, headers, body = await raw(Site(FILES), "/icon.svg", accept_encoding="gzip")
    assert body == FILES["icon.svg"] and "content-encoding" not in headers


async def test_without_an_accept_encoding_nothing_is_packed() -> None:
    _, headers, body = await raw(Site(FILES), "/")
    assert body == FILES["index.html"] and "content-encoding" not in headers


async def test_without_a_page_the_root_says_how_to_get_one(
    tmp_path: Path, database_url: str
) -> None:
    async with (
        held_exchange(tmp_path, database_url) as held,
        httpx.AsyncClient(base_url=held.url, trust_env=False, timeout=60) as http,
    ):
        answer = await http.get("/")
        assert answer.status_code == 200
        assert "make page" in answer.text and 'href="/docs"' in answer.text
        assert "style-src 'sha256-" in answer.headers["content-security-policy"]
        assert (await http.head("/")).status_code == 200
        assert (await http.get("/api/v1/ping")).text == "pong"
        assert refusal(await http.get("/index.html")) == (404, "RESOURCE_NOT_FOUND")


def test_a_folder_without_an_index_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("x")
    with pytest.raises(ValueError, match=r"has no index\.html"):
        read_site(tmp_path)


def test_a_folder_too_large_is_no_page(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "film.bin").write_bytes(bytes(SIZE_MAX))
    with pytest.raises(ValueError, match="more than"):
        read_site(tmp_path)


def test_links_lead_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    folder = write(tmp_path / "dist")
    (folder / "link").symlink_to(outside / "secret")
    (folder / "folder").symlink_to(outside)
    paths = read_site(folder).paths
    assert paths == {"/", *(f"/{name}" for name in FILES)}


def test_a_folder_that_was_named_must_have_a_page(tmp_path: Path) -> None:
    """And the exchange does not start without."""
    (tmp_path / "empty").mkdir()
    server = Server(tmp_path / "data", "--page", str(tmp_path / "empty"))
    code, text = server.run_to_end()
    assert code == 78
    assert "has no index.html" in text


def test_the_address_to_open_is_printed(tmp_path: Path) -> None:
    write(tmp_path / "dist")
    with running_server(tmp_path / "data", "--page", str(tmp_path / "dist")) as server:
        assert server.process is not None and server.process.stdout is not None
        assert server.process.stdout.readline() == f"open {server.url} in a browser\n"
