"""How our own age and gender network differs from its teacher on people that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.catalogue.age_gender import AGE_GENDER_XCEPTION
from models.catalogue.card import Figure
from models.runtime.session import Session
from training_eval.calibration.faces import Face
from training_eval.metrics.arrays import Values, codes
from training_eval.metrics.intervals import Estimate, bootstrap, share
from training_eval.own.material import Material
from training_eval.own.verification import SMALLEST, grey_people, named_people, strangers

SOURCE = "python -m training_eval.own age-gender --measure"
YEARS = f"years between this model and {AGE_GENDER_XCEPTION.name}, mean"
SAME = f"same gender as {AGE_GENDER_XCEPTION.name}"
GREY = "held-back AT&T pictures"
COLOUR = f"held-back photographs, faces of {SMALLEST} pixels and more"


@dataclass(frozen=True, slots=True)
class Answers:
    """Of both networks for the same faces.

    Attributes:
        own: float32 [N, 3] years and probabilities of male and female.
        other: The teacher's.
        people: Who each face is of; a name of its own where nobody else in the set is that person.
    """

    own: NDArray[np.float32]
    other: NDArray[np.float32]
    people: Sequence[str]

    @property
    def years(self) -> Values:
        """Years between both, float64 [N]."""
        return np.abs(self.own[:, 0].astype(np.float64) - self.other[:, 0])

    @property
    def agree(self) -> Values:
        """1 where both give the same gender, else 0."""
        same = self.own[:, 1:].argmax(axis=1) == self.other[:, 1:].argmax(axis=1)
        return np.asarray(same, np.float64)


def answers(material: Material, session: Session) -> dict[str, Answers]:
    """On the held-back faces, by the name of the set."""
    teacher = material.session(AGE_GENDER_XCEPTION.name)
    crowd = [face for faces in strangers(material, "held back") for face in faces]
    known, names = named_people(material)
    everybody = [*(f"stranger {number}" for number in range(len(crowd))), *names]
    sets = {GREY: grey_people(material, "held back"), COLOUR: ([*crowd, *known], everybody)}
    return {
        what: Answers(_asked(session, faces), _asked(teacher, faces), people)
        for what, (faces, people) in sets.items()
    }


def figures(found: dict[str, Answers]) -> tuple[Figure, ...]:
    """Years and genders of each set, with intervals by drawing people; of strangers the exact one."""
    return tuple(
        figure
        for what, given in found.items()
        for figure in (
            _figure(YEARS, what, _drawn(given.years, given.people)),
            _figure(SAME, what, _shared(given.agree, given.people)),
        )
    )


def _asked(session: Session, faces: Sequence[Face]) -> NDArray[np.float32]:
    outputs = session.run(np.stack([face.crop(session.card) for face in faces]))
    return np.concatenate([outputs["age"], outputs["gender"]], axis=1)


def _drawn(values: Values, people: Sequence[str]) -> Estimate:
    """The mean, with an interval by drawing people."""

    def mean(weights: Values) -> float:
        return float(np.average(values, weights=weights))

    units = codes(people, "people", len(values))
    return Estimate(float(values.mean()), bootstrap(mean, units), len(values))


def _shared(agree: Values, people: Sequence[str]) -> Estimate:
    """A share, exact where every face is another person's; else by drawing people, or exact over them if all agree."""
    if len(set(people)) == len(people):
        return share(int(agree.sum()), len(agree))
    if agree.all():
        exact = share(len(set(people)), len(set(people)))
        return Estimate(1.0, exact.interval, len(agree))
    return _drawn(agree, people)


def _figure(metric: str, what: str, found: Estimate) -> Figure:
    ends = found.interval
    spread = f"; 95 % interval {ends.low:.3f} to {ends.high:.3f}" if ends else ""
    return Figure(
        metric=metric,
        value=round(found.value, 4),
        dataset=f"{what}: {found.count} faces{spread}",
        source=SOURCE,
    )
