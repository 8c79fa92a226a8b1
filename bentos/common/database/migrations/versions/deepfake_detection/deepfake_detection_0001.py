"""What was asked of the service, by tenant, day and operation."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.migrations.places import schema

revision = "deepfake_detection_0001"
down_revision = None
branch_labels = ("deepfake_detection",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deepfake_usage",
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operation", sa.String(200), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "operation", name="pk_deepfake_usage"),
        schema=schema("deepfake_detection"),
    )


def downgrade() -> None:
    op.drop_table("deepfake_usage", schema=schema("deepfake_detection"))
