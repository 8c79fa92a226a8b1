"""What tenants want otherwise than the deployment, and keys that replicas share."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import column, schema

revision = "config_0001"
down_revision = None
branch_labels = ("config",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant_settings",
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("keep_images", sa.Boolean(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant_settings"),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            [column("core", "tenants")],
            name="fk_tenant_settings_tenant_id_tenants",
            ondelete="CASCADE",
        ),
        schema=schema("config"),
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_keys"),
        schema=schema("config"),
    )


def downgrade() -> None:
    op.drop_table("keys", schema=schema("config"))
    op.drop_table("tenant_settings", schema=schema("config"))
