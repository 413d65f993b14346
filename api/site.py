"""The page that a person opens at `/`: the files that vite built, read into memory once.

Only what was there at the start is served, each file by its whole path in a dictionary: no path of
a request ever touches the disk. What has a digest in its name never changes and is kept by browsers
for a year; everything else is asked for again each time, and is 304 where it is still the same.
Where nothing was built, `/` says so and how to get it; the API works without.
"""

import gzip
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from api import page

INDEX = "index.html"
SIZE_MAX = 2 * 1024 * 1024  # bytes of all files together: they stay in memory
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
OTHER_TYPE = "application/octet-stream"
# Everything comes from here: scripts, styles and pictures as files, requests and the websocket of
# this very origin ('self' covers its ws:). What a script sets of an element's style is no inline
# style; an attribute or an element of that name in the text of a page is, and is refused.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
KEPT = "public, max-age=31536000, immutable"
ASKED = "no-cache"

_DIGEST = re.compile(r"assets/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+")
_MISSING = """<h1>xyk</h1>
<p>The exchange runs. Its page for people was not built yet: in the folder of the checkout type
<code>make page</code>, which needs node 20.19 or newer with npm, and start the exchange again.</p>
<p>Everything works without it: <a href="/docs">/docs</a> has all routes and guides, <a
href="/api/v1/status">/api/v1/status</a> says how the exchange is.</p>
"""

Headers = list[tuple[bytes, bytes]]


class File(msgspec.Struct, frozen=True):
    """One file as it goes out, plain and, where that is smaller, as gzip."""

    plain: bytes
    packed: bytes | None
    etag: bytes  # of the plain form, without its quotes
    headers: Headers


class Site:
    """`files` by their path below the folder, with slashes; without `index.html` there is no
    page."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.has_page = INDEX in files
        known = {f"/{name}": _file(name, content) for name, content in files.items()}
        self._files = known if self.has_page else {}
        self._files["/"] = known[f"/{INDEX}"] if self.has_page else _missing()
        self.paths = frozenset(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    async def answer(self, scope: Any, send: Any) -> int:
        """The file of the request's path, which is one of `paths`; the status."""
        file = self._files[scope["path"]]
        given = {name: value for name, value in scope["headers"] if name in _ASKED_OF}
        is_packed = file.packed is not None and _takes_gzip(given.get(b"accept-encoding", b""))
        etag = b'"%s%s"' % (file.etag, b"-gzip" if is_packed else b"")
        headers = [*file.headers, (b"etag", etag)]
        body = b""
        if _is_known(given.get(b"if-none-match", b""), etag):
            status = 304
        else:
            status = 200
            body = file.packed if is_packed and file.packed is not None else file.plain
            headers.append((b"content-length", b"%d" % len(body)))
            if is_packed:
                headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return status


def read_site(folder: Path) -> Site:
    """What vite built there. Raises ValueError where that is no page, or too large for one."""
    files, size = dict[str, bytes](), 0
    for path in _files_below(folder):
        size += path.stat().st_size
        if size > SIZE_MAX:
            raise ValueError(f"{folder} has more than {SIZE_MAX} bytes: that is no page of ours")
        files[path.relative_to(folder).as_posix()] = path.read_bytes()
    if INDEX not in files:
        raise ValueError(f"{folder} has no {INDEX}; `make page` builds web/dist")
    return Site(files)


def _files_below(folder: Path) -> Iterator[Path]:
    """Without what links lead to: `rglob` enters no folder by one."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


_ASKED_OF = (b"accept-encoding", b"if-none-match")


def _file(name: str, content: bytes) -> File:
    packed = gzip.compress(content, 9, mtime=0)
    headers = {
        "content-type": TYPES.get(Path(name).suffix, OTHER_TYPE),
        "cache-control": KEPT if _DIGEST.fullmatch(name) else ASKED,
        "vary": "accept-encoding",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": POLICY,
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
    }
    return File(
        plain=content,
        packed=packed if len(packed) < len(content) else None,
        etag=b64encode(sha256(content).digest()[:18]),
        headers=[(one.encode(), value.encode()) for one, value in headers.items()],
    )


def _missing() -> File:
    """What stands at `/` instead; as a plain page of ours."""
    content = page.page("xyk", _MISSING).encode()
    headers = {"content-type": TYPES[".html"], "cache-control": ASKED, **page.HEADERS}
    return File(
        plain=content,
        packed=None,
        etag=b64encode(sha256(content).digest()[:18]),
        headers=[(one.encode(), value.encode()) for one, value in headers.items()],
    )


def _takes_gzip(accepted: bytes) -> bool:
    """By Accept-Encoding: named, or under `*`, and not with a weight of 0."""
    weights = {}
    for part in accepted.lower().split(b","):
        name, _, parameters = part.partition(b";")
        weight = parameters.replace(b" ", b"").removeprefix(b"q=")
        weights[name.strip()] = not (weight and weight.strip(b"0.") == b"")
    return weights.get(b"gzip", weights.get(b"*", False))


def _is_known(asked: bytes, etag: bytes) -> bool:
    """By If-None-Match, which compares without regard to weakness."""
    return any(one.strip().removeprefix(b"W/") in (etag, b"*") for one in asked.split(b","))
