"""One graph, ready for two situations: a run among others, and a run that has the machine to itself."""

from __future__ import annotations

from collections.abc import Callable

from models.catalogue.card import ModelCard
from models.runtime.session import Outputs, Pixels, Session


class ElasticSession:
    """Picks between two sessions of the same graph, run by run.

    Many runs of one thread each, side by side, do most work in all; a run alone is over sooner with all
    cores. One session cannot do both: ONNX Runtime fixes the threads of a session when it is made.

    Args:
        narrow: Runs on one thread.
        wide: Runs on all cores.
        alone: Whether a run that begins now has the machine to itself.
    """

    def __init__(self, narrow: Session, wide: Session, alone: Callable[[], bool]) -> None:
        self._narrow = narrow
        self._wide = wide
        self._alone = alone

    @property
    def card(self) -> ModelCard:
        """What is loaded."""
        return self._narrow.card

    @property
    def provider(self) -> str:
        """What it runs on."""
        return self._narrow.provider

    def run(self, images: Pixels) -> Outputs:
        """Outputs by name for uint8 [N, H, W, 3]."""
        return (self._wide if self._alone() else self._narrow).run(images)
