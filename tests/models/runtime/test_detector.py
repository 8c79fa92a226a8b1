"""The detector with its published weights, and its way back to the picture with made rows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.catalogue.detection import YUNET_N
from models.processing.decode import ImageLimits, decode
from models.processing.letterbox import Letterboxed
from models.processing.yunet import BOX, COLUMNS, POINTS, SCORE
from models.runtime.detector import DetectorModel, canvas_of, detections_of
from models.runtime.fake import FakeSession
from models.runtime.session import CPU, Floats, OrtSession, Outputs, Pixels, SessionOptions
from models.runtime.store import WeightStore

LIMITS = ImageLimits(max_bytes=50_000_000, max_pixels=100_000_000)
TOLERANCE_PX = 0.5


@pytest.fixture(scope="module")
def detector(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> DetectorModel:
    store = WeightStore(tmp_path_factory.mktemp("cache"), mirror=str(mirror), offline=True)
    options = SessionOptions(providers=(CPU,), cpu_max_batch=4)
    return DetectorModel(OrtSession(YUNET_N, store.resolve(YUNET_N), options))


@pytest.fixture(scope="module")
def group(photos: Path) -> Pixels:
    return decode((photos / "groups" / "multiface.jpg").read_bytes(), LIMITS).pixels


def sure(rows: Floats) -> Floats:
    return rows[rows[:, SCORE] >= YUNET_N.thresholds["min_score"]]


def assert_same_faces(rows: Floats, others: Floats) -> None:
    """Best first on both sides; equal scores may change places, so faces are matched by position."""
    assert len(rows) == len(others)
    for row in rows:
        nearest = others[np.abs(others[:, BOX] - row[BOX]).max(axis=1).argmin()]
        np.testing.assert_allclose(row[:SCORE], nearest[:SCORE], atol=TOLERANCE_PX)
        assert row[SCORE] == pytest.approx(float(nearest[SCORE]), abs=0.01)


@pytest.mark.published
@pytest.mark.photos
def test_six_faces_in_the_photograph_of_six(detector: DetectorModel, group: Pixels) -> None:
    canvas = canvas_of(YUNET_N, group)
    (rows,) = detector.predict([canvas.canvas])
    faces = detections_of(rows, canvas, YUNET_N.thresholds["min_score"])
    assert len(faces) == 6
    height, width = group.shape[:2]
    for face in faces:
        x, y, wide, high = face.box
        assert 0 <= x + wide / 2 <= width
        assert 0 <= y + high / 2 <= height
        left_eye, right_eye, _, mouth_left, mouth_right = face.points
        assert left_eye[0] < right_eye[0]
        assert mouth_left[0] < mouth_right[0]
        assert max(left_eye[1], right_eye[1]) < min(mouth_left[1], mouth_right[1])


@pytest.mark.published
@pytest.mark.photos
def test_answers_alone_equal_answers_in_batches_of_mixed_shapes(
    detector: DetectorModel, group: Pixels, photos: Path
) -> None:
    names = sorted((photos / "groups").glob("*.jpg"))[:5]
    pictures = [decode(name.read_bytes(), LIMITS).pixels for name in names]
    half = np.asarray(cv2.resize(group, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    turned = np.ascontiguousarray(np.rot90(group))
    canvases = [
        canvas_of(YUNET_N, one).canvas for one in (group, *pictures, half, group[:, ::-1], turned, group)
    ]
    assert len({canvas.shape for canvas in canvases}) > 2
    together = detector.predict(canvases)
    for canvas, rows in zip(canvases, together, strict=True):
        (alone,) = detector.predict([canvas])
        assert_same_faces(sure(alone), sure(rows))


@pytest.mark.published
@pytest.mark.photos
def test_rows_come_best_first_and_above_the_floor(detector: DetectorModel, group: Pixels) -> None:
    (rows,) = detector.predict([canvas_of(YUNET_N, group).canvas])
    assert rows.shape[1] == COLUMNS
    assert (np.diff(rows[:, SCORE]) <= 0).all()
    assert (rows[:, SCORE] >= YUNET_N.thresholds["evaluation"]).all()


@pytest.mark.published
@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("shape", [(32, 32, 3), (640, 32, 3), (640, 640, 3)])
def test_a_plain_picture_shows_no_face(
    detector: DetectorModel, value: int, shape: tuple[int, int, int]
) -> None:
    (rows,) = detector.predict([np.full(shape, value, np.uint8)])
    assert len(sure(rows)) == 0


@pytest.mark.published
def test_warming_up_and_an_empty_batch(detector: DetectorModel) -> None:
    detector.warm_up()
    assert detector.predict([]) == []
    assert (detector.cards, detector.provider) == ((YUNET_N,), CPU)


def empty_grids(images: Pixels) -> Outputs:
    outputs: dict[str, Floats] = {}
    for stride in (8, 16, 32):
        cells = (images.shape[1] // stride) * (images.shape[2] // stride)
        for name, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{name}_{stride}"] = np.zeros((len(images), cells, columns), np.float32)
    return outputs


def test_of_faces_on_top_of_each_other_the_best_stays() -> None:
    def answer(images: Pixels) -> Outputs:
        outputs = empty_grids(images)
        outputs["bbox_8"][:, :, 2:] = np.log(5.0)  # 40 pixels: neighbours overlap
        for cell, score in ((9, 0.5), (10, 0.9), (11, 0.7)):
            outputs["cls_8"][:, cell] = score
            outputs["obj_8"][:, cell] = 1.0
        return outputs

    (rows,) = DetectorModel(FakeSession(YUNET_N, answer)).predict([np.zeros((64, 64, 3), np.uint8)])
    assert rows[:, SCORE].tolist() == pytest.approx([0.9])
    np.testing.assert_allclose(rows[0, BOX], [16 - 20, 8 - 20, 40, 40], rtol=1e-5)


def test_shapes_run_together_and_answers_keep_their_order() -> None:
    def answer(images: Pixels) -> Outputs:
        outputs = empty_grids(images)
        outputs["cls_32"][:, 0, 0] = images[:, 0, 0, 0] / 255
        outputs["obj_32"][:, 0, 0] = 1.0
        return outputs

    session = FakeSession(YUNET_N, answer)
    canvases = [np.full((32, width, 3), value, np.uint8) for width, value in ((32, 51), (64, 102), (32, 204))]
    scores = [float(rows[0, SCORE]) for rows in DetectorModel(session).predict(canvases)]
    assert scores == pytest.approx([0.2, 0.4, 0.8])
    assert session.batches == [(2, 32, 32, 3), (1, 32, 64, 3)]


def test_a_canvas_follows_from_the_picture_alone() -> None:
    canvas = canvas_of(YUNET_N, np.full((500, 2000, 3), 9, np.uint8))
    assert canvas.canvas.shape == (160, 640, 3)
    assert canvas.scale == pytest.approx(0.32)
    assert canvas_of(YUNET_N, np.full((33, 10, 3), 9, np.uint8)).canvas.shape == (64, 32, 3)


def row(score: float) -> Floats:
    made = np.zeros((1, COLUMNS), np.float32)
    made[0, BOX] = (10, 20, 30, 40)
    made[0, POINTS] = np.arange(10)
    made[0, SCORE] = score
    return made


def test_rows_become_pixels_of_the_full_picture() -> None:
    canvas = Letterboxed(np.zeros((32, 32, 3), np.uint8), 0.5, 0.5, 0.25)
    (face,) = detections_of(row(0.75), canvas, 0.6, scale=0.5)
    np.testing.assert_allclose(face.box, [40, 160, 120, 320])
    np.testing.assert_allclose(face.points, np.arange(10).reshape(5, 2) * [4, 8])
    assert face.score == pytest.approx(0.75)


@pytest.mark.parametrize(("score", "count"), [(0.59, 0), (0.6, 1), (0.61, 1)])
def test_a_face_below_the_wanted_score_is_left_out(score: float, count: int) -> None:
    canvas = Letterboxed(np.zeros((32, 32, 3), np.uint8), 1.0, 1.0, 1.0)
    assert len(detections_of(row(score), canvas, 0.6)) == count


def test_a_score_a_hair_above_one_is_one() -> None:
    canvas = Letterboxed(np.zeros((32, 32, 3), np.uint8), 1.0, 1.0, 1.0)
    assert detections_of(row(1.0000002), canvas, 0.6)[0].score == 1.0
    assert detections_of(row(1.0)[:0], canvas, 0.0) == []
