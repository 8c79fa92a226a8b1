"""The graphs of the catalogue, where the settings say."""

from __future__ import annotations

from models.runtime.store import WeightStore
from training_eval.settings import TrainingSettings


def store_of(settings: TrainingSettings) -> WeightStore:
    """Cache and mirror alone: measuring fetches nothing from the authors."""
    return WeightStore(settings.cache, mirror=settings.model_mirror, offline=True)
