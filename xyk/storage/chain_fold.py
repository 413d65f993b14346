"""From what blocks did to rows of the read tables: as the exchange's own fold, less what a chain
does not tell of its pools, who has which shares.
"""

from collections.abc import Callable
from decimal import Decimal

from xyk.domain.chain_events import ReservesSynced
from xyk.domain.events import LiquidityAdded, LiquidityRemoved
from xyk.storage.batch import Batch, Where
from xyk.storage.fold import Fold


class ChainFold(Fold):
    def __init__(self, amount: Callable[[int], str | Decimal]) -> None:
        super().__init__(amount)
        self._folds[ReservesSynced] = self._reserves_synced

    def _liquidity_added(self, where: Where, event: LiquidityAdded, batch: Batch) -> None:
        self._liquidity_changed(where, event, "add", event.locked, batch)

    def _liquidity_removed(self, where: Where, event: LiquidityRemoved, batch: Batch) -> None:
        self._liquidity_changed(where, event, "remove", 0, batch)

    def _reserves_synced(self, where: Where, event: ReservesSynced, batch: Batch) -> None:
        totals = self.markets[event.market]
        supply = event.total_supply or totals.pool.total_supply
        self._pool_changed(where, totals, event.reserve_base, event.reserve_quote, supply, batch)
