"""Videos: their jobs, and what was found in parts of them."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import column, schema

revision = "deepfake_detection_0002"
down_revision = "deepfake_detection_0001"
branch_labels = None
depends_on = None

SCHEMA = "deepfake_detection"


def upgrade() -> None:
    _create_jobs()
    op.create_table(
        "video_chunks",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_video_chunks"),
        sa.ForeignKeyConstraint(
            ["job_id"],
            [column(SCHEMA, "video_jobs")],
            name="fk_video_chunks_job_id_video_jobs",
            ondelete="CASCADE",
        ),
        schema=schema(SCHEMA),
    )
    op.create_table(
        "video_durations",
        sa.Column("upto_s", sa.Double(), autoincrement=False, nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("upto_s", name="pk_video_durations"),
        schema=schema(SCHEMA),
    )


def _create_jobs() -> None:
    op.create_table(
        "video_jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("upload_kept", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(200), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error_code", sa.String(32), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("webhook_state", sa.String(32), nullable=True),
        sa.Column("webhook_attempts", sa.Integer(), nullable=False),
        sa.Column("webhook_next_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_video_jobs"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], [column("core", "tenants")], name="fk_video_jobs_tenant_id_tenants"
        ),
        sa.UniqueConstraint("tenant_id", "request_key", name="uq_video_jobs_tenant_id_request_key"),
        schema=schema(SCHEMA),
    )
    for columns in (
        ["tenant_id", "created_at", "id"],
        ["tenant_id", "status"],
        ["status", "sent_at"],
        ["status", "lease_until"],
        ["upload_kept"],
        ["finished_at"],
        ["webhook_next_at"],
    ):
        op.create_index(f"ix_video_jobs_{'_'.join(columns)}", "video_jobs", columns, schema=schema(SCHEMA))


def downgrade() -> None:
    for table in ("video_durations", "video_chunks", "video_jobs"):
        op.drop_table(table, schema=schema(SCHEMA))
