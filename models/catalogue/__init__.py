"""The catalogue: every model that the project can run, by name, and who serves which task."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from models.catalogue import age_gender, antispoofing, deepfake, detection, own, recognition
from models.catalogue.card import ModelCard, Task

_FAMILIES = (detection, recognition, antispoofing, deepfake, age_gender, own)

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
"""Names of the published models that serve a task; several are an ensemble, combined as their cards say."""

OWN: Mapping[Task, tuple[str, ...]] = own.names_by_task(own.CARDS)
"""The same for the weights that come with the project."""
