"""Serves what the registry's alias ``champion`` names, from the start on and whenever it moves."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from bentos.common.errors import DependencyUnavailable
from bentos.common.model_set import Chosen
from bentos.common.observing import AfterAnswer
from bentos.common.registry.alias import AliasFollower
from bentos.common.registry.client import CHALLENGER, CHAMPION, Version
from bentos.common.registry.first import FirstChoice
from bentos.common.registry.kept import Held
from bentos.common.registry.source import Source, Switching
from models.catalogue.card import ModelCard, Task

JITTER = 0.2
CLOSE_LIMIT_S = 10.0

logger = logging.getLogger(__name__)


class Trying(Protocol):
    """Tries challengers beside what serves."""

    @property
    def observe(self) -> AfterAnswer:
        """Is told of answers."""

    def start(self) -> None:
        """Begin; called again it does nothing."""

    def close(self) -> None:
        """End."""

    def begin(self, task: Task, chosen: Chosen) -> None:
        """Try these models of a task from now on, in place of those before; raises where they do not run."""

    def end(self, task: Task) -> None:
        """Try none."""


class Follower:
    """One thread that follows the registry for the tasks of one service.

    Args:
        source: The registry, and what is kept of it.
        generations: Serves.
        tasks: Of the service.
        refresh_s: Seconds between two looks, about.
        fixed: Tasks whose models change at a start alone, because something was made with them.
        trial: Takes the challengers; None where nothing is tried.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        source: Source,
        generations: Switching,
        tasks: Sequence[Task],
        *,
        refresh_s: float,
        fixed: frozenset[Task] = frozenset(),
        trial: Trying | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._generations, self._refresh_s, self._trial = source, generations, refresh_s, trial
        self._firsts = {task: FirstChoice(task, source, generations) for task in tasks}

        def following(task: Task, alias: str, use: Callable[[Task, Held], bool]) -> AliasFollower:
            return AliasFollower(task, alias, source, partial(use, task), clock)

        self._champions = {
            task: following(task, CHAMPION, self._wait if task in fixed else self._serve) for task in tasks
        }
        self._challengers = {task: following(task, CHALLENGER, self._try) for task in tasks}
        self._waiting: dict[Task, tuple[ModelCard, ...]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registry", daemon=True)
        self._random = random.Random()  # noqa: S311 - so that services do not all look at the same moment

    @property
    def observe(self) -> AfterAnswer | None:
        """Is told of answers; None where nothing is tried."""
        return self._trial.observe if self._trial is not None else None

    def first(self) -> None:
        """Have served what a service begins with; called before it is ready, and again where that failed.

        Raises:
            FaceSocialError: Nothing can be served yet; the message says what to do.
        """
        for task, first in self._firsts.items():
            held = first.serve()
            self._champions[task].current = held.number if held else None

    def start(self) -> None:
        """Follow from now on; called again it does nothing."""
        if self._thread.ident is None and not self._over.is_set():
            self._thread.start()
            if self._trial is not None:
                self._trial.start()

    def close(self) -> None:
        """Stop, also in the middle of a download or of the first choice."""
        self._over.set()
        self._source.registry.close()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_LIMIT_S)
        if self._trial is not None:
            self._trial.close()

    def look(self) -> None:
        """Ask the registry once, for all tasks; one that does not answer changes nothing."""
        try:
            aliases = {task: self._source.aliases(task) for task in self._champions}
        except DependencyUnavailable:
            return
        moved = [self._follow_champion(task, aliases[task].get(CHAMPION)) for task in aliases]
        if self._trial is not None:
            for task in aliases:
                # A challenger is tried with what else serves, so it follows every change of that.
                self._follow_challenger(task, aliases[task], again=any(moved))

    def _follow_champion(self, task: Task, version: Version | None) -> bool:
        champion = self._champions[task]
        if version is None or version.number == champion.current:
            self._waits_no_more(task)
        return version is not None and champion.follow(version)

    def _follow_challenger(self, task: Task, aliases: Mapping[str, Version], again: bool) -> None:
        assert self._trial is not None
        version, challenger = aliases.get(CHALLENGER), self._challengers[task]
        if version is None or version == aliases.get(CHAMPION):
            if challenger.current is not None:
                self._trial.end(task)
            challenger.forget()
            return
        if again and challenger.current is not None:
            challenger.forget()
        challenger.follow(version)

    def _serve(self, task: Task, held: Held) -> bool:
        self._generations.replace(task, held.chosen)
        self._source.kept.remember(task, held)
        return True

    def _wait(self, task: Task, held: Held) -> bool:
        self._waits_no_more(task)
        self._waiting[task] = held.bundle.cards
        self._source.metrics.waiting(held.bundle.cards, True)
        logger.warning(
            "Version %s of %s waits for the next start of this service: its collections were made with the one "
            "that serves.",
            held.number,
            task.value,
        )
        return False

    def _waits_no_more(self, task: Task) -> None:
        if cards := self._waiting.pop(task, None):
            self._source.metrics.waiting(cards, False)

    def _try(self, task: Task, held: Held) -> bool:
        assert self._trial is not None
        self._trial.begin(task, held.chosen)
        return True

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except Exception:  # a fault of this program's own must not end the following
                logger.exception("The registry could not be followed this time.")
            self._over.wait(self._refresh_s * self._random.uniform(1 - JITTER, 1 + JITTER))
