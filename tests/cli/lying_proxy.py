"""A server between an auditor and an exchange: it passes requests on, and may alter what comes
back, refuse, or leave in the middle of an answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import msgspec

Json = Any
Lie = Callable[[str, Json], Json]  # (path, what was answered) -> what is told


class LyingProxy:
    """`refusals`: how many requests are answered 429 from now on; `cuts`: how many answers end in
    the middle. Both are counted down."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.lie: Lie = lambda path, told: told
        self.refusals = self.cuts = self.asked = 0
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        if self.refusals:
            self.refusals -= 1
            request.send_response(429)
            request.send_header("retry-after", "1")
            request.send_header("content-length", "0")
            request.end_headers()
            return
        given = httpx.get(self.upstream + request.path, trust_env=False, timeout=30)
        told = msgspec.json.encode(self.lie(request.path, msgspec.json.decode(given.content)))
        request.send_response(given.status_code)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(told)))
        request.end_headers()
        if self.cuts:
            self.cuts -= 1
            told = told[: len(told) // 2]
            request.close_connection = True
        request.wfile.write(told)


@contextmanager
def lying_proxy(upstream: str) -> Iterator[LyingProxy]:
    proxy = LyingProxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
