"""`/api/v1/quote?venue=`: a mirrored deployment's quote, or all venues side by side and which of
them is best when its gas is paid.

Tokens are the same where their symbols are; the native coin's symbol stands for its wrapped token.
Each quote is in the base units of its own venue. To compare, amounts are taken over exactly, and
where decimals differ what is given out is rounded down and what is paid is rounded up.
"""

import asyncio
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from api.chain_quotes import ChainQuoteView, chain_quote
from api.chains import chain_token, live_age_ms, named_venue
from api.problems import Problem, Refused
from api.quotes import OWN, QuoteRequest, QuoteView, quote_view
from api.services import Services
from api.swap_wish import SwapWish
from xyk.chain.gas import GasPrice
from xyk.chain.pair import Token
from xyk.chain.venue import Venue
from xyk.domain.rejections import Rejected
from xyk.domain.units import parse_hex

ALL = "all"


class AfterGas(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a venue's quote comes to when gas is paid. `gasCost` is in the quote's own tokenOut
    where amountIn was asked for, else in its tokenIn: what that buys the gas for at the venue's own
    pairs. `amountOutAfterGas`, or `amountInAfterGas`, is in the units of the whole answer, at least
    0. Null where no node says the price of gas, or no pairs lead to the coin that pays for it.
    """

    venue: str
    gas_cost: str | None
    amount_out_after_gas: str | msgspec.UnsetType | None = msgspec.UNSET
    amount_in_after_gas: str | msgspec.UnsetType | None = msgspec.UNSET


class VenueFault(msgspec.Struct, frozen=True, kw_only=True):
    """Of a venue that cannot quote."""

    venue: str
    error: Problem


class ComparedView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`quotes`: of each venue, our own first, its quote with what it comes to after gas, or its
    error. `best`: the venue with the best amount after gas, the first one of equals; null where
    none is known. `decimalsIn` and `decimalsOut`: of the amounts that were asked for and of those
    after gas; our own asset's, or else those of the first deployment that has the token. `seq` is
    of our own state.
    """

    quotes: list[dict[str, Any]]
    best: str | None
    decimals_in: int | None
    decimals_out: int | None
    seq: int


class Named(NamedTuple):
    """A token by what all venues call it; `decimals` None where none of them has it."""

    symbol: str
    decimals: int | None


class Asked(NamedTuple):
    wish: QuoteRequest
    token_in: Named
    token_out: Named


class Outcome(NamedTuple):
    """`net`: the amount after gas in the units of the answer, None where it is not known."""

    venue: str
    shown: dict[str, Any]
    net: int | None


class BestPrice:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._gas_prices = {name: GasPrice(one.rpc) for name, one in services.chains.items()}

    async def answer(self, wish: QuoteRequest) -> ChainQuoteView | ComparedView:
        """Of any venue but our own alone. Raises Refused."""
        if wish.venue != ALL:
            venue = named_venue(self._services, wish.venue)
            return chain_quote(venue, wish, self._services.now_ms())
        now_ms = self._services.now_ms()
        prices = await asyncio.gather(*(one.wei(now_ms) for one in self._gas_prices.values()))
        asked = Asked(wish, self._named(wish.token_in), self._named(wish.token_out))
        outcomes = [self._own(asked)]
        for venue, price in zip(self._services.chains.values(), prices, strict=True):
            outcomes.append(_on_chain(venue, asked, price, now_ms))
        view = ComparedView(
            quotes=[one.shown for one in outcomes],
            best=_best(outcomes, is_sale=wish.amount_in is not None),
            decimals_in=asked.token_in.decimals,
            decimals_out=asked.token_out.decimals,
            seq=self._services.state.seq,
        )
        return await self._services.committed(view)

    def _named(self, text: str) -> Named:
        """By our own address or symbol, or by that of a deployment."""
        state, venues = self._services.state, self._services.chains.values()
        symbol = text
        if text.startswith("0x"):
            address = parse_hex(text, 20)
            known = (_symbol_at(venue, address) for venue in venues)
            symbol = state.tokens.get(address) or next(filter(None, known), text)
        if symbol in state.assets:
            return Named(symbol, state.assets[symbol].decimals)
        for venue in venues:
            try:
                return Named(symbol, chain_token(venue, symbol, "$").decimals)
            except Refused:
                continue
        return Named(symbol, None)

    def _own(self, asked: Asked) -> Outcome:
        """Costs no gas."""
        wish = msgspec.structs.replace(
            asked.wish, token_in=asked.token_in.symbol, token_out=asked.token_out.symbol
        )
        view = quote_view(self._services, wish)
        if isinstance(view, Rejected):
            return _fault(OWN, view)
        is_sale = wish.amount_in is not None
        return _outcome(OWN, view, int(view.amount_out if is_sale else view.amount_in), 0, is_sale)


def _on_chain(venue: Venue, asked: Asked, gas_price: int | Rejected, now_ms: int) -> Outcome:
    """All of it of one block."""
    name, wish = venue.deployment.name, asked.wish
    try:
        live_age_ms(venue, now_ms)  # before its tokens, which a node that is down may not have told
        token_in = chain_token(venue, asked.token_in.symbol, "$.tokenIn")
        token_out = chain_token(venue, asked.token_out.symbol, "$.tokenOut")
        decimals_in, decimals_out = asked.token_in.decimals, asked.token_out.decimals
        assert decimals_in is not None and decimals_out is not None, "this venue has them"
        scaled = SwapWish(
            token_in=token_in.address,
            token_out=token_out.address,
            amount_in=_rescaled(wish.amount_in, decimals_in, token_in.decimals),
            amount_out=_rescaled(wish.amount_out, decimals_out, token_out.decimals, up=True),
            slippage_bps=wish.slippage_bps,
        )
        view = chain_quote(venue, scaled, now_ms)
    except Refused as refused:
        return _fault(name, refused.rejected)
    is_sale = wish.amount_in is not None
    cost = None
    if not isinstance(gas_price, Rejected):
        cost = _worth(venue, view.gas * gas_price, token_out if is_sale else token_in)
    if cost is None:
        return _outcome(name, view, None, None, is_sale)
    if is_sale:
        left = max(0, int(view.amount_out) - cost)
        net = _rescaled(left, token_out.decimals, decimals_out)
    else:
        net = _rescaled(int(view.amount_in) + cost, token_in.decimals, decimals_in, up=True)
    return _outcome(name, view, net, cost, is_sale)


def _worth(venue: Venue, wei: int, token: Token) -> int | None:
    """Base units of the token that buy so much of the native coin, over the venue's own pairs;
    None where they cannot."""
    wrapped = venue.deployment.wrapped
    if not wei or token.address == wrapped:
        return wei
    route = venue.best_exact_out(token.address, wrapped, wei)
    return None if isinstance(route, Rejected) else route.amount_in


def _outcome(
    name: str,
    view: QuoteView | ChainQuoteView,
    net: int | None,
    cost: int | None,
    is_sale: bool,
) -> Outcome:
    shown = None if net is None else str(net)
    after = AfterGas(
        venue=name,
        gas_cost=None if cost is None else str(cost),
        amount_out_after_gas=shown if is_sale else msgspec.UNSET,
        amount_in_after_gas=msgspec.UNSET if is_sale else shown,
    )
    whole = {"venue": name, **msgspec.to_builtins(view), **msgspec.to_builtins(after)}
    return Outcome(name, whole, net)


def _fault(name: str, rejected: Rejected) -> Outcome:
    error = Problem(rejected.code.name, rejected.message)
    return Outcome(name, msgspec.to_builtins(VenueFault(venue=name, error=error)), None)


def _best(outcomes: list[Outcome], *, is_sale: bool) -> str | None:
    ranked = [
        (one.net if is_sale else -one.net, one.venue) for one in outcomes if one.net is not None
    ]
    return max(ranked, key=itemgetter(0))[1] if ranked else None


def _symbol_at(venue: Venue, address: str) -> str | None:
    """The native coin's for the token that wraps it."""
    token = venue.mirror.tokens.get(address)
    if token is None:
        return None
    return venue.deployment.coin if address == venue.deployment.wrapped else token.symbol


def _rescaled(amount: int | None, have: int, want: int, *, up: bool = False) -> int | None:
    """Of one number of decimals in another, rounded down, or up."""
    if amount is None:
        return None
    if want >= have:
        return amount * 10 ** (want - have)
    unit = 10 ** (have - want)
    return -(-amount // unit) if up else amount // unit
