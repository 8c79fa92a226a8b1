"""Drawn people before a camera, and prints and screens that show them: a set in the format of one's own sets."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from drawn_people import WALLS, Portrait, person, portrait

from models.errors import LowQuality
from models.processing.liveness import decode_liveness
from models.processing.quality import measure
from models.processing.visibility import require_visible
from training_eval.data import open_set
from training_eval.data.dataset import DataSet
from training_eval.data.samples import LivenessSample
from training_eval.evaluation.faces import read_picture
from training_eval.evaluation.subject import FaceSubject
from training_eval.synthesis.flat import Scene
from training_eval.synthesis.scenes import ATTACKS, attack, genuine
from workbench.samples.backdrop import studio

LIVE = "live"


def make_set(folder: Path, people: int, live: int, attacks: int, seed: int) -> DataSet[LivenessSample]:
    """Draw a set into a folder, with its ``manifest.csv``.

    Args:
        folder: Where to; made.
        people: How many are drawn.
        live: Pictures of each of them before the camera.
        attacks: Pictures of each of them for each kind of attack.
        seed: Of all chance.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "live", "attack", "group:skin"])
        for number in range(people):
            shown = portrait(person(number), view=number)
            for index, kind in enumerate([LIVE] * live + [*ATTACKS] * attacks):
                name = f"{number:02d}-{index:02d}-{kind}.jpg"
                cv2.imwrite(str(folder / name), _scene(shown, kind, random).pixels)
                what = (1, "") if kind == LIVE else (0, kind)
                rows.writerow([name, *what, ("darker", "lighter")[number % 2]])
    return open_set("manifest:drawn", folder).of(LivenessSample)


def _scene(shown: Portrait, kind: str, random: np.random.Generator) -> Scene:
    if kind == LIVE:
        return genuine(shown.pixels, shown.box, random)
    wall = studio(200, 200, *WALLS[random.integers(len(WALLS))])
    behind = np.rint(wall[..., ::-1] * 255).astype(np.uint8)
    return attack(kind, shown.pixels, shown.box, behind, random)


def judged(subject: FaceSubject, data: DataSet[LivenessSample]) -> pd.DataFrame:
    """One row a picture: what it is, how well the face can be seen, and how live the models say it is.

    ``score`` is not a number where no face is found, or where it is too small or cut off.
    """
    return pd.DataFrame([_row(subject, sample) for sample in data])


def _row(subject: FaceSubject, sample: LivenessSample) -> dict[str, object]:
    pixels = read_picture(sample.image)
    known = {"path": sample.image, "kind": sample.attack or LIVE, "live": sample.live, **sample.groups}
    faces = subject.finder.all(pixels, min_score=0.3)
    if not faces:
        return {**known, "score": np.nan}
    face = max(faces, key=lambda one: float(one.box[2] * one.box[3]))
    try:
        quality = measure(pixels, face.box, face.points)
        seen = {"size": quality.size, "sharpness": quality.sharpness, "brightness": quality.brightness}
        require_visible(face.box, pixels.shape[1::-1], subject.cards[0].decoding["visible"])
        score = decode_liveness(subject.of_face(pixels, face), subject.cards).live
    except LowQuality:
        return {**known, "score": np.nan}
    return {**known, **seen, "score": score}
