"""What a mirror goes on from: its cursor, what it mirrors, and the pools at the cursor."""

import sqlalchemy as sa
from alembic import op

from xyk.storage.amount import Amount

revision = "chain_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cursor",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("time_s", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
    )
    op.create_table(
        "pairs",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("token0", sa.Text(), nullable=False),
        sa.Column("token1", sa.Text(), nullable=False),
        sa.Column("base_is_0", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "pools",
        sa.Column("pair", sa.Text(), primary_key=True),
        sa.Column("reserve0", Amount(), nullable=True),
        sa.Column("reserve1", Amount(), nullable=True),
        sa.Column("total_supply", Amount(), nullable=True),
    )
