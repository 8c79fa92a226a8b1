"""Names of tables in a migration: with their schema in PostgreSQL, without in SQLite."""

from __future__ import annotations

from alembic import op


def schema(name: str) -> str | None:
    """The schema to create a table in."""
    return None if op.get_bind().dialect.name == "sqlite" else name


def column(schema_name: str, table: str, name: str = "id") -> str:
    """A column that a foreign key refers to."""
    prefix = schema(schema_name)
    return f"{prefix}.{table}.{name}" if prefix else f"{table}.{name}"
