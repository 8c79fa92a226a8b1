"""The chain of events; triggers refuse to change or delete what stands in it."""

import sqlalchemy as sa
from alembic import op

from bentos.common.database.base import UtcTime
from bentos.common.database.migrations.places import schema

revision = "audit_0001"
down_revision = None
branch_labels = ("audit",)
depends_on = None

REFUSED = "audit events are never changed"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name="pk_events"),
        schema=schema("audit"),
    )
    op.create_table(
        "heads",
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_heads"),
        schema=schema("audit"),
    )
    if schema("audit") is None:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{change.lower()} BEFORE {change} ON events "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
        op.execute(  # INSERT OR REPLACE deletes without asking the trigger above
            "CREATE TRIGGER events_no_replace BEFORE INSERT ON events "  # noqa: S608
            "WHEN EXISTS (SELECT 1 FROM events WHERE tenant = NEW.tenant AND seq = NEW.seq) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_unchanged BEFORE UPDATE OR DELETE ON audit.events "
        "FOR EACH ROW EXECUTE FUNCTION audit.refuse()"
    )
    op.execute(
        "CREATE TRIGGER events_not_emptied BEFORE TRUNCATE ON audit.events "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()"
    )


def downgrade() -> None:
    op.drop_table("heads", schema=schema("audit"))
    op.drop_table("events", schema=schema("audit"))
    if schema("audit"):
        op.execute("DROP FUNCTION audit.refuse()")
