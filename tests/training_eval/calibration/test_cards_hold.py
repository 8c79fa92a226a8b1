"""What the cards promise about well-known photographs, through the functions that the services use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import ModelCard, Task
from models.processing.calibration import platt
from models.processing.forgery import forgery_evidence
from models.processing.trust import size_trust
from training_eval.calibration.antispoofing import judge
from training_eval.calibration.faces import Face, Loader, frames, pictures

pytestmark = [pytest.mark.published, pytest.mark.photos]


@pytest.fixture(scope="module")
def load(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Loader:
    return Loader(str(mirror), tmp_path_factory.mktemp("graphs"))


def cards(task: Task) -> list[ModelCard]:
    return [CATALOGUE[name] for name in DEFAULTS[task]]


def embeddings(load: Loader, folder: Path, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    (card,) = cards(Task.FACE_RECOGNITION)
    network = load.session(card)
    images = [image for path, image in pictures(folder, f"{name}*.jpg") if "_and_" not in path.name]
    crops = [load.faces(image)[0].crop(card) for image in images]
    return np.asarray(network.run(np.stack(crops))["embedding"])


def test_a_person_is_verified_and_another_is_not(load: Loader, photos: Path) -> None:
    threshold = cards(Task.FACE_RECOGNITION)[0].thresholds["0.001"]
    first, second = (embeddings(load, photos / "people", name) for name in ("obama", "biden"))
    assert len(first) >= 4
    assert (first @ first.T).min() >= threshold
    assert (second @ second.T).min() >= threshold
    assert (first @ second.T).max() < threshold


def test_the_print_is_refused_and_the_person_is_not(load: Loader, photos: Path) -> None:
    networks = [load.session(card) for card in cards(Task.ANTISPOOFING)]
    live = {
        path.name: judge(networks, load.faces(image)[0]).live for path, image in pictures(photos / "liveness")
    }
    assert live["image_F1.jpg"] == pytest.approx(0.335, abs=0.02)
    assert live["image_T1.jpg"] == pytest.approx(1.0, abs=0.01)


def forged(load: Loader, faces: list[Face]) -> list[float]:
    members = cards(Task.DEEPFAKE_DETECTION)
    calibration, limits = members[0].calibration, members[0].decoding["trust_side"]
    assert calibration is not None
    assert isinstance(limits, tuple)
    networks = [load.session(card) for card in members]
    scores = []
    for face in faces:
        real = np.concatenate([network.run(face.crop(network.card)[None])["real"][0] for network in networks])
        evidence = forgery_evidence(real, members) * size_trust(face.side, limits)
        scores.append(float(platt(evidence, calibration.slope, calibration.intercept)))
    return scores


def test_forged_faces_are_told_from_genuine_ones(load: Loader, photos: Path) -> None:
    threshold = cards(Task.DEEPFAKE_DETECTION)[0].thresholds["fake"]
    for folder, expected in (("df", True), ("real", False)):
        faces = [load.faces(image)[0] for _, image in pictures(photos / "deepfake" / folder)]
        assert [score >= threshold for score in forged(load, faces)] == [expected] * len(faces)


def test_a_genuine_compressed_video_raises_no_alarm(load: Loader, photos: Path) -> None:
    faces = [face for image in frames(photos / "video" / "video.mp4", 60, 5) for face in load.faces(image)]
    assert faces
    assert max(forged(load, faces)) < cards(Task.DEEPFAKE_DETECTION)[0].thresholds["fake"]
