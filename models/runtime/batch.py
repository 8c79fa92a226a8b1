"""Models as a batcher sees them: many pictures in, as many arrays out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from models.catalogue.card import ModelCard
from models.runtime.session import Floats, Outputs, Pixels, Session


class BatchModel(Protocol):
    """Whatever answers a batch, item by item."""

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The cards behind the answers."""
        ...

    @property
    def provider(self) -> str:
        """What it runs on."""
        ...

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        """One array for each item, in order; an item's answer does not depend on its neighbours."""
        ...

    def warm_up(self) -> None:
        """Run once, so that the first request does not pay for allocation and compilation."""
        ...


def run_by_shape(session: Session, items: Sequence[Pixels]) -> list[Outputs]:
    """Outputs for each item of uint8 [H, W, 3]; items of the same shape run together."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        groups[item.shape].append(index)
    results: dict[int, Outputs] = {}
    for indices in groups.values():
        pictures = [items[i] for i in indices]
        outputs = session.run(pictures[0][None] if len(pictures) == 1 else np.stack(pictures))
        for row, index in enumerate(indices):
            results[index] = {name: value[row] for name, value in outputs.items()}
    return [results[index] for index in range(len(items))]
