"""Says, while an analysis runs, that it still does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from bentos.common.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

BEATS = 4
"""Renewals in the time of one lease: some may fail."""


class Heartbeat:
    """A thread that renews a lease until it is stopped.

    Args:
        renew: Renews it and tells the progress; False where it is lost. May raise DependencyUnavailable.
        lease_s: How long it holds.
        lost: Called once when it is lost, or could not be renewed for as long as it holds.
    """

    def __init__(self, renew: Callable[[float], bool], lease_s: float, lost: Callable[[], object]) -> None:
        self.progress = 0.0
        self._renew = renew
        self._lease_s = lease_s
        self._lost = lost
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Renew now and again and again."""
        self._thread.start()

    def stop(self) -> None:
        """Renew no more; when it returns, none is under way."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        renewed = time.monotonic()
        while True:
            begun = time.monotonic()
            try:
                if not self._renew(self.progress):
                    self._lost()
                    return
                renewed = begun
            except DependencyUnavailable as error:
                logger.warning("the lease could not be renewed: %s", error.message)
                if time.monotonic() - renewed > self._lease_s:
                    self._lost()
                    return
            if self._stopped.wait(self._lease_s / BEATS):
                return
