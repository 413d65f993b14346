"""Orders, and trades with both of their sides. The rows of before lack what these need (a market's
tick and lot, the place of a trade in its entry), so all read tables are emptied: the next start
fills them from the journal before the port opens."""

import sqlalchemy as sa
from alembic import op

revision = "read_0002"
down_revision = "read_0001"
branch_labels = None
depends_on = None

KEPT = (
    *("assets", "actions", "liquidity_events", "transfers", "pool_history", "candles_1m"),
    *("pool_minutes", "positions"),
)


def upgrade() -> None:
    for table in KEPT:
        op.execute(f"DELETE FROM {table}")
    op.execute(f"UPDATE cursor SET seq = 0, hash = '{'0' * 64}'")
    op.drop_table("markets")
    op.create_table(
        "markets",
        sa.Column("market", sa.Text(), primary_key=True, nullable=False),
        *(text(name) for name in ("base", "quote")),
        *(amount(name) for name in ("tick_size", "lot_size")),
    )
    op.drop_table("trades")
    create_trades()
    create_orders()


def create_trades() -> None:
    op.create_table(
        "trades",
        sa.Column("market", sa.Text(), primary_key=True, nullable=False),
        sa.Column(
            "trade_id", sa.BigInteger(), primary_key=True, nullable=False, autoincrement=False
        ),
        big("seq"),
        sa.Column("event", sa.Integer(), nullable=False),
        big("time_ms"),
        amount("base_amount"),
        amount("quote_amount"),
        text("price"),
        flag("price_forming"),
        text("taker"),
        big("taker_order"),
        flag("taker_buys"),
        amount("fee"),
        text("fee_asset"),
        text("maker"),
        big("maker_order"),
        amount("maker_fee"),
        amount("maker_rebate"),
        sqlite_with_rowid=False,
    )
    op.create_index("trades_forming", "trades", ["market", "price_forming", "trade_id"])
    op.create_index("trades_taker", "trades", ["taker", "seq", "event"])
    some = sa.text("maker != ''")
    op.create_index(
        "trades_maker",
        "trades",
        ["maker", "seq", "event"],
        sqlite_where=some,
        postgresql_where=some,
    )


def create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column(
            "order_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            nullable=False,
            autoincrement=False,
        ),
        big("seq"),
        *(text(name) for name in ("digest", "owner", "market")),
        flag("is_bid"),
        *(amount(name) for name in ("price", "quantity", "executed_base", "executed_quote")),
        *(text(name) for name in ("status", "reason", "time_in_force")),
        flag("post_only"),
        text("self_trade_prevention"),
        big("client_id"),
        *(amount(name) for name in ("expires", "trigger_price")),
        flag("trigger_above"),
        *(big(name) for name in ("triggered_ms", "created_ms", "updated_ms")),
    )
    op.create_index("orders_owner", "orders", ["owner", "order_id"])
    some = sa.text("client_id != 0")
    op.create_index(
        "orders_client_id",
        "orders",
        ["owner", "client_id", "order_id"],
        sqlite_where=some,
        postgresql_where=some,
    )


def text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def big(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def amount(name: str) -> sa.Column:
    return sa.Column(name, sa.Numeric(78, 0).with_variant(sa.Text(), "sqlite"), nullable=False)
