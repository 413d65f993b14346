"""Reserves and LP supply of the mirrored pairs, changed by blocks and changed back by reorgs."""

from collections.abc import Iterable, Mapping, Sequence

from xyk.chain.blocks import Joined, Reserves
from xyk.chain.logs import Issued
from xyk.chain.pair import Block, PairEvent, Sync
from xyk.storage.chain import KeptPool


class Pools:
    """By pair; without those that are not known. `unread`: pairs of which something is to be read
    from the contract, for no event told it."""

    def __init__(self) -> None:
        self.reserves: dict[str, Reserves] = {}
        self.total_supply: dict[str, int] = {}
        self.unread: set[str] = set()

    def join(
        self, block: Block, logged: Sequence[PairEvent | Issued]
    ) -> tuple[Joined, tuple[PairEvent, ...]]:
        """What the block replaced, and its events."""
        joined, events = Joined(block, {}, {}), []
        for one in logged:
            pair = one.pair
            if isinstance(one, Issued):
                supply = self.total_supply.get(pair)
                joined.supplies.setdefault(pair, supply)
                if supply is not None:
                    self.total_supply[pair] = supply + one.change
                continue
            events.append(one)
            if isinstance(one, Sync):
                joined.reserves.setdefault(pair, self.reserves.get(pair))
                self.reserves[pair] = (one.reserve0, one.reserve1)
        return joined, tuple(events)

    def undo(self, joined: Joined) -> None:
        """The newest block that joined leaves again."""
        for pair, reserves in joined.reserves.items():
            if reserves is None:
                self.reserves.pop(pair, None)
                self.unread.add(pair)
            else:
                self.reserves[pair] = reserves
        for pair, supply in joined.supplies.items():
            if supply is None:
                self.total_supply.pop(pair, None)
                self.unread.add(pair)
            else:
                self.total_supply[pair] = supply

    def learn(self, tip: Joined, found: Mapping[str, tuple[Reserves, int]]) -> list[str]:
        """What the contracts say at the tip. Gives what was known otherwise: a log that nobody told
        us of. What stood there before the tip is unknown then."""
        complaints = []
        for pair, (reserves, supply) in found.items():
            known = self.reserves.get(pair), self.total_supply.get(pair)
            if known[0] != reserves:
                tip.reserves.setdefault(pair, None)
                self.reserves[pair] = reserves
            if known[1] != supply:
                tip.supplies.setdefault(pair, None)
                self.total_supply[pair] = supply
            if known[0] not in (None, reserves) or known[1] not in (None, supply):
                complaints.append(f"{pair} has {reserves}, {supply} shares; known were {known}")
        self.unread.difference_update(found)
        return complaints

    def changed(self, before: Iterable[Joined], after: Iterable[Joined]) -> list[KeptPool]:
        """What the blocks `before` changed, as it stood before the blocks `after`; both in order,
        and together all that joined since the last time."""
        pairs = {pair: None for one in before for pair in (*one.reserves, *one.supplies)}
        reserves: dict[str, Reserves | None] = {}
        supplies: dict[str, int | None] = {}
        for one in after:
            reserves = one.reserves | reserves
            supplies = one.supplies | supplies
        found = []
        for pair in pairs:
            sides = reserves[pair] if pair in reserves else self.reserves.get(pair)
            supply = supplies[pair] if pair in supplies else self.total_supply.get(pair)
            reserve0, reserve1 = sides or (None, None)
            found.append(KeptPool(pair, reserve0, reserve1, supply))
        return found

    def restore(self, kept: Iterable[KeptPool]) -> None:
        """Of pairs that are `unread`; others are not mirrored."""
        for one in kept:
            if one.pair not in self.unread:
                continue
            if one.reserve0 is not None and one.reserve1 is not None:
                self.reserves[one.pair] = (one.reserve0, one.reserve1)
            if one.total_supply is not None:
                self.total_supply[one.pair] = one.total_supply
            if one.pair in self.reserves and one.pair in self.total_supply:
                self.unread.discard(one.pair)
