"""What the schedule does, with this deployment's stores."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from rich.console import Console

from bentos.common import backups
from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import Settings
from deploy.local.backup.drilling import drill
from deploy.local.backup.making import Maker
from deploy.local.backup.scheduling import Job, Rhythm
from deploy.local.backup.shelf import LATEST
from deploy.local.backup_settings import BackupSettings
from deploy.local.opening import opened

logger = logging.getLogger(__name__)


def jobs_of(settings: Settings, own: BackupSettings, every: timedelta, at_hour: int | None) -> list[Job]:
    """Backups, and drills where there is a private key for them.

    Backups on the shelf say when the last one was made, the database when the last drill was.
    """
    maker = Maker(settings, own)
    drills = timedelta(days=own.drill_every_d) if own.identity_file else None
    rhythm = Rhythm(every, at_hour, drills)

    def last_backup() -> datetime | None:
        return next((entry.at for entry in maker.shelf.entries() if entry.fault is None), None)

    def last_drill() -> datetime | None:
        with opened(settings) as database, database.read() as session:
            found = backups.last(session, "drill")
        return found.finished_at if found else None

    def backup() -> None:
        manifest = maker.create()
        logger.info("backup %s: %d bytes", manifest.id, manifest.size)
        for entry in maker.prune()[0]:
            logger.info("backup %s deleted", entry.id)

    def rehearse() -> None:
        report = drill(settings, own, LATEST, Console(quiet=True))
        if not report.sound:
            wrong = "; ".join(f"{one.what}: {one.found}" for one in report.findings if not one.good)
            raise DependencyUnavailable(
                f"Backup {report.id} is not sound: {wrong}.", {"dependency": "backup"}
            )
        logger.info("backup %s was restored for practice, and is sound", report.id)

    return [
        Job("the backup", lambda now: rhythm.backup_at(last_backup(), now), backup),
        Job("the drill", lambda now: rhythm.drill_at(last_drill(), now), rehearse),
    ]
