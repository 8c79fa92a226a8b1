"""What happens by itself: the outbox is drained, what has expired is erased, what was erased leaves no trace."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from bentos.common import tenants
from bentos.common.audit.caller import Caller
from bentos.common.audit.checks import ChainChecks
from bentos.common.database import now
from bentos.common.database.tables import Tombstone
from bentos.common.errors import DependencyUnavailable, FaceSocialError
from bentos.common.settings import GallerySettings
from bentos.face_recognition.gallery.erasure import Erasure
from bentos.face_recognition.gallery.following import Following
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Stores
from bentos.face_recognition.gallery.verification import Verification

logger = logging.getLogger(__name__)

SYSTEM = "system"


class Upkeep:
    """A thread that keeps galleries in order, and one that checks audit chains; every replica may have them."""

    def __init__(
        self,
        stores: Stores,
        settlement: Settlement,
        following: Following,
        erasure: Erasure,
        verification: Verification,
        checks: ChainChecks,
    ) -> None:
        self._stores = stores
        self._settlement = settlement
        self._following = following
        self._erasure = erasure
        self._verification = verification
        self._checks = checks
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin, with everything brought in order first.

        Raises:
            DependencyUnavailable: A store does not answer.
        """
        self.bring_in_order()
        if not self._thread.is_alive():
            self._thread.start()
        self._checks.start()

    def close(self) -> None:
        """End."""
        self._over.set()
        self._checks.close()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def bring_in_order(self) -> None:
        """Erase again what an older backup brought back, and make the index what the database says."""
        self._open_index()
        self._following.begin()
        if brought_back := self.erase_again():
            logger.warning("%d erased faces were in the database again and are erased again", brought_back)
        self._settlement.drain()
        # An index that others wrote past may differ and hold as many.
        differs = self._following.needed or self._stores.index.count() != self._verification.count()
        if differs and (repaired := self._verification.repair()):
            logger.warning("the vector index differed from the database by %d faces: repaired", repaired)

    def _open_index(self) -> None:
        """Open the running model's index; one whose files are damaged is set aside and filled from the database."""
        index = self._stores.index
        try:
            index.open()
        except DependencyUnavailable as error:
            if not error.details.get("damaged"):
                raise
            logger.error("%s They are moved aside, and the index is made anew.", error.message)
            index.reset()

    def erase_again(self) -> int:
        """Hold the database against the list of erased faces; how many were in it."""
        tombstones = self._stores.tombstones
        with self._stores.database.write() as session:
            tombstones.sync(session)
        return self._erasure.again(sorted(tombstones.ids()))

    def apply_retention(self) -> int:
        """Erase what is older than its tenant allows; how many faces."""
        with self._stores.database.read() as session:
            chosen = tenants.policies(session)
        erased = 0
        for tenant in chosen:
            if tenant.retention_days is not None:
                before = now() - timedelta(days=tenant.retention_days)
                erased += self._erasure.expired(Caller(tenant.name, SYSTEM, SYSTEM, "retention"), before)
        return erased

    def _run(self) -> None:
        settings: GallerySettings = self._stores.settings
        next_retention = time.monotonic()
        while not self._over.wait(settings.repair_interval_s):
            try:
                self._settlement.drain()
                self._following.catch_up()
                if time.monotonic() >= next_retention:
                    next_retention = time.monotonic() + settings.retention_interval_s
                    self._tidy()
            except FaceSocialError as error:
                logger.warning("upkeep of galleries waits: %s", error.message)
            except Exception:
                logger.exception("upkeep of galleries failed; it is tried again")

    def _tidy(self) -> None:
        if erased := self.apply_retention():
            logger.info("%d faces were older than their tenants keep them, and are erased", erased)
        self._following.forget_old()
        with self._stores.database.read() as session:
            tombstones = session.scalar(select(func.count()).select_from(Tombstone)) or 0
        if tombstones > self._purged():
            self._verification.purge()
            self._mark.write_text(str(tombstones))

    @property
    def _mark(self) -> Path:
        """How many faces had been erased when these stores were last purged; beside the list of them."""
        return self._stores.settings.tombstones.with_suffix(".purged")

    def _purged(self) -> int:
        try:
            return int(self._mark.read_text())
        except (FileNotFoundError, ValueError):
            return 0
