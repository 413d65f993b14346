"""The read tables of the pool half of the exchange. All of them can be rebuilt from the journal."""

import sqlalchemy as sa
from alembic import op

revision = "read_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create("cursor", key("name"), big("seq"), text("hash"))
    op.execute(
        f"INSERT INTO cursor (name, seq, hash) VALUES ('read', 0, '{'0' * 64}')"
    )  # nothing yet
    create("assets", key("symbol"), small("decimals"))
    create("markets", key("market"), text("base"), text("quote"))
    create_clustered(
        "actions",
        key("digest"),
        big("seq"),
        text("signer"),
        big("nonce", nullable=True),
        text("kind"),
    )
    create_trades()
    create_liquidity_events()
    create_clustered(
        "transfers",
        key("owner"),
        number_key("seq"),
        event_key(),
        big("time_ms"),
        text("kind"),
        text("asset"),
        amount("amount"),
        text("counterparty"),
    )
    create_clustered(
        "pool_history",
        key("market"),
        number_key("seq"),
        event_key(),
        big("time_ms"),
        *amounts("reserve_base", "reserve_quote", "total_supply"),
        *amounts("price_base_cumulative", "price_quote_cumulative"),
    )
    create_clustered(
        "candles_1m",
        key("market"),
        number_key("start_ms"),
        *(text(name, nullable=True) for name in ("open", "high", "low", "close")),
        *amounts("base_volume", "quote_volume"),
        big("trades"),
        big("forming"),
    )
    create_clustered(
        "pool_minutes",
        key("market"),
        number_key("start_ms"),
        *amounts("base_volume", "quote_volume", "base_fees", "quote_fees"),
        big("swaps"),
    )
    create_clustered(
        "positions",
        key("owner"),
        key("market"),
        big("seq"),
        *amounts("shares", "sqrt_k_in", "base_in", "quote_in", "base_fees", "quote_fees"),
    )


def create_trades() -> None:
    create_clustered(
        "trades",
        key("market"),
        number_key("trade_id"),
        big("seq"),
        big("time_ms"),
        *amounts("base_amount", "quote_amount"),
        text("price"),
        sa.Column("price_forming", sa.Boolean(), nullable=False),
        text("taker"),
        sa.Column("taker_buys", sa.Boolean(), nullable=False),
        amount("fee"),
        text("fee_asset"),
    )
    op.create_index("trades_forming", "trades", ["market", "price_forming", "trade_id"])


def create_liquidity_events() -> None:
    create_clustered(
        "liquidity_events",
        key("market"),
        number_key("seq"),
        event_key(),
        big("time_ms"),
        text("owner"),
        text("kind"),
        *amounts("amount_base", "amount_quote", "liquidity", "locked"),
        text("protocol_recipient"),
        *amounts("protocol_liquidity", "reserve_base", "reserve_quote", "total_supply"),
    )
    op.create_index("liquidity_events_owner", "liquidity_events", ["owner", "seq", "event"])


def create(table: str, *columns: sa.Column) -> None:
    op.create_table(table, *columns)


def create_clustered(table: str, *columns: sa.Column) -> None:
    op.create_table(table, *columns, sqlite_with_rowid=False)


def key(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), primary_key=True, nullable=False)


def number_key(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), primary_key=True, nullable=False, autoincrement=False)


def event_key() -> sa.Column:
    return sa.Column("event", sa.Integer(), primary_key=True, nullable=False, autoincrement=False)


def text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def big(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def small(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False)


def amount(name: str) -> sa.Column:
    return sa.Column(name, sa.Numeric(78, 0).with_variant(sa.Text(), "sqlite"), nullable=False)


def amounts(*names: str) -> list[sa.Column]:
    return [amount(name) for name in names]
