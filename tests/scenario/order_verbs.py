"""The verbs of orders: placing, replacing and cancelling them, the clock, the operator's terms, and
what can be seen of a book.

    alice bids 2 ETH at 2_000 IOC         a limit order for USDC; `in BTC` names another quote
    alice asks 2 ETH for 4_001 USDC       the price by the ratio of two amounts, as it is signed
    GTC IOC FOK, for 60 s (GTD), post-only, RejectTaker RejectMaker RejectBoth, as 7 (clientId),
    once at 2_100 or above | or below (a trigger)
"""

import re

from tests.naive.vault import Fields, left
from tests.scenario.language import AMOUNT, NAMES, NUMBER, Stage, address, told, verb
from tests.scenario.telling import number, tell

PAIR = r"([A-Z0-9]+)_([A-Z0-9]+)"
NO_DIGEST = "0x" + "00" * 32


@verb(rf"(\w+) (bids|asks) ({AMOUNT}) at ({NUMBER})((?: .+)?)")
def places(stage: Stage, who: str, side: str, what: str, price: str, terms: str) -> str:
    base, amount = stage.both(what)
    quote, terms = _quote(terms)
    worth = amount * stage.units(price, quote)
    value, off = divmod(worth, 10 ** stage.places(base))
    assert off == 0, "no whole quote units; name both amounts"
    return _place(stage, who, side, (base, amount), (quote, value), terms)


@verb(rf"(\w+) (bids|asks) ({AMOUNT}) for ({AMOUNT})((?: .+)?)")
def places_ratio(stage: Stage, who: str, side: str, what: str, worth: str, terms: str) -> str:
    return _place(stage, who, side, stage.both(what), stage.both(worth), terms)


def _quote(terms: str) -> tuple[str, str]:
    named = re.search(r" in ([A-Z0-9]+)", terms)
    return (named[1], terms.replace(named[0], "", 1)) if named else ("USDC", terms)


def _place(
    stage: Stage, who: str, side: str, base: tuple[str, int], quote: tuple[str, int], terms: str
) -> str:
    sold, bought = (quote, base) if side == "bids" else (base, quote)
    fields: Fields = {
        "sellToken": stage.token(sold[0]),
        "buyToken": stage.token(bought[0]),
        "sellAmount": sold[1],
        "buyAmount": bought[1],
        "timeInForce": "",
        "postOnly": False,
        "selfTradePrevention": "",
        "triggerPrice": 0,
        "triggerAbove": False,
        "clientId": 0,
        "expires": 0,
    }
    for pattern, read in TERMS:
        match = re.search(rf" {pattern}(?= |$)", terms)
        if match:
            terms = terms.replace(match[0], "", 1)
            fields |= read(stage, match, quote[0])
    assert not terms, f"not read: {terms}"
    return told(stage.send("PlaceOrder", who, **fields), lambda done: tell(stage))


def _until(stage: Stage, match: re.Match[str], quote: str) -> Fields:
    return {"timeInForce": "GTD", "expires": stage.now_ms // 1000 + int(match[1])}


def _once(stage: Stage, match: re.Match[str], quote: str) -> Fields:
    return {"triggerPrice": stage.units(match[1], quote), "triggerAbove": match[2] == "above"}


TERMS = (
    (r"for (\d+) s", _until),
    (rf"once at ({NUMBER}) or (above|below)", _once),
    (r"as ([\d_]+)", lambda stage, match, quote: {"clientId": int(match[1])}),
    (r"post-only", lambda stage, match, quote: {"postOnly": True}),
    (r"(Reject\w+)", lambda stage, match, quote: {"selfTradePrevention": match[1]}),
    (r"([A-Z]+)", lambda stage, match, quote: {"timeInForce": match[1]}),
)


@verb(rf"(\w+) replaces (\d+) by ({AMOUNT}) at ({NUMBER})((?: in [A-Z0-9]+)?)((?: \w+)?)")
def replaces(
    stage: Stage, who: str, which: str, what: str, price: str, quote: str, side: str
) -> str:
    """The new total and price; `bid` or `ask` after it names a side other than the order's."""
    base, amount = stage.both(what)
    asset, _ = _quote(quote)
    value = amount * stage.units(price, asset) // 10 ** stage.places(base)
    order = stage.placed.get((who, which))
    is_bid = side == " bid" if side else order is not None and order.is_bid
    two = (asset, value), (base, amount)
    sold, bought = two if is_bid else two[::-1]
    outcome = stage.send(
        "ReplaceOrder",
        who,
        order=order.digest if order else NO_DIGEST,
        sellToken=stage.token(sold[0]),
        buyToken=stage.token(bought[0]),
        sellAmount=sold[1],
        buyAmount=bought[1],
    )
    return told(outcome, lambda done: tell(stage))


@verb(r"(\w+) cancels (\d+)")
def cancels(stage: Stage, who: str, which: str) -> str:
    outcome = stage.send("CancelOrder", who, orderId="", clientId=int(which))
    return told(outcome, lambda done: tell(stage))


@verb(r"(\w+) cancels order (\S+)(?: of (\w+))?")
def cancels_by_id(stage: Stage, who: str, which: str, whose: str | None) -> str:
    """By the id that the exchange gave to the order of that number; other text goes as it is."""
    order = stage.placed.get((whose or who, which))
    text = str(order.order_id) if order else which
    outcome = stage.send("CancelOrder", who, orderId=text, clientId=0)
    return told(outcome, lambda done: tell(stage))


@verb(r"(\w+) cancels everything(?: in (\w+))?")
def cancels_all(stage: Stage, who: str, market: str | None) -> str:
    outcome = stage.send("CancelAllOrders", who, market=market or "")
    return told(outcome, lambda done: tell(stage))


@verb(r"(\w+) sets a timer of ([\d_]+) s(?: for (\w+))?")
def sets_timer(stage: Stage, who: str, seconds: str, market: str | None) -> str:
    """CancelAllAfter, the dead man's switch."""
    outcome = stage.send("CancelAllAfter", who, market=market or "", timeoutSeconds=int(seconds))
    return told(outcome, lambda done: tell(stage))


@verb(r"the clock")
def clock(stage: Stage) -> str:
    """What is due at this moment: expiries, timers, triggers."""
    stage.before = len(stage.minds.entries)
    stage.minds.now_ms = stage.now_ms
    stage.minds.let_the_clock_work()
    return tell(stage)


@verb(r"(\w+) sets (\w+) to (?:(fees|pool fee|tick|lot|book)) (\S+)(?: and (\S+))?")
def sets_terms(
    stage: Stage, who: str, market: str, what: str, value: str, other: str | None
) -> str:
    """Fees of maker and taker and the pool's in bps; tick in quote, lot in base; book on or off."""
    listed, pool = stage.minds.state.markets[market], stage.minds.state.pools[market]
    terms: Fields = {
        "tickSize": listed.tick_size,
        "lotSize": listed.lot_size,
        "makerFeeBps": listed.maker_fee_bps,
        "takerFeeBps": listed.taker_fee_bps,
        "poolFeeBps": pool.fee_bps,
        "book": listed.book,
    }
    match what:
        case "fees":
            terms |= {"makerFeeBps": int(value), "takerFeeBps": int(other or "0")}
        case "pool fee":
            terms["poolFeeBps"] = int(value)
        case "tick":
            terms["tickSize"] = stage.units(value, listed.quote)
        case "lot":
            terms["lotSize"] = stage.units(value, listed.base)
        case _:
            terms["book"] = value == "on"
    return told(stage.send("UpdateMarket", who, market=market, **terms), lambda done: "ok")


@verb(rf"(\w+) lists {PAIR} with a book of tick ({NUMBER}) and lot ({NUMBER})")
def lists_book(stage: Stage, who: str, base: str, quote: str, tick: str, lot: str) -> str:
    """At 2 and 5 bps, beside a pool of 30 bps."""
    outcome = stage.send(
        "ListMarket",
        who,
        base=base,
        quote=quote,
        tickSize=stage.units(tick, quote),
        lotSize=stage.units(lot, base),
        makerFeeBps=2,
        takerFeeBps=5,
        poolFeeBps=30,
        book=True,
    )
    return told(outcome, lambda done: "ok")


@verb(r"book (\w+)")
def book(stage: Stage, market: str) -> str:
    """Resting orders by level: what is bid | price | what is asked, dearest first."""
    twin, (base, quote) = stage.minds.twin, market.split("_")
    lot, tick = twin.markets[market]["lotSize"], twin.markets[market]["tickSize"]
    rows: dict[tuple[int, bool], int] = {}
    for order in twin.resting(market, True) + twin.resting(market, False):
        key = order["price"], order["isBid"]
        rows[key] = rows.get(key, 0) + left(order) * lot
    told = ""
    for (price, is_bid), amount in sorted(rows.items(), reverse=True):
        shown, at = number(stage, amount, base), number(stage, price * tick, quote)
        told += f"| {shown} | {at} | | " if is_bid else f"| | {at} | {shown} | "
    return told.strip() or "| | | |"


@verb(rf"queue (\w+) at ({NUMBER})")
def queue(stage: Stage, market: str, price: str) -> str:
    """Who stands at a price, first come first."""
    base, quote = market.split("_")
    state = stage.minds.state
    ticks = stage.units(price, quote) // state.markets[market].tick_size
    lot = state.markets[market].lot_size
    told = [
        f"{stage.show((order.quantity - order.filled) * lot, base)} of {NAMES[order.owner]}"
        for side in (True, False)
        for level in state.books[market].side(is_bid=side)
        if level.price == ticks
        for order in level
    ]
    return ", ".join(told) or "nobody"


@verb(r"(\w+) has on hold")
def holds(stage: Stage, who: str) -> str:
    held = {
        asset: amount
        for asset in stage.minds.state.ledger.assets()
        for account, _, amount in stage.minds.state.ledger.balances(asset)
        if account == address(who) and amount
    }
    symbols = [asset["symbol"] for asset in stage.minds.twin.assets if asset["symbol"] in held]
    return " ".join(stage.show(held[symbol], symbol) for symbol in symbols) or "nothing"


@verb(r"last of (\w+)")
def last(stage: Stage, market: str) -> str:
    """Both amounts of the last price-forming fill."""
    fill = stage.minds.state.last_fills.get(market)
    if fill is None:
        return "none"
    base, quote = market.split("_")
    return f"{stage.show(fill[1], base)} for {stage.show(fill[0], quote)}"
