"""What our own embedder's card says: about all that is known before it is measured, and what the figures mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from models.catalogue.card import Figure, InputSpec, ModelCard, Task
from models.catalogue.recognition import MOBILEFACENET
from models.runtime.session import Session
from training_eval.own.distilled import licence
from training_eval.own.embedder_figures import (
    CLOSE,
    FALSE_REJECTS,
    RATE,
    SMALL,
    SMALL_SELF,
    figures,
    kept,
)
from training_eval.own.embedder_thresholds import calibration_of, thresholds_of
from training_eval.own.material import Material

NAME = "facesocial-embedder"
TEACHER = MOBILEFACENET


def plain_card(sha256: str) -> ModelCard:
    """The card of a graph that has not been measured yet."""
    return ModelCard(
        task=Task.FACE_RECOGNITION,
        name=NAME,
        version="1.0.0",
        summary=(
            "Our own embedder: plain 3 x 3 convolutions, 0.7 million parameters. The graph runs the crop and its "
            "mirror image, adds both unit vectors and divides by the norm: one crop in, 128 numbers out. "
            f"It learned to give {TEACHER.name}'s vectors; vectors of the two still do not mix."
        ),
        weights=(),
        recipe="own",
        sha256=sha256,
        input=InputSpec(
            colour="BGR",
            width=TEACHER.input.width,
            height=TEACHER.input.height,
            normalisation="minus 127.5, divided by 64",
        ),
        crop=TEACHER.crop,
        licence=licence(TEACHER, "vectors"),
        decoding=MappingProxyType({"output": "embedding", "dimension": 128, "similarity": "cosine"}),
    )


def measured_card(sha256: str, session: Session, material: Material) -> ModelCard:
    """The card of a graph, with thresholds, calibration and figures from ``session``, which runs it."""
    thresholds = thresholds_of(material, session)
    found = figures(material, session, thresholds)
    return replace(
        plain_card(sha256),
        thresholds=MappingProxyType(thresholds),
        calibration=calibration_of(material, session),
        measured=found,
        finds=_finds(found),
        misses=_misses(found),
    )


def _finds(found: Sequence[Figure]) -> tuple[str, ...]:
    values = _values(found)
    return (
        f"Frontal adults: of the held-back AT&T pictures a pair of one person scores higher than a pair of two in "
        f"{values['verification AUC']:.1%} of the cases",
        f"The same adult in two frontal pictures: {values[kept('0.1')]:.0%} of the held-back AT&T pairs at the "
        f"threshold for 0.1, {values[kept('0.01')]:.0%} at the one for 0.01",
    )


def _misses(found: Sequence[Figure]) -> tuple[str, ...]:
    values = _values(found)
    return (
        f"It is far from its teacher: cosine {values[CLOSE]:.2f} between both vectors of a held-back face on average, "
        f"where 1 is equal. `make models` brings {TEACHER.name}, which tells people apart better",
        f"At the threshold for {RATE} it misses most: {values[FALSE_REJECTS]:.0%} of the held-back AT&T pairs of one "
        "person, and more in colour photographs. Strangers in one photograph are alike to it (one light, one camera), "
        "so the thresholds are high",
        f"Small faces: of {SMALL} pixels the similarity to the same face at full size is {values[SMALL_SELF]:.2f} in "
        "the median",
        *TEACHER.misses[:3],
        "Profiles and half-covered faces: strangers seen from the side are alike to it, and one person from two sides "
        "is not",
        "People alike in age, sex and origin are accepted more often than the rate says: it has seen a few hundred "
        "people, most of them light-skinned adults. Measure on your own before deciding about anybody",
    )


def _values(found: Sequence[Figure]) -> Mapping[str, float]:
    return {figure.metric: figure.value for figure in reversed(found)}
