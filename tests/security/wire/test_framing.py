"""Where one request ends and the next begins is never in doubt, and none is larger than its bound.

Two servers that read the same bytes as different requests let one client's request pass as
another's; so whatever leaves room for a second reading is refused, and the connection ends.
"""

import pytest

from tests.security.wire.raw import PING, asked, connected
from tests.server import Server

POST = b"POST /api/v1/auth/challenge HTTP/1.1\r\nhost: x\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
REFUSED = (400, "INVALID_CLIENT_REQUEST")


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"content-length: 4\r\n" + CHUNKED, id="length, then chunked"),
        pytest.param(CHUNKED + b"content-length: 4\r\n", id="chunked, then length"),
        pytest.param(b"content-length: 4\r\ncontent-length: 5\r\n", id="two lengths"),
        pytest.param(b"content-length: 4\r\ncontent-length: 4\r\n", id="the same length twice"),
        pytest.param(b"content-length: 4, 4\r\n", id="lengths in a list"),
        pytest.param(b"content-length: +4\r\n", id="a sign"),
        pytest.param(b"content-length: -1\r\n", id="below zero"),
        pytest.param(b"content-length: 0x4\r\n", id="hexadecimal"),
        pytest.param(b"content-length: 4 4\r\n", id="a space within"),
        pytest.param(b"content-length: 99999999999999999999\r\n", id="beyond 64 bits"),
        pytest.param(b"content-length: " + b"9" * 5_000 + b"\r\n", id="beyond what int() reads"),
        pytest.param(b"content-length : 4\r\n", id="a space before the colon"),
        pytest.param(b"transfer-encoding : chunked\r\n", id="the same, chunked"),
        pytest.param(b"transfer-encoding: chunked, identity\r\n", id="chunked is not last"),
        pytest.param(b"transfer-encoding: xchunked\r\n", id="an unknown encoding"),
        pytest.param(b"transfer-encoding: gzip\r\n", id="an encoding without chunks"),
        pytest.param(b"transfer-encoding:\x0bchunked\r\n", id="a vertical tab"),
        pytest.param(b"x: y\r\n content-length: 4\r\n", id="a folded line"),
        pytest.param(b"x: y\ncontent-length: 4\r\n", id="a bare newline"),
        pytest.param(b"x: y\rcontent-length: 4\r\n", id="a bare return"),
        pytest.param(b"x: a\x00b\r\n", id="a zero byte"),
        pytest.param(b"x\x01y: z\r\n", id="a control character in a name"),
        pytest.param(b": z\r\n", id="no name"),
    ],
)
async def test_two_readings_are_none(server: Server, head: bytes) -> None:
    """What follows is never taken for a request of its own."""
    async with connected(server.port) as raw:
        await raw.send(POST + head + b"\r\n0\r\n\r\n" + PING)
        answer = await raw.answer()
        assert answer.refusal == REFUSED
        assert b"connection: close" in answer.head
        assert await raw.ended() == b""


@pytest.mark.parametrize(
    "body",
    [
        b"g\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2 \n{}\r\n0\r\n\r\n",
        b"2\r\n{}0\r\n\r\n",
        b"2\r\n{}\n0\r\n\r\n",
        b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    ],
)
async def test_chunks_are_read_strictly(server: Server, body: bytes) -> None:
    async with connected(server.port) as raw:
        await raw.send(POST + CHUNKED + b"\r\n" + body + PING)
        said = await raw.ended()
        assert said.count(b"HTTP/1.1 4") == 1 and b"pong" not in said
        assert b" 400 " in said


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/v1/ping HTTP/9.9",
        b"GET /api/v1/ping",
        b"get /api/v1/ping HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET /api\x00 HTTP/1.1",
        b"GET /api v1 HTTP/1.1",
        b"CONNECT other:443 HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_request_is_told_so_and_ended(server: Server, line: bytes) -> None:
    async with connected(server.port) as raw:
        await raw.send(line + b"\r\nhost: x\r\n\r\n")
        answer = await raw.answer()
        assert answer.refusal == REFUSED
        assert await raw.ended() == b""


@pytest.mark.parametrize("before", [1, 3])
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"what is this\r\n\r\n", id="no request"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="another HTTP"),
        pytest.param(POST + CHUNKED + b"\r\ng\r\n", id="a body that cannot be read"),
    ],
)
async def test_requests_that_came_whole_before_a_bad_one_get_their_own_answers(
    server: Server, before: int, bad: bytes
) -> None:
    """In one packet: the refusal must not be taken for the answer to the first of them."""
    async with connected(server.port) as raw:
        await raw.send(PING * before + bad + PING)
        for _ in range(before):
            answer = await raw.answer()
            assert (answer.status, answer.body) == (200, b"pong")
        answer = await raw.answer()
        assert answer.refusal == REFUSED and b"connection: close" in answer.head
        assert await raw.ended() == b"", "and nothing after it is a request"


@pytest.mark.parametrize("length", [b"content-length: 39\r\n", CHUNKED])
async def test_an_upgrade_hides_no_request(server: Server, length: bytes) -> None:
    """A proxy would forward as a body what a server that upgrades reads as the next request."""
    upgrade = b"connection: upgrade\r\nupgrade: h2c\r\n"
    async with connected(server.port) as raw:
        await raw.send(POST + upgrade + length + b"\r\n")
        answer = await raw.answer()
        assert answer.refusal == REFUSED and b"Upgrade" in answer.body
        await raw.send(PING)
        assert await raw.ended() == b""
    async with connected(server.port) as raw:
        await raw.send(PING[:-2] + upgrade + b"\r\n")
        assert (await raw.answer()).status == 200, "without a body it is a request as any other"
        await raw.send(PING)
        assert await raw.ended() == b""


async def test_a_head_that_never_ends_is_bounded(server: Server) -> None:
    """Many headers, one long header, a long path: all are kept until the head is whole."""
    for part in (b"x-a: b\r\n", b"b" * 16, b""):
        begin = b"GET /api/v1/ping HTTP/1.1\r\nx-a: b" if part else b"GET /"
        async with connected(server.port) as raw:
            await raw.send(begin + (b"\r\n" if b"\r\n" in part else b""))
            while await raw.send((part or b"p") * 4_096):
                pass
    async with connected(server.port) as raw:
        await raw.send(b"GET /api/v1/ping HTTP/1.1\r\n" + b"x-a: b\r\n" * 10_000)
        await raw.send(b"x-a: b\r\n" * 50_000)
        said = await raw.ended()
        assert not said or b" 431 " in said


async def test_what_trails_a_body_is_no_header_and_is_bounded(server: Server) -> None:
    """Trailers are not believed: not as a session's token, not as a proxy's word."""
    trailer = b"0\r\nauthorization: Bearer x\r\n\r\n"
    refused = await asked(
        server.port, b"DELETE /api/v1/orders HTTP/1.1\r\n" + CHUNKED + b"\r\n2\r\n{}\r\n" + trailer
    )
    assert refused.refusal == REFUSED, "it is taken as unsigned, not as a session's"
    async with connected(server.port) as raw:
        await raw.send(POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nx: ")
        while await raw.send(b"y" * 65_536):
            pass


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_beyond_its_bound_is_refused(server: Server, chunked: bool) -> None:
    size = 256 * 1024 + 1
    if chunked:
        part = b"400\r\n" + b" " * 1_024 + b"\r\n"
        body = POST + CHUNKED + b"\r\n" + part * 257 + b"0\r\n\r\n"
    else:
        body = POST + b"content-length: %d\r\n\r\n" % size + b" " * size
    assert (await asked(server.port, body)).refusal == (413, "TOO_LARGE")


async def test_chunks_of_a_byte_pass(server: Server) -> None:
    """The bound of the framing leaves room for the worst that an honest client does."""
    text = b'{"address": "0x' + b"11" * 20 + b'"}' + b" " * 200_000
    body = b"".join(b"1\r\n%c\r\n" % letter for letter in text) + b"0\r\n\r\n"
    assert (await asked(server.port, POST + CHUNKED + b"\r\n" + body)).status == 200


async def test_one_request_after_another_on_one_connection(server: Server) -> None:
    async with connected(server.port) as raw:
        await raw.send(PING * 50)
        assert [(await raw.answer()).status for _ in range(50)] == [200] * 50
