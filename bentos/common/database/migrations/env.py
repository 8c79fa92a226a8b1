"""Alembic's environment: one for all branches, on a connection that the caller opened and will commit."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.sql.schema import BLANK_SCHEMA

from bentos.common.database.base import SCHEMAS
from bentos.common.database.upgrade import version_schema


def _flat(metadata: MetaData) -> MetaData:
    """The same tables without schemas, as SQLite has them."""
    flat = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        # None means "no schema" to SQLAlchemy too; its annotations do not say so.
        table.to_metadata(flat, schema=None, referred_schema_fn=lambda *_: BLANK_SCHEMA)  # type: ignore[arg-type]
    return flat


def _ours(name: str | None, kind: str, parents: Any) -> bool:
    return kind != "schema" or name in SCHEMAS


def run() -> None:
    """Run migrations, or compare, on the connection that was handed in."""
    connection: Connection = context.config.attributes["connection"]
    metadata: MetaData | None = context.config.attributes["metadata"]
    embedded = connection.dialect.name == "sqlite"
    if not embedded:
        for schema in SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    context.configure(
        connection=connection,
        target_metadata=_flat(metadata) if metadata is not None and embedded else metadata,
        include_schemas=not embedded,
        include_name=None if embedded else _ours,
        render_as_batch=embedded,
        version_table_schema=version_schema(connection),
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
