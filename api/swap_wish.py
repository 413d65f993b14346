"""What a quote is asked for, in a query or a body: two tokens and one amount."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from api.problems import convert, decode, malformed
from api.query import PARSED_KEPT
from api.views import token_form_fault
from xyk.domain.rejections import Rejected
from xyk.domain.units import BPS, Uint32, Uint256, decode_wire

SLIPPAGE_BPS = 50


class SwapWish(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Exactly one of the two amounts, in base units. Tokens by address or symbol."""

    token_in: str
    token_out: str
    amount_in: Uint256 | None = None
    amount_out: Uint256 | None = None
    slippage_bps: Uint32 = SLIPPAGE_BPS


W = TypeVar("W", bound=SwapWish)


def query_reader(kind: type[W]) -> Callable[[bytes], W | Rejected]:
    """Reads query strings, each by its text alone and once as long as it is remembered; a name
    without a value is not there, and each comes at most once."""

    def read(query: bytes) -> W | Rejected:
        values: dict[str, str] = {}
        for name, value in parse_qsl(query.decode("latin-1"), errors="replace"):
            if not name:
                continue
            if name in values:
                return malformed(f"{name[:40]} is given twice - at `$.{name[:40]}`")
            values[name] = value
        return _checked(convert(values, kind, decode_wire))

    return lru_cache(maxsize=PARSED_KEPT)(read)


def body_reader(kind: type[W]) -> Callable[[bytes], W | Rejected]:
    decoder = msgspec.json.Decoder(kind, dec_hook=decode_wire, strict=True)

    def read(body: bytes) -> W | Rejected:
        wish: W | Rejected = decode(decoder, body)
        return _checked(wish)

    return read


def _checked(wish: W | Rejected) -> W | Rejected:
    """Also by what its form cannot say."""
    if isinstance(wish, Rejected):
        return wish
    fault = token_form_fault(wish.token_in, "$.tokenIn") or token_form_fault(
        wish.token_out, "$.tokenOut"
    )
    if fault is not None:
        return fault
    if (wish.amount_in is None) == (wish.amount_out is None):
        return malformed("Name exactly one of amountIn and amountOut - at `$.amountIn`")
    if wish.slippage_bps > BPS:
        return malformed(f"Expected slippageBps from 0 to {BPS} - at `$.slippageBps`")
    return wish
