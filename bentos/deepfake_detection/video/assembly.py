"""Puts the parts of videos together, for the service; workers have theirs in ``tasks``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from bentos.common.cursors import Cursors, shared_key
from bentos.common.database import Database
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.intake import Intake
from bentos.deepfake_detection.video.jobs import JobStore
from bentos.deepfake_detection.video.probing import probe
from bentos.deepfake_detection.video.sending import Sender
from bentos.deepfake_detection.video.upgrading import upgrade_apart
from bentos.deepfake_detection.video.uploads import Uploads
from bentos.deepfake_detection.video.webhooks import require_allowed


@dataclass(frozen=True)
class Videos:
    """What the routes of videos need."""

    database: Database
    sender: Sender
    intake: Intake

    @classmethod
    def of(cls, settings: Settings, video: VideoSettings) -> Self:
        """All of it; nothing is connected yet.

        Raises:
            ConfigurationError: A setting names no store that can be used.
        """
        database = Database(settings.database)
        sender = Sender(settings, video)
        intake = Intake(
            store=JobStore(database),
            uploads=Uploads(video.uploads(settings)),
            settings=video,
            probe=probe,
            allow=require_allowed,
            send=sender.send,
        )
        return cls(database, sender, intake)

    @cached_property
    def cursors(self) -> Cursors:
        """Signs where pages of listings begin, with a key that all replicas share.

        Raises:
            DependencyUnavailable: The database, which holds the key, does not answer.
        """
        return Cursors(shared_key(self.database, "cursors"))

    def start(self) -> None:
        """Bring the database's tables up to date; may be called again where it failed.

        Raises:
            DependencyUnavailable: The database does not answer, or is newer than this program.
        """
        upgrade_apart()

    def close(self) -> None:
        """Let go of everything."""
        self.sender.close()
        self.database.close()
