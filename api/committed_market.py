"""A market as committed entries have it, for reads that tell of nothing else."""

from api.feed import Feed, MarketFeed
from api.markets import market_named
from api.services import Reads


async def committed_market(services: Reads, feed: Feed, symbol: str) -> MarketFeed:
    """Nothing is awaited where something of it is committed. Raises Refused."""
    known = feed.markets.get(symbol)
    if known is None:
        market = await market_named(services, symbol)
        await services.committed(None)  # the entry that lists it; the feed knows it from then on
        known = feed.markets[market.symbol]
    return known
