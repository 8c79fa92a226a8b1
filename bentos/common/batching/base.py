"""What a pipeline knows of batching: it hands in items and gets as many answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bentos.common.errors import InferenceFailed
from bentos.common.settings import BatchSettings
from models.errors import Overloaded
from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels


class Batcher(Protocol):
    """Forms batches out of what many requests hand in at the same time, each from a thread of its own."""

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        """The model's answers, in order; returns when all are there.

        Raises:
            Overloaded: The queue is full.
            InferenceFailed: The model cannot answer one of the items.
            DependencyUnavailable: The process that holds the model does not answer.
        """
        ...

    @property
    def provider(self) -> str:
        """What the model runs on, once it has been started."""
        ...

    async def start(self) -> None:
        """Make ready: after this an item is answered without delay."""
        ...


def predict_each(model: BatchModel, items: Sequence[Pixels]) -> list[Floats | None]:
    """Answers of a batch; where the batch fails each item is tried alone, and None stands for one that fails."""
    try:
        answers = list(model.predict(items))
        if len(answers) != len(items):
            raise ValueError(f"{len(answers)} answers to {len(items)} items")
        return list(answers)
    except Exception:
        if len(items) == 1:
            return [None]
        return [answer for item in items for answer in predict_each(model, [item])]


def require_room(waiting: int, coming: int, settings: BatchSettings) -> None:
    """Let items into a queue; a call that is larger than all of it comes in when it is empty.

    Raises:
        Overloaded: There is no room.
    """
    if waiting and waiting + coming > settings.max_queue:
        raise Overloaded(f"{waiting} pictures are waiting for the model already; try again in a moment.")


def complete(answers: Sequence[Floats | None]) -> list[Floats]:
    """The answers, if all are there.

    Raises:
        InferenceFailed: One is None.
    """
    found = [answer for answer in answers if answer is not None]
    if len(found) != len(answers):
        raise InferenceFailed("The model failed on this picture.")
    return found
