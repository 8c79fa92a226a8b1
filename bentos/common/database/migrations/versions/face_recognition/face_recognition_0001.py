"""Collections, subjects, faces, the outbox of the vector index, and usage."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import column, schema

revision = "face_recognition_0001"
down_revision = None
branch_labels = ("face_recognition",)
depends_on = None

SCHEMA = "face_recognition"


def upgrade() -> None:
    _create_collections()
    _create_subjects()
    _create_faces()
    op.create_table(
        "outbox",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("face", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("model_digest", sa.String(64), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        schema=schema(SCHEMA),
    )
    op.create_index("ix_outbox_face", "outbox", ["face"], schema=schema(SCHEMA))
    _create_changes()
    op.create_table(
        "recognition_usage",
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operation", sa.String(200), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "operation", name="pk_recognition_usage"),
        schema=schema(SCHEMA),
    )


def _create_changes() -> None:
    mark = "(pg_current_xact_id()::text)::bigint" if schema(SCHEMA) else "0"
    op.create_table(
        "changes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("mark", sa.BigInteger(), server_default=sa.text(mark), nullable=False),
        sa.Column("face", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("model_digest", sa.String(64), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        schema=schema(SCHEMA),
    )
    for name in ("mark", "created_at"):
        op.create_index(f"ix_changes_{name}", "changes", [name], schema=schema(SCHEMA))


def _create_collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("model_name", sa.String(200), nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("model_digest", sa.String(64), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        _belongs_to_tenant("collections"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_collections_tenant_id_name"),
        schema=schema(SCHEMA),
    )


def _create_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("collection_id", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(200), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        _belongs_to_tenant("subjects"),
        _belongs_to("subjects", "collection_id", "collections"),
        sa.UniqueConstraint("collection_id", "subject_id", name="uq_subjects_collection_id_subject_id"),
        schema=schema(SCHEMA),
    )
    op.create_index("ix_subjects_tenant_id", "subjects", ["tenant_id"], schema=schema(SCHEMA))


def _create_faces() -> None:
    op.create_table(
        "faces",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("collection_id", sa.String(32), nullable=False),
        sa.Column("subject_key", sa.String(32), nullable=False),
        sa.Column("face_id", sa.String(64), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("model_digest", sa.String(64), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("image_digest", sa.String(64), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=True),
        sa.Column("request_key", sa.String(64), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_faces"),
        _belongs_to_tenant("faces"),
        _belongs_to("faces", "collection_id", "collections"),
        _belongs_to("faces", "subject_key", "subjects"),
        sa.UniqueConstraint("collection_id", "face_id", name="uq_faces_collection_id_face_id"),
        sa.UniqueConstraint("tenant_id", "request_key", name="uq_faces_tenant_id_request_key"),
        schema=schema(SCHEMA),
    )
    for columns in (["subject_key"], ["created_at"], ["collection_id", "id"]):
        op.create_index(f"ix_faces_{'_'.join(columns)}", "faces", columns, schema=schema(SCHEMA))


def _belongs_to_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], [column("core", "tenants")], name=f"fk_{table}_tenant_id_tenants"
    )


def _belongs_to(table: str, name: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [name], [column(SCHEMA, other)], name=f"fk_{table}_{name}_{other}", ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in ("recognition_usage", "changes", "outbox", "faces", "subjects", "collections"):
        op.drop_table(table, schema=schema(SCHEMA))
