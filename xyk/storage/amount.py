"""How a 256-bit amount stands in a table: NUMERIC(78,0) on PostgreSQL, zero-padded TEXT of 78 on
SQLite.

SQLite's own numbers end at 2^63 (INTEGER raises, NUMERIC silently becomes a float), while 78 digits
of text keep every unit and sort as the numbers do. Sums are made in Python, never in SQL.
"""

from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import Dialect, Numeric, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from xyk.domain.units import UINT256_MAX

DIGITS = 78  # of 2^256 - 1


class Amount(TypeDecorator[int]):
    """An int of 0 to 2^256-1; anything else is a ValueError before it reaches the database."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str] | TypeEngine[Decimal]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric(DIGITS, 0))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | Decimal | None:
        return None if value is None else amount_encoder(dialect)(value)

    def process_result_value(self, value: str | Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


def amount_encoder(dialect: Dialect) -> Callable[[int], str | Decimal]:
    """What the driver of this dialect takes for an amount; for rows that go to it directly."""
    return _padded if dialect.name == "sqlite" else _decimal


def _padded(value: int) -> str:
    if type(value) is int and 0 <= value <= UINT256_MAX:
        return f"{value:078d}"
    raise _not_an_amount(value)


def _decimal(value: int) -> Decimal:
    if type(value) is int and 0 <= value <= UINT256_MAX:
        return Decimal(value)
    raise _not_an_amount(value)


def _not_an_amount(value: object) -> ValueError:
    return ValueError(f"not an amount of 0 to 2^256-1: {value!r}")
