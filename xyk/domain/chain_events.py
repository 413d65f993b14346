"""What happens to a pool on a chain and never to one of ours; it is in no journal."""

from xyk.domain.events import Event


class ReservesSynced(Event, frozen=True, kw_only=True):
    """The reserves became these without a trade or a deposit: somebody gave the pool tokens, or a
    token changed balances by itself (V2's Sync alone, by sync, or skim before it). `total_supply`
    of the pool's shares where it was read beside them, 0 where it was not."""

    market: str
    reserve_base: int
    reserve_quote: int
    total_supply: int = 0
