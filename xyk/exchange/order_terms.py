"""What an order asks for, read from two tokens and two amounts, and everything about it that can be
wrong before it meets the market: pair, price, quantity, form. In the order of the refusals'
precedence; each message names what would be right.
"""

from xyk.domain.commands import PlaceOrder
from xyk.domain.events import OrderPlaced
from xyk.domain.market import Market
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import (
    AGENT_BAND_BPS,
    BPS,
    CLIENT_ID_MAX,
    MINIMUM_ORDER_QUOTE,
    RESERVE_MAX,
)
from xyk.exchange.listings import asset_of
from xyk.exchange.route import is_paused_around
from xyk.exchange.spot import Price, rests_beyond_band, spot_of
from xyk.exchange.state import State

GTC, IOC, FOK, GTD = "GTC", "IOC", "FOK", "GTD"
TIMES_IN_FORCE = (GTC, IOC, FOK, GTD)
REJECT_TAKER, REJECT_MAKER, REJECT_BOTH = "RejectTaker", "RejectMaker", "RejectBoth"
SELF_TRADE_PREVENTIONS = (REJECT_TAKER, REJECT_MAKER, REJECT_BOTH)


def pair_fault(state: State, sell_token: str, buy_token: str) -> Rejected:
    """Why two tokens have no market. Pool shares have none."""
    names: list[str] = []
    for token in (sell_token, buy_token):
        asset = asset_of(state, token)
        if isinstance(asset, Rejected):
            return asset
        if state.assets[asset].is_shares:
            return Rejected(
                Code.INVALID_ASSET, f"{asset} are pool shares; orders trade listed assets only"
            )
        names.append(asset)
    sold, bought = names
    if sold == bought:
        if is_paused_around(state, sold):
            return Rejected(
                Code.TRADING_PAUSED, f"Every market of {sold} is paused; wait until one opens"
            )
        return Rejected(Code.SAME_TOKEN, f"Both tokens are {sold}; name two different ones")
    return Rejected(
        Code.INVALID_MARKET,
        f"{sold} and {bought} have no market; GET /api/v1/markets lists them, a swap finds a way "
        "over several",
    )


def status_fault(market: Market) -> Rejected:
    return Rejected(
        Code.TRADING_PAUSED,
        f"{market.symbol} is {market.status}; cancels work, orders have to wait until it opens",
    )


def zero_fault() -> Rejected:
    return Rejected(
        Code.INVALID_QUANTITY,
        "sellAmount and buyAmount must both be at least 1 base unit; their ratio is the price",
    )


def tick_fault(market: Market, whole_base: int, base: int, quote: int) -> Rejected:
    """The price quote/base is off the tick, or beyond 2^112-1 ticks."""
    tick = market.tick_size
    nearest = (2 * quote * whole_base + base * tick) // (2 * base * tick)
    nearest = min(max(1, nearest), RESERVE_MAX) * tick
    return Rejected(
        Code.INVALID_PRICE,
        f"{quote} base units of {market.quote} for {base} of {market.base} is no price of "
        f"{market.symbol}: it must be a whole number of ticks of {tick} {market.quote} base units "
        f"per whole {market.base}, at most 2^112-1 of them; the nearest valid price is {nearest}",
    )


def trigger_fault(
    state: State, market: Market, whole_base: int, trigger_price: int, above: bool
) -> Rejected | None:
    """A trigger waits for a price that last has not reached yet."""
    last = state.last_fills.get(market.symbol)
    if last is None:
        return Rejected(
            Code.INVALID_PRICE,
            f"{market.symbol} has no last price yet that a trigger could wait from; leave "
            "triggerPrice out",
        )
    quote, base = last
    distance = quote * whole_base - trigger_price * base
    if distance >= 0 if above else distance <= 0:
        side = "above" if above else "below"
        return Rejected(
            Code.INVALID_PRICE,
            f"triggerPrice {trigger_price} is already reached: the last price of {market.symbol} "
            f"is {quote * whole_base // base} {market.quote} base units per whole {market.base}; "
            f"name one {side} it",
        )
    return None


def agent_price_fault(
    state: State, market: Market, is_bid: bool, base: int, quote: int, rests: bool
) -> Rejected | None:
    """An agent needs a spot price to be held against, and may rest nothing far off it."""
    spot = spot_of(state, market)
    if spot is None:
        return Rejected(
            Code.INVALID_PRICE,
            f"{market.symbol} has no spot price yet that an agent's order could be held against; "
            "let the owner sign",
        )
    if rests and rests_beyond_band((quote, base), is_bid, spot):
        return _band_fault(state, market, is_bid, spot)
    return None


def _band_fault(state: State, market: Market, is_bid: bool, spot: Price) -> Rejected:
    spot_quote, spot_base = spot
    per_tick = BPS * spot_base * market.tick_size
    scaled = spot_quote * 10 ** state.assets[market.base].decimals
    if is_bid:
        bound = scaled * (BPS + AGENT_BAND_BPS) // per_tick
        words = "bid at most"
    else:
        bound = -(-scaled * (BPS - AGENT_BAND_BPS) // per_tick)
        words = "ask at least"
    return Rejected(
        Code.INVALID_PRICE,
        f"An agent's resting price may be worse than spot by at most {AGENT_BAND_BPS} bps: {words} "
        f"{bound * market.tick_size} {market.quote} base units per whole {market.base}, or let the "
        "owner sign",
    )


def quantity_fault(market: Market, base: int, quote: int) -> Rejected | None:
    """None if all is well: whole lots, worth something, and no more than a reserve could be."""
    if base % market.lot_size:
        lower = base - base % market.lot_size
        choice = f"{lower} or {lower + market.lot_size}" if lower else str(market.lot_size)
        return Rejected(
            Code.INVALID_QUANTITY,
            f"{base} base units of {market.base} are not whole lots of {market.lot_size}; the "
            f"nearest quantity is {choice}",
        )
    if quote < MINIMUM_ORDER_QUOTE:
        return Rejected(
            Code.INVALID_QUANTITY,
            f"The order is worth {quote} base units of {market.quote}; quantity times price must "
            f"be at least {MINIMUM_ORDER_QUOTE}",
        )
    if base > RESERVE_MAX or quote > RESERVE_MAX:
        return Rejected(
            Code.INVALID_QUANTITY, "sellAmount and buyAmount must be at most 2^112-1 base units"
        )
    return None


def form_fault(
    state: State,
    now_ms: int,
    market: Market,
    place: PlaceOrder | OrderPlaced,
    time_in_force: str,
) -> Rejected | None:
    """What the fields say together; defaults are filled in for `time_in_force`."""
    prevention = place.self_trade_prevention
    if time_in_force not in TIMES_IN_FORCE:
        wrong = f"timeInForce {time_in_force!r} is unknown; use one of {', '.join(TIMES_IN_FORCE)}"
    elif prevention and prevention not in SELF_TRADE_PREVENTIONS:
        wrong = (
            f"selfTradePrevention {prevention!r} is unknown; use one of "
            f"{', '.join(SELF_TRADE_PREVENTIONS)}"
        )
    elif place.post_only and time_in_force in (IOC, FOK):
        wrong = f"postOnly cannot go with {time_in_force}, which never rests; use GTC or GTD"
    elif place.post_only and place.trigger_price:
        wrong = "postOnly cannot go with triggerPrice; leave one of them out"
    elif place.expires and time_in_force != GTD:
        wrong = f"expires goes with GTD only; set it to 0 for {time_in_force}"
    elif time_in_force == GTD and place.expires * 1000 <= now_ms:
        wrong = (
            f"expires {place.expires} must lie after the server's time {now_ms // 1000}, in unix "
            "seconds"
        )
    elif place.client_id > CLIENT_ID_MAX:
        wrong = f"clientId {place.client_id} must be below 2^32, 0 for none"
    elif place.client_id and (place.owner, place.client_id) in state.open_orders.by_client_id:
        wrong = (
            f"clientId {place.client_id} is in use by an open order; choose another, or cancel "
            "that one"
        )
    elif not market.book and (
        time_in_force in (GTC, GTD) or place.trigger_price
    ):  # postOnly is one of the first two
        wrong = f"{market.symbol} has no book where an order could rest; use IOC or FOK"
    else:
        return None
    return Rejected(Code.INVALID_ORDER, wrong)
