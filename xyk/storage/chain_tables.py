"""The schema of what is kept of a mirrored deployment: one SQLite file or PostgreSQL schema each.

Addresses and hashes are lower case hex, amounts base units of the pair's tokens. All of it is of
the cursor's block, which is final.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, Integer, MetaData, Table, Text
from sqlmodel import Field, SQLModel

from xyk.storage.amount import Amount

CHAIN_METADATA = MetaData()


class ChainTable(SQLModel):
    metadata: ClassVar[MetaData] = CHAIN_METADATA


class BlockCursorRow(ChainTable, table=True):
    """The one row: the newest block that everybody who listens has kept."""

    __tablename__ = "cursor"

    name: str = Field(primary_key=True, sa_type=Text)
    number: int = Field(sa_type=BigInteger)
    hash: str = Field(sa_type=Text)
    parent: str = Field(sa_type=Text)
    time_s: int = Field(sa_type=BigInteger)


class TokenRow(ChainTable, table=True):
    __tablename__ = "tokens"

    address: str = Field(primary_key=True, sa_type=Text)
    symbol: str = Field(sa_type=Text)
    decimals: int = Field(sa_type=Integer)


class PairRow(ChainTable, table=True):
    __tablename__ = "pairs"

    address: str = Field(primary_key=True, sa_type=Text)
    token0: str = Field(sa_type=Text)
    token1: str = Field(sa_type=Text)
    base_is_0: bool


class PoolRow(ChainTable, table=True):
    """Null, or no row: not known at the cursor."""

    __tablename__ = "pools"

    pair: str = Field(primary_key=True, sa_type=Text)
    reserve0: int | None = Field(sa_type=Amount)
    reserve1: int | None = Field(sa_type=Amount)
    total_supply: int | None = Field(sa_type=Amount)


def _chain(name: str) -> Table:
    return CHAIN_METADATA.tables[name]


BLOCK_CURSOR = _chain("cursor")
TOKENS = _chain("tokens")
PAIRS = _chain("pairs")
POOLS = _chain("pools")
