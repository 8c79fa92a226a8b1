"""Putting the parts of a backup that belong together into stores: the deployment's own, or those of a drill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from bentos.common.tombstones import Tombstones
from deploy.local import keeping
from deploy.local.backup import operations, proof
from deploy.local.backup.erased import Erased, erased_of
from deploy.local.backup.manifest import Manifest, PartName
from deploy.local.backup.parts import pictures, replays, tombstones
from deploy.local.opening import opened
from deploy.local.schema import require_known


@dataclass(frozen=True)
class Loading:
    """A backup that was decrypted and checked, and where it goes.

    Attributes:
        plain: Its parts in the clear.
        scratch: Holds them.
    """

    settings: Settings
    manifest: Manifest
    plain: Mapping[PartName, Path]
    scratch: Path
    console: Console

    def tombstones(self) -> tuple[int, int]:
        """Put both lists of erased faces together; how many the one here knew, and how many of them it did not."""
        return tombstones.merge(self.plain["tombstones"], self.settings.gallery.tombstones, self.scratch)

    def database(self) -> tuple[proof.Finding, Erased]:
        """Put the database in its place, and compare it with what it was.

        Returns:
            The comparison, and who has to be erased again.
        """
        operations.replace(self.settings, self.plain["database"], self.console)
        found = proof.truth(self.settings, self.manifest.database)
        return found, self._erased()

    def index(self) -> None:
        """Erase again who was erased since, and make the index anew."""
        keeping.after_restore(self.settings, self.console)

    def pictures(self) -> int:
        """Put kept pictures back; how many."""
        archive = self.plain.get("pictures")
        return 0 if archive is None else pictures.write(archive, self.settings)

    def _erased(self) -> Erased:
        known = Tombstones(self.settings.gallery.tombstones)
        with opened(self.settings, upgraded=False) as database, database.read() as session:
            return erased_of(session, known, replays.names_are_lost(self.manifest))


def require_fitting(settings: Settings, manifest: Manifest) -> None:
    """Raise unless the database here is of the backup's kind, and the program knows the backup's revisions.

    Raises:
        ConfigurationError: One of the two is not so.
        DependencyUnavailable: PostgreSQL does not answer.
    """
    require_known(manifest.database.revisions)
    with opened(settings, upgraded=False) as database:
        kind = "SQLite" if database.embedded else "PostgreSQL"
        if kind != manifest.database.kind:
            raise ConfigurationError(
                f"{manifest.id} is a backup of {manifest.database.kind}, and FACESOCIAL_DATABASE_URL names {kind}."
            )
        if not database.embedded:  # a damaged file is what a backup is for
            database.ping()
