"""Market orders: what an order was, and the quote amount that it named. All orders of before are
Limit orders."""

import sqlalchemy as sa
from alembic import op

revision = "read_0005"
down_revision = "read_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "orders", sa.Column("order_type", sa.Text(), nullable=False, server_default="Limit")
    )
    amount = sa.Numeric(78, 0).with_variant(sa.Text(), "sqlite")
    zero = "0" * 78  # as SQLite keeps amounts; PostgreSQL reads it as 0
    op.add_column(
        "orders", sa.Column("quote_quantity", amount, nullable=False, server_default=zero)
    )
