"""Alembic's scripts: one branch a schema."""
