"""The committed sample pictures: made by their program, and what the published detector finds in them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.catalogue.detection import YUNET_N
from models.processing.decode import ImageLimits, decode
from models.runtime.detector import Detection, DetectorModel, canvas_of, detections_of
from models.runtime.session import OrtSession, SessionOptions
from models.runtime.store import WeightStore
from workbench.components.picture import SAMPLES, sample
from workbench.samples.make import PICTURES, encode
from workbench.samples.shapes import rotation

MIN_SCORE = 0.6
LIMITS = ImageLimits(max_bytes=20_000_000, max_pixels=50_000_000)


@pytest.fixture(scope="module")
def detector(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> DetectorModel:
    store = WeightStore(tmp_path_factory.mktemp("models"), mirror=str(mirror), offline=True)
    session = OrtSession(YUNET_N, store.resolve(YUNET_N), SessionOptions(providers=["CPUExecutionProvider"]))
    return DetectorModel(session)


def found(detector: DetectorModel, name: str, floor: float = MIN_SCORE) -> list[Detection]:
    pixels = decode(sample(name).data, LIMITS)
    canvas = canvas_of(YUNET_N, pixels.pixels)
    (rows,) = detector.predict([canvas.canvas])
    return detections_of(rows, canvas, floor, pixels.scale)


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)


@pytest.mark.published
@pytest.mark.parametrize(("name", "count"), [("Group", 5), ("Portrait", 1)])
def test_every_face_is_found_once(detector, name, count):
    faces = found(detector, name)
    assert len(faces) == count
    assert min(face.score for face in faces) > 0.8
    assert len(found(detector, name, floor=0.3)) == count


@pytest.mark.published
def test_nobody_is_seen_in_the_landscape(detector):
    assert found(detector, "Landscape", floor=0.3) == []


@pytest.mark.published
@pytest.mark.parametrize("name", ["Group", "Portrait"])
def test_landmarks_lie_where_they_belong(detector, name):
    for face in found(detector, name):
        left, top, width, height = face.box
        share = (face.points - (left, top)) / (width, height)
        left_eye, right_eye, nose, mouth_left, mouth_right = share
        assert ((share > 0.05) & (share < 0.95)).all()
        assert left_eye[0] < nose[0] < right_eye[0]
        assert mouth_left[0] < mouth_right[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(mouth_left[1], mouth_right[1])


def test_there_is_a_sample_for_every_picture_that_is_drawn():
    assert {name.lower() for name in SAMPLES} == set(PICTURES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_program_draws_the_committed_pictures(name):
    committed = pixels_of(sample(name).data)
    drawn = pixels_of(encode(PICTURES[name.lower()]()))
    assert drawn.shape == committed.shape
    # The last bit of a sine differs between processors, and an edge pixel may then fall the other way.
    difference = np.abs(drawn - committed)
    assert difference.mean() < 0.05
    assert (difference > 16).mean() < 1e-4


def test_all_samples_together_stay_small():
    assert sum(len(sample(name).data) for name in SAMPLES) < 400_000


@pytest.mark.parametrize(
    ("angles", "nose"),
    [
        ((0, 0, 0), (0, 0, 1)),
        ((90, 0, 0), (1, 0, 0)),
        ((0, 90, 0), (0, 1, 0)),
        ((0, 0, 90), (0, 0, 1)),
    ],
)
def test_heads_turn_with_the_signs_of_the_contract(angles, nose):
    assert rotation(*angles) @ (0, 0, 1) == pytest.approx(nose, abs=1e-6)


def test_a_head_rolls_clockwise():
    assert rotation(0, 0, 90) @ (0, 1, 0) == pytest.approx((1, 0, 0), abs=1e-6)
