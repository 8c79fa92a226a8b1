"""What our own forgery network does on people that it never saw, and on a method of forgery that it never saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.catalogue.card import Figure, ModelCard
from models.processing.calibration import platt
from models.runtime.session import Session
from training_eval.metrics.forgery import forgery_figure
from training_eval.metrics.roc import area
from training_eval.own.fakes import Portrait, blended, portrait, swapped
from training_eval.own.figures import agreement, counted, estimated, plain
from training_eval.own.forgery_card import COMMAND
from training_eval.own.forgery_problem import evidence_of
from training_eval.own.material import Material
from training_eval.own.shown import shown
from training_eval.synthesis.compression import h264, jpeg
from training_eval.synthesis.optics import Pixels

SMALLEST = 40.0
_SEED = 42
_SIDE = 450.0
_SWAPS = 80
Score = Callable[[Portrait], float]
Stored = Callable[[Pixels], Pixels]
STORED: MappingProxyType[str, Stored] = MappingProxyType(
    {
        "as made": lambda pixels: pixels,
        "after JPEG of quality 50": lambda pixels: jpeg(pixels, 50),
        "after H.264 (CRF 28)": lambda pixels: h264([pixels], 28)[0],
    }
)


@dataclass(frozen=True, slots=True)
class Case:
    """A face, whether it is forged, and which file it is from."""

    face: Portrait
    forged: bool
    source: str


def forgery_figures(material: Material, session: Session, teachers: Sequence[Session]) -> tuple[Figure, ...]:
    """The figures of the card, on held-back material alone."""
    people = shown(material, "held back", smallest=SMALLEST, videos=False)
    ours, theirs = score_of([session]), score_of(teachers)
    genuine = [
        Case(portrait(face), False, source) for face, source in zip(people.faces, people.sources, strict=True)
    ]
    own_blends = [
        Case(replace(case.face, pixels=forged), True, case.source) for case, forged in _self_blended(genuine)
    ]
    figures: list[Figure] = []
    for name, forgeries in {
        "self-blended": own_blends,
        "swapped with a soft mask, a method not trained on": swaps(genuine, "alpha"),
        "swapped by Poisson blending, a method not trained on": swaps(genuine, "poisson"),
    }.items():
        figures += _areas(name, genuine, forgeries, ours, theirs, _limits(session, teachers))
    return (
        *figures,
        *_genuine(material, genuine, session, teachers),
        *_samples(material, ours, session.card),
    )


def _limits(session: Session, teachers: Sequence[Session]) -> tuple[float, float]:
    return session.card.thresholds["fake"], teachers[0].card.thresholds["fake"]


def score_of(sessions: Sequence[Session]) -> Score:
    """Probability of forged, as the service gives it."""
    evidence, calibration = evidence_of(sessions), sessions[0].card.calibration
    assert calibration is not None
    return lambda face: float(platt(evidence(face), calibration.slope, calibration.intercept))


def swaps(genuine: Sequence[Case], method: str) -> list[Case]:
    """Faces of other people put onto these, up to ``_SWAPS`` that fit."""
    random, made = np.random.default_rng([_SEED, len(method)]), list[Case]()
    for _ in range(20 * _SWAPS):
        target, source = (genuine[int(number)] for number in random.choice(len(genuine), 2, replace=False))
        forged = swapped(target.face, source.face, random, "poisson" if method == "poisson" else "alpha")
        if forged is not None:
            made.append(Case(replace(target.face, pixels=forged), True, target.source))
        if len(made) == _SWAPS:
            break
    return made


def _self_blended(genuine: Sequence[Case]) -> list[tuple[Case, Pixels]]:
    random = np.random.default_rng(_SEED)
    return [(case, blended(case.face, random)) for case in genuine for _ in range(2)]


def _areas(
    name: str,
    genuine: Sequence[Case],
    forgeries: Sequence[Case],
    ours: Score,
    theirs: Score,
    limits: tuple[float, float],
) -> list[Figure]:
    """For each way of storing the area under the ROC curve, its interval by drawing photographs, and what is found."""
    figures, cases = [], [*genuine, *forgeries]
    truth, sources = [case.forged for case in cases], [case.source for case in cases]
    for way, store in STORED.items():
        faces = [replace(case.face, pixels=store(case.face.pixels)) for case in cases]
        found, wanted = (np.array([score(face) for face in faces]) for score in (ours, theirs))
        shares = [
            float((scores[len(genuine) :] >= limit).mean())
            for scores, limit in zip((found, wanted), limits, strict=True)
        ]
        what = (
            f"{len(forgeries)} held-back faces {name}, against {len(genuine)} genuine ones, {way}; found at the "
            f"threshold {shares[0]:.3f}; the published pair: {area(wanted, truth):.3f}, found {shares[1]:.3f}"
        )
        figures.append(estimated("AUC", forgery_figure(found, truth, sources), what, COMMAND))
    return figures


def _genuine(
    material: Material, genuine: Sequence[Case], session: Session, teachers: Sequence[Session]
) -> list[Figure]:
    ours, theirs = score_of([session]), score_of(teachers)
    limits = _limits(session, teachers)
    everything = shown(material, "held back", smallest=SMALLEST)
    frames = [portrait(face) for face in everything.faces[len(genuine) :]]
    figures = []
    for what, faces in (
        ("faces of held-back photographs", [case.face for case in genuine]),
        ("faces of frames of a held-back video", frames),
    ):
        found, wanted = (np.array([score(face) for face in faces]) for score in (ours, theirs))
        figures += [
            counted("share of genuine faces called forged", found >= limits[0], what, COMMAND),
            counted(
                "share of genuine faces called forged, the published pair", wanted >= limits[1], what, COMMAND
            ),
            *agreement(found, wanted, limits, what, COMMAND),
        ]
    return figures


def _samples(material: Material, ours: Score, card: ModelCard) -> list[Figure]:
    figures = []
    for folder, metric in (
        ("deepfake/df", "share of forgeries found"),
        ("deepfake/real", "share of genuine faces called forged"),
    ):
        pictures = [picture for picture in material.photographs(folder, "held back") if picture.faces]
        scores: NDArray[np.float64] = np.array([ours(portrait(picture.faces[0])) for picture in pictures])
        named = ", ".join(f"{value:.2f}" for value in scores)
        figures.append(
            plain(
                metric,
                float((scores >= card.thresholds["fake"]).mean()),
                f"{len(scores)} pictures of MesoNet's authors (scores {named})",
                COMMAND,
            )
        )
    return figures
