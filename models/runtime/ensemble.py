"""One or several networks on the same face, as one batched model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.catalogue.card import ModelCard
from models.processing.views import views_of
from models.runtime.session import Floats, Pixels, Session


class FaceModel:
    """Views of a face in, the outputs of all networks out."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = tuple(sessions)
        self._views = views_of(self.cards)

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The networks' cards, in the order of their outputs."""
        return tuple(session.card for session in self._sessions)

    @property
    def provider(self) -> str:
        """What the first network runs on."""
        return self._sessions[0].provider

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        """For each item uint8 [views, H, W, 3] all outputs as one float32 [n].

        The numbers of the first card's graph come first, its outputs in the graph's order.
        """
        stacked = np.stack(items)
        parts = [
            _flat(session, np.ascontiguousarray(stacked[:, view]))
            for session, view in zip(self._sessions, self._views.of_card, strict=True)
        ]
        return list(np.concatenate(parts, axis=1))

    def warm_up(self) -> None:
        """Run on a black face once."""
        view = self._views.distinct[0]
        self.predict([np.zeros((len(self._views.distinct), view.height, view.width, 3), np.uint8)])


def _flat(session: Session, images: Pixels) -> Floats:
    outputs = session.run(images).values()
    return np.concatenate([output.reshape(len(images), -1) for output in outputs], axis=1, dtype=np.float32)
