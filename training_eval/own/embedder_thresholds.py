"""Thresholds and calibration of our own embedder, from people that it was trained on and from others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.catalogue.card import Calibration
from models.runtime.session import Session
from training_eval.calibration.fit import RATES, fit_platt, normal_thresholds
from training_eval.own.material import Material, Part
from training_eval.own.verification import (
    Pairs,
    Scores,
    grey_people,
    named_people,
    pairs_of,
    strangers,
    within,
)

_MADE_BY = "python -m training_eval.own face-recognition"
_DECIMALS = 3
PARTS: tuple[Part, ...] = ("training", "held back")


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of one embedder on the held-back sets."""

    grey: Pairs
    named: Pairs
    strangers: Scores

    @classmethod
    def of(cls, material: Material, session: Session) -> Judged:
        """Run a session on all of them."""
        return cls(
            pairs_of(session, *grey_people(material, "held back")),
            pairs_of(session, *named_people(material)),
            within(session, strangers(material, "held back")),
        )


def thresholds_of(material: Material, session: Session) -> dict[str, float]:
    """By false-accept rate: the highest of the normal fits to three sets of impostors.

    Those are two people of the AT&T set, held back or trained on, and two faces of one held-back photograph. Faces of
    the photographs that were trained on are left out: the network knows each of them.
    """
    sets = [
        *(pairs_of(session, *grey_people(material, part)).impostors for part in PARTS),
        within(session, strangers(material, "held back")),
    ]
    fits = [normal_thresholds(impostors) for impostors in sets]
    return {f"{rate:g}": min(1.0, round(max(fit[rate] for fit in fits), _DECIMALS)) for rate in RATES}


def calibration_of(material: Material, session: Session) -> Calibration:
    """Platt's fit on held-back people alone."""
    judged = Judged.of(material, session)
    genuine = np.concatenate([judged.grey.genuine, judged.named.genuine])
    slope, intercept = fit_platt(genuine, judged.strangers)
    return Calibration(
        slope=round(slope, 2),
        intercept=round(intercept, 2),
        fitted_on=(
            f"{len(genuine)} pairs of one person (held-back AT&T people and photographs of two people) against "
            f"{len(judged.strangers)} pairs of different people in one held-back colour photograph, both equally "
            f"likely beforehand; {_MADE_BY}"
        ),
    )
