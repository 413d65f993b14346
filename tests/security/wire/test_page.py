"""The page at `/` runs nothing but its own files, and its folder gives nothing else away."""

from collections.abc import Iterator

import httpx
import pytest

from tests.security.wire.raw import asked
from tests.server import ROOT, Server, running_server
from tests.web.inline import Inline

FILES = {"index.html": "<!doctype html>", "assets/index-DDBYhm9q.js": "1", "icon.svg": "<svg/>"}
UP = ("..", "%2e%2e", ".%2e", "%252e%252e", "..%00", "..%c0%af", "..\\", "%2e%2e%5c", "....//")
OUTSIDE = ("secret.txt", "data/operator.key", "etc/passwd")


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page with a secret beside its folder."""
    folder = tmp_path_factory.mktemp("p")
    for name, content in FILES.items():
        path = folder / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (folder / "secret.txt").write_text("a secret")
    with running_server(folder / "data", "--page", str(folder / "dist")) as running:
        yield running


@pytest.mark.parametrize("up", UP)
async def test_no_path_leads_out_of_the_page(paged: Server, up: str) -> None:
    for start in ("/", "/assets/", "/assets/index-DDBYhm9q.js/"):
        for slash in ("/", "%2f", "%5c"):
            for file in OUTSIDE:
                for depth in (1, 2, 8):
                    path = start + slash.join([up] * depth + [file.replace("/", slash)])
                    ask = f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"
                    answer = await asked(paged.port, ask.encode())
                    assert answer.refusal in (
                        (404, "RESOURCE_NOT_FOUND"),
                        (400, "INVALID_CLIENT_REQUEST"),
                    ), path


@pytest.mark.parametrize("name", ["/", *(f"/{name}" for name in FILES)])
async def test_every_file_allows_its_own_origin_alone(paged: Server, name: str) -> None:
    async with httpx.AsyncClient(base_url=paged.url, trust_env=False, timeout=60) as http:
        answer = await http.get(name)
    assert answer.status_code == 200
    policy = dict(
        one.strip().partition(" ")[::2]
        for one in answer.headers["content-security-policy"].split(";")
    )
    own = ("script-src", "style-src", "connect-src")
    nothing = ("default-src", "base-uri", "form-action", "frame-ancestors")
    assert policy == {
        **dict.fromkeys(own, "'self'"),
        **dict.fromkeys(nothing, "'none'"),
        "img-src": "'self' data:",
    }
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


def test_the_built_index_needs_nothing_that_the_policy_refuses() -> None:
    """vite only names the files that it made of these in the index."""
    own = Inline()
    own.feed((ROOT / "web" / "index.html").read_text())
    assert own.refused == []
    sample = Inline()
    sample.feed(
        '<a style="x"></a><b onclick="y"></b><script>z</script><style>a{}</style>'
        '<script src="https://evil.example/x.js"></script><script src="//evil.example"></script>'
    )
    assert sample.refused == ["a style", "b onclick", "script", "style", *["script src"] * 2]
