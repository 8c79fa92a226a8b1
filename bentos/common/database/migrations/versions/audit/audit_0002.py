"""What was found when chains were checked."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import schema

revision = "audit_0002"
down_revision = "audit_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chain_checks",
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", name="pk_chain_checks"),
        schema=schema("audit"),
    )


def downgrade() -> None:
    op.drop_table("chain_checks", schema=schema("audit"))
