"""What a browser may do with our answers on behalf of a page that is not ours, and what a Host
header or a crooked path can bring about: nothing.
"""

from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from tests.api.desk import refusal
from tests.security.wire.raw import asked
from tests.server import Server, running_server
from xyk.client.client import Client
from xyk.wallet.signer import Wallet

PAGES = ("/docs", "/docs/security", "/docs/trader")
OURS = "https://app.example"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Pages of one origin may call it."""
    with running_server(tmp_path_factory.mktemp("n") / "d", "--cors-origins", OURS) as running:
        yield running


@pytest.fixture(scope="module")
def anybodys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("a") / "d", "--cors-origins", "*") as running:
        yield running


async def get(server: Server, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client:
        return await client.request(method, path, headers=headers)


def granted(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "access-control" in name}


@pytest.mark.parametrize(
    "path",
    [*PAGES, "/", "/schema", "/metrics", "/api/v1/ping", "/api/v1/markets", "/nowhere", "/docs/x"],
)
async def test_every_answer_is_what_it_says_it_is(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers and "set-cookie" not in answer.headers


async def test_also_what_is_said_before_there_is_a_request(server: Server) -> None:
    answer = await asked(server.port, b"no request\r\n\r\n")
    assert b"x-content-type-options: nosniff" in answer.head


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_loads_and_frames_nothing(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.headers["x-frame-options"] == "DENY"
    policy = dict(
        one.strip().partition(" ")[::2]
        for one in answer.headers["content-security-policy"].split(";")
    )
    assert policy.pop("style-src").startswith("'sha256-")
    nothing = ("default-src", "base-uri", "form-action", "frame-ancestors")
    assert policy == dict.fromkeys(nothing, "'none'")
    tags = Tags()
    tags.feed(answer.text)
    assert not tags.seen & {"script", "iframe", "object", "embed", "form", "img", "link", "base"}
    assert not tags.loads


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.loads += [name for name, _ in attrs if name in ("src", "style", "srcdoc")]
        self.loads += [name for name, _ in attrs if name.startswith("on")]


async def test_no_origin_may_call_unless_it_is_named(http: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        answer = await http.request(method, "/api/v1/order", headers={"origin": OURS})
        assert granted(answer) == {}


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.evil.example",
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://APP.EXAMPLE",
        "https://xapp.example",
        f"{OURS}, https://evil.example",
        "null",
        "*",
        "",
    ],
)
async def test_another_origin_than_the_named_is_granted_nothing(named: Server, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = await get(
            *(named, "/api/v1/ping", method),
            **{"origin": origin, "access-control-request-method": "POST"},
        )
        assert granted(answer) == {}


async def test_credentials_are_granted_to_nobody(named: Server, anybodys: Server) -> None:
    """There are no cookies; a token or a signature is put into each request by who has it."""
    for server, origin in ((named, OURS), (anybodys, OURS), (anybodys, "null")):
        for method in ("GET", "OPTIONS"):
            answer = await get(server, "/api/v1/ping", method, origin=origin)
            assert granted(answer)["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in answer.headers
            assert "origin" in answer.headers["vary"].lower()


HOSTS = (
    "evil.example",
    "[",
    "a b",
    "x:y:z",
    "evil.example:99999",
    "%0d%0ax",
    "\x7f",
    "",
    "x" * 9_000,
)


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_header_changes_no_answer(server: Server, host: str) -> None:
    """Nothing is built from what a client calls us: no link, no redirect, no sign-in message."""
    for path in (
        "/",
        "/docs",
        "/nowhere",
        "/api/v1/markets",
        "/api/v1/pools/NO_SUCH",
        "/api/v1/position",
    ):
        wanted = await get(server, path)
        ask = f"GET {path} HTTP/1.1\r\nhost: {host}\r\nx-forwarded-host: {host}\r\n\r\n"
        answer = await asked(server.port, ask.encode())
        if answer.status == 400 and host in ("\x7f", "a b"):
            continue  # no host at all
        assert answer.status == wanted.status_code
        assert b"evil.example" not in answer.head + answer.body
        assert b"\r\nlocation: " not in answer.head


async def test_the_sign_in_message_names_us_and_not_the_host(server: Server) -> None:
    body = f'{{"address": "{Wallet.random().address}"}}'.encode()
    head = b"POST /api/v1/auth/challenge HTTP/1.1\r\nhost: evil.example\r\norigin: http://e.vil\r\n"
    answer = await asked(server.port, head + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert answer.status == 200
    assert b"evil.example" not in answer.body and b"e.vil" not in answer.body
    assert f"127.0.0.1:{server.port} wants you".encode() in answer.body


UP = ("..", "%2e%2e", ".%2e", "%252e%252e", "..%00", "..%c0%af", "..\\", "%2e%2e%5c", "....//")
FILES = ("pyproject.toml", "docs/security.md", "data/operator.key", "etc/passwd")


@pytest.mark.parametrize("up", UP)
async def test_no_path_leads_out_of_the_pages(server: Server, up: str) -> None:
    for slash in ("/", "%2f", "%5c", "//"):
        for file in FILES:
            path = "/docs/" + slash.join([up] * 8 + [file.replace("/", slash)])
            answer = await asked(server.port, f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            assert answer.refusal in (
                (404, "RESOURCE_NOT_FOUND"),
                (400, "INVALID_CLIENT_REQUEST"),
            ), path


@pytest.mark.parametrize(
    "name", ["security.md", "security%00", "SECURITY", "/etc/passwd", "~", ".", "limits/", "*"]
)
async def test_a_guide_has_its_name_and_no_other(server: Server, name: str) -> None:
    answer = await get(server, "/docs/" + name)
    assert answer.status_code in (404, 200)
    if answer.status_code == 200:
        assert name in ("limits/", "."), "its own name, or /docs itself"
    else:
        refusal(answer)


async def test_a_name_of_theirs_is_text_on_a_page(http: httpx.AsyncClient, alice: Client) -> None:
    """What strangers choose stands on no page; where a refusal repeats it, it is JSON."""
    answer = await http.get("/api/v1/pools/<script>alert(1)</script>")
    assert refusal(answer) == (404, "RESOURCE_NOT_FOUND")
    answer = await http.get("/api/v1/depth?symbol=<img src=x onerror=alert(1)>")
    assert answer.headers["content-type"].startswith("application/json")
