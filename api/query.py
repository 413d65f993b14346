"""The query string of a GET request: names and values, decoded into a Struct.

Names that nobody knows are tolerated, as clients of the convention add their own. A name without a
value is as if it were not there; of one that is given twice the last counts.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl

from api.problems import convert_lenient, malformed
from xyk.domain.rejections import Rejected

LIMIT_MAX = 1_000  # levels a side, trades: more than that is cut
PARSED_KEPT = 4_096  # query strings whose meaning is remembered, if they are no longer than
PARSED_MAX = 256  # bytes: what strangers send is not to fill our memory

T = TypeVar("T")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def plain_query(query: bytes) -> bytes:
    """Without names that have no value and values that have no name. Bytes that a URL may not have
    as they are come percent-encoded, for litestar reads a query as UTF-8 and falls over others."""
    if not query.isascii():
        query = _NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], query)
    parts = [part for part in query.split(b"&") if all(part.partition(b"=")[::2])]
    return b"&".join(parts)


def parser(kind: type[T]) -> Callable[[bytes], T | Rejected]:
    """Reads query strings of one route; each is read once as long as it is remembered."""

    def parse(query: bytes) -> T | Rejected:
        values = dict(parse_qsl(query.decode("latin-1"), errors="replace"))
        return convert_lenient(values, kind)

    remembered = lru_cache(maxsize=PARSED_KEPT)(parse)
    return lambda query: (remembered if len(query) <= PARSED_MAX else parse)(query)


def whole_number(text: str, name: str, least: int, most: int | None = None) -> int | Rejected:
    """Decimal digits that name a number not below `least`; one above `most` counts as `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= least):
        bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
        return malformed(f"Expected a whole number {bounds} - at `{name}`")
    return int(text) if most is None else min(int(text), most)
