"""What a service begins with: champions, or what was served last while the registry does not answer."""

from __future__ import annotations

import logging

from bentos.common.errors import DependencyUnavailable
from bentos.common.registry.client import CHAMPION
from bentos.common.registry.kept import Held
from bentos.common.registry.source import Source, Switching, reason_of
from bentos.common.settings import PREFIX
from models.catalogue.card import Task
from models.errors import FaceSocialError

logger = logging.getLogger(__name__)


class FirstChoice:
    """Chooses for one task and has it served; may be asked again, and says what it has to say once."""

    def __init__(self, task: Task, source: Source, generations: Switching) -> None:
        self._task, self._source, self._generations = task, source, generations
        self._said: set[str] = set()

    def serve(self) -> Held | None:
        """Have the champion served, else what served last; None: the catalogue's models, which serve already.

        Raises:
            FaceSocialError: Neither can be had; the message says what to do.
        """
        try:
            held = self._champion()
        except (FaceSocialError, OSError) as error:
            held = self._fallback(error)
        self._source.kept.remember(self._task, held)
        return held

    def _champion(self) -> Held | None:
        version = self._source.aliases(self._task).get(CHAMPION)
        if version is None:
            where, what = self._source.registry.address, self._task.value
            self._say(
                logging.INFO, f"The registry {where} has no champion of {what}: the catalogue's models serve."
            )
            return None
        return self._served(self._source.fetch(self._task, version))

    def _fallback(self, error: FaceSocialError | OSError) -> Held | None:
        remembered = self._source.kept.champion(self._task)
        if remembered is None:
            raise DependencyUnavailable(
                f"{reason_of(error)} No champion of {self._task.value} is kept on this machine either: see to the "
                f"registry, or set {PREFIX}MODEL_SOURCE=auto for the models that come with the project.",
                {"dependency": "registry"},
            ) from error
        held = remembered.held
        what = f"version {held.number}" if held else "what the catalogue has"
        self._say(
            logging.WARNING, f"{reason_of(error)} Of {self._task.value}, {what} served last and serves on."
        )
        return self._served(held) if held else None

    def _served(self, held: Held) -> Held:
        self._generations.replace(self._task, held.chosen)
        return held

    def _say(self, level: int, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            logger.log(level, "%s", message)
