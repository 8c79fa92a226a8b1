"""Crop scale, weights and calibration of the deepfake ensemble, on very few pictures.

``python -m training_eval.calibration.deepfake --mirror DIR --photos DIR``

``--photos`` holds ``deepfake/df`` (forged), ``deepfake/real``, ``people/``, ``groups/`` (genuine) and ``video/``
(genuine, compressed, never fitted on). With a handful of forgeries the fit must stay unsure of itself: Platt's
targets keep it below (n + 1) / (n + 2).
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.calibration import platt
from models.processing.forgery import forgery_evidence
from models.processing.trust import size_trust
from models.runtime.session import OrtSession
from training_eval.calibration.faces import Face, Loader, frames, loader, parser, pictures
from training_eval.calibration.fit import Scores, fit_platt

_NETWORKS = ("meso4-df", "mesoinception-df", "meso4-f2f")
_SCALES = (1.0, 1.2, 1.3, 1.4, 1.5, 1.6)
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SMALLEST = 40
_FRAME_STEP, _FRAMES = 15, 20
Sets = dict[str, list[Face]]
Outputs = NDArray[np.float32]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--photos", type=Path, required=True)
    options = arguments.parse_args()
    load = loader(options)
    sets = sets_of(load, options.photos)
    networks = [load.session(CATALOGUE[name]) for name in _NETWORKS]
    print({name: len(faces) for name, faces in sets.items()})
    _compare_scales(networks, sets)
    _compare_weights(networks, sets)
    _calibrate(networks, sets)


def sets_of(load: Loader, photos: Path) -> Sets:
    """Large faces by what is known of them."""
    folders = {"forged": "deepfake/df", "real": "deepfake/real", "people": "people", "groups": "groups"}
    sets = {
        name: [face for _, image in pictures(photos / folder) for face in _large(load.faces(image))]
        for name, folder in folders.items()
    }
    for video in sorted((photos / "video").glob("*.mp4")):
        shown = frames(video, _FRAME_STEP, _FRAMES)
        sets[video.stem] = [face for image in shown for face in _large(load.faces(image))]
    return sets


def _large(faces: list[Face]) -> list[Face]:
    return [face for face in faces if face.side >= _SMALLEST]


def outputs_of(networks: list[OrtSession], faces: list[Face], scale: float | None = None) -> Outputs:
    """P(genuine) as [faces, networks]."""
    crops = np.stack([face.crop(networks[0].card, scale) for face in faces])
    return np.concatenate([network.run(crops)["real"] for network in networks], axis=1)


def _cards(weights: tuple[float, ...]) -> list[ModelCard]:
    return [
        replace(CATALOGUE[name], decoding=MappingProxyType({"weight": weight}))
        for name, weight in zip(_NETWORKS, weights, strict=True)
    ]


def evidence_of(outputs: Outputs, faces: list[Face], cards: list[ModelCard], trusted: bool) -> Scores:
    """Evidence of forgery of each face, weighed by its size if ``trusted``."""
    raw = np.array([forgery_evidence(row, cards) for row in outputs])
    limits = CATALOGUE[DEFAULTS[Task.DEEPFAKE_DETECTION][0]].decoding["trust_side"]
    assert isinstance(limits, tuple)
    return raw * size_trust([face.side for face in faces], limits) if trusted else raw


def _compare_scales(networks: list[OrtSession], sets: Sets) -> None:
    """Two forgeries fill their pictures whatever the scale: genuine faces decide."""
    print(
        "scale: lowest evidence of the forged; of the genuine the median, 90th percentile, highest; by size: highest"
    )
    cards = _cards((0.5, 0.5, 0.0))
    genuine = [face for name in ("real", "people", "groups") for face in sets[name]]
    for scale in _SCALES:
        forged = evidence_of(
            outputs_of(networks, sets["forged"], scale), sets["forged"], cards, trusted=False
        )
        outputs = outputs_of(networks, genuine, scale)
        raw = evidence_of(outputs, genuine, cards, trusted=False)
        weighed = evidence_of(outputs, genuine, cards, trusted=True)
        spread = " ".join(f"{value:6.2f}" for value in np.percentile(raw, [50, 90, 100]))
        print(f"{scale}: {forged.min():6.2f}; {spread}; {weighed.max():6.2f}")


def _compare_weights(networks: list[OrtSession], sets: Sets) -> None:
    """Two criteria that need not agree: the margin rests on two faces, the loss on all of them."""
    genuine = [face for name in ("real", "people", "groups") for face in sets[name]]
    forged_outputs, genuine_outputs = outputs_of(networks, sets["forged"]), outputs_of(networks, genuine)
    print("weights of", ", ".join(_NETWORKS) + ": loss after calibration, margin between forged and genuine")
    for first, second in itertools.product(_QUARTERS, _QUARTERS):
        if first + second > 1:
            continue
        cards = _cards((first, second, 1 - first - second))
        forged = evidence_of(forged_outputs, sets["forged"], cards, trusted=True)
        other = evidence_of(genuine_outputs, genuine, cards, trusted=True)
        margin = forged.min() - other.max()
        print(f"  {first} {second} {1 - first - second}: {_loss(forged, other):.3f} {margin:6.2f}")


def _loss(forged: Scores, genuine: Scores) -> float:
    """Log loss after calibration, both classes weighing the same."""
    slope, intercept = fit_platt(forged, genuine)
    missed, alarmed = platt(forged, slope, intercept), platt(-genuine, slope, -intercept)
    return float(-(np.log(missed).mean() + np.log(alarmed).mean()) / 2)


def _calibrate(networks: list[OrtSession], sets: Sets) -> None:
    members = [CATALOGUE[name] for name in DEFAULTS[Task.DEEPFAKE_DETECTION]]
    used = [network for network in networks if network.card in members]
    cards = [network.card for network in used]
    evidence = {
        name: evidence_of(outputs_of(used, faces), faces, cards, trusted=True)
        for name, faces in sets.items()
        if faces
    }
    genuine = np.concatenate([evidence[name] for name in ("real", "people", "groups")])
    slope, intercept = fit_platt(evidence["forged"], genuine)
    print(f"Platt: slope {slope:.3f}, intercept {intercept:.3f}")
    for name, scores in evidence.items():
        fake = platt(scores, slope, intercept)
        spread = f"{fake.min():.2f} to {fake.max():.2f}, mean {fake.mean():.2f}"
        over_time = float(platt(scores.mean(), slope, intercept))
        print(
            f"{name}: {spread}; at least 0.5: {(fake >= 0.5).mean():.3f}; of the mean evidence {over_time:.2f}"
        )


if __name__ == "__main__":
    main()
