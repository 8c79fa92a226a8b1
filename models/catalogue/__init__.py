"""The catalogue: every published model that the project can run, by name, and who serves which task."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from models.catalogue import age_gender, antispoofing, deepfake, detection, recognition
from models.catalogue.card import ModelCard, Task

_FAMILIES = (detection, recognition, antispoofing, deepfake, age_gender)

CATALOGUE: Mapping[str, ModelCard] = MappingProxyType(
    {card.name: card for family in _FAMILIES for card in family.CARDS}
)
"""Model cards by name."""

DEFAULTS: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {
        Task.FACE_DETECTION: ("yunet-n",),
        Task.FACE_RECOGNITION: ("mobilefacenet",),
        Task.ANTISPOOFING: ("minifasnet-v2", "minifasnet-v1se"),
        Task.DEEPFAKE_DETECTION: ("meso4-df", "mesoinception-df"),
        Task.AGE_GENDER: ("age-gender-xception",),
    }
)
"""Names of the models that serve a task; several are an ensemble, combined as their cards say."""
