"""Tenants, and the list of erased faces."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import schema

revision = "core_0001"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.UniqueConstraint("name", name="uq_tenants_name"),
        schema=schema("core"),
    )
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tombstones"),
        schema=schema("core"),
    )


def downgrade() -> None:
    op.drop_table("tombstones", schema=schema("core"))
    op.drop_table("tenants", schema=schema("core"))
