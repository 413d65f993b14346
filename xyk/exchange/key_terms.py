"""An order in the convention's words: its shape, and its decimals as ticks and lots.

Nothing is rounded: a decimal that is off the tick or the lot is refused with the nearest one that
is on it. Only the worst price of a market order is our own and lands on a tick.
"""

from typing import Any

from xyk.domain.decimals import whole_tokens
from xyk.domain.key_commands import (
    LIMIT,
    MARKET,
    CancelOpenOrder,
    ExecuteOrder,
    KeyCommand,
)
from xyk.domain.market import ASK, BID, Market
from xyk.domain.rejections import Code, Rejected
from xyk.domain.units import BPS, CLIENT_ID_MAX, MARKET_BAND_BPS, MINIMUM_ORDER_QUOTE, RESERVE_MAX
from xyk.exchange.order_terms import FOK, GTC, IOC, SELF_TRADE_PREVENTIONS
from xyk.exchange.route import edge_of
from xyk.exchange.spot import Price
from xyk.exchange.state import State

RESTING, CONDITIONAL = "RestingLimitOrder", "ConditionalOrder"
TICK_SIZE, PERCENT = "TickSize", "Percent"
LAST_PRICE = "LastPrice"
CHOICES = {
    "side": (BID, ASK),
    "order_type": (LIMIT, MARKET),
    "time_in_force": ("", GTC, IOC, FOK),
    "self_trade_prevention": ("", *SELF_TRADE_PREVENTIONS),
    "trigger_by": ("", LAST_PRICE),
    "slippage_tolerance_type": ("", TICK_SIZE, PERCENT),
}
NAMES = {
    "order_type": "orderType",
    "time_in_force": "timeInForce",
    "self_trade_prevention": "selfTradePrevention",
    "trigger_by": "triggerBy",
    "slippage_tolerance_type": "slippageToleranceType",
}
DECIMALS = (
    *("price", "quantity", "quote_quantity"),
    *("trigger_price", "trigger_quantity", "slippage_tolerance"),
)
DIGITS_MAX = 78

Ticks = tuple[int, int]  # a price in ticks as a fraction


def shape_fault(command: KeyCommand) -> Rejected | None:
    """What no market and no moment could make right."""
    if isinstance(command, ExecuteOrder):
        wrong = _order_shape(command)
    elif isinstance(command, CancelOpenOrder):
        wrong = ""
        if bool(command.order_id) == bool(command.client_id):
            wrong = "name the order by exactly one of orderId and clientId"
    else:
        wrong = _choice_fault(command, "order_type", ("", RESTING, CONDITIONAL))
    return Rejected(Code.INVALID_CLIENT_REQUEST, wrong) if wrong else None


def _order_shape(order: ExecuteOrder) -> str:
    for field, choices in CHOICES.items():
        wrong = _choice_fault(order, field, choices)
        if wrong:
            return wrong
    for field in DECIMALS:
        text = getattr(order, field)
        if text and _decimal(text) is None:
            return f"{field} {text[:DIGITS_MAX]!r} is no decimal such as 0.5"
    if not 0 <= order.client_id <= CLIENT_ID_MAX:
        return f"clientId {order.client_id} must be 1 to {CLIENT_ID_MAX}, or left out"
    amounts = [
        name
        for name, text in (
            ("quantity", order.quantity),
            ("quoteQuantity", order.quote_quantity),
            ("triggerQuantity", order.trigger_quantity),
        )
        if text
    ]
    if len(amounts) != 1:
        return f"name one amount, not {' and '.join(amounts) or 'none'}"
    if order.trigger_price and order.quote_quantity:
        return "a trigger takes triggerQuantity, in base, not quoteQuantity"
    if bool(order.trigger_quantity) and not order.trigger_price:
        return "triggerQuantity goes with triggerPrice; name quantity, or the trigger's price too"
    if order.trigger_by and not order.trigger_price:
        return "triggerBy goes with triggerPrice"
    if bool(order.slippage_tolerance) != bool(order.slippage_tolerance_type):
        return "slippageTolerance and slippageToleranceType go together"
    return _limit_shape(order) if order.order_type == LIMIT else _market_shape(order)


def _limit_shape(order: ExecuteOrder) -> str:
    if not order.price:
        return "price is missing; a Limit order has one, a Market order none"
    if order.quote_quantity:
        return "quoteQuantity goes with Market orders; name quantity"
    if order.slippage_tolerance:
        return "slippageTolerance goes with Market orders; the price is the limit"
    return ""


def _market_shape(order: ExecuteOrder) -> str:
    if order.price:
        return "a Market order has no price; name slippageTolerance, or use a Limit order with IOC"
    if order.post_only:
        return "postOnly goes with Limit orders; a Market order always takes"
    if order.quote_quantity and order.time_in_force == FOK:
        return "FOK goes with quantity; by quoteQuantity an order takes what it can"
    tolerance = order.slippage_tolerance
    if order.slippage_tolerance_type == TICK_SIZE and not tolerance.isdigit():
        return f"slippageTolerance {tolerance[:DIGITS_MAX]!r} must be whole ticks"
    return ""


def _choice_fault(command: Any, field: str, choices: tuple[str, ...]) -> str:
    value = getattr(command, field)
    if value in choices:
        return ""
    named = ", ".join([choice for choice in choices if choice])
    return f"{NAMES.get(field, field)} {value[:DIGITS_MAX]!r} is unknown; use one of {named}"


def _decimal(text: str) -> tuple[int, int] | None:
    """(digits, places): "1.50" is (150, 2)."""
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    is_plain = digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX
    if not is_plain or not whole or bool(point) != bool(fraction):
        return None
    return int(digits), len(fraction)


def _in_steps(text: str, decimals: int, step: int) -> tuple[int, int]:
    """A decimal of whole tokens as a fraction of steps of base units."""
    parsed = _decimal(text)
    assert parsed is not None, "shape_fault has looked"
    digits, places = parsed
    return digits * 10**decimals, 10**places * step


def ticks_of(state: State, market: Market, name: str, text: str) -> int | Rejected:
    """A price in whole ticks."""
    decimals, tick = state.assets[market.quote].decimals, market.tick_size
    num, den = _in_steps(text, decimals, tick)
    ticks, off = divmod(num, den)
    if not off and 0 < ticks <= RESERVE_MAX:
        return ticks
    nearest = min(max(1, (2 * num + den) // (2 * den)), RESERVE_MAX)
    return Rejected(
        Code.INVALID_PRICE,
        f"{name} {text} is no price of {market.symbol}: it must be a whole number of ticks of "
        f"{whole_tokens(tick, decimals)}, at most 2^112-1 of them; the nearest valid price is "
        f"{whole_tokens(nearest * tick, decimals)}",
    )


def lots_of(state: State, market: Market, name: str, text: str) -> int | Rejected:
    """A quantity in whole lots."""
    decimals, lot = state.assets[market.base].decimals, market.lot_size
    num, den = _in_steps(text, decimals, lot)
    lots, off = divmod(num, den)
    if lots * lot > RESERVE_MAX:
        return Rejected(Code.INVALID_QUANTITY, f"{name} {text} must be at most 2^112-1 base units")
    if lots and not off:
        return lots
    choice = whole_tokens((lots + 1) * lot, decimals)
    if lots:
        choice = f"{whole_tokens(lots * lot, decimals)} or {choice}"
    return Rejected(
        Code.INVALID_QUANTITY,
        f"{name} {text} is no quantity of {market.symbol}: it must be a whole number of lots of "
        f"{whole_tokens(lot, decimals)} {market.base}; the nearest valid quantity is {choice}",
    )


def quote_of(state: State, market: Market, text: str) -> int | Rejected:
    """A quote amount in base units."""
    decimals = state.assets[market.quote].decimals
    num, den = _in_steps(text, decimals, 1)
    amount, off = divmod(num, den)
    if off:
        return Rejected(
            Code.INVALID_QUANTITY,
            f"quoteQuantity {text} has more decimals than {market.quote}; the nearest valid one is "
            f"{whole_tokens((2 * num + den) // (2 * den), decimals)}",
        )
    if not MINIMUM_ORDER_QUOTE <= amount <= RESERVE_MAX:
        return Rejected(
            Code.INVALID_QUANTITY,
            f"quoteQuantity {text} must be {whole_tokens(MINIMUM_ORDER_QUOTE, decimals)} "
            f"{market.quote} or more, and at most 2^112-1 base units",
        )
    return amount


def worst_price(
    state: State, market: Market, order: ExecuteOrder, spot: Price, trigger: int
) -> int:
    """How far a market order may go, in ticks: its tolerance from the best effective price, or
    from its trigger price, rounded towards that one; but the tick of that price itself is always
    within.
    """
    is_bid = order.side == BID
    (num, den), reach = ((trigger, 1), trigger) if trigger else _best(state, market, is_bid, spot)
    if order.slippage_tolerance_type == TICK_SIZE:
        shift = int(order.slippage_tolerance)
        limit = num // den + shift if is_bid else -(-num // den) - shift
    else:
        part, whole = MARKET_BAND_BPS, BPS
        if order.slippage_tolerance:
            part, whole = _in_steps(order.slippage_tolerance, 0, 100)
        if is_bid:
            limit = num * (whole + part) // (den * whole)
        else:
            limit = -(-num * (whole - part) // (den * whole))
    limit = max(limit, reach) if is_bid else min(limit, reach)
    return min(max(1, limit), RESERVE_MAX)


def _best(state: State, market: Market, is_bid: bool, spot: Price) -> tuple[Ticks, int]:
    """The price of the first unit after all fees, and the limit that just reaches it, in ticks: of
    the book's best order or of the pool, whichever is better; spot where there is neither."""
    edge = edge_of(state, market, not is_bid)
    tick, whole_base = market.tick_size, edge.whole_base
    found: tuple[Ticks, int] | None = None
    book = edge.book
    level = None if book is None else (book.best_ask if is_bid else book.best_bid)
    if level is not None:
        kept = BPS - edge.taker_fee_bps
        found = ((level * BPS, kept) if is_bid else (level * kept, BPS)), level
    if edge.has_awake_pool:
        quote, base = edge.pool.reserve_quote, edge.pool.reserve_base
        kept = BPS - edge.pool.fee_bps
        num, den = quote * whole_base, base * tick
        price = (num * BPS, den * kept) if is_bid else (num * kept, den * BPS)
        if found is None or _is_better(price, found[0], is_bid):
            found = price, _reaching(price, is_bid)
    if found is None:
        price = spot[0] * whole_base, spot[1] * tick
        found = price, _reaching(price, is_bid)
    return found


def _is_better(one: Ticks, other: Ticks, is_bid: bool) -> bool:
    difference = one[0] * other[1] - other[0] * one[1]
    return difference < 0 if is_bid else difference > 0


def _reaching(price: Ticks, is_bid: bool) -> int:
    num, den = price
    return -(-num // den) if is_bid else num // den
