"""Bodies that are more than they seem: compressed, full of digits, or two at once."""

import gzip
import zlib
from collections.abc import Callable
from functools import partial

import httpx
import pytest

from tests.api.desk import Desk, refusal

MALFORMED, INVALID_SIGNATURE = (400, "INVALID_CLIENT_REQUEST"), (401, "INVALID_SIGNATURE")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_a_compressed_body_is_not_unpacked(http: httpx.AsyncClient, coding: str) -> None:
    """64 MiB of blanks in 64 KiB: read as what it is, which is no JSON."""
    bomb = gzip.compress(b" " * (64 << 20))
    for path in ("/api/v1/sell", "/api/v1/quote", "/api/v1/auth/challenge", "/api/v1/actions"):
        answer = await http.post(path, content=bomb, headers={"content-encoding": coding})
        assert refusal(answer) == MALFORMED


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_nor_is_a_good_one(desk: Desk, coding: str, pack: Callable[[bytes], bytes]) -> None:
    """Which would pass if it were unpacked, and does as it is, whatever coding is named."""
    text = httpx.Request("POST", "http://x", json=desk.body(desk.swap())).read()
    sent = partial(desk.http.post, "/api/v1/sell", headers={"content-encoding": coding})
    assert refusal(await sent(content=pack(text))) == MALFORMED
    assert (await sent(content=text)).status_code == 201


HUGE = ("1" * 5_000, "1" * 200_000, "1e999999999", "-1", "1.0", "1e2", "00", "Infinity")
BEYOND = ("1" * 4_000, "1" * 200_000, str(2**256), "-1", "1.0", "1e2", "00", "+1", " 1", "١", "")


@pytest.mark.parametrize("field", ["nonce", "amountIn"])
@pytest.mark.parametrize("number", [*HUGE, *(f'"{text}"' for text in BEYOND)])
async def test_a_huge_number_is_a_refusal(desk: Desk, field: str, number: str) -> None:
    """Also where it would take long to convert."""
    body = desk.body(desk.swap())
    value = body["action"][field]
    text = httpx.Request("POST", "http://x", json=body).read()
    plain = f'"{field}":"{value}"' if isinstance(value, str) else f'"{field}":{value}'
    assert text.count(plain.encode()) == 1
    changed = text.replace(plain.encode(), f'"{field}":{number}'.encode())
    assert refusal(await desk.sell(changed)) == MALFORMED
    assert (await desk.sell(text)).status_code == 201, "but for that it is good"


async def test_a_name_given_twice_is_read_once_and_signed_so(desk: Desk) -> None:
    """What counts is what was decoded: the signature is over that, never over the text. Another
    reader that takes the first of the two would see an action that nobody signed."""
    body = desk.body(desk.swap())
    amount = f'"amountIn":"{body["action"]["amountIn"]}"'.encode()
    text = httpx.Request("POST", "http://x", json=body).read()
    assert amount in text
    other_last = text.replace(amount, amount + b',"amountIn":"9"')
    assert refusal(await desk.sell(other_last)) == INVALID_SIGNATURE
    other_first = text.replace(amount, b'"amountIn":"9",' + amount)
    assert (await desk.sell(other_first)).status_code == 201
    assert (await desk.sell(body)).status_code == 200, "the same action"
