"""What listing sites ask of every market, in the words that their formats share."""

import msgspec

from api.committed_market import committed_market
from api.depth import best_levels, side_of
from api.depth_stream import PriceLevel
from api.feed import Feed, MarketFeed
from api.problems import Refused
from api.services import Services
from api.tickers import TickerView, ticker_view
from api.views import token_of
from xyk.domain.decimals import significant
from xyk.domain.market import Market
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.quote import spot_price
from xyk.exchange.state import State

DOLLARS = ("USDC", "USDT", "DAI", "USD")  # assets that count as one dollar
USD_DIGITS = 8  # significant ones of a value in dollars, which is an estimate
BUY, SELL = "buy", "sell"  # the taker's side


class Summary(msgspec.Struct, frozen=True):
    """`ticker` None before the first price."""

    feed: MarketFeed
    market: Market
    ticker: TickerView | None
    bid: str | None
    ask: str | None


def summaries(services: Services, feed: Feed) -> list[Summary]:
    """Of all markets that are committed, in order of listing."""
    now_ms, found = services.now_ms(), []
    for symbol, known in feed.markets.items():
        bid, ask = best_levels(known.depth)
        found.append(
            Summary(
                known,
                services.state.markets[symbol],
                ticker_view(known, known.day, now_ms),
                bid[0] if bid else None,
                ask[0] if ask else None,
            )
        )
    return found


def pair_of_addresses(state: State, market: Market) -> str:
    """As sites name the pairs of exchanges without symbols of their own."""
    return f"{token_of(state, market.base)}_{token_of(state, market.quote)}"


async def named_market(services: Services, feed: Feed, name: str) -> MarketFeed:
    """By two addresses or two symbols, joined by an underscore or a dash. Raises Refused."""
    base, _, quote = name.replace("-", "_", 1).partition("_")
    tokens, symbols = services.state.tokens, []
    for text in (base, quote):
        symbols.append(tokens.get(text.lower(), text) if text.startswith(("0x", "0X")) else text)
    return await committed_market(services, feed, "_".join(symbols))


def best_first(known: MarketFeed, limit: int) -> tuple[list[PriceLevel], list[PriceLevel]]:
    """Bids and asks, orders and curve together."""
    stream = known.depth
    bids, asks = (
        [stream.level_view(*level) for level in side_of(stream, is_bid, "", limit)]
        for is_bid in (True, False)
    )
    return bids, asks


def pool_value_usd(state: State, market: Market) -> str | None:
    """Both reserves of the pool; None where the quote's price in dollars is not known here: by a
    pool of it with an asset of DOLLARS."""
    pool = state.pools[market.symbol]
    if not pool.reserve_base:
        return "0"
    price = _dollars_per_token(state, market.quote)
    if price is None:
        return None
    unit = 10 ** state.assets[market.quote].decimals
    return significant(2 * pool.reserve_quote * price[0], unit * price[1], USD_DIGITS)


def asset_named(state: State, name: str) -> str:
    """Its symbol; raises Refused."""
    symbol = state.tokens.get(name.lower(), "") if name.startswith(("0x", "0X")) else name
    if symbol in state.assets:
        return symbol
    raise Refused(
        Rejected(
            Code.INVALID_ASSET,
            f"No asset {name[:42]!r}; GET /api/v1/assets lists symbols and addresses",
        )
    )


def _dollars_per_token(state: State, asset: str) -> tuple[int, int] | None:
    if asset in DOLLARS:
        return 1, 1
    for dollar in DOLLARS:
        for base, quote in ((asset, dollar), (dollar, asset)):
            market = state.markets.get(f"{base}_{quote}")
            spot = spot_price(state, market) if market is not None else None
            if spot is not None:
                return spot if base == asset else spot[::-1]
    return None
