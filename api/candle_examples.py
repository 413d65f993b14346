"""Examples of candles for the documents."""

from typing import Any

Json = dict[str, Any]

SECOND = 1_763_640_000
_RESOLUTIONS = ["1S", "1", "5", "60", "1D", "1W", "1M"]
UDF_HISTORY: Json = {
    "s": "ok",
    "t": [SECOND],
    "o": [2000.5],
    "h": [2001],
    "l": [1999.9],
    "c": [2000],
    "v": [12.5],
}
# What a read answers, by its path.
READS: dict[str, Any] = {
    "/api/v1/klines": [
        {
            "start": "2025-11-20 12:00:00",
            "end": "2025-11-20 12:01:00",
            "open": "2000.5",
            "high": "2001",
            "low": "1999.9",
            "close": "2000",
            "volume": "12.5",
            "quoteVolume": "25003.1",
            "trades": "7",
        }
    ],
    "/udf/config": {
        "supported_resolutions": _RESOLUTIONS,
        "supports_search": True,
        "supports_group_request": False,
        "supports_marks": False,
        "supports_timescale_marks": False,
        "supports_time": True,
        "exchanges": [{"value": "xyk", "name": "xyk", "desc": "xyk"}],
        "symbols_types": [{"name": "crypto", "value": "crypto"}],
    },
    "/udf/symbols": {
        "name": "ETH_USDC",
        "ticker": "ETH_USDC",
        "description": "ETH / USDC",
        "type": "crypto",
        "session": "24x7",
        "timezone": "Etc/UTC",
        "exchange": "xyk",
        "listed_exchange": "xyk",
        "minmov": 1,
        "pricescale": 100,
        "has_intraday": True,
        "has_seconds": True,
        "has_daily": True,
        "has_weekly_and_monthly": True,
        "seconds_multipliers": ["1"],
        "intraday_multipliers": ["1", "5", "60"],
        "daily_multipliers": ["1", "3"],
        "supported_resolutions": _RESOLUTIONS,
        "volume_precision": 4,
        "currency_code": "USDC",
        "data_status": "streaming",
    },
    "/udf/search": [
        {
            "symbol": "ETH_USDC",
            "full_name": "xyk:ETH_USDC",
            "description": "ETH / USDC",
            "exchange": "xyk",
            "ticker": "ETH_USDC",
            "type": "crypto",
        }
    ],
    "/udf/history": UDF_HISTORY,
    "/udf/time": str(SECOND),
}
