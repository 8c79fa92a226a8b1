"""``facesocial gallery``: importing folders, and keeping the vector index in order.

What needs SQLAlchemy is imported by the command that needs it: ``facesocial up`` stays in memory as long as the stack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bentos.common.settings import Settings
from bentos.contracts import GalleryFindings

app = typer.Typer(help="Galleries: who is enrolled, and the vector index.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Compare the vector index and kept pictures with the database; exit code 1 where they differ."""
    from deploy.local import keeping

    _say(keeping.verify(Settings()), as_json)


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the vector index anew from the database."""
    from deploy.local import keeping

    _say(keeping.rebuild(Settings()), as_json)


@app.command()
def purge(as_json: AsJson = False) -> None:
    """Let nothing of erased faces stay in any file of the stores."""
    from deploy.local import keeping

    _say(keeping.purge(Settings()), as_json)


@app.command()
def reindex(
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
    ] = False,
) -> None:
    """Move collections to the running model: kept pictures are embedded again, the rest is named.

    It needs the running face recognition service, which holds the model. Exit code 1 where somebody is left.
    """
    from deploy.local.recognition import RecognitionService

    service = RecognitionService(Settings())
    left = 0
    for tenant in service.tenants():
        report = service.reindex(tenant, dry)
        for collection, subjects in sorted(report.enrol_again.items()):
            left += len(subjects)
            print(f"{tenant}/{collection}: no picture was kept of {', '.join(subjects)}; enrol them again.")
        verb = "would be embedded" if dry else "were embedded"
        print(f"{tenant}: {report.faces} faces of {report.collections} collections {verb} again.")
    raise typer.Exit(1 if left else 0)


@app.command("import")
def import_people(
    folder: Annotated[Path, typer.Argument(help="A folder for each person, named like the subject.")],
    collection: Annotated[str, typer.Option(help="Made where there is none.")],
    tenant: Annotated[str, typer.Option(help="Whose collection.")] = "default",
    url: Annotated[str | None, typer.Option(help="Of the service; the local one if not given.")] = None,
    token: Annotated[str | None, typer.Option(help="Made for the local service if not given.")] = None,
) -> None:
    """Enrol a folder of people; run again after an interruption, it adds nobody twice."""
    from deploy.local.folders import import_folder
    from deploy.local.recognition import RecognitionService

    service = RecognitionService(Settings(), url, token)
    failed = import_folder(service, folder, collection, tenant, Console())
    raise typer.Exit(1 if failed else 0)


def _say(found: GalleryFindings, as_json: bool) -> None:
    print(found.model_dump_json() if as_json else _words(found))
    raise typer.Exit(0 if found.clean else 1)


def _words(found: GalleryFindings) -> str:
    if found.clean:
        outdated = f"; {found.outdated} faces are of an earlier model" if found.outdated else ""
        return f"Clean: {found.faces} faces, {found.vectors} vectors{outdated}."
    return (
        f"{found.faces} faces, {found.vectors} vectors: {found.missing} vectors missing, {found.surplus} without a "
        f"face, {found.pending} still to be settled, {found.pictures_missing} kept pictures missing, "
        f"{found.pictures_surplus} without a face. `facesocial gallery rebuild` restores the index."
    )
