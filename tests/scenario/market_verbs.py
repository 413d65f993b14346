"""What can be asked of a market before trading: quotes, depth, and why something was refused."""

from collections.abc import Callable

from tests.scenario.language import AMOUNT, Stage, address, verb
from tests.scenario.telling import number
from xyk.domain.market import ASK, BID
from xyk.domain.rejections import Rejected
from xyk.exchange.curve import levels
from xyk.exchange.quote import Quote, quote_exact_in, quote_exact_out

DEPTH_LEVELS = 3


@verb(rf"(?:(\w+) asks what )?({AMOUNT}) (?:gives|give) in (\w+)")
def gives(stage: Stage, who: str | None, sold: str, bought: str) -> str:
    """A quote of an exact input."""
    asset, amount = stage.both(sold)
    two = stage.token(asset), stage.token(bought)
    found = quote_exact_in(stage.minds.state, *two, amount, address(who) if who else "")
    return _quoted(stage, found, lambda quote: stage.show(quote.route.amount_out, bought))


@verb(rf"(?:(\w+) asks what )?({AMOUNT}) (?:costs|cost) in (\w+)")
def costs(stage: Stage, who: str | None, bought: str, paid: str) -> str:
    """A quote of an exact output."""
    asset, amount = stage.both(bought)
    two = stage.token(paid), stage.token(asset)
    found = quote_exact_out(stage.minds.state, *two, amount, address(who) if who else "")
    return _quoted(stage, found, lambda quote: stage.show(quote.route.amount_in, paid))


def _quoted(stage: Stage, found: Quote | Rejected, show: Callable[[Quote], str]) -> str:
    if isinstance(found, Rejected):
        return f"rejected {found.code.name}"
    told = show(found)
    if found.worst_price is not None:
        market = found.route.hops[0].edge.market
        told += f", worst {number(stage, found.worst_price, market.quote)}"
    if found.expires_s:
        told += f", good for {found.expires_s - stage.now_ms // 1000} s"
    return told


@verb(r"curve of (\w+)")
def curve(stage: Stage, market: str) -> str:
    """The first levels of depth that the pool gives, as | bid | price | ask |."""
    state = stage.minds.state
    terms, pool = state.markets[market], state.pools[market]
    places = stage.places(terms.base)
    told = ""
    for side in (ASK, BID):
        found = levels(pool, terms, side, DEPTH_LEVELS, base_decimals=places)
        for price, lots in found if side == BID else found[::-1]:
            at = number(stage, price * terms.tick_size, terms.quote)
            amount = number(stage, lots * terms.lot_size, terms.base)
            told += f"| {amount} | {at} | | " if side == BID else f"| | {at} | {amount} | "
    return told.strip() or "| | | |"


@verb(r"the refusal says (.+)")
def says(stage: Stage, words: str) -> str:
    """Whether the last refusal's message has these words."""
    assert stage.minds.refused is not None
    message = stage.minds.refused.message
    return "yes" if words.replace("_", "") in message else message
