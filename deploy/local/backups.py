"""``facesocial backup``: everything that cannot be made anew, encrypted, and back again.

What needs SQLAlchemy is imported by the command that needs it: ``facesocial up`` stays in memory as long as the stack.
"""

from __future__ import annotations

import json
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bentos.common.settings import Settings
from deploy.local.backup_settings import PREFIX, BackupSettings

if TYPE_CHECKING:
    from deploy.local.backup.restoring import Report
    from deploy.local.backup.shelf import Shelf

app = typer.Typer(
    help="Encrypted backups of the whole: database, erased faces, pictures, answers, registry.",
    no_args_is_help=True,
)

ONE = Annotated[str, typer.Argument(metavar="[ID|latest]", help="Which backup; the newest by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
LATEST = "latest"


@app.callback()
def _tidy_when_told_to_stop() -> None:
    """SIGTERM ends a command as Ctrl+C does: what lies in the clear is removed first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@app.command()
def keygen(
    file: Annotated[
        Path, typer.Argument(help="A new file for the private key; keep it away from the backups.")
    ],
) -> None:
    """Make a pair of keys of age, and print the public one, which backups are encrypted to."""
    from deploy.local.backup.keys import make_identity

    print(make_identity(file))


@app.command()
def create() -> None:
    """Make a backup while everything runs, and print its name."""
    from deploy.local.backup.making import Maker

    manifest = Maker(Settings(), BackupSettings()).create()
    print(manifest.id)
    parts = ", ".join(f"{part.name} {part.size:,}" for part in manifest.parts)
    print(f"{manifest.size:,} bytes: {parts}", file=sys.stderr)


@app.command("list")
def list_backups(as_json: AsJson = False) -> None:
    """List the backups, the newest first."""
    entries = _shelf().entries()
    if as_json:
        rows = [
            {
                "id": entry.id,
                "at": entry.at.isoformat(),
                "bytes": entry.manifest.size if entry.manifest else None,
                "parts": [part.name for part in entry.manifest.parts] if entry.manifest else [],
                "counts": entry.manifest.database.counts if entry.manifest else {},
                "fault": entry.fault,
            }
            for entry in entries
        ]
        print(json.dumps(rows, indent=2))
        return
    table = Table("backup", "bytes", "faces", "parts", "")
    for entry in entries:
        found = entry.manifest
        parts = " ".join(part.name for part in found.parts) if found else ""
        faces = str(found.database.counts.get("faces", 0)) if found else ""
        table.add_row(entry.id, f"{found.size:,}" if found else "", faces, parts, entry.fault or "")
    Console().print(table if entries else "There is no backup.")


@app.command()
def verify(
    which: ONE = LATEST,
    every: Annotated[bool, typer.Option("--all", help="Every backup there is.")] = False,
) -> None:
    """Read every byte of a backup, and with a private key also what is inside; exit code 1 where one is damaged."""
    from deploy.local.backup.checking import check
    from deploy.local.backup.keys import identities_of

    own, shelf = BackupSettings(), _shelf()
    identities = identities_of(own) if own.identity_file else ()
    damaged = False
    for entry in shelf.entries() if every else [shelf.find(which)]:
        found = check(entry, identities)
        damaged |= bool(found.faults)
        how = "decrypted and whole" if found.opened else "whole, as far as it can be seen without a key"
        print(f"{found.id}: {' '.join(found.faults) or how}")
    raise typer.Exit(int(damaged))


@app.command()
def restore(which: ONE = LATEST) -> None:
    """Bring everything back; who was erased since stays erased. Stop the services first, on other machines too.

    Exit code 1 where what came back is not what was there.
    """
    from deploy.local.backup.restoring import restore as run_restore

    _say(run_restore(Settings(), BackupSettings(), which, Console()))


@app.command()
def prune(
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")] = False,
) -> None:
    """Delete backups that no day, week or month needs any more; never the newest, nor one younger than a day."""
    from deploy.local.backup.making import Maker

    gone, damaged = Maker(Settings(), BackupSettings()).prune(dry)
    for entry in gone:
        print(f"{entry.id} {'would be deleted' if dry else 'deleted'}")
    for entry in damaged:
        print(f"{entry.id} is damaged and left alone: {entry.fault}", file=sys.stderr)


@app.command()
def drill(which: ONE = LATEST) -> None:
    """Restore a backup beside everything that runs, look whether it is sound, and remove it; exit code 1 if not."""
    from deploy.local.backup.drilling import drill as run_drill

    _say(run_drill(Settings(), BackupSettings(), which, Console()))


@app.command()
def schedule(
    at: Annotated[int | None, typer.Option(min=0, max=23, help="Hour of UTC for a daily backup.")] = None,
    every_h: Annotated[
        float | None, typer.Option(min=0.01, help=f"Hours between two; {PREFIX}EVERY_H by default.")
    ] = None,
) -> None:
    """Make backups for ever, let old ones go, and try the newest out now and then where there is a private key."""
    from bentos.common.logs import configure_logging
    from deploy.local.backup.keys import recipients_of
    from deploy.local.backup.plan import jobs_of
    from deploy.local.backup.scheduling import run

    settings, own = Settings(), BackupSettings()
    recipients_of(own)  # what is missing is said now, and not at night
    configure_logging(settings.log_level)
    run(jobs_of(settings, own, timedelta(hours=every_h or own.every_h), at))


def _shelf() -> Shelf:
    from deploy.local.backup.shelf import Shelf

    return Shelf(BackupSettings().folder)


def _say(report: Report) -> None:
    console = Console()
    table = Table("what", "outcome", title=report.id)
    for name, said in report.done.items():
        table.add_row(name, said)
    for finding in report.findings:
        table.add_row(finding.what, f"{'' if finding.good else 'WRONG: '}{finding.found}")
    console.print(table)
    for warning in report.warnings:
        console.print(warning, style="yellow", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if report.sound else 1)
