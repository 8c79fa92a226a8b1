"""The measured figures of the published models' cards, computed anew from the material that they name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.calibration import platt
from training_eval.calibration.antispoofing import judge
from training_eval.calibration.deepfake import evidence_of, outputs_of, sets_of
from training_eval.calibration.detection import large_faces, share_found
from training_eval.calibration.faces import Loader, pictures
from training_eval.calibration.fit import accepted
from training_eval.calibration.recognition import equal_error, gallery, pairs, strangers


def found_again(card: ModelCard, load: Loader, photos: Path, faces: Path | None) -> list[float] | None:
    """Values of ``card.measured``, in its order; None where the material is not here.

    Args:
        card: Of a published model that serves.
        load: Sessions and faces.
        photos: Folder with ``groups``, ``people``, ``liveness``, ``deepfake`` and ``video``.
        faces: Folder with the AT&T Database of Faces in ``att``.
    """
    if card.task is Task.FACE_DETECTION:
        return _detection(card, load, photos)
    if card.task is Task.ANTISPOOFING:
        return _antispoofing(load, photos)
    if card.task is Task.DEEPFAKE_DETECTION:
        return _deepfake(load, photos)
    return None if faces is None else _recognition(card, load, photos, faces / "att")


def _detection(card: ModelCard, load: Loader, photos: Path) -> list[float]:
    large = large_faces(load, photos)
    sides = [float(figure.metric.split()[-3]) for figure in card.measured]
    return [share_found(load, large, side) for side in sides]


def _recognition(card: ModelCard, load: Loader, photos: Path, people: Path) -> list[float]:
    network = load.session(card)
    genuine, impostors = pairs(*gallery(load, network, people))
    others = strangers(load, network, photos)
    limits = list(card.thresholds.values())
    return [
        equal_error(genuine, impostors),
        *(accepted(genuine, limit) for limit in limits),
        *(accepted(others, limit) for limit in limits[:3]),
    ]


def _antispoofing(load: Loader, photos: Path) -> list[float]:
    networks = [load.session(CATALOGUE[name]) for name in DEFAULTS[Task.ANTISPOOFING]]
    threshold = networks[0].card.thresholds["live"]

    def live(folder: str, pattern: str = "*.jpg") -> list[float]:
        shown = [face for _, image in pictures(photos / folder, pattern) for face in load.faces(image)]
        return [judge(networks, face).live for face in shown]

    (printed,), (person,) = live("liveness", "image_F1.jpg"), live("liveness", "image_T1.jpg")
    return [printed, person, float(np.mean([value >= threshold for value in live("people")]))]


def _deepfake(load: Loader, photos: Path) -> list[float]:
    networks = [load.session(CATALOGUE[name]) for name in DEFAULTS[Task.DEEPFAKE_DETECTION]]
    cards = [network.card for network in networks]
    calibration, limit = cards[0].calibration, cards[0].thresholds["fake"]
    assert calibration is not None
    sets = sets_of(load, photos)

    def called(*names: str) -> float:
        shown = [face for name in names for face in sets[name]]
        evidence = evidence_of(outputs_of(networks, shown), shown, cards, trusted=True)
        return float((platt(evidence, calibration.slope, calibration.intercept) >= limit).mean())

    videos = [name for name in sets if name not in ("forged", "real", "people", "groups")]
    return [called("forged"), called("real", "people", "groups"), called(*videos)]
