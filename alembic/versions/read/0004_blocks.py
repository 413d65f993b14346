"""Fills and changes of liquidity by journal entry, over all markets: what indexers ask for."""

from alembic import op

revision = "read_0004"
down_revision = "read_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("trades_seq", "trades", ["seq", "event"])
    op.create_index("liquidity_events_seq", "liquidity_events", ["seq", "event"])
