"""Gauges that are read from the database: every replica says the same of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from bentos.common.database import Database
from bentos.common.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

KEPT_S = 15.0
"""What was read is told again so long, to whoever asks."""
SHARE = 20
"""Of the time, one part in so many is spent on reading: what takes a second is kept for twenty."""
PATIENCE_S = 2.0
"""A scrape waits so long for the database, and then goes without it."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """Gauges that are read together.

    Attributes:
        help: What each is, by its name.
        read: Their values, by the same names.
    """

    help: Mapping[str, str]
    read: Callable[[Session], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Reading:
    values: Mapping[str, float]
    until: float


NOTHING_YET = _Reading({}, float("-inf"))


class DatabaseGauges(Collector):
    """Tells what a database holds; what cannot be read is left out, and a scrape neither fails nor hangs of it.

    Args:
        database: Read by one thread at a time, which ends when it is done.
        groups: The ones that matter most first: where the database is away, the others are not asked for.
        clock: Seconds that never go back.
    """

    def __init__(
        self, database: Database, groups: Sequence[Gauges], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._groups = groups
        self._clock = clock
        self._reading = NOTHING_YET
        self._reader: threading.Thread | None = None
        self._asking = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told."""
        if self._is_old and (reader := self._begun()) is not None:
            reader.join(PATIENCE_S)
        reading = self._reading
        if self._clock() >= reading.until:
            return
        for group in self._groups:
            for name, said in group.help.items():
                if name in reading.values:
                    yield GaugeMetricFamily(name, said, value=reading.values[name])

    @property
    def _is_old(self) -> bool:
        return self._clock() >= self._reading.until

    def _begun(self) -> threading.Thread | None:
        """The thread that reads; None where another one was done in this moment."""
        with self._asking:
            if self._reader is None or not self._reader.is_alive():
                if not self._is_old:
                    return None
                self._reader = threading.Thread(target=self._read, name="gauges", daemon=True)
                self._reader.start()
            return self._reader

    def _read(self) -> None:
        began, values = self._clock(), dict[str, float]()
        for group in self._groups:
            try:
                with self._database.read() as session:
                    values.update(group.read(session))
            except DependencyUnavailable as error:
                logger.warning("%s and what follows are not read: %s", next(iter(group.help)), error.message)
                break
            except Exception as error:  # it has no tables yet, for one
                logger.warning("%s is not read: %r", next(iter(group.help)), error)
        ended = self._clock()
        self._reading = _Reading(values, ended + max(KEPT_S, SHARE * (ended - began)))
