"""``facesocial audit``: judging and exporting the chain of events.

What needs SQLAlchemy is imported by the command that needs it: ``facesocial up`` stays in memory as long as the stack.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deploy.local.opening import opened

if TYPE_CHECKING:
    from bentos.common.audit.chain import ChainReport

app = typer.Typer(help="The chain of audit events.", no_args_is_help=True)
OneTenant = Annotated[str | None, typer.Option(help="Of this tenant alone.")]


@app.command()
def verify(
    tenant: OneTenant = None,
    head: Annotated[
        str | None, typer.Option(help="A hash noted earlier, which --tenant's chain must hold.")
    ] = None,
) -> None:
    """Say whether anybody changed the chain; exit code 1 if so."""
    from bentos.common.audit import chain

    if head is not None and tenant is None:
        raise typer.BadParameter("a hash is of one tenant: name it with --tenant", param_hint="--head")
    with opened() as database, database.read(snapshot=True) as session:
        _tell(chain.verify_all(session) if tenant is None else iter([chain.verify(session, tenant, head)]))


@app.command()
def export(tenant: OneTenant = None) -> None:
    """Print the chain as lines of JSON; `verify-file` judges them anywhere."""
    from bentos.common.audit import chain

    with opened() as database, database.read(snapshot=True) as session:
        for name in chain.tenants_of(session) if tenant is None else [tenant]:
            sys.stdout.buffer.writelines(chain.export(session, name))
        sys.stdout.buffer.flush()


@app.command()
def verify_file(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="What was exported; - for standard input.")],
) -> None:
    """Say whether anybody changed what was exported; exit code 1 if so. Needs no database."""
    from bentos.common.audit import chain

    if not _tell(chain.verify_exports(file)):
        print("There is no export in it.", file=sys.stderr)
        raise typer.Exit(1)


def _tell(reports: Iterator[ChainReport]) -> int:
    """Say what was found in each chain; how many there were."""
    console, count, broken = Console(stderr=True), 0, False
    while (report := _next(reports, console)) is not None:
        tenant = report.tenant if report.tenant.isprintable() else ascii(report.tenant)
        print(f"{tenant}: {report.events} events, head {report.head}")
        if report.fault is not None:
            print(f"{tenant}: event {report.fault.seq}: {report.fault.reason}.", file=sys.stderr)
        count, broken = count + 1, broken or report.fault is not None
    if broken:
        raise typer.Exit(1)
    return count


def _next(reports: Iterator[ChainReport], console: Console) -> ChainReport | None:
    """A chain can be long; what turns meanwhile is gone before anything is printed."""
    with console.status("Walking along the chain …"):
        return next(reports, None)
