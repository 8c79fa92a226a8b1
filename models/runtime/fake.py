"""A session without a graph, for tests of everything around one."""

from __future__ import annotations

from collections.abc import Callable

from models.catalogue.card import ModelCard
from models.runtime.session import Outputs, Pixels


class FakeSession:
    """Answers with a function of the pixels and keeps the shapes of the batches that it saw."""

    def __init__(self, card: ModelCard, answer: Callable[[Pixels], Outputs]) -> None:
        self._card = card
        self._answer = answer
        self.batches: list[tuple[int, ...]] = []

    @property
    def card(self) -> ModelCard:
        """The card it stands in for."""
        return self._card

    @property
    def provider(self) -> str:
        """No real provider has this name."""
        return "FakeExecutionProvider"

    def run(self, images: Pixels) -> Outputs:
        """What the function says of the batch."""
        self.batches.append(images.shape)
        return self._answer(images)
