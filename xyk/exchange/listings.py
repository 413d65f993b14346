"""What the operator decides: assets, markets, status, fees, and who operates; and the genesis.

Market terms are checked here once, for ListMarket, UpdateMarket, genesis and the implicit market
that a user's first deposit makes.
"""

import re
from typing import Any

import msgspec

from xyk.domain.commands import (
    Genesis,
    ListAsset,
    ListMarket,
    SetMarketStatus,
    SetOperator,
    SetProtocolFee,
    UpdateMarket,
)
from xyk.domain.events import (
    AnyEvent,
    AssetListed,
    ExchangeCreated,
    MarketListed,
    MarketStatusChanged,
    MarketUpdated,
    OperatorChanged,
    ProtocolFeeChanged,
)
from xyk.domain.market import STATUSES, Market, market_symbol, shares_symbol
from xyk.domain.rejections import Code, Rejected
from xyk.domain.request import Request
from xyk.domain.tokens import token_address
from xyk.domain.units import (
    BOOK_FEE_BPS_MAX,
    BPS,
    DECIMALS_MAX,
    POOL_FEE_BPS_DEFAULT,
    POOL_FEE_BPS_MAX,
    RESERVE_MAX,
    ZERO_ADDRESS,
)
from xyk.exchange.state import State

_SYMBOL = re.compile(r"[A-Z0-9]{1,12}\Z")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a market; units as in `Market`."""

    tick_size: int
    lot_size: int
    maker_fee_bps: int
    taker_fee_bps: int
    pool_fee_bps: int
    book: bool


def asset_of(state: State, token: str) -> str | Rejected:
    """The symbol of a listed asset (pool shares included)."""
    symbol = state.tokens.get(token)
    if symbol is None:
        return Rejected(
            Code.INVALID_ASSET, f"No asset has the address {token}; GET /api/v1/assets lists them"
        )
    return symbol


def create_exchange(
    state: State, request: Request, genesis: Genesis
) -> tuple[AnyEvent, ...] | Rejected:
    """The events of entry 1. An asset without a token gets its ledger-mode address."""
    assert state.seq == 0 and not state.assets, "genesis is entry 1"
    events: list[AnyEvent] = [
        ExchangeCreated(
            salt=genesis.salt,
            operator=genesis.operator,
            fee_recipient=genesis.fee_recipient,
            sandbox=genesis.sandbox,
            chain_id=genesis.chain_id,
            contract=genesis.contract,
        )
    ]
    decimals: dict[str, int] = {}
    tokens: set[str] = set()
    for asset in genesis.assets:
        token = asset.token or token_address(asset.symbol)
        fault = _asset_fault(asset.symbol, asset.decimals)
        if fault is None and (asset.symbol in decimals or token in tokens):
            fault = Rejected(
                Code.INVALID_ASSET, f"Genesis lists {asset.symbol} or its address twice", 409
            )
        if fault is not None:
            return fault
        decimals[asset.symbol] = asset.decimals
        tokens.add(token)
        events.append(AssetListed(symbol=asset.symbol, token=token, decimals=asset.decimals))
    pairs: set[tuple[str, str]] = set()
    for market in genesis.markets:
        if market.base not in decimals or market.quote not in decimals:
            return Rejected(
                Code.INVALID_ASSET,
                f"Genesis market {market.base}_{market.quote} names an unlisted asset",
            )
        if market.base == market.quote:
            return Rejected(
                Code.SAME_TOKEN, f"Genesis market {market.base}_{market.quote} has one asset"
            )
        if (market.base, market.quote) in pairs or (market.quote, market.base) in pairs:
            return Rejected(
                Code.INVALID_MARKET,
                f"Genesis lists the pair {market.base}, {market.quote} twice",
                409,
            )
        pairs.add((market.base, market.quote))
        terms = Terms(
            tick_size=market.tick_size,
            lot_size=market.lot_size,
            maker_fee_bps=market.maker_fee_bps,
            taker_fee_bps=market.taker_fee_bps,
            pool_fee_bps=market.pool_fee_bps,
            book=market.book,
        )
        fault = terms_fault(terms, decimals[market.base])
        if fault is None and shares_token(market.base, market.quote) in tokens:
            fault = _taken_fault(market.base, market.quote)
        if fault is not None:
            return fault
        events.append(market_listed(market.base, market.quote, terms, implicit=False))
    return tuple(events)


def list_asset(
    state: State, request: Request, listing: ListAsset
) -> tuple[AnyEvent, ...] | Rejected:
    """The zero address stands for the symbol's ledger-mode address."""
    if listing.symbol in state.assets:
        return Rejected(
            Code.INVALID_ASSET, f"{listing.symbol} is listed already; choose another symbol", 409
        )
    token = token_address(listing.symbol) if listing.token == ZERO_ADDRESS else listing.token
    if token in state.tokens:
        return Rejected(
            Code.INVALID_ASSET,
            f"{token} is listed already as {state.tokens[token]}; list it once",
            409,
        )
    fault = _asset_fault(listing.symbol, listing.decimals)
    if fault is not None:
        return fault
    return (AssetListed(symbol=listing.symbol, token=token, decimals=listing.decimals),)


def list_market(
    state: State, request: Request, listing: ListMarket
) -> tuple[AnyEvent, ...] | Rejected:
    """A new market, or the one take-over of an implicit one: pool, shares and trade ids go on."""
    for symbol in (listing.base, listing.quote):
        if symbol not in state.assets or state.assets[symbol].is_shares:
            return Rejected(Code.INVALID_ASSET, f"{symbol!r} is not a listed asset; list it first")
    known = state.pairs.get((listing.base, listing.quote))
    if known is not None:
        market = state.markets[known]
        if market.base != listing.base:
            return Rejected(
                Code.INVALID_MARKET,
                f"The market is {known}: {market.base} is its base, not its quote",
                409,
            )
        if not market.implicit:
            return Rejected(
                Code.INVALID_MARKET, f"{known} is listed already; use UpdateMarket", 409
            )
    if listing.base == listing.quote:
        return Rejected(
            Code.SAME_TOKEN, f"Base and quote are both {listing.base}; name two different ones"
        )
    terms = _terms(listing)
    fault = terms_fault(terms, state.assets[listing.base].decimals)
    if fault is None and known is None:
        fault = shares_fault(state, listing.base, listing.quote)
    elif fault is None:
        fault = _rests_fault(state, state.markets[str(known)], terms)
    if fault is not None:
        return fault
    return (market_listed(listing.base, listing.quote, terms, implicit=False),)


def update_market(
    state: State, request: Request, update: UpdateMarket
) -> tuple[AnyEvent, ...] | Rejected:
    market = state.markets.get(update.market)
    if market is None:
        return unknown_market(update.market)
    terms = _terms(update)
    fault = terms_fault(terms, state.assets[market.base].decimals)
    if fault is not None:
        return fault
    fault = _rests_fault(state, market, terms)
    if fault is not None:
        return fault
    return (MarketUpdated(market=update.market, **_fields(terms)),)


def set_market_status(
    state: State, request: Request, change: SetMarketStatus
) -> tuple[AnyEvent, ...] | Rejected:
    """`*` names every market that is listed at this moment."""
    if change.market != "*" and change.market not in state.markets:
        return unknown_market(change.market)
    if change.status not in STATUSES:
        return Rejected(
            Code.INVALID_ORDER,
            f"Status {change.status!r} is unknown; use one of {', '.join(STATUSES)}",
        )
    symbols = tuple(state.markets) if change.market == "*" else (change.market,)
    return tuple(MarketStatusChanged(market=symbol, status=change.status) for symbol in symbols)


def set_protocol_fee(
    state: State, request: Request, change: SetProtocolFee
) -> tuple[AnyEvent, ...] | Rejected:
    """The zero address switches V2's protocol fee off, as feeTo does."""
    recipient = "" if change.recipient == ZERO_ADDRESS else change.recipient
    return (ProtocolFeeChanged(recipient=recipient),)


def set_operator(
    state: State, request: Request, change: SetOperator
) -> tuple[AnyEvent, ...] | Rejected:
    return (OperatorChanged(operator=change.operator),)


def forbidden_operator(state: State, change: SetOperator) -> Rejected | None:
    if change.operator == ZERO_ADDRESS:
        return Rejected(
            Code.FORBIDDEN, "Nobody can sign for the zero address; name a wallet's address"
        )
    return None


def implicit_market(state: State, one: str, other: str) -> MarketListed:
    """The market of a pool that a user creates: the asset listed later is the base."""
    later, earlier = sorted(
        (one, other), key=lambda symbol: state.assets[symbol].index, reverse=True
    )
    terms = Terms(
        tick_size=1,
        lot_size=max(1, 10 ** max(0, state.assets[later].decimals - 6)),
        maker_fee_bps=0,
        taker_fee_bps=0,
        pool_fee_bps=POOL_FEE_BPS_DEFAULT,
        book=False,
    )
    return market_listed(later, earlier, terms, implicit=True)


def shares_token(base: str, quote: str) -> str:
    """The address that the shares of a pair's pool will have."""
    return token_address(shares_symbol(market_symbol(base, quote)))


def shares_fault(state: State, base: str, quote: str) -> Rejected | None:
    """A pool whose shares would take over the address of a listed asset: who holds that could not
    name it any more."""
    return _taken_fault(base, quote) if shares_token(base, quote) in state.tokens else None


def _taken_fault(base: str, quote: str) -> Rejected:
    return Rejected(
        Code.INVALID_ASSET,
        f"The shares of {market_symbol(base, quote)} would have the address "
        f"{shares_token(base, quote)}, under which another asset is listed; such a pair can have "
        "no market",
        409,
    )


def market_listed(base: str, quote: str, terms: Terms, *, implicit: bool) -> MarketListed:
    symbol = market_symbol(base, quote)
    return MarketListed(market=symbol, base=base, quote=quote, implicit=implicit, **_fields(terms))


def terms_fault(terms: Terms, base_decimals: int) -> Rejected | None:
    """The first thing wrong with a market's numbers, in the order of the refusals' precedence."""
    if not 1 <= terms.tick_size <= RESERVE_MAX:
        return Rejected(
            Code.INVALID_PRICE, "tickSize must be 1 to 2^112-1 quote units per whole base token"
        )
    if (
        abs(terms.maker_fee_bps) > BOOK_FEE_BPS_MAX
        or not 0 <= terms.taker_fee_bps <= BOOK_FEE_BPS_MAX
    ):
        return Rejected(
            Code.INVALID_PRICE, f"Book fees must be at most {BOOK_FEE_BPS_MAX} bps, taker >= 0"
        )
    if terms.taker_fee_bps < terms.maker_fee_bps or terms.taker_fee_bps + terms.maker_fee_bps < 0:
        return Rejected(
            Code.INVALID_PRICE, "takerFeeBps must be >= makerFeeBps and cover its rebate"
        )
    if terms.pool_fee_bps > POOL_FEE_BPS_MAX:
        return Rejected(Code.INVALID_PRICE, f"poolFeeBps must be 0 to {POOL_FEE_BPS_MAX}")
    if terms.book and (BPS - terms.pool_fee_bps) ** 2 > BPS * (BPS - terms.taker_fee_bps):
        highest = (BPS**2 - (BPS - terms.pool_fee_bps) ** 2) // BPS
        return Rejected(
            Code.INVALID_PRICE,
            f"With a pool at {terms.pool_fee_bps} bps takerFeeBps may be at most {highest}, "
            "else pool and book could cross",
        )
    if not 1 <= terms.lot_size <= RESERVE_MAX:
        return Rejected(Code.INVALID_QUANTITY, "lotSize must be 1 to 2^112-1 base units")
    if terms.book and terms.tick_size * terms.lot_size % 10**base_decimals:
        return Rejected(
            Code.INVALID_QUANTITY,
            f"tickSize * lotSize must be a multiple of 10^{base_decimals}, so that one "
            "tick of one lot is a "
            "whole number of quote units",
        )
    return None


def _rests_fault(state: State, market: Market, terms: Terms) -> Rejected | None:
    """What an open order stands on may not change under it. An implicit market can have some too,
    where UpdateMarket gave it a book."""
    if state.open_orders.count.get(market.symbol) and (
        terms.tick_size != market.tick_size
        or terms.lot_size != market.lot_size
        or terms.book != market.book
        or terms.pool_fee_bps != state.pools[market.symbol].fee_bps
    ):
        return Rejected(
            Code.INVALID_ORDER,
            f"{market.symbol} has {state.open_orders.count[market.symbol]} open orders; only "
            "makerFeeBps and takerFeeBps may change until they are filled or cancelled",
        )
    return None


def _asset_fault(symbol: str, decimals: int) -> Rejected | None:
    if not _SYMBOL.match(symbol):
        return Rejected(
            Code.INVALID_ASSET, f"Symbol {symbol!r} must be 1 to 12 of A-Z and 0-9", 422
        )
    if decimals > DECIMALS_MAX:
        return Rejected(Code.INVALID_QUANTITY, f"decimals must be 0 to {DECIMALS_MAX}")
    return None


def unknown_market(symbol: str) -> Rejected:
    return Rejected(Code.INVALID_MARKET, f"No market {symbol!r}; GET /api/v1/markets lists them")


def _terms(source: ListMarket | UpdateMarket) -> Terms:
    return Terms(
        tick_size=source.tick_size,
        lot_size=source.lot_size,
        maker_fee_bps=source.maker_fee_bps,
        taker_fee_bps=source.taker_fee_bps,
        pool_fee_bps=source.pool_fee_bps,
        book=source.book,
    )


def _fields(terms: Terms) -> dict[str, Any]:
    return msgspec.structs.asdict(terms)
