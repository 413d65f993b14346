"""From the inside to the wire: amounts as decimal strings, addresses with their EIP-55 checksum,
events.

Everything here is text for a client; nothing of it is ever hashed, signed or decided on.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, get_args

import msgspec

from xyk.domain.events import AnyEvent, Event, PoolSwapped
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import parse_hex
from xyk.exchange.state import State
from xyk.wallet import typed_data

AMOUNTS = frozenset(
    {
        "amount",
        "amount_base",
        "amount_in",
        "amount_out",
        "amount_quote",
        "base_amount",
        "fee",
        "held",
        "k_last",
        "liquidity",
        "locked",
        "lot_size",
        "maker_fee",
        "maker_order_id",
        "maker_rebate",
        "maker_remaining",
        "order_id",
        "price",
        "protocol_liquidity",
        "quantity",
        "quote_amount",
        "quote_quantity",
        "released",
        "remaining",
        "reserve_base",
        "reserve_quote",
        "taker_fee",
        "tick_size",
        "total_supply",
        "trigger_price",
    }
)
NUMBERS = frozenset(
    {
        "chain_id",
        "client_id",
        "decimals",
        "expires",
        "expires_ms",
        "fires_ms",
        "maker_fee_bps",
        "nonce",
        "pool_fee_bps",
        "taker_fee_bps",
        "trade_id",
        "valid_until",
    }
)
ADDRESSES = frozenset(
    {
        "agent",
        "contract",
        "fee_recipient",
        "maker",
        "operator",
        "owner",
        "protocol_recipient",
        "recipient",
        "signer",
        "taker",
        "token",
    }
)


@lru_cache(maxsize=16_384)
def address(inside: str) -> str:
    """The checksummed form; an empty one (none) stays empty."""
    return typed_data.checksum(inside) if inside else ""


def token_of(state: State, symbol: str) -> str:
    """The checksummed address of an asset."""
    return address(state.assets[symbol].token)


def naive_time(time_ms: int) -> str:
    """UTC without a zone, to the microsecond: 2025-01-21T06:34:54.691000."""
    seconds, millis = divmod(time_ms, 1000)
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{millis:03d}000"


def naive_second(time_ms: int, between: str) -> str:
    """UTC without a zone, in whole seconds, `between` date and time: 2025-01-21T06:34:54."""
    days, second = divmod(time_ms // 1000, 86_400)
    minute, second = divmod(second, 60)
    return f"{_date(days)}{between}{minute // 60:02d}:{minute % 60:02d}:{second:02d}"


@lru_cache(maxsize=4_096)
def _date(days: int) -> str:
    """Since the epoch."""
    return datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y-%m-%d")


def token_form_fault(text: str, path: str) -> Rejected | None:
    """A token is named by its address or its symbol; what begins like an address must be one."""
    if text.startswith("0x"):
        try:
            parse_hex(text, 20)
        except ValueError as fault:
            return Rejected(Code.INVALID_CLIENT_REQUEST, f"{fault} - at `{path}`")
    return None


def resolve_token(state: State, text: str) -> str | Rejected:
    """The address (lower case) that `text` names; whether it is listed is the exchange's to say."""
    if text.startswith("0x"):
        return parse_hex(text, 20)
    asset = state.assets.get(text)
    if asset is None:
        return Rejected(
            Code.INVALID_ASSET,
            f"No asset {text[:40]!r}; GET /api/v1/assets lists symbols and addresses",
        )
    return asset.token


def event_view(event: AnyEvent) -> dict[str, Any]:
    """The event under its name, with every amount as a string."""
    kind = type(event)
    view: dict[str, Any] = {"type": kind.__name__}
    for (name, shown), value in zip(_SHOWN[kind], msgspec.structs.astuple(event), strict=True):
        view[name] = value if shown is None else shown(value)
    if isinstance(event, PoolSwapped) and not event.order_id:
        del view["orderId"]  # a swap's receipt reads as it did before there were orders
    return view


def _texts(numbers: tuple[int, ...]) -> list[str]:
    return [str(number) for number in numbers]


def _shown(kind: type[Event]) -> tuple[tuple[str, Callable[[Any], object] | None], ...]:
    """How each field is shown; None = as it is. A field of unknown form fails at import."""
    fields = []
    for field in msgspec.structs.fields(kind):
        shown: Callable[[Any], object] | None = None
        if field.name in AMOUNTS:
            assert field.type is int
            shown = str
        elif field.name == "orders":
            shown = _texts
        elif field.name in ADDRESSES:
            assert field.type is str
            shown = address
        else:
            assert field.type is not int or field.name in NUMBERS, f"{kind.__name__}.{field.name}"
        fields.append((field.encode_name, shown))
    return tuple(fields)


_SHOWN: Mapping[type, tuple[tuple[str, Callable[[Any], object] | None], ...]] = {
    kind: _shown(kind) for kind in get_args(AnyEvent)
}
