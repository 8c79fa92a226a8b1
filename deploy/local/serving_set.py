"""Which models the stack of this machine runs, decided once for all of its processes, and said in one line."""

from __future__ import annotations

from bentos.common.model_set import ModelSet, model_set
from bentos.common.settings import Settings

SOURCE = "FACESOCIAL_MODEL_SOURCE"
SAID: dict[ModelSet, str] = {
    "own": (
        "the project's own weights, which come with it. They see less than the published ones, the README says by "
        "how much; `make models` brings those"
    ),
    "published": "the published weights",
}


def decided(settings: Settings) -> Settings:
    """The settings that every process of the stack is given, so that none of them chooses differently from another."""
    if settings.model_source == "mlflow":
        return settings
    return settings.model_copy(update={"model_source": model_set(settings)})


def sentence(settings: Settings) -> str:
    """Which models run, and where better ones are had."""
    said = SAID[model_set(settings)]
    if settings.model_source == "mlflow":
        return f"Models: what the registry says. For tasks without a champion there: {said}."
    return f"Models: {said}."
