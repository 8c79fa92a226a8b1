"""Where versions come from: the registry, by way of this machine's disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bentos.common.errors import DependencyUnavailable
from bentos.common.model_set import Chosen
from bentos.common.registry.client import Version
from bentos.common.registry.kept import Held, Kept
from bentos.common.registry.watched import RegistryMetrics
from models.catalogue.card import Task
from models.errors import FaceSocialError

logger = logging.getLogger(__name__)


class Registry(Protocol):
    """What of ``RegistryClient`` is needed here."""

    @property
    def address(self) -> str:
        """For people to read."""

    def aliases(self, name: str) -> Mapping[str, Version]:
        """Versions by alias."""

    def cards(self, version: Version) -> bytes:
        """``cards.json`` of a version."""

    def download(self, version: Version, cards: bytes, folder: Path) -> None:
        """All files of a version."""

    def close(self) -> None:
        """End what is under way."""


class Switching(Protocol):
    """What of ``Generations`` is needed here."""

    def replace(self, task: Task, chosen: Chosen) -> object:
        """Serve a task with other models, or raise and change nothing."""


class Source:
    """A registry, what is kept of it here, and who hears of failures."""

    def __init__(self, registry: Registry, kept: Kept, metrics: RegistryMetrics) -> None:
        self.registry, self.kept, self.metrics = registry, kept, metrics
        self._answers: bool | None = None

    def aliases(self, task: Task) -> Mapping[str, Version]:
        """Versions of a task by alias; it is said when the registry stops answering and when it answers again.

        Raises:
            DependencyUnavailable: It does not answer.
        """
        try:
            aliases = self.registry.aliases(task.value)
        except DependencyUnavailable as error:
            self.metrics.failed("unreachable")
            self._heard(False, error.message)
            raise
        self._heard(True, f"The registry {self.registry.address} answers.")
        return aliases

    def fetch(self, task: Task, version: Version) -> Held:
        """The version's bundle, downloaded where it is not kept already.

        Raises:
            DependencyUnavailable: The registry does not answer, or breaks off: worth another try.
            OSError: This machine's disk does not take it: so is this.
            ModelUnavailable: What is registered is no bundle of this task: another try changes nothing.
        """
        cards = self.registry.cards(version)
        held = self.kept.find(task, version.number, cards)
        return held or self.kept.fill(
            task, version.number, cards, lambda folder: self.registry.download(version, cards, folder)
        )

    def _heard(self, answers: bool, message: str) -> None:
        self.metrics.up(answers)
        if answers is not self._answers:
            logger.log(logging.INFO if answers else logging.WARNING, "%s", message)
        self._answers = answers


def reason_of(error: Exception) -> str:
    """A sentence about what went wrong."""
    return error.message if isinstance(error, FaceSocialError) else f"{error!r}."
