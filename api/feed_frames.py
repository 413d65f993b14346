"""The frames of a market's streams `trade.S`, `pool.S` and `ticker.S`, in the convention's letters.

E and T in microseconds, decimals as strings, `seq` the entry that a frame comes from.
"""

from typing import Any

import msgspec

from api.day import Day
from xyk.domain.decimals import significant, whole_tokens

_encode = msgspec.json.Encoder().encode


class Named(msgspec.Struct, frozen=True):
    """A market's symbol and the decimals of its base and quote."""

    symbol: str
    base_decimals: int
    quote_decimals: int


class Orders(msgspec.Struct, frozen=True):
    """The order ids of both sides of a fill."""

    taker: str
    maker: str


def trade_frame(
    market: Named,
    *,
    seq: int,
    time_ms: int,
    price: str,
    base: int,
    trade_id: int,
    taker_buys: bool,
    orders: Orders,
) -> str:
    taker, maker = orders.taker, orders.maker
    return _text(
        {
            "e": "trade",
            "E": time_ms * 1000,
            "T": time_ms * 1000,
            "s": market.symbol,
            "p": price,
            "q": whole_tokens(base, market.base_decimals),
            "b": taker if taker_buys else maker,
            "a": maker if taker_buys else taker,
            "t": trade_id,
            "m": not taker_buys,
            "seq": seq,
        }
    )


def pool_frame(
    market: Named, *, seq: int, time_ms: int, reserves: tuple[int, int], total_supply: int
) -> str:
    """`spotPrice` is null where there are no reserves, `totalSupply` where it is not known."""
    base, quote = reserves
    spot = None
    if base and quote:
        spot = significant(quote * 10**market.base_decimals, base * 10**market.quote_decimals)
    return _text(
        {
            "e": "pool",
            "E": time_ms * 1000,
            "T": time_ms * 1000,
            "s": market.symbol,
            "reserves": [str(base), str(quote)],
            "k": str(base * quote),
            "spotPrice": spot,
            "totalSupply": str(total_supply) if total_supply or not base else None,
            "seq": seq,
        }
    )


def ticker_frame(market: Named, *, seq: int, now_ms: int, day: Day) -> str | None:
    """None before the first price."""
    day.expire(now_ms)
    ticker = day.ticker()
    if ticker is None:
        return None
    return _text(
        {
            "e": "ticker",
            "E": now_ms * 1000,
            "s": market.symbol,
            "o": ticker.first,
            "c": ticker.last,
            "h": ticker.high,
            "l": ticker.low,
            "v": whole_tokens(day.base_volume, market.base_decimals),
            "V": whole_tokens(day.quote_volume, market.quote_decimals),
            "n": day.trades,
            "seq": seq,
        }
    )


def _text(frame: dict[str, Any]) -> str:
    return _encode(frame).decode()
