"""Making a backup of everything that cannot be made anew, while everything runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from bentos import __version__
from bentos.common import backups
from bentos.common.database import now
from bentos.common.settings import Settings
from deploy.local.backup.files import on_disk, scratch
from deploy.local.backup.keys import Recipient, recipients_of
from deploy.local.backup.manifest import Manifest, Part, Truth
from deploy.local.backup.parts import database, pictures, registry, replays, tombstones
from deploy.local.backup.parts.piece import Piece
from deploy.local.backup.retention import Keeping, surplus
from deploy.local.backup.sealing import seal
from deploy.local.backup.shelf import Entry, Shelf, name_of
from deploy.local.backup_settings import BackupSettings
from deploy.local.opening import opened

Clock = Callable[[], datetime]


class Maker:
    """Makes backups and lets old ones go.

    Args:
        settings: Where the stores are.
        own: Where backups go, to whom, for how long.
        clock: The time, aware.
    """

    def __init__(self, settings: Settings, own: BackupSettings, clock: Clock = now) -> None:
        self._settings = settings
        self._own = own
        self._clock = clock
        self.shelf = Shelf(own.folder)

    def create(self) -> Manifest:
        """Make a backup; nothing that looks like one is left where this fails or is killed.

        Raises:
            ConfigurationError: A setting is missing or wrong, another process makes one, there is nothing to back up,
                or a program is missing.
            DependencyUnavailable: A store does not answer, or the disk is full.
        """
        recipients = recipients_of(self._own)
        parent = self._own.scratch_dir or self._settings.state_dir
        with (
            self.shelf.held(),
            on_disk(),
            scratch(parent, "create") as plain,
            self.shelf.fresh(self._clock()) as folder,
        ):
            writing = _Writing(self._settings, self._own, self._clock, recipients, folder, plain)
            manifest = writing.write()
        with opened(self._settings) as found, found.write() as session:
            backups.note(session, run_of("backup", manifest))
        return manifest

    def prune(self, dry: bool = False) -> tuple[list[Entry], list[Entry]]:
        """Delete what neither day nor week nor month needs any more.

        Returns:
            What is deleted, or would be, and what is damaged: it counts for nothing, and is never deleted.
        """
        with self.shelf.held():
            entries = self.shelf.entries()
            good = {entry.id: entry for entry in entries if entry.fault is None}
            proven = next((entry for entry in good.values() if entry.damage() is None), None)
            keeping = Keeping(self._own.keep_daily, self._own.keep_weekly, self._own.keep_monthly)
            names = surplus({name: entry.at for name, entry in good.items()}, keeping, self._clock())
            going = [good[name] for name in names if proven is not None and name != proven.id]
            for entry in [] if dry else going:
                self.shelf.remove(entry)
        return going, [entry for entry in entries if entry.fault is not None]


def run_of(kind: backups.Kind, manifest: Manifest) -> backups.BackupRun:
    """What the database notes of a backup."""
    return backups.BackupRun(kind, manifest.id, manifest.started_at, manifest.finished_at, manifest.size)


@dataclass
class _Writing:
    """One backup while it is written, into ``folder``; what has to lie on a disk in the clear lies in ``plain``."""

    settings: Settings
    own: BackupSettings
    clock: Clock
    recipients: Sequence[Recipient]
    folder: Path
    plain: Path
    parts: list[Part] = field(default_factory=list)

    def write(self) -> Manifest:
        """The order counts: no answer speaks of a write that the database lacks, and of an erasure that happens
        meanwhile the list knows.
        """
        started, settings = self.clock(), self.settings
        erased = database.erased_so_far(settings.database)
        self._seal(replays.read(settings.key_value, erased))
        truth = self._database()
        self._seal(pictures.read(settings.gallery.images))
        place = registry.Registry.of(settings, self.own)
        self._seal(registry.read_database(place, self.plain))
        self._seal(registry.read_artifacts(place, self.plain))
        self._seal(tombstones.read(settings.gallery.tombstones))
        manifest = Manifest(
            id=name_of(self.folder),
            version=__version__,
            started_at=started,
            finished_at=self.clock(),
            database=truth,
            recipients=self.own.recipients,
            parts=tuple(self.parts),
        )
        manifest.write(self.folder)
        return manifest

    def _database(self) -> Truth:
        with database.read(self.settings.database, self.plain) as (piece, truth):
            self._add(piece)
        return truth

    def _seal(self, reading: AbstractContextManager[Piece | None]) -> None:
        with reading as piece:
            if piece is not None:
                self._add(piece)

    def _add(self, piece: Piece) -> None:
        taken_at = self.clock()
        sealed = seal(piece.source, self.folder / f"{piece.name}.age", self.recipients)
        part = Part(
            name=piece.name, kind=piece.kind, counts=piece.counts, taken_at=taken_at, **asdict(sealed)
        )
        self.parts.append(part)
