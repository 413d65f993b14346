"""TradingView's UDF under `/udf`: what its charting library asks of a server, for any market.

Prices and volumes are JSON numbers, written digit by digit from the decimal text, never by way of a
float. What goes wrong is said as `{"s": "error", "errmsg"}` with status 200, as the convention has
it.
"""

from typing import Annotated, Final

import msgspec
from litestar import MediaType, Response, get
from litestar.params import FromQuery, QueryParameter

from api.depth import GivenFeed
from api.feed import Feed
from api.klines import CANDLES_MAX, candles_between
from api.problems import JSON
from api.services import GivenReads, Reads
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import Market
from xyk.engine.candles import Candle
from xyk.engine.intervals import BY_NAME, SECOND_MS, Interval

EXCHANGE = "xyk"
KIND = "crypto"
FOUND_MAX = 30  # of a search, unless it says otherwise
DIGITS_MAX = 11  # of Unix seconds

RESOLUTIONS: Final = {
    "1S": "1s",
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "480": "8h",
    "720": "12h",
    "1D": "1d",
    "3D": "3d",
    "1W": "1w",
    "1M": "1month",
}
_SHORT = {"S": "1S", "D": "1D", "W": "1W", "M": "1M"}

# A number whose digits are ours.
Number = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number"})]

_encode = msgspec.json.Encoder().encode


class UdfConfig(msgspec.Struct, frozen=True, kw_only=True):
    supported_resolutions: list[str]
    supports_search: bool = True
    supports_group_request: bool = False
    supports_marks: bool = False
    supports_timescale_marks: bool = False
    supports_time: bool = True
    exchanges: list[dict[str, str]]
    symbols_types: list[dict[str, str]]


class UdfSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """`minmov` / `pricescale` is the tick."""

    name: str
    ticker: str
    description: str
    type: str = KIND
    session: str = "24x7"
    timezone: str = "Etc/UTC"
    exchange: str = EXCHANGE
    listed_exchange: str = EXCHANGE
    minmov: int
    pricescale: int
    has_intraday: bool = True
    has_seconds: bool = True
    has_daily: bool = True
    has_weekly_and_monthly: bool = True
    seconds_multipliers: list[str]
    intraday_multipliers: list[str]
    daily_multipliers: list[str]
    supported_resolutions: list[str]
    volume_precision: int
    currency_code: str
    data_status: str = "streaming"


class UdfFault(msgspec.Struct, frozen=True):
    errmsg: str
    s: str = "error"


class UdfFound(msgspec.Struct, frozen=True, kw_only=True):
    symbol: str
    full_name: str
    description: str
    exchange: str = EXCHANGE
    ticker: str
    type: str = KIND


class UdfHistory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`s` is `ok` with the columns of the bars, `no_data`, or `error` with `errmsg`. `t`: Unix
    seconds where a bar begins; `v` in whole base tokens. `nextTime`: where no bar is as late as was
    asked, the last one."""

    s: str
    errmsg: str = ""
    next_time: int | None = None
    t: list[int] | None = None
    o: list[Number] | None = None
    h: list[Number] | None = None
    l: list[Number] | None = None  # noqa: E741 - the convention's letter
    c: list[Number] | None = None
    v: list[Number] | None = None


@get("/udf/config", summary="What the charting library may ask", tags=["udf"])
async def get_udf_config() -> UdfConfig:
    return UdfConfig(
        supported_resolutions=list(RESOLUTIONS),
        exchanges=[{"value": EXCHANGE, "name": EXCHANGE, "desc": EXCHANGE}],
        symbols_types=[{"name": KIND, "value": KIND}],
    )


@get("/udf/symbols", summary="One market for the charting library", tags=["udf"])
async def get_udf_symbol(services: GivenReads, symbol: FromQuery[str] = "") -> UdfSymbol | UdfFault:
    """`symbol` with or without the exchange in front: `xyk:ETH_USDC`."""
    market = _market(services, symbol)
    if market is None:
        return await services.committed(_no_such_market(symbol))
    assets = services.state.assets
    minmov, pricescale = _fraction(market.tick_size, assets[market.quote].decimals)
    _, lots = _fraction(market.lot_size, assets[market.base].decimals)
    view = UdfSymbol(
        name=market.symbol,
        ticker=market.symbol,
        description=f"{market.base} / {market.quote}",
        minmov=minmov,
        pricescale=pricescale,
        seconds_multipliers=["1"],
        intraday_multipliers=[name for name in RESOLUTIONS if name.isdigit()],
        daily_multipliers=["1", "3"],
        supported_resolutions=list(RESOLUTIONS),
        volume_precision=len(str(lots)) - 1,
        currency_code=market.quote,
    )
    return await services.committed(view)


@get("/udf/search", summary="Markets whose name has a text in it", tags=["udf"])
async def get_udf_search(
    services: GivenReads,
    text: Annotated[str, QueryParameter(name="query")] = "",
    kind: Annotated[str, QueryParameter(name="type")] = "",
    exchange: FromQuery[str] = "",
    limit: FromQuery[str] = str(FOUND_MAX),
) -> list[UdfFound]:
    """In order of listing."""
    known = kind in ("", KIND) and exchange in ("", EXCHANGE)
    count = int(limit) if limit.isascii() and limit.isdigit() and len(limit) <= 6 else FOUND_MAX
    wanted = text.upper().replace("/", "_")
    found = [market for market in services.state.markets.values() if wanted in market.symbol]
    views = [
        UdfFound(
            symbol=market.symbol,
            full_name=f"{EXCHANGE}:{market.symbol}",
            description=f"{market.base} / {market.quote}",
            ticker=market.symbol,
        )
        for market in (found[:count] if known else ())
    ]
    return await services.committed(views)


@get("/udf/time", media_type=MediaType.TEXT, summary="Unix seconds, as digits", tags=["udf"])
async def get_udf_time(services: GivenReads) -> str:
    return str(services.now_ms() // SECOND_MS)


@get("/udf/history", summary="Bars", tags=["udf"])
async def get_udf_history(
    services: GivenReads,
    feed: GivenFeed,
    symbol: FromQuery[str] = "",
    resolution: FromQuery[str] = "",
    first: Annotated[str, QueryParameter(name="from")] = "",
    end: Annotated[str, QueryParameter(name="to")] = "",
    countback: FromQuery[str] = "",
) -> Response[bytes]:
    """Those that begin at `from` or later and before `to` (Unix seconds), or the `countback` last
    ones before `to`, ascending; of more than 1,000 the last ones."""
    market = _market(services, symbol)
    if market is None:
        fault = await services.committed(_no_such_market(symbol))
        return _json(_fault(fault.errmsg))
    interval = BY_NAME.get(RESOLUTIONS.get(_SHORT.get(resolution, resolution), ""))
    if interval is None:
        return _json(_fault(f"Expected resolution to be one of {' '.join(RESOLUTIONS)}"))
    end_s, count = _whole(end), _whole(countback or "0")
    first_s = _whole(first) if first or not count else 0  # countback goes before `from`
    if first_s is None or end_s is None or count is None:
        return _json(_fault("Expected from, to and countback as whole numbers, in Unix seconds"))
    if first_s > end_s and not count:
        return _json(_fault("Expected from to be no later than to"))
    end_ms = min(end_s * SECOND_MS, services.now_ms() + 1)
    start_ms = _first_bar(interval, first_s * SECOND_MS, end_ms, count)
    return _json(await _history(services, feed, market, interval, start_ms, end_ms))


UDF = (get_udf_config, get_udf_symbol, get_udf_search, get_udf_time, get_udf_history)


async def _history(
    services: Reads, feed: Feed, market: Market, interval: Interval, start_ms: int, end_ms: int
) -> UdfHistory:
    candles = await candles_between(
        services, feed, market, interval, start_ms=start_ms, end_ms=end_ms
    )
    if candles:
        return _bars(services, market, candles)
    last = interval.start_of(max(0, end_ms - 1))
    if await candles_between(services, feed, market, interval, start_ms=last, end_ms=end_ms):
        return UdfHistory(s="no_data", next_time=last // SECOND_MS)
    return UdfHistory(s="no_data")


def _first_bar(interval: Interval, first_ms: int, end_ms: int, countback: int) -> int:
    """Where the first bar begins, so that there are at most 1,000 before `end_ms`."""
    last = interval.start_of(max(0, end_ms - 1))
    earliest = interval.earlier(last, (min(countback, CANDLES_MAX) or CANDLES_MAX) - 1)
    if countback:
        return earliest
    start = interval.start_of(first_ms)
    return max(earliest, start if start == first_ms else interval.end_of(start))


def _bars(services: Reads, market: Market, candles: list[Candle]) -> UdfHistory:
    decimals = services.state.assets[market.base].decimals
    return UdfHistory(
        s="ok",
        t=[candle.start_ms // SECOND_MS for candle in candles],
        o=[_number(candle.open) for candle in candles],
        h=[_number(candle.high) for candle in candles],
        l=[_number(candle.low) for candle in candles],
        c=[_number(candle.close) for candle in candles],
        v=[_number(whole_tokens(candle.base_volume, decimals)) for candle in candles],
    )


def _number(text: str | None) -> msgspec.Raw:
    """The decimal text of ours is a number of JSON as it stands."""
    assert text
    return msgspec.Raw(text.encode())


def _market(services: Reads, name: str) -> Market | None:
    return services.state.markets.get(name.rpartition(":")[2])


def _no_such_market(name: str) -> UdfFault:
    return UdfFault(f"unknown_symbol: no market {name[:40]!r}; GET /api/v1/markets lists them")


def _json(history: UdfHistory) -> Response[bytes]:
    return Response(_encode(history), media_type=JSON)


def _fault(message: str) -> UdfHistory:
    return UdfHistory(s="error", errmsg=message)


def _whole(text: str) -> int | None:
    """The library asks for times before the epoch too; there is nothing."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
        return None
    return 0 if text.startswith("-") else int(text)


def _fraction(size: int, decimals: int) -> tuple[int, int]:
    """`size` * 10^-decimals as a numerator and the smallest power of ten that it needs."""
    scale = 10**decimals
    while scale > 1 and size % 10 == 0:
        size, scale = size // 10, scale // 10
    return size, scale
