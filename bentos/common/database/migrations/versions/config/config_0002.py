"""Backups that were made, and restores that were tried."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import schema

revision = "config_0002"
down_revision = "config_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backup_runs",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("backup_id", sa.String(128), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "backup_id", name="pk_backup_runs"),
        schema=schema("config"),
    )


def downgrade() -> None:
    op.drop_table("backup_runs", schema=schema("config"))
