"""The newest price-forming fills of one market: those that the read tables may not show yet.

Together with the tables they are all trades: the tail begins where the tables are complete, and
what lies before its first one is asked of them.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

import msgspec


class PublicTrade(msgspec.Struct, frozen=True):
    """A fill without its parties. Amounts in base units, `price` in whole tokens."""

    trade_id: int
    seq: int
    time_ms: int
    price: str
    base_amount: int
    quote_amount: int
    taker_buys: bool


class TradeTail:
    __slots__ = ("_trades",)

    def __init__(self) -> None:
        self._trades: deque[PublicTrade] = deque()

    def __len__(self) -> int:
        return len(self._trades)

    @property
    def first_id(self) -> int | None:
        """The oldest one's; the tables have all before it. None: the tables have everything."""
        return self._trades[0].trade_id if self._trades else None

    def add(self, trade: PublicTrade) -> None:
        self._trades.append(trade)

    def newest(self, limit: int, offset: int) -> Sequence[PublicTrade]:
        """Newest first, after the first `offset` of them."""
        return tuple(islice(reversed(self._trades), offset, offset + limit))

    def go_back(self, seq: int) -> None:
        """Those of later entries never were."""
        while self._trades and self._trades[-1].seq > seq:
            self._trades.pop()

    def forget(self, projected: int) -> None:
        """Those of entries up to `projected`, which the read tables show."""
        trades = self._trades
        while trades and trades[0].seq <= projected:
            trades.popleft()


class Trail:
    """How far the read tables trail behind what is committed, and the tails that bridge it."""

    def __init__(self, projected: Callable[[], int], seq: int, time_ms: int) -> None:
        """`projected`: up to which seq the tables show everything; `seq` and `time_ms` are those
        of the last entry of all."""
        self._projected = projected
        # Of the newest group that the tables show, and of those that they do not show yet.
        self._ends: deque[tuple[int, int]] = deque([(seq, time_ms)])
        self._tails: dict[str, TradeTail] = {}  # those that are not empty, by market

    def add(self, market: str, tail: TradeTail, trade: PublicTrade) -> None:
        tail.add(trade)
        self._tails[market] = tail

    def committed(self, seq: int, time_ms: int) -> None:
        """A group ended with this entry."""
        self._ends.append((seq, time_ms))
        self.shown()
        projected = self._projected()
        for market, tail in tuple(self._tails.items()):
            tail.forget(projected)
            if not tail:
                del self._tails[market]

    def shown(self) -> tuple[int, int]:
        """Seq and time in ms of the end of a group that the tables show with all before it: the
        newest entry where they do not trail."""
        ends, projected = self._ends, self._projected()
        while len(ends) > 1 and ends[1][0] <= projected:
            ends.popleft()
        return ends[0]
