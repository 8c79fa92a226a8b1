"""``facesocial db`` and ``facesocial usage``: the relational store on its own.

What needs SQLAlchemy is imported by the command that needs it: ``facesocial up`` stays in memory as long as the stack.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bentos.common.settings import Settings
from deploy.local.opening import opened

if TYPE_CHECKING:
    pass

app = typer.Typer(help="The database: revisions, backups.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to this version's tables; services do that by themselves when they start."""
    from bentos.common.database.upgrade import upgrade as run_migrations

    with opened(upgraded=False) as database:
        print("\n".join(run_migrations(database)))


@app.command()
def current() -> None:
    """Say which revisions the database is at, and which the program wants; exit code 1 where they differ."""
    from deploy.local.schema import branches

    with opened(upgraded=False) as database:
        found = branches(database)
    table = Table("schema", "database", "program")
    for branch in found:
        table.add_row(branch.schema, branch.database or "-", branch.program or "-")
    Console().print(table)
    raise typer.Exit(int(any(branch.database != branch.program for branch in found)))


@app.command()
def check() -> None:
    """Compare the database's tables with the program's, column by column; exit code 1 where they differ."""
    from deploy.local.schema import differences

    with opened(upgraded=False) as database:
        found = differences(database)
    print("\n".join(found) if found else "The tables are what the program expects.")
    raise typer.Exit(int(bool(found)))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file; it will hold what is most worth guarding.")],
) -> None:
    """Write a backup of the database while everything runs; vectors are made anew from it."""
    from deploy.local.backup import save

    save(Settings(), file)
    print(f"{file}: {file.stat().st_size:,} bytes")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="What `facesocial db backup` wrote.")]) -> None:
    """Replace the database by a backup; who was erased since stays erased, and the vector index is made anew.

    Stop the services first, also those on other machines.
    """
    from deploy.local.backup import restore as run_restore
    from deploy.local.keeping import after_restore

    run_restore(Settings(), file, Console(), after_restore)


def usage(
    tenant: Annotated[str | None, typer.Option(help="Of this tenant alone.")] = None,
    days: Annotated[int, typer.Option(min=1, help="Today (UTC) and the days before it.")] = 30,
) -> None:
    """Say what each tenant asked of each service, day by day; failed is what was answered with 400 or more."""
    from bentos.common.usage import today
    from deploy.local.schema import usage as rows_since

    with opened() as database:
        rows = rows_since(database, tenant, today() - timedelta(days=days - 1))
    folded = (Column(name, overflow="fold") for name in ("day", "tenant", "service", "operation"))
    table = Table(*folded, "requests", "failed")
    for service, row in rows:
        name = row.tenant if row.tenant.isprintable() else ascii(row.tenant)
        table.add_row(str(row.day), Text(name), service, row.operation, str(row.requests), str(row.failed))
    Console().print(table if rows else "Nothing was counted in these days.")
