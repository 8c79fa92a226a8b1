"""Backing up and restoring, whichever database it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.settings import Settings
from bentos.common.tombstones import Tombstones
from bentos.deepfake_detection.video.jobs import JobStore
from deploy.local.backup import embedded, server
from deploy.local.backup.files import on_disk, written
from deploy.local.schema import revisions
from deploy.local.state import StateFolder

AfterRestore = Callable[[Settings, Console], None]

MAGIC = {"SQLite": embedded.MAGIC, "PostgreSQL": server.MAGIC}


def save(settings: Settings, file: Path) -> None:
    """Write the database, as it is at one moment, into a new file that only its owner reads; services may run.

    Raises:
        ConfigurationError: The file exists or cannot be written, there is nothing to back up, or a program is missing.
        DependencyUnavailable: The database does not answer.
    """
    with _opened(settings) as database:
        if not revisions(database):
            raise ConfigurationError("The database is empty: there is nothing to back up.")
        with written(file) as partial:
            (embedded if database.embedded else server).save(database, partial)


def restore(settings: Settings, file: Path, console: Console, after: AfterRestore) -> None:
    """Put a backup in the place of the database, upgrade it, and call ``after``.

    Raises:
        ConfigurationError: As ``replace``.
        DependencyUnavailable: As ``replace``.
    """
    replace(settings, file, console)
    console.print(f"The database is what it was in {file}.", highlight=False, markup=False, soft_wrap=True)
    after(settings, console)


def require_stopped(settings: Settings) -> None:
    """Raise ConfigurationError while the stack of this machine runs."""
    if running := StateFolder(settings.state_dir).running():
        raise ConfigurationError(f"The stack runs (pid {running.pid}); `facesocial down` stops it.")


def replace(settings: Settings, file: Path, console: Console) -> None:
    """Put a backup in the place of the database, and upgrade it; one that cannot be used leaves it as it is.

    Raises:
        ConfigurationError: The stack runs, another process holds the database, the file is no backup of this kind
            of database or one of a newer version, the list of erased faces is damaged, or a program is missing.
        DependencyUnavailable: The database does not answer, or refuses the backup.
    """
    require_stopped(settings)
    with _opened(settings) as database:
        _require_kind(file, database)
        note_erased(settings, console)
        if database.embedded:
            embedded.load(settings.database, database, file)
        else:
            server.load(database, file)
        upgrade(database)
        JobStore(database).forget_faces()


def _require_kind(file: Path, database: Database) -> None:
    try:
        with file.open("rb") as opened:
            head = opened.read(max(map(len, MAGIC.values())))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    found = next((kind for kind, magic in MAGIC.items() if head.startswith(magic)), None)
    wanted = "SQLite" if database.embedded else "PostgreSQL"
    if found is None:
        raise ConfigurationError(f"{file} is no backup that `facesocial db backup` made.")
    if found != wanted:
        raise ConfigurationError(
            f"{file} is a backup of {found}, and FACESOCIAL_DATABASE_URL names {wanted}."
        )


def note_erased(settings: Settings, console: Console) -> bool:
    """What the database that is given up knows of erased faces, the list outside of it has to know.

    Returns:
        Whether there is such a database, and it could be asked.

    Raises:
        ConfigurationError: The list is damaged.
        DependencyUnavailable: PostgreSQL does not answer, or the list cannot be written.
    """
    tombstones = Tombstones(settings.gallery.tombstones)
    tombstones.ids()  # a damaged list would be noticed when the erased faces are back
    with _opened(settings) as database:
        try:
            if not revisions(database):
                return False
            with database.write() as session:
                tombstones.sync(session)
        except DependencyUnavailable as error:
            if not database.embedded or error.details != {"dependency": "database"}:
                raise
            console.print("The database that is replaced cannot be read.", style="yellow")
            return False
    return True


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database)
    try:
        with on_disk():
            yield database
    finally:
        database.close()
