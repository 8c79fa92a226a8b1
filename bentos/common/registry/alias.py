"""Follows one alias of one registered model."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bentos.common.errors import DependencyUnavailable
from bentos.common.registry.client import Version
from bentos.common.registry.kept import Held
from bentos.common.registry.source import Source, reason_of
from bentos.common.registry.watched import Reason
from models.catalogue.card import Task
from models.errors import Overloaded

RETRY_FIRST_S = 5.0
RETRY_AT_MOST_EVERY_S = 300.0

logger = logging.getLogger(__name__)


class AliasFollower:
    """Fetches what an alias names and hands it on, once for each move of the alias.

    A version that cannot be used is said once and left alone until the alias moves; one that did not
    arrive, or met a service without time to try it, is tried again, with longer and longer pauses.

    Args:
        task: Whose model.
        alias: For people to read.
        source: Where versions come from.
        use: Takes a version into use; False: it is not used for now.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        task: Task,
        alias: str,
        source: Source,
        use: Callable[[Held], bool],
        clock: Callable[[], float],
    ) -> None:
        self._task, self._alias, self._source, self._use, self._clock = task, alias, source, use, clock
        self.current: str | None = None
        self._aim: str | None = None
        self._settled = False
        self._next_try, self._pause_s = 0.0, 0.0

    def forget(self) -> None:
        """Begin anew: what the alias names next is used even if it is what it named last."""
        self.current = self._aim = None

    def follow(self, version: Version) -> bool:
        """Look whether the alias has moved; whether another version is in use since then."""
        if version.number != self._aim:
            self._aim, self._settled = version.number, False
            self._next_try = self._pause_s = 0.0
        if version.number == self.current or self._settled or self._clock() < self._next_try:
            return False
        try:
            held = self._source.fetch(self._task, version)
        except (DependencyUnavailable, OSError) as error:
            self._later(version, error)
        except Exception as error:  # whatever a registry sends, the service answers on
            self._refuse(version, error, "bundle")
        else:
            return self._take(version, held)
        return False

    def _take(self, version: Version, held: Held) -> bool:
        try:
            used = self._use(held)
        except (DependencyUnavailable, Overloaded) as error:
            self._later(version, error)
            return False
        except Exception as error:  # whatever a model does when it is tried, the one before it serves on
            self._refuse(version, error, "load")
            return False
        self._settled = True
        if used:
            self.current = version.number
            logger.info("%s, the %s, is in use", version, self._alias)
        return used

    def _refuse(self, version: Version, error: Exception, reason: Reason) -> None:
        self._settled = True
        self._source.metrics.failed(reason)
        logger.error(
            "%s, the %s, is not used, and not tried again until the alias moves: %s",
            version,
            self._alias,
            reason_of(error),
        )

    def _later(self, version: Version, error: Exception) -> None:
        if not self._pause_s:
            logger.warning(
                "%s, the %s, cannot be used yet and is tried again: %s",
                version,
                self._alias,
                reason_of(error),
            )
        self._source.metrics.failed("delayed")
        self._pause_s = min(max(RETRY_FIRST_S, 2 * self._pause_s), RETRY_AT_MOST_EVERY_S)
        self._next_try = self._clock() + self._pause_s
