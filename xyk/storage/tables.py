"""The schema: the journal's one table, and the read tables that the projection derives from it.

Two metadata, because they live in two SQLite files (journal.db, read.db) or two PostgreSQL schemas
(journal, read). Amounts are base units. `seq` is the journal entry that a row comes from, `event`
the index of the event within the entry; times are Unix ms. All keys are natural, so that a rebuild
gives the same rows. The classes are the schema only: rows are written and read through SQLAlchemy
core.
"""

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlmodel import Field, SQLModel

from xyk.storage.amount import Amount

JOURNAL_METADATA = MetaData()
READ_METADATA = MetaData()

CLUSTERED = {
    "sqlite_with_rowid": False
}  # one b-tree in the order of the primary key, no second one


class JournalTable(SQLModel):
    metadata: ClassVar[MetaData] = JOURNAL_METADATA


class ReadTable(SQLModel):
    metadata: ClassVar[MetaData] = READ_METADATA


class EntryRow(JournalTable, table=True):
    """`xyk.engine.entry.Entry`, field for field; JSON as the bytes that were hashed."""

    __tablename__ = "entries"

    # INTEGER and nothing else makes the column SQLite's own row id; BIGINT would cost a second
    # b-tree.
    seq: int = Field(
        sa_column=Column(
            BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
        )
    )
    time: int = Field(sa_type=BigInteger)
    rules: int = Field(sa_type=Integer)
    kind: str = Field(sa_type=Text)
    command: bytes = Field(sa_type=LargeBinary)
    evidence: bytes = Field(sa_type=LargeBinary)
    events: bytes = Field(sa_type=LargeBinary)
    previous: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)


class CursorRow(ReadTable, table=True):
    """How far the read tables have come: the last projected entry's seq and hash."""

    __tablename__ = "cursor"

    name: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    hash: str = Field(sa_type=Text)


class AssetRow(ReadTable, table=True):
    """What the projection must know of an asset to write a price."""

    __tablename__ = "assets"

    symbol: str = Field(primary_key=True, sa_type=Text)
    decimals: int = Field(sa_type=Integer)


class MarketRow(ReadTable, table=True):
    __tablename__ = "markets"

    market: str = Field(primary_key=True, sa_type=Text)
    base: str = Field(sa_type=Text)
    quote: str = Field(sa_type=Text)
    tick_size: int = Field(sa_type=Amount)  # quote base units per whole base token
    lot_size: int = Field(sa_type=Amount)


class ActionRow(ReadTable, table=True):
    """Accepted signed actions by digest: how a known digest finds its first receipt."""

    __tablename__ = "actions"
    __table_args__ = CLUSTERED

    digest: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    signer: str = Field(sa_type=Text)
    nonce: int | None = Field(sa_type=BigInteger)  # null where the scheme has none
    kind: str = Field(sa_type=Text)


class TradeRow(ReadTable, table=True):
    """One fill of a swap or of a taker's order, by a maker's order or by the pool.

    `price`: a book fill's is exact, a pool's is rounded for display (domain/price.py); the two
    amounts are exact. `fee` is what the taker paid, in `fee_asset`: V2's fee, part of the input,
    for a pool's fill, else part of what it received. The maker, empty for the pool, paid
    `maker_fee` in what it received, or got `maker_rebate` in `fee_asset`. Orders are 0 where there
    is none."""

    __tablename__ = "trades"
    __table_args__ = CLUSTERED

    market: str = Field(primary_key=True, sa_type=Text)
    trade_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(sa_type=BigInteger)
    event: int = Field(sa_type=Integer)
    time_ms: int = Field(sa_type=BigInteger)
    base_amount: int = Field(sa_type=Amount)
    quote_amount: int = Field(sa_type=Amount)
    price: str = Field(sa_type=Text)
    price_forming: bool
    taker: str = Field(sa_type=Text)
    taker_order: int = Field(sa_type=BigInteger)
    taker_buys: bool
    fee: int = Field(sa_type=Amount)
    fee_asset: str = Field(sa_type=Text)
    maker: str = Field(sa_type=Text)
    maker_order: int = Field(sa_type=BigInteger)
    maker_fee: int = Field(sa_type=Amount)
    maker_rebate: int = Field(sa_type=Amount)


class OrderRow(ReadTable, table=True):
    """Every order ever accepted, as it stands now; `xyk.engine.order_record.OrderRecord`, field
    for field."""

    __tablename__ = "orders"

    # As in `entries`: SQLite's own row id.
    order_id: int = Field(
        sa_column=Column(
            BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
        )
    )
    seq: int = Field(sa_type=BigInteger)
    digest: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    market: str = Field(sa_type=Text)
    is_bid: bool
    price: int = Field(sa_type=Amount)
    quantity: int = Field(sa_type=Amount)
    executed_base: int = Field(sa_type=Amount)
    executed_quote: int = Field(sa_type=Amount)
    status: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    time_in_force: str = Field(sa_type=Text)
    post_only: bool
    self_trade_prevention: str = Field(sa_type=Text)
    client_id: int = Field(sa_type=BigInteger)
    expires: int = Field(sa_type=Amount)  # a signed uint64, beyond a database's 64 bits with sign
    trigger_price: int = Field(sa_type=Amount)
    trigger_above: bool
    triggered_ms: int = Field(sa_type=BigInteger)
    created_ms: int = Field(sa_type=BigInteger)
    updated_ms: int = Field(sa_type=BigInteger)
    order_type: str = Field(sa_type=Text)
    quote_quantity: int = Field(sa_type=Amount)


class LiquidityEventRow(ReadTable, table=True):
    """`kind` is add or remove. Reserves and supply are those after."""

    __tablename__ = "liquidity_events"
    __table_args__ = CLUSTERED

    market: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    event: int = Field(primary_key=True, sa_type=Integer)
    time_ms: int = Field(sa_type=BigInteger)
    owner: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    amount_base: int = Field(sa_type=Amount)
    amount_quote: int = Field(sa_type=Amount)
    liquidity: int = Field(sa_type=Amount)
    locked: int = Field(sa_type=Amount)
    protocol_recipient: str = Field(sa_type=Text)
    protocol_liquidity: int = Field(sa_type=Amount)
    reserve_base: int = Field(sa_type=Amount)
    reserve_quote: int = Field(sa_type=Amount)
    total_supply: int = Field(sa_type=Amount)


class TransferRow(ReadTable, table=True):
    """What came to or left an owner; a transfer has a row for each side, one to oneself only `out`.

    `kind` is deposit, withdrawal, in or out. `counterparty` is the other owner, a withdrawal's
    recipient address, or empty.
    """

    __tablename__ = "transfers"
    __table_args__ = CLUSTERED

    owner: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    event: int = Field(primary_key=True, sa_type=Integer)
    time_ms: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    asset: str = Field(sa_type=Text)
    amount: int = Field(sa_type=Amount)
    counterparty: str = Field(sa_type=Text)


class PoolHistoryRow(ReadTable, table=True):
    """A pool after each change. The cumulatives are V2's price0 and price1 accumulators: UQ112x112
    times seconds, mod 2^256; base's price is quote per base, of the reserves before this change."""

    __tablename__ = "pool_history"
    __table_args__ = CLUSTERED

    market: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    event: int = Field(primary_key=True, sa_type=Integer)
    time_ms: int = Field(sa_type=BigInteger)
    reserve_base: int = Field(sa_type=Amount)
    reserve_quote: int = Field(sa_type=Amount)
    total_supply: int = Field(sa_type=Amount)
    price_base_cumulative: int = Field(sa_type=Amount)
    price_quote_cumulative: int = Field(sa_type=Amount)


class CandleRow(ReadTable, table=True):
    """The fills of one interval of a market, by the interval's name (engine/intervals.py);
    intervals without a fill have no row.

    Seconds and minutes are written as they grow, the longer ones once, when a later fill shows that
    they are over. `forming` counts the price-forming fills. Where it is 0 the four prices are the
    previous close, or null before the market's first price-forming fill: such a row only keeps
    volume and is no candle."""

    __tablename__ = "candles"
    __table_args__ = CLUSTERED

    market: str = Field(primary_key=True, sa_type=Text)
    interval: str = Field(primary_key=True, sa_type=Text)
    start_ms: int = Field(primary_key=True, sa_type=BigInteger)
    open: str | None = Field(sa_type=Text)
    high: str | None = Field(sa_type=Text)
    low: str | None = Field(sa_type=Text)
    close: str | None = Field(sa_type=Text)
    base_volume: int = Field(sa_type=Amount)
    quote_volume: int = Field(sa_type=Amount)
    trades: int = Field(sa_type=BigInteger)
    forming: int = Field(sa_type=BigInteger)


class PoolMinuteRow(ReadTable, table=True):
    """What one minute's swaps moved through a pool, and the fees in the asset that each was paid
    in.

    The fees are V2's whole fee, the protocol's share of it included.
    """

    __tablename__ = "pool_minutes"
    __table_args__ = CLUSTERED

    market: str = Field(primary_key=True, sa_type=Text)
    start_ms: int = Field(primary_key=True, sa_type=BigInteger)
    base_volume: int = Field(sa_type=Amount)
    quote_volume: int = Field(sa_type=Amount)
    base_fees: int = Field(sa_type=Amount)
    quote_fees: int = Field(sa_type=Amount)
    swaps: int = Field(sa_type=BigInteger)


class PositionRow(ReadTable, table=True):
    """An owner's share of a pool and its cost basis; what the columns mean is in
    storage/position.py."""

    __tablename__ = "positions"
    __table_args__ = CLUSTERED

    owner: str = Field(primary_key=True, sa_type=Text)
    market: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(sa_type=BigInteger)
    shares: int = Field(sa_type=Amount)
    sqrt_k_in: int = Field(sa_type=Amount)
    base_in: int = Field(sa_type=Amount)
    quote_in: int = Field(sa_type=Amount)
    base_fees: int = Field(sa_type=Amount)
    quote_fees: int = Field(sa_type=Amount)


def _read(name: str) -> Table:
    return READ_METADATA.tables[name]


ENTRIES = JOURNAL_METADATA.tables["entries"]
CURSOR = _read("cursor")
ASSETS = _read("assets")
MARKETS = _read("markets")
ACTIONS = _read("actions")
TRADES = _read("trades")
ORDERS = _read("orders")
LIQUIDITY_EVENTS = _read("liquidity_events")
TRANSFERS = _read("transfers")
POOL_HISTORY = _read("pool_history")
CANDLES = _read("candles")
POOL_MINUTES = _read("pool_minutes")
POSITIONS = _read("positions")

# Newest trades of a market without wading through dust: a market can hold a million fills that form
# no price.
Index("trades_forming", TRADES.c.market, TRADES.c.price_forming, TRADES.c.trade_id)
Index(
    "liquidity_events_owner",
    LIQUIDITY_EVENTS.c.owner,
    LIQUIDITY_EVENTS.c.seq,
    LIQUIDITY_EVENTS.c.event,
)
# By journal entry over all markets, for indexers.
Index("trades_seq", TRADES.c.seq, TRADES.c.event)
Index("liquidity_events_seq", LIQUIDITY_EVENTS.c.seq, LIQUIDITY_EVENTS.c.event)
# An owner's fills as taker and as maker, newest first over all markets.
Index("trades_taker", TRADES.c.taker, TRADES.c.seq, TRADES.c.event)
Index(
    "trades_maker",
    TRADES.c.maker,
    TRADES.c.seq,
    TRADES.c.event,
    sqlite_where=TRADES.c.maker != "",
    postgresql_where=TRADES.c.maker != "",
)
Index("orders_owner", ORDERS.c.owner, ORDERS.c.order_id)
Index(
    "orders_client_id",
    ORDERS.c.owner,
    ORDERS.c.client_id,
    ORDERS.c.order_id,
    sqlite_where=ORDERS.c.client_id != 0,
    postgresql_where=ORDERS.c.client_id != 0,
)
