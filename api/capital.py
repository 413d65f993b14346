"""What an owner has, in the convention's words: balances, the account's summary, and the most that
it could order, withdraw or borrow. A spot exchange lends nothing: what belongs to margin is zero.
"""

import msgspec

from api.key_reads import Asked
from api.markets import market_named
from api.problems import Refused, malformed
from xyk.domain.decimals import base_units, half_even, whole_tokens
from xyk.domain.market import ASK, BID, Market
from xyk.domain.rejections import Code, Rejected
from xyk.exchange.spot import spot_of
from xyk.exchange.state import State

NONE = "0"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Whole tokens; `locked` is what open orders hold."""

    available: str
    locked: str
    staked: str = NONE


class Collateral(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One asset of a MarginSummary; quantities in whole tokens, the rest in its currency."""

    symbol: str
    asset_mark_price: str
    total_quantity: str
    balance_notional: str
    collateral_weight: str
    collateral_value: str
    open_order_quantity: str
    lend_quantity: str
    available_quantity: str


class MarginSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Values in `currency`, the first asset that was listed, at spot prices and rounded down; an
    asset that no market prices in it counts nothing. There is no debt and no margin."""

    assets_value: str
    net_equity: str
    net_equity_available: str
    net_equity_locked: str
    collateral: list[Collateral]
    currency: str
    borrow_liability: str = NONE
    imf: str = NONE
    unsettled_equity: str = NONE
    liabilities_value: str = NONE
    margin_fraction: str | None = None
    mmf: str = NONE
    net_exposure_futures: str = NONE
    pnl_unrealized: str = NONE


class AccountSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Fees in basis points, the highest of the markets with a book; each market's own are in
    `/api/v1/markets`. `limitOrders` rest, `triggerOrders` wait."""

    spot_maker_fee: str
    spot_taker_fee: str
    limit_orders: int
    trigger_orders: int
    auto_borrow_settlements: bool = False
    auto_lend: bool = False
    auto_realize_pnl: bool = False
    auto_repay_borrows: bool = False
    liquidating: bool = False
    borrow_limit: str = NONE
    leverage_limit: str = "1"
    position_limit: str = NONE
    futures_maker_fee: str = NONE
    futures_taker_fee: str = NONE


class OrderLimitQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`price` of a limit order; without it that of the market at this moment."""

    symbol: str
    side: str
    price: str = ""


class AssetQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`symbol` of an asset."""

    symbol: str


class OrderLimit(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base in whole tokens, whole lots."""

    max_order_quantity: str
    symbol: str
    side: str
    price: str | None = None


class WithdrawalLimit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    max_withdrawal_quantity: str
    symbol: str


class BorrowLimit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    max_borrow_quantity: str
    symbol: str


async def capital(asked: Asked) -> dict[str, Balance]:
    """By asset; without pool shares."""
    state = asked.services.state
    balances = {
        asset: Balance(
            available=whole_tokens(available, state.assets[asset].decimals),
            locked=whole_tokens(locked, state.assets[asset].decimals),
        )
        for asset, available, locked in _assets_of(state, asked.owner)
    }
    return await asked.services.committed(balances)


async def collateral(asked: Asked) -> MarginSummary:
    return await asked.services.committed(margin_summary(asked.services.state, asked.owner))


async def account(asked: Asked) -> AccountSummary:
    state = asked.services.state
    own = state.open_orders.by_owner.get(asked.owner, {}).values()
    waiting = sum([state.open_orders.is_waiting(order) for order in own])
    markets = [market for market in state.markets.values() if market.book]
    summary = AccountSummary(
        spot_maker_fee=str(max([market.maker_fee_bps for market in markets], default=0)),
        spot_taker_fee=str(max([market.taker_fee_bps for market in markets], default=0)),
        limit_orders=len(own) - waiting,
        trigger_orders=waiting,
    )
    return await asked.services.committed(summary)


async def order_limit(asked: Asked) -> OrderLimit:
    """What the available funds pay for; the fee comes out of what is received."""
    query = asked.query(OrderLimitQuery)
    if query.side not in (BID, ASK):
        raise Refused(malformed(f"Expected {BID} or {ASK} - at `$.side`"))
    market = await market_named(asked.services, query.symbol)
    state = asked.services.state
    quantity = _most(state, asked.owner, market, query)
    if isinstance(quantity, Rejected):
        raise Refused(await asked.services.committed(quantity))
    quantity -= quantity % market.lot_size
    limit = OrderLimit(
        max_order_quantity=whole_tokens(quantity, state.assets[market.base].decimals),
        symbol=market.symbol,
        side=query.side,
        price=query.price or None,
    )
    return await asked.services.committed(limit)


async def withdrawal_limit(asked: Asked) -> WithdrawalLimit:
    symbol = await _asset(asked)
    state = asked.services.state
    most = whole_tokens(state.ledger.available(asked.owner, symbol), state.assets[symbol].decimals)
    limit = WithdrawalLimit(max_withdrawal_quantity=most, symbol=symbol)
    return await asked.services.committed(limit)


async def borrow_limit(asked: Asked) -> BorrowLimit:
    """Nothing: nobody lends here."""
    return BorrowLimit(max_borrow_quantity=NONE, symbol=await _asset(asked))


def margin_summary(state: State, owner: str) -> MarginSummary:
    """Each value is rounded down by itself; the sums are exact."""
    currency = next(asset for asset in state.assets.values() if not asset.is_shares)
    rows, total, locked_total = [], 0, 0
    for asset, available, locked in _assets_of(state, owner):
        num, den = _price_in(state, asset, currency.symbol) or (0, 1)
        has, holds = ((available + locked) * num // den, locked * num // den)
        total, locked_total = total + has, locked_total + holds
        decimals = state.assets[asset].decimals
        value = whole_tokens(has, currency.decimals)
        price = half_even(num * 10**decimals, den * 10**currency.decimals, currency.decimals)
        rows.append(
            Collateral(
                symbol=asset,
                asset_mark_price=price,
                total_quantity=whole_tokens(available + locked, decimals),
                balance_notional=value,
                collateral_weight="1",
                collateral_value=value,
                open_order_quantity=whole_tokens(locked, decimals),
                lend_quantity=NONE,
                available_quantity=whole_tokens(available, decimals),
            )
        )
    equity = whole_tokens(total, currency.decimals)
    return MarginSummary(
        assets_value=equity,
        net_equity=equity,
        net_equity_available=whole_tokens(total - locked_total, currency.decimals),
        net_equity_locked=whole_tokens(locked_total, currency.decimals),
        collateral=rows,
        currency=currency.symbol,
    )


def _assets_of(state: State, owner: str) -> list[tuple[str, int, int]]:
    return [row for row in state.ledger.assets_of(owner) if not state.assets[row[0]].is_shares]


def _price_in(state: State, asset: str, currency: str) -> tuple[int, int] | None:
    """Base units of the currency per base unit of the asset."""
    if asset == currency:
        return 1, 1
    symbol = state.pairs.get((asset, currency))
    if symbol is None:
        return None
    spot = spot_of(state, state.markets[symbol])
    if spot is None:
        return None
    quote, base = spot
    return (quote, base) if state.markets[symbol].quote == currency else (base, quote)


def _most(state: State, owner: str, market: Market, query: OrderLimitQuery) -> int | Rejected:
    """Base units, not yet whole lots."""
    if query.side == ASK:
        return state.ledger.available(owner, market.base)
    whole = 10 ** state.assets[market.base].decimals
    if query.price:
        try:
            price = base_units(query.price, state.assets[market.quote].decimals), whole
        except ValueError as fault:
            return malformed(f"{fault} - at `$.price`")
        if not price[0]:
            return malformed("Expected a price above 0 - at `$.price`")
    else:
        spot = spot_of(state, market)
        if spot is None:
            return Rejected(Code.INVALID_PRICE, f"{market.symbol} has no price yet; name one")
        price = spot
    return state.ledger.available(owner, market.quote) * price[1] // price[0]


async def _asset(asked: Asked) -> str:
    """Raises Refused."""
    symbol = asked.query(AssetQuery).symbol
    asset = asked.services.state.assets.get(symbol)
    if asset is None or asset.is_shares:
        refused = Rejected(
            Code.INVALID_ASSET, f"No asset {symbol[:40]!r}; GET /api/v1/assets lists them"
        )
        raise Refused(await asked.services.committed(refused))
    return symbol
