"""One thread, in whatever time is left, asks challengers what callers asked."""

from __future__ import annotations

import logging
import os
import queue
import random
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bentos.common.context import Clock
from bentos.common.generations import Models
from bentos.common.observing import Make
from bentos.common.shadow.comparison import OPPOSITE, Comparing
from bentos.common.shadow.watched import ShadowMetrics
from bentos.contracts import FaceSelection
from bentos.contracts.base import Message
from models.catalogue.card import ModelCard, Task
from models.errors import FaceError, Overloaded

WAITING = 4
"""Sampled requests that wait: each holds a picture in memory."""
NICENESS = 10
CLOSE_LIMIT_S = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Challenger:
    models: Models
    cards: Sequence[ModelCard]
    compare: Comparing = field(default_factory=Comparing)


@dataclass(frozen=True, slots=True)
class _Sample:
    make: Make
    image: bytes
    options: FaceSelection
    result: Message


class Shadow:
    """Samples requests, and compares the answers of challengers with those that were given.

    Args:
        share: Of requests that are sampled, in [0, 1].
        busy: Whether callers need all that there is: then nothing is taken on.
        metrics: Told of everything.
        seed: Of the sampling.
    """

    def __init__(
        self, share: float, busy: Callable[[], bool], metrics: ShadowMetrics, seed: int | None = None
    ) -> None:
        self._share, self._busy, self._metrics = share, busy, metrics
        self._random = random.Random(seed)  # noqa: S311 - a sample, no secret
        self._challengers: dict[Task, _Challenger] = {}
        self._samples: queue.Queue[_Sample | None] = queue.Queue(WAITING)
        self._over = False
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def challenge(self, task: Task, models: Models, cards: Sequence[ModelCard]) -> None:
        """Try models from now on, in place of those tried for the same task before."""
        self._challengers = {**self._challengers, task: _Challenger(models, cards)}

    def withdraw(self, task: Task) -> None:
        """Try nothing for a task any more."""
        self._challengers = {key: one for key, one in self._challengers.items() if key is not task}

    def observe(
        self, make: Make, image: bytes, options: FaceSelection, result: Message, models: Models
    ) -> None:
        """Take an answer that was given as a sample, perhaps; returns at once."""
        if not self._challengers or self._over or self._random.random() >= self._share:
            return
        if self._busy():
            self._metrics.sampled("dropped")
            return
        try:
            self._samples.put_nowait(_Sample(make, image, options, result))
        except queue.Full:
            self._metrics.sampled("dropped")

    def start(self) -> None:
        """Begin; called again it does nothing."""
        if self._thread.ident is None and not self._over:
            self._thread.start()

    def close(self) -> None:
        """End after the sample in hand; those that wait are let go."""
        self._over = True
        with suppress(queue.Empty):
            while True:
                self._samples.get_nowait()
        with suppress(queue.Full):
            self._samples.put_nowait(None)
        if self._thread.ident is not None:
            self._thread.join(CLOSE_LIMIT_S)
        self._challengers = {}

    def _run(self) -> None:
        _be_nice()
        while (sample := self._samples.get()) is not None and not self._over:
            self._try_all(sample)
            del sample  # nothing of a picture stays while the next one is waited for

    def _try_all(self, sample: _Sample) -> None:
        for challenger in self._challengers.values():
            self._try(challenger, sample)

    def _try(self, challenger: _Challenger, sample: _Sample) -> None:
        try:
            answer = challenger.models.made(sample.make)(sample.image, sample.options, Clock())
            comparison = challenger.compare(sample.result, answer)
        except Overloaded:
            self._metrics.sampled("dropped")
            return
        except FaceError:
            comparison = OPPOSITE
        except Exception as error:  # callers have their answers already
            self._metrics.sampled("failed")
            logger.warning("a challenger failed: %s", type(error).__name__)
            return
        if comparison is None:
            self._metrics.sampled("skipped")
            return
        self._metrics.sampled("compared")
        self._metrics.compared(challenger.cards, comparison)


def _be_nice() -> None:
    """Let others have the processor first; only Linux does that for one thread of a process."""
    if sys.platform == "linux":
        with suppress(OSError):
            thread = threading.get_native_id()
            nice = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
            os.setpriority(os.PRIO_PROCESS, thread, nice)
