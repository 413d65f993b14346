"""A place with one pool of tokens A and B: the words in which two implementations are compared.

Amounts are base units, owners are plain names. Our venue is driven first and the other's clock is
then set to ours, so that a venue on the wall clock fits as well as one whose time is made up.
"""

from dataclasses import dataclass, fields
from typing import Protocol

LOCKED = "locked"  # holder of the first MINIMUM_LIQUIDITY shares: V2's address(0)
PROTOCOL = "protocol"  # V2's feeTo, otherwise an ordinary account


@dataclass(frozen=True)
class Added:
    amount_a: int
    amount_b: int
    liquidity: int


@dataclass(frozen=True)
class Removed:
    amount_a: int
    amount_b: int


@dataclass(frozen=True)
class Swapped:
    amount_in: int
    amount_out: int


@dataclass(frozen=True)
class Refused:
    """Nothing changed. `reason` is the venue's own word: V2's revert text, our refusal code."""

    reason: str


@dataclass(frozen=True)
class Snapshot:
    """All that a pool's owners can see. None = this venue does not publish it.

    `cumulative_a` is the price of A in B, summed over seconds (UQ112x112); `last_s` the second of
    the last change of reserves.
    """

    reserve_a: int
    reserve_b: int
    total_supply: int
    shares: dict[str, int]
    balances_a: dict[str, int]
    balances_b: dict[str, int]
    k_last: int | None
    cumulative_a: int | None
    cumulative_b: int | None
    last_s: int | None

    def differences(self, other: "Snapshot") -> list[str]:
        """The fields that differ, with both values; what one side does not publish is left out."""
        pairs = [
            (field.name, getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
        ]
        return [
            f"{name}: {mine} != {theirs}"
            for name, mine, theirs in pairs
            if mine is not None and theirs is not None and mine != theirs
        ]


class Venue(Protocol):
    """One pool, its traders and a clock in unix seconds."""

    @property
    def now_s(self) -> int:
        """The second at which the last step happened, or the next will if `wait` said so since."""
        ...

    def wait(self, seconds: int) -> None:
        """Let time pass before the next step, where the venue's time is ours to set."""
        ...

    def set_protocol_fee(self, *, on: bool) -> None: ...

    def add(
        self, owner: str, *, a_desired: int, b_desired: int, a_min: int, b_min: int
    ) -> Added | Refused: ...

    def remove(
        self, owner: str, *, liquidity: int, a_min: int, b_min: int
    ) -> Removed | Refused: ...

    def swap_exact_in(
        self, owner: str, *, sell_a: bool, amount_in: int, min_out: int
    ) -> Swapped | Refused: ...

    def swap_exact_out(
        self, owner: str, *, sell_a: bool, amount_out: int, max_in: int
    ) -> Swapped | Refused: ...

    def snapshot(self) -> Snapshot: ...
