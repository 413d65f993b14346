"""What a block did to pairs, in the words of the exchange: the events that its markets are made of.

V2 says Sync with the reserves after each change, and then which change it was: Swap, Mint or Burn.
A Sync without one is ReservesSynced.

A Swap counts by what it left: amounts in less amounts out, for base and quote each. So a flash swap
that pays a part back in the token it took, and a token that takes a fee on its way, make the trade
that the pool really did. Where both stay in the pool, or one does not move, there is no price: the
swap counts in volume alone. What arrives of an input less V2's formula is the taker's loss, as on
the chain; nothing is computed here but the fee, rounded up: fee_bps of what came in.

Who has how many shares is not followed, as Mint and Burn do not say: in what is told of a deposit
they are 0. The total supply is what the mirror says it is after the block.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from amm.constant_product import swap_fee
from xyk.chain.pair import BlockEvents, Burn, Mint, Pair, PairEvent, Swap, Sync
from xyk.chain.terms import Terms, least_quote, terms_of
from xyk.domain.chain_events import ReservesSynced
from xyk.domain.events import (
    AssetListed,
    Event,
    LiquidityAdded,
    LiquidityRemoved,
    MarketListed,
    PoolSwapped,
)
from xyk.domain.market import shares_symbol
from xyk.domain.units import LP_DECIMALS

Reserves = tuple[int, int]  # base and quote

_RESERVES = (PoolSwapped, LiquidityAdded, LiquidityRemoved, ReservesSynced)


class MarketEvents:
    """Of one block after another. `fee_bps`: the deployment's. `pairs` by address, as the mirror
    keeps them: more may come.

    It remembers of each market the lot, the last trade's id and the reserves (base and quote), and
    can so be told what was said already: after a restart, and of the blocks before a reorg."""

    def __init__(self, fee_bps: int, pairs: Mapping[str, Pair]) -> None:
        self.fee_bps = fee_bps
        self._pairs = pairs
        self.lots: dict[str, int] = {}  # of those that are listed
        self.trade_ids: dict[str, int] = {}
        self.reserves: dict[str, Reserves] = {}
        self.supplies: dict[str, int] = {}  # of shares, where they were told

    def of(self, block: BlockEvents, supplies: Mapping[str, int]) -> Iterator[Event]:
        """`supplies`: of shares after the block, by pair, where they are known. Of pairs that are
        unknown, or have had no reserves yet, nothing is said."""
        synced: dict[str, Reserves] = {}  # and nothing said so far of what changed them
        for event in block.events:
            pair = self._pairs.get(event.pair)
            if pair is None:
                continue
            symbol = pair.symbol
            if isinstance(event, Sync):
                if symbol in synced:
                    yield _bare(symbol, synced.pop(symbol))
                reserves = _in_order(pair, event.reserve0, event.reserve1)
                if symbol not in self.lots and all(reserves):
                    yield from self._listing(pair, reserves)
                    if supply := supplies.get(pair.address):
                        yield _bare(symbol, reserves, supply)
                if symbol in self.lots:
                    synced[symbol] = self.reserves[symbol] = reserves
            elif symbol in self.lots:
                synced.pop(symbol, None)
                supply = supplies.get(pair.address, 0)
                yield self._changed(pair, event, self.reserves[symbol], supply)
        for symbol, reserves in synced.items():
            yield _bare(symbol, reserves)

    def sighted(self, pair: Pair, reserve0: int, reserve1: int, supply: int) -> Iterator[Event]:
        """Reserves that were read, where no event told of them, and the shares' supply, 0 where
        that is not known."""
        reserves, symbol = _in_order(pair, reserve0, reserve1), pair.symbol
        if self.reserves.get(symbol, (0, 0)) == reserves:
            if symbol not in self.lots or supply in (0, self.supplies.get(symbol)):
                return
        if symbol not in self.lots:
            if not all(reserves):
                return
            yield from self._listing(pair, reserves)
        self.reserves[symbol] = reserves
        if supply:
            self.supplies[symbol] = supply
        yield _bare(symbol, reserves, supply)

    def take(self, events: Iterable[Event]) -> None:
        """What was said already, in order."""
        for event in events:
            if isinstance(event, MarketListed):
                self.lots[event.market] = event.lot_size
                self.trade_ids[event.market] = 0
            elif isinstance(event, _RESERVES):
                self.reserves[event.market] = event.reserve_base, event.reserve_quote
                if isinstance(event, PoolSwapped):
                    self.trade_ids[event.market] = event.trade_id
                elif event.total_supply:
                    self.supplies[event.market] = event.total_supply

    def go_back(self, market: str, earlier: "MarketEvents") -> None:
        """To what is known of the market there."""
        for known in (self.lots, self.trade_ids, self.reserves, self.supplies):
            known.pop(market, None)
        if market in earlier.supplies:
            self.supplies[market] = earlier.supplies[market]
        if market in earlier.lots:
            self.lots[market] = earlier.lots[market]
            self.trade_ids[market] = earlier.trade_ids[market]
            self.reserves[market] = earlier.reserves[market]

    def _listing(self, pair: Pair, reserves: Reserves) -> Iterator[Event]:
        terms = terms_of(*reserves, pair.base.decimals)
        self.lots[pair.symbol] = terms.lot_size
        self.trade_ids[pair.symbol] = 0
        yield from listing_of(pair, terms, self.fee_bps)

    def _changed(
        self, pair: Pair, event: PairEvent, reserves: Reserves, supply: int
    ) -> PoolSwapped | LiquidityAdded | LiquidityRemoved:
        if isinstance(event, Swap):
            return self._swapped(pair, event, reserves)
        assert isinstance(event, Mint | Burn)
        amounts = _in_order(pair, event.amount0, event.amount1)
        common: dict[str, Any] = {
            "market": pair.symbol,
            "amount_base": amounts[0],
            "amount_quote": amounts[1],
            "liquidity": 0,
            "protocol_recipient": "",
            "protocol_liquidity": 0,
            "reserve_base": reserves[0],
            "reserve_quote": reserves[1],
            "total_supply": supply,
            "k_last": 0,
        }
        if isinstance(event, Mint):
            return LiquidityAdded(owner=event.sender, locked=0, **common)
        return LiquidityRemoved(owner=event.to, **common)

    def _swapped(self, pair: Pair, swap: Swap, reserves: Reserves) -> PoolSwapped:
        base_in, quote_in = _in_order(pair, swap.amount0_in, swap.amount1_in)
        base_out, quote_out = _in_order(pair, swap.amount0_out, swap.amount1_out)
        base, quote = base_in - base_out, quote_in - quote_out
        sells_base = base > 0 or (base == 0 and quote < 0)
        forms = (
            base * quote < 0
            and abs(base) >= self.lots[pair.symbol]
            and abs(quote) >= least_quote(pair.quote.decimals)
        )
        trade_id = self.trade_ids[pair.symbol] = self.trade_ids[pair.symbol] + 1
        sides = [(pair.base.symbol, abs(base)), (pair.quote.symbol, abs(quote))]
        (asset_in, amount_in), (asset_out, amount_out) = sides if sells_base else sides[::-1]
        return PoolSwapped(
            owner=swap.to,
            market=pair.symbol,
            asset_in=asset_in,
            asset_out=asset_out,
            amount_in=amount_in,
            amount_out=amount_out,
            fee=swap_fee(base_in if sells_base else quote_in, self.fee_bps),
            reserve_base=reserves[0],
            reserve_quote=reserves[1],
            trade_id=trade_id,
            price_forming=forms,
        )


def listing_of(pair: Pair, terms: Terms, fee_bps: int) -> tuple[Event, ...]:
    """Tokens are said again with each of their markets, so that none is missing where a market that
    came first is gone. V2's pair is its own share."""
    base, quote, symbol = pair.base, pair.quote, pair.symbol
    return (
        *(
            AssetListed(symbol=token.symbol, token=token.address, decimals=token.decimals)
            for token in (base, quote)
        ),
        MarketListed(
            market=symbol,
            base=base.symbol,
            quote=quote.symbol,
            tick_size=terms.tick_size,
            lot_size=terms.lot_size,
            maker_fee_bps=0,
            taker_fee_bps=0,
            pool_fee_bps=fee_bps,
            book=False,
            implicit=False,
        ),
        AssetListed(symbol=shares_symbol(symbol), token=pair.address, decimals=LP_DECIMALS),
    )


def _bare(market: str, reserves: Reserves, supply: int = 0) -> ReservesSynced:
    base, quote = reserves
    return ReservesSynced(
        market=market, reserve_base=base, reserve_quote=quote, total_supply=supply
    )


def _in_order(pair: Pair, of_token0: int, of_token1: int) -> Reserves:
    return (of_token0, of_token1) if pair.base_is_0 else (of_token1, of_token0)
