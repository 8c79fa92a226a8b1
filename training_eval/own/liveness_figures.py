"""What our own liveness network does on people that it never saw, live and on simulated paper and screens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.catalogue.card import Figure, ModelCard
from models.processing.liveness import decode_liveness
from models.runtime.session import Session
from training_eval.own.figures import agreement, counted, plain
from training_eval.own.liveness_card import COMMAND
from training_eval.own.material import Material
from training_eval.own.shown import Shown, shown
from training_eval.own.spoofs import KINDS, Kind, crop_of, presentation
from training_eval.synthesis.flat import Scene

SMALLEST = 48.0
"""Pixels of the face's shorter side: what the service judges."""
_EACH = 200
_SEED = 42
_SAMPLES = {"image_F1.jpg": "live score of a print", "image_T1.jpg": "live score of a person"}
Score = Callable[[Scene], float]


def liveness_figures(material: Material, session: Session, teachers: Sequence[Session]) -> tuple[Figure, ...]:
    """The figures of the card, on held-back material alone."""
    ours, theirs = score_of([session]), score_of(teachers)
    people = shown(material, "held back", smallest=SMALLEST)
    scenes = live_scenes(people)
    what = f"{len(scenes)} faces of held-back photographs and of frames of a held-back video, as stored"
    found, wanted = _all(ours, scenes), _all(theirs, scenes)
    limits = (session.card.thresholds["live"], teachers[0].card.thresholds["live"])
    return (
        counted("BPCER (live people called attacks)", found < limits[0], what, COMMAND),
        counted("BPCER of the published pair", wanted < limits[1], what, COMMAND),
        *agreement(found, wanted, limits, what, COMMAND),
        *(figure for kind in KINDS for figure in _simulated(kind, people, ours, theirs, limits)),
        *_samples(material, ours),
    )


def score_of(sessions: Sequence[Session]) -> Score:
    """The live score of one or several networks, combined as their cards say."""
    cards: list[ModelCard] = [session.card for session in sessions]

    def score(scene: Scene) -> float:
        rows = [session.run(crop_of(scene, session.card)[None])["probabilities"][0] for session in sessions]
        return decode_liveness(np.concatenate(rows), cards).live

    return score


def live_scenes(people: Shown) -> list[Scene]:
    """The faces as their pictures were stored; small and cut-off ones are left out, as the service does."""
    scenes = [Scene(face.pixels, np.asarray(face.detection.box, np.float32)) for face in people.faces]
    return [scene for scene in scenes if min(scene.box[2:]) >= SMALLEST]


def _all(score: Score, scenes: Sequence[Scene]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([score(scene) for scene in scenes])


def _simulated(
    kind: Kind, people: Shown, ours: Score, theirs: Score, limits: tuple[float, float]
) -> Sequence[Figure]:
    random = np.random.default_rng([_SEED, KINDS.index(kind)])
    scenes = [presentation(kind, people, random) for _ in range(_EACH)]
    found, wanted = _all(ours, scenes), _all(theirs, scenes)
    if kind == "live":
        what = "held-back people before a simulated camera"
        return (
            counted("BPCER (live people called attacks)", found < limits[0], what, COMMAND),
            counted("BPCER of the published pair", wanted < limits[1], what, COMMAND),
        )
    what = f"simulated attacks ({kind}) with held-back people"
    return (
        counted("APCER (attacks taken for live)", found >= limits[0], what, COMMAND),
        counted("APCER of the published pair", wanted >= limits[1], what, COMMAND),
    )


def _samples(material: Material, ours: Score) -> Sequence[Figure]:
    samples = [picture for picture in material.photographs("liveness", "held back") if picture.faces]
    return [
        plain(
            _SAMPLES[picture.path.name],
            ours(Scene(picture.pixels, np.asarray(picture.faces[0].detection.box, np.float32))),
            f"the published pair's authors' sample {picture.path.name}",
            COMMAND,
        )
        for picture in samples
        if picture.path.name in _SAMPLES
    ]
