"""The catalogue: every published model that the project can run, by name, and who serves which task."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from models.catalogue import detection
from models.catalogue.card import ModelCard, Task

CATALOGUE: Mapping[str, ModelCard] = MappingProxyType({card.name: card for card in (*detection.CARDS,)})
"""Model cards by name."""

DEFAULTS: Mapping[Task, tuple[str, ...]] = MappingProxyType({Task.FACE_DETECTION: ("yunet-n",)})
"""Names of the models that serve a task; several are an ensemble."""
