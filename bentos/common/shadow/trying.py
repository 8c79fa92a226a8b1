"""Challengers of the registry, loaded as generations that answer nobody and handed to the shadow."""

from __future__ import annotations

from typing import Protocol

from bentos.common.generations import Models
from bentos.common.model_set import Chosen
from bentos.common.observing import AfterAnswer
from bentos.common.shadow.shadow import Shadow
from models.catalogue.card import Task


class Beside(Protocol):
    """What of ``Generations`` is needed here."""

    def beside(self, task: Task, chosen: Chosen) -> Models:
        """What serves, with other models for one task, answering nobody; raises where they do not run."""


class Trying:
    """Loads challengers, and lets the shadow ask them.

    Args:
        generations: Load.
        shadow: Asks.
    """

    def __init__(self, generations: Beside, shadow: Shadow) -> None:
        self._generations, self._shadow = generations, shadow

    @property
    def observe(self) -> AfterAnswer:
        """Is told of answers."""
        return self._shadow.observe

    def start(self) -> None:
        """Begin; called again it does nothing."""
        self._shadow.start()

    def close(self) -> None:
        """End."""
        self._shadow.close()

    def begin(self, task: Task, chosen: Chosen) -> None:
        """Try these models of a task, in place of those before.

        Raises:
            ModelUnavailable: They do not run; those before are tried no more either.
        """
        self._shadow.withdraw(task)
        self._shadow.challenge(task, self._generations.beside(task, chosen), chosen.cards)

    def end(self, task: Task) -> None:
        """Try none."""
        self._shadow.withdraw(task)
