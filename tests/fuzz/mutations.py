"""Valid inputs, spoilt: hypothesis chooses a seed and how it is changed. Knows the structure of
what it spoils as far as JSON, TOML and signed texts have one: tokens are exchanged for others that
decoders are known to stumble over.
"""

import re
from collections.abc import Sequence

from hypothesis import strategies as st

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d_.eE+-]*|true|false|null|[\w%]+', re.ASCII)
DEEP = 5_000
NASTY: tuple[bytes, ...] = (
    *(b"0", b"-1", b"1.5", b"1e400", b"-0", b"00", b"+7", b"1_0", b"NaN", b"Infinity"),
    *(str(n).encode() for n in (2**53 + 1, 2**63, 2**64, 2**112, 2**256 - 1, 2**256, 10**78)),
    *(b'"%d"' % n for n in (0, 2**64, 2**256 - 1, 2**256)),
    *(b"null", b"true", b'""', b"[]", b"{}", b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"'),
    *(b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00", b"\r\n"),
    *(b"1" * 5_000, b'"' + b"9" * 5_000 + b'"', b"[" * DEEP, b'{"a":' * DEEP),
    *(b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"a=[" + b"[" * DEEP),
    *(b"%", b"%zz", b"&", b"=", b"\xc2\xb2", b"\xe2\x80\xa8", b"1979-05-27"),
    *(b"0x", b'"0x' + b"f" * 40 + b'"', b'"0X' + b"0" * 40 + b'"', "\u0663".encode()),
)


@st.composite
def spoilt(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        what = draw(st.integers(0, 6))
        other = draw(st.sampled_from(seeds)) if what == 5 else b""
        data = _edited(data, what, draw(st.integers(0, 999)), draw(st.sampled_from(NASTY)), other)
        if what == 6:
            data = draw(st.binary(max_size=4)) + data[4:]
    return data


def _edited(data: bytes, what: int, permille: int, nasty: bytes, other: bytes) -> bytes:
    at = len(data) * permille // 1000
    if what == 0:  # a token for another
        tokens = list(TOKEN.finditer(data))
        if tokens:
            token = tokens[len(tokens) * permille // 1000]
            return data[: token.start()] + nasty + data[token.end() :]
    elif what == 1:
        return data[:at] + nasty + data[at:]
    elif what == 2:
        return data[:at]
    elif what == 3 and data:  # one bit
        return data[:at] + bytes([data[at] ^ 1 << permille % 8]) + data[at + 1 :]
    elif what == 4:  # a part twice
        end = min(len(data), at + 1 + permille % 60)
        return data[:end] + data[at:end] + data[end:]
    elif what == 5:
        return data[:at] + other[len(other) * permille // 1000 :]
    return data
