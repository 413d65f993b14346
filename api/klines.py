"""`GET /api/v1/klines`: candles in the shape that the field's clients read (Backpack)."""

from collections.abc import Iterable
from typing import Annotated

from litestar import get
from litestar.params import FromQuery, QueryParameter

from api.candle_log import with_newest
from api.depth import GivenFeed
from api.feed import Feed
from api.markets import View, market_named
from api.problems import Refused, malformed
from api.services import GivenReads, Reads
from api.views import naive_second
from xyk.domain.decimals import whole_tokens
from xyk.domain.market import Market
from xyk.engine.candles import Candle, fill_gaps
from xyk.engine.intervals import BY_NAME, SECOND_MS, Interval

CANDLES_MAX = 1_000
SECONDS_DIGITS_MAX = 11  # the year 5138; a time in ms has 13
LAST = "Last"  # the only kind of price that a spot market has


class KlineView(View, frozen=True, kw_only=True):
    """From `start` to before `end`, UTC. Prices are quote per base; `volume` is base, `quoteVolume`
    quote, in whole tokens; `trades` counts fills. An interval without a fill that forms a price is
    flat at the close before it.
    """

    start: str
    end: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    quote_volume: str
    trades: str


@get("/api/v1/klines", summary="Candles", tags=["markets"])
async def get_klines(
    services: GivenReads,
    feed: GivenFeed,
    symbol: FromQuery[str],
    interval: FromQuery[str],
    start_time: Annotated[str, QueryParameter(name="startTime")],
    end_time: Annotated[str, QueryParameter(name="endTime")] = "",
    price_type: Annotated[str, QueryParameter(name="priceType")] = LAST,
) -> list[KlineView]:
    """Ascending, from the candle that `startTime` falls into to the one that `endTime` falls into,
    both in Unix seconds; without `endTime` up to the present one. None before the market's first
    price. The answer ends after 1,000 candles: go on from the last one's `end`. `interval`: 1s 1m
    3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w (from Monday) 1month, in UTC. `priceType`: Last."""
    wanted = BY_NAME.get(interval)
    if wanted is None:
        known = " ".join(BY_NAME)
        raise Refused(malformed(f"Expected interval to be one of {known} - at `interval`"))
    start_ms = _time_ms(start_time, "startTime")
    end_ms = _time_ms(end_time, "endTime") if end_time else None
    if end_ms is not None and start_ms > end_ms:
        raise Refused(malformed("Expected startTime to be no later than endTime - at `startTime`"))
    if price_type not in ("", LAST):
        raise Refused(malformed(f"Expected priceType {LAST}, or none - at `priceType`"))
    market = await market_named(services, symbol)
    now_ms = services.now_ms()
    candles = await candles_between(
        services,
        feed,
        market,
        wanted,
        start_ms=wanted.start_of(start_ms),
        end_ms=(now_ms if end_ms is None else min(end_ms, now_ms)) + 1,
    )
    return _views(services, market, wanted, candles)


async def candles_between(
    services: Reads,
    feed: Feed,
    market: Market,
    interval: Interval,
    *,
    start_ms: int,
    end_ms: int,
) -> list[Candle]:
    """With a price and start_ms <= start < end_ms, without gaps, the first 1,000; `start_ms` is the
    start of an interval."""
    await services.committed(None)  # the feed knows of what is committed
    # Before the query: what the read tables get in the meantime is in both.
    newest = feed.candles.newest(market.symbol, interval)
    stored = await services.history.candles(
        market.symbol, interval.name, start_ms=start_ms, end_ms=end_ms, limit=CANDLES_MAX
    )
    return fill_gaps(
        with_newest(stored, newest),
        interval,
        start_ms=start_ms,
        end_ms=end_ms,
        limit=CANDLES_MAX,
    )


def _views(
    services: Reads, market: Market, interval: Interval, candles: Iterable[Candle]
) -> list[KlineView]:
    assets = services.state.assets
    base, quote = assets[market.base].decimals, assets[market.quote].decimals
    return [
        KlineView(
            start=naive_second(candle.start_ms, " "),
            end=naive_second(interval.end_of(candle.start_ms), " "),
            open=candle.open or "",
            high=candle.high or "",
            low=candle.low or "",
            close=candle.close or "",
            volume=whole_tokens(candle.base_volume, base),
            quote_volume=whole_tokens(candle.quote_volume, quote),
            trades=str(candle.trades),
        )
        for candle in candles
    ]


def _time_ms(text: str, name: str) -> int:
    """From Unix seconds. Raises Refused."""
    if not (text.isascii() and text.isdigit() and len(text) <= SECONDS_DIGITS_MAX):
        raise Refused(
            malformed(f"Expected {name} in whole Unix seconds, such as 1763640000 - at `{name}`")
        )
    return int(text) * SECOND_MS
