"""What entries of the journal say, in a trader's words: fills with price, quantity and fees, and
what becomes of the order. An order is called by its owner and its number (clientId)."""

from collections.abc import Iterator

from tests.scenario.language import NAMES, Stage
from xyk.domain import events as ev
from xyk.domain.events import AnyEvent

WHY = {
    "SelfTrade": " by self-trade",
    "SelfTradePrevention": " by self-trade",
    "CancelAllAfter": " by its timer",
    "FillOrKill": ", all or nothing",
    "InsufficientLiquidity": ", nothing to take",
    "InvalidQuantity": ", less than a lot",
}


def tell(stage: Stage) -> str:
    """Everything since the last step began, the clock's entries first."""
    told: list[str] = []
    for _, _, events in stage.minds.entries[stage.before :]:
        _remember(stage, events)
        told += _phrases(stage, events)
    return "; ".join(told) or "nothing"


def _remember(stage: Stage, events: tuple[AnyEvent, ...]) -> None:
    for event in events:
        if isinstance(event, ev.OrderPlaced):
            number = str(event.client_id or f"#{event.order_id}")
            stage.placed[NAMES[event.owner], number] = event


def placed(stage: Stage, order_id: int) -> tuple[str, ev.OrderPlaced]:
    """Its name, such as `alice 7`, and how it was placed."""
    for (owner, number), order in stage.placed.items():
        if order.order_id == order_id:
            return f"{owner} {number}" if order.client_id else f"an order of {owner}", order
    raise AssertionError(f"nobody placed {order_id}")


def _phrases(stage: Stage, events: tuple[AnyEvent, ...]) -> Iterator[str]:
    taker = 0  # the order that the entry is about
    for event in events:
        match event:
            case ev.OrderPlaced() | ev.OrderReplaced():
                taker = event.order_id
            case ev.OrderTriggered():
                taker = event.order_id
                yield f"{placed(stage, taker)[0]} goes off"
            case ev.BookFilled():
                yield _fill(stage, event)
            case ev.PoolSwapped():
                yield _swap(stage, event)
            case ev.TriggersReached():
                names = [placed(stage, number)[0] for number in event.orders]
                yield f"sets off {' and '.join(names)}"
            case ev.OrderRested():
                yield f"rests {_left(stage, event.order_id, event.remaining)}, " + _held(
                    stage, event.order_id, event.held
                )
            case ev.TriggerArmed():
                yield f"waits, {_held(stage, event.order_id, event.held)}"
            case ev.OrderReduced():
                left = _left(stage, event.order_id, event.remaining)
                freed = _amount(stage, event.order_id, event.released)
                yield f"keeps its place with {left}, {freed} freed"
            case ev.OrderClosed():
                yield _end(stage, event, taker)
            case ev.CancelTimerSet():
                owner, where = NAMES[event.owner], event.market or "all markets"
                away = event.fires_ms - stage.now_ms
                told = f"in {away // 1000} s" if event.fires_ms else "is off"
                yield f"timer of {owner} for {where} {told}"


def _fill(stage: Stage, event: ev.BookFilled) -> str:
    base, quote = event.market.split("_")
    gets, gives = (base, quote) if event.taker_buys else (quote, base)
    fees = [stage.show(event.taker_fee, gets)] if event.taker_fee else []
    if event.maker_fee:
        fees.append(stage.show(event.maker_fee, gives))
    told = f" ({'fees' if len(fees) > 1 else 'fee'} {', '.join(fees)})" if fees else ""
    if event.maker_rebate:
        told = f"{told[:-1]}, rebate {stage.show(event.maker_rebate, gets)})"
    price = event.quote_amount * 10 ** stage.places(base)
    assert price % event.base_amount == 0
    verb, side = ("buys", "from") if event.taker_buys else ("sells", "to")
    whole, amount = price // event.base_amount, stage.show(event.base_amount, base)
    return f"{verb} {amount} at {number(stage, whole, quote)} {side} {NAMES[event.maker]}{told}"


def _swap(stage: Stage, event: ev.PoolSwapped) -> str:
    base, _ = event.market.split("_")
    paid = stage.show(event.amount_in, event.asset_in)
    got = stage.show(event.amount_out, event.asset_out)
    if event.asset_in == base:
        return f"sells {paid} to the pool for {got}"
    return f"buys {got} from the pool for {paid}"


def _end(stage: Stage, event: ev.OrderClosed, taker: int) -> str:
    name = "" if event.order_id == taker else f"{placed(stage, event.order_id)[0]} "
    if event.status == "Filled":
        return f"{name}filled"
    left = _left(stage, event.order_id, event.remaining)
    if event.status == "TriggerFailed":
        return f"{name}fails, {event.reason}"
    why = WHY.get(event.reason, "")
    freed = f", {_amount(stage, event.order_id, event.released)} freed" if event.released else ""
    return f"{name}{event.status.lower()} with {left} left{why}{freed}"


def number(stage: Stage, units: int, symbol: str) -> str:
    return stage.show(units, symbol).split()[0]


def _left(stage: Stage, order_id: int, lots: int) -> str:
    market = stage.minds.state.markets[placed(stage, order_id)[1].market]
    return stage.show(lots * market.lot_size, market.base)


def _amount(stage: Stage, order_id: int, units: int) -> str:
    _, order = placed(stage, order_id)
    base, quote = order.market.split("_")
    return stage.show(units, quote if order.is_bid else base)


def _held(stage: Stage, order_id: int, units: int) -> str:
    return f"{_amount(stage, order_id, units)} held"
