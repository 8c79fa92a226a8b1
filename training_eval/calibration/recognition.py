"""Thresholds by false-accept rate and Platt calibration of the face embedding.

``python -m training_eval.calibration.recognition --mirror DIR --faces DIR --photos DIR``

``--faces`` holds one folder a person with grey pictures (AT&T Database of Faces, ORL, Cambridge: 40 people,
10 pictures each). Every pair of pictures is compared. ``--photos`` holds ``people/`` and ``groups/``: colour
photographs in which each face is another person. A threshold is the higher of what the two sets ask for.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import Task
from models.runtime.session import OrtSession
from training_eval.calibration.faces import Face, Loader, Vectors, framed, loader, parser, pictures
from training_eval.calibration.fit import (
    RATES,
    Scores,
    accepted,
    counted_thresholds,
    fit_platt,
    normal_thresholds,
)

_SMALLEST = 50
_SIDES = (20, 30, 40, 50, 60, 80, 100, 150)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--faces", type=Path, required=True)
    arguments.add_argument("--photos", type=Path, required=True)
    options = arguments.parse_args()
    load = loader(options)
    network = load.session(CATALOGUE[DEFAULTS[Task.FACE_RECOGNITION][0]])
    genuine, impostors = pairs(*gallery(load, network, options.faces))
    others = strangers(load, network, options.photos)
    _report(genuine, impostors, others)
    _named(load, network, options.photos / "people", ("obama", "biden"))
    _sizes(load, network, options.photos / "people")


def gallery(load: Loader, network: OrtSession, folder: Path) -> tuple[Vectors, list[str]]:
    vectors, people, missed = [], [], 0
    for path, image in pictures(folder, "*/*.pgm"):
        faces = load.faces(framed(image), min_score=0.3)
        if not faces:
            missed += 1
            continue
        vectors.append(_embed(network, faces[:1])[0])
        people.append(path.parent.name)
    print(f"{len(vectors)} faces of {len(set(people))} people, {missed} pictures without a face")
    return np.stack(vectors), people


def _embed(network: OrtSession, faces: list[Face]) -> Vectors:
    return np.asarray(network.run(np.stack([face.crop(network.card) for face in faces]))["embedding"])


def pairs(vectors: Vectors, people: list[str]) -> tuple[Scores, Scores]:
    """Similarities of all pairs of one person, and of all pairs of two."""
    upper = np.triu_indices(len(vectors), 1)
    similarity = np.asarray(vectors @ vectors.T, np.float64)[upper]
    same = (np.array(people)[:, None] == np.array(people))[upper]
    return similarity[same], similarity[~same]


def _report(genuine: Scores, impostors: Scores, strangers: Scores) -> None:
    for what, scores in (
        ("one person", genuine),
        ("two people", impostors),
        ("in one photograph", strangers),
    ):
        spread = f"mean {scores.mean():.3f}, std {scores.std():.3f}, {scores.min():.3f} to {scores.max():.3f}"
        print(f"{what}: {len(scores)} pairs, {spread}")
    print(
        "FAR      normal fit: grey set, photographs; counted on the grey set | at the higher fit: accepted of"
    )
    print("                                                                    | one person, photographs")
    counted, grey, colour = (
        counted_thresholds(impostors),
        normal_thresholds(impostors),
        normal_thresholds(strangers),
    )
    for rate in RATES:
        higher = max(grey[rate], colour[rate])
        shares = f"{accepted(genuine, higher):.4f} {accepted(strangers, higher):.4f}"
        print(f"{rate:<8} {grey[rate]:.3f} {colour[rate]:.3f} {counted[rate]:.3f} | {shares}")
    for what, negative in (("grey set", impostors), ("photographs", strangers)):
        slope, intercept = fit_platt(genuine, negative)
        print(f"Platt against {what}: slope {slope:.2f}, intercept {intercept:.2f}")
    print(f"equal error rate on the grey set: {equal_error(genuine, impostors):.4f}")


def equal_error(genuine: Scores, impostors: Scores) -> float:
    thresholds = np.quantile(genuine, np.linspace(0, 0.2, 2001))
    gaps = [abs(accepted(impostors, t) - (1 - accepted(genuine, t))) for t in thresholds]
    return 1 - accepted(genuine, float(thresholds[int(np.argmin(gaps))]))


def strangers(load: Loader, network: OrtSession, photos: Path) -> Scores:
    """Similarities of the faces of one colour photograph to each other: different people under one light."""
    found: list[float] = []
    for folder in ("groups", "people"):
        for _, image in pictures(photos / folder):
            faces = [face for face in load.faces(image) if face.side >= _SMALLEST]
            if len(faces) > 1:
                vectors = _embed(network, faces)
                found.extend((vectors @ vectors.T)[np.triu_indices(len(faces), 1)].tolist())
    return np.array(found)


def _named(load: Loader, network: OrtSession, folder: Path, names: tuple[str, str]) -> None:
    groups = {}
    for name in names:
        images = [image for path, image in pictures(folder, f"{name}*.jpg") if "_and_" not in path.name]
        groups[name] = np.concatenate([_embed(network, load.faces(image)[:1]) for image in images])
    for name, vectors in groups.items():
        own = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
        print(f"{name}: {len(vectors)} pictures, similarity {own.min():.3f} to {own.max():.3f}")
    first, second = groups.values()
    print(f"{' and '.join(names)}: at most {float((first @ second.T).max()):.3f}")


def _sizes(load: Loader, network: OrtSession, folder: Path) -> None:
    """How far a face keeps its own embedding as the picture shrinks."""
    faces = [face for _, image in pictures(folder) for face in load.faces(image) if face.side >= 200]
    reference = _embed(network, faces)
    print("side of the face: similarity to itself at full size (median, lowest), found")
    for side in _SIDES:
        values = [_shrunk(load, network, face, own, side) for face, own in zip(faces, reference, strict=True)]
        found = np.array([value for value in values if value is not None])
        print(f"{side:4} px: {np.median(found):.3f} {found.min():.3f}, {len(found)} of {len(faces)}")


def _shrunk(load: Loader, network: OrtSession, face: Face, own: Vectors, side: int) -> float | None:
    scale = side / face.side
    small = cv2.resize(face.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    centre = np.array([face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2]) * scale
    for found in load.faces(small.astype(np.uint8)):
        left, top, width, height = found.box
        if np.abs(np.array([left + width / 2, top + height / 2]) - centre).max() < side / 2:
            return float(_embed(network, [found])[0] @ own)
    return None


if __name__ == "__main__":
    main()
