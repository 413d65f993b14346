"""A node in bad weather: a JSON-RPC proxy in front of a real one, on a port of its own, that goes
down, stalls, refuses and lies as a test says.

    with sky(port_of_anvil) as over:
        Node([over.url])
        over.weather = Weather(chain_id=5)  # from the next request on
        over.weather = FINE

Nothing here sleeps: who is slow answers when the weather changes.
"""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TIMEOUT_S = 30
TOO_MANY_RESULTS = {"code": -32005, "message": "query returned more than 10000 results"}
RANGE_TOO_LARGE = {"code": -32602, "message": "block range is too large, at most {} blocks"}
CALLS_BY_BLOCK = {"eth_call": 1, "eth_getCode": 1, "eth_getBalance": 1, "eth_getBlockByNumber": 0}


@dataclass(frozen=True)
class Weather:
    """What differs from the node below; all of it applies at once."""

    is_slow: bool = False  # answers when the weather is another one
    is_dropping: bool = False  # closes the connection instead of answering
    status: int = 0  # of HTTP, with `body`, or no JSON
    headers: Mapping[str, str] = field(default_factory=dict)  # beside `status`: Retry-After
    body: bytes | None = None  # instead of the answer: garbage, nesting, null
    huge: int = 0  # bytes of the answer, all of them valid JSON
    is_truncated: bool = False  # half of the answer, then the connection is closed
    refuses_batches: bool = False
    errors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by method
    null: frozenset[str] = frozenset()  # methods whose result is null
    results: Mapping[str, Any] = field(default_factory=dict)  # by method, whatever was asked
    blocks_max: int = 0  # of an eth_getLogs, ends included; 0 = any
    blocks_error: Mapping[str, Any] = field(default_factory=lambda: TOO_MANY_RESULTS)
    chain_id: int = 0
    head: int | None = None  # blocks above it do not exist yet


FINE = Weather()


class Sky:
    """`asked`: (method, params) of every call since the start, in order of arrival."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.asked: list[tuple[str, Any]] = []
        self._weather = FINE
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._server = self._listening(0)
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    @property
    def weather(self) -> Weather:
        return self._weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        with self._changed:
            self._weather = weather
            self._changed.notify_all()

    def go_down(self) -> None:
        """Refuse connections, and close those that are open."""
        self.weather = Weather(is_dropping=True)
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def come_up(self) -> None:
        """On the same port, in fine weather."""
        self.weather = FINE
        self._server = self._listening(self.port)

    def wait_while_slow(self) -> Weather:
        with self._changed:
            self._changed.wait_for(lambda: not self._weather.is_slow, TIMEOUT_S)
            return self._weather

    def _listening(self, port: int) -> ThreadingHTTPServer:
        over = self

        class Handler(_Handler):
            sky = over

        server = _Server(("127.0.0.1", port), Handler)
        server.sockets = self._sockets
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


@contextmanager
def sky(upstream: int) -> Iterator[Sky]:
    """A proxy before the node on port `upstream`, until the block ends."""
    over = Sky(upstream)
    try:
        yield over
    finally:
        over.go_down()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    sockets: set[socket.socket]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections end in the middle here; that is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    disable_nagle_algorithm = True
    timeout = TIMEOUT_S
    sky: Sky

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        calls = asked if isinstance(asked, list) else [asked]
        self.sky.asked += [(call["method"], call["params"]) for call in calls]
        weather = self.sky.wait_while_slow()
        if weather.is_dropping:
            self.close_connection = True
            return
        if weather.status:
            self._answer(weather.body or b"out of order", weather.status, weather.headers)
            return
        body = _answered(weather, asked, self.sky.upstream)
        if weather.is_truncated:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self._answer(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""

    def _answer(self, body: bytes, status: int = 200, headers: Mapping[str, str] = FINE.headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _answered(weather: Weather, asked: Any, upstream: int) -> bytes:
    if weather.body is not None:
        return weather.body
    if weather.huge:
        return b'{"jsonrpc":"2.0","id":1,"result":"' + b"0" * weather.huge + b'"}'
    if isinstance(asked, list) and weather.refuses_batches:
        return b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches here"}}'
    calls = asked if isinstance(asked, list) else [asked]
    answers = [_lie(weather, call) for call in calls]
    honest = [i for i, answer in enumerate(answers) if answer is None]
    if honest:
        truths = _forward(upstream, [_as_of(weather, calls[i]) for i in honest])
        for i in honest:
            answers[i] = _doctored(weather, calls[i], truths[calls[i]["id"]])
    return json.dumps(answers if isinstance(asked, list) else answers[0]).encode()


def _lie(weather: Weather, call: dict[str, Any]) -> dict[str, Any] | None:
    """An answer that needs no node; None where the node is asked."""
    method, params = call["method"], call["params"]
    answer = {"jsonrpc": "2.0", "id": call["id"]}
    if method in weather.errors:
        return answer | {"error": weather.errors[method]}
    if method in weather.null:
        return answer | {"result": None}
    if method in weather.results:
        return answer | {"result": weather.results[method]}
    if method == "eth_chainId" and weather.chain_id:
        return answer | {"result": hex(weather.chain_id)}
    if method == "eth_blockNumber" and weather.head is not None:
        return answer | {"result": hex(weather.head)}
    if method == "eth_getLogs" and weather.blocks_max and "fromBlock" in params[0]:
        span = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
        if span > weather.blocks_max:
            message = weather.blocks_error["message"].format(weather.blocks_max)
            return answer | {"error": {**weather.blocks_error, "message": message}}
    return None


def _as_of(weather: Weather, call: dict[str, Any]) -> dict[str, Any]:
    """What the node below is asked instead, where this one has a head of its own."""
    method, params = call["method"], list(call["params"])
    if weather.head is None:
        return call
    if method in CALLS_BY_BLOCK and params[CALLS_BY_BLOCK[method]] in ("latest", "pending"):
        params[CALLS_BY_BLOCK[method]] = hex(weather.head)
    if method == "eth_getLogs" and "toBlock" in params[0]:
        last = params[0]["toBlock"]
        if last == "latest" or int(last, 16) > weather.head:
            params[0] = {**params[0], "toBlock": hex(weather.head)}
    return call | {"params": params}


def _doctored(weather: Weather, call: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """The node's answer without what lies above `head`."""
    result = truth.get("result")
    if weather.head is None or not isinstance(result, dict):
        return truth
    number = result.get("number") if "Block" in call["method"] else result.get("blockNumber")
    if isinstance(number, str) and int(number, 16) > weather.head:
        return truth | {"result": None}
    return truth


def _forward(port: int, calls: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Answers of the node below by id."""
    http = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        http.request("POST", "/", json.dumps(calls), {"Content-Type": "application/json"})
        return {answer["id"]: answer for answer in json.loads(http.getresponse().read())}
    finally:
        http.close()
