"""Candles of every interval. The minutes of before lack the seconds that the present candles are
made of, so all read tables are emptied: the next start fills them from the journal before the port
opens."""

import sqlalchemy as sa
from alembic import op

revision = "read_0003"
down_revision = "read_0005"  # written beside 0004 and 0005, and merged after them
branch_labels = None
depends_on = None

KEPT = (
    *("assets", "markets", "actions", "trades", "orders", "liquidity_events", "transfers"),
    *("pool_history", "pool_minutes", "positions"),
)


def upgrade() -> None:
    for table in KEPT:
        op.execute(f"DELETE FROM {table}")
    op.execute(f"UPDATE cursor SET seq = 0, hash = '{'0' * 64}'")
    op.drop_table("candles_1m")
    op.create_table(
        "candles",
        *(key(name, sa.Text()) for name in ("market", "interval")),
        key("start_ms", sa.BigInteger()),
        *(sa.Column(name, sa.Text()) for name in ("open", "high", "low", "close")),
        *(amount(name) for name in ("base_volume", "quote_volume")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("trades", "forming")),
        sqlite_with_rowid=False,
    )


def key(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def amount(name: str) -> sa.Column:
    return sa.Column(name, sa.Numeric(78, 0).with_variant(sa.Text(), "sqlite"), nullable=False)
