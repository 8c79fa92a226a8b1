"""What our own age and gender network's card says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import cast

import numpy as np

from models.catalogue.age_gender import AGE_GENDER_XCEPTION
from models.catalogue.card import Figure, InputSpec, ModelCard, Task
from models.runtime.session import Session
from training_eval.own.distilled import licence
from training_eval.own.material import Material
from training_eval.own.resemblance import COLOUR, GREY, SAME, YEARS, Answers, answers, figures

NAME = "facesocial-demographics"
TEACHER = AGE_GENDER_XCEPTION


def plain_card(sha256: str) -> ModelCard:
    """The card of a graph that has not been measured yet: its errors are the teacher's alone."""
    return ModelCard(
        task=Task.AGE_GENDER,
        name=NAME,
        version="1.0.0",
        summary=(
            "Our own age and gender network: plain 3 x 3 convolutions, 0.3 million parameters; age in years and the "
            f"probabilities of male and female, means over the crop and its mirror image, learned from {TEACHER.name}."
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
        licence=licence(TEACHER, "answers"),
        decoding=TEACHER.decoding,
    )


def measured_card(sha256: str, session: Session, material: Material) -> ModelCard:
    """The card of a graph, with errors and figures from ``session``, which runs it."""
    card = plain_card(sha256)
    found = answers(material, session)
    measured = figures(found)
    widened = {**card.decoding, "age_mae": widened_errors(found)}
    return replace(
        card,
        decoding=MappingProxyType(widened),
        measured=measured,
        finds=_finds(measured),
        misses=_misses(measured),
    )


def widened_errors(found: Mapping[str, Answers]) -> tuple[tuple[float, float], ...]:
    """Highest age of each group and the most that the mean absolute error can be there, in years.

    |student - truth| is at most |teacher - truth| + |student - teacher|, and so are the means: the teacher's
    published error and the years between both on held-back faces, of the set where they are more, are added.
    """
    apart = max(float(np.mean(given.years)) for given in found.values())
    published = cast(Sequence[tuple[float, float]], TEACHER.decoding["age_mae"])
    return tuple((top, round(error + apart, 2)) for top, error in published)


def _finds(measured: Sequence[Figure]) -> tuple[str, ...]:
    years, same = _of(measured, YEARS, COLOUR), _of(measured, SAME, COLOUR)
    return (
        f"Adults of 18 to 60, frontal: {years:.1f} years from its teacher on average, whose own published error is "
        "about five",
        f"The gender that its teacher gives, for {same:.0%} of the held-back faces in colour photographs",
    )


def _misses(measured: Sequence[Figure]) -> tuple[str, ...]:
    grey = _of(measured, SAME, GREY)
    return (
        "Nothing here was measured against true ages: the errors are the teacher's published ones and the years "
        f"between both models, added up. `make models` brings {TEACHER.name}, which is better",
        f"Grey pictures: another gender than its teacher's for {1 - grey:.0%} of the held-back ones",
        "Children and people over 60: hardly any were among the faces that it learned from",
        *cast(Sequence[str], TEACHER.misses),
    )


def _of(measured: Sequence[Figure], metric: str, what: str) -> float:
    return next(
        figure.value for figure in measured if figure.metric == metric and figure.dataset.startswith(what)
    )
