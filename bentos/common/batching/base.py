"""What a pipeline knows of batching: it hands in one item and awaits one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from models.runtime.batch import BatchModel
from models.runtime.session import Floats, Pixels


class Batcher(Protocol):
    """Forms batches out of what many requests hand in at the same time."""

    async def submit(self, item: Pixels) -> Floats:
        """The model's answer to one item.

        Raises:
            Overloaded: The queue is full.
            InferenceFailed: The model cannot answer this item.
            DependencyUnavailable: The process that holds the model does not answer.
        """
        ...

    async def start(self) -> None:
        """Make ready: after this an item is answered without delay."""
        ...

    async def close(self) -> None:
        """Answer what is queued and let go of threads and connections."""
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
