"""From bytes to faces: found ones and given ones are measured alike."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bentos.common.context import Clock
from bentos.common.errors import InvalidRequest
from bentos.common.perception import FoundFace, Perception
from bentos.common.workers import PixelBudget
from bentos.contracts import Box, FaceSelection, GivenFace, Landmarks
from models.catalogue.detection import YUNET_N
from models.errors import ImageTooLarge, InvalidImage
from models.processing.decode import ImageLimits, decode
from models.runtime.session import Floats, Pixels

WIDTH, HEIGHT = 300, 200
WAIT_S = 10
MOMENT_S = 0.2
"""Long enough for a thread that may go on to do so."""

LIMITS = ImageLimits(max_bytes=10_000_000, max_pixels=2_000_000)


class Rows:
    """A detector that finds what the test says, whatever the canvas shows."""

    def __init__(self) -> None:
        self.rows: Floats = np.zeros((0, 15), np.float32)
        self.canvases: list[tuple[int, ...]] = []

    def predict(self, items: Sequence[Pixels]) -> list[Floats]:
        self.canvases.extend(item.shape for item in items)
        return [self.rows for _ in items]

    async def start(self) -> None:
        """Nothing to make ready."""


class Bench:
    """Perception on a made detector."""

    def __init__(self) -> None:
        self.detector = Rows()
        self.budget = PixelBudget(LIMITS.max_pixels)
        self.perception = Perception(self.detector, YUNET_N, LIMITS, self.budget)

    def found(self, *rows: Floats, data: bytes = b"", **selection: Any) -> list[FoundFace]:
        self.detector.rows = np.stack(rows)
        with self.perception.open(data or png(), Clock()) as picture:
            return self.perception.find(picture, FaceSelection.model_validate(selection), Clock())

    def given(self, *faces: GivenFace, data: bytes = b"") -> list[FoundFace]:
        with self.perception.open(data or png(), Clock()) as picture:
            return self.perception.given(picture, faces, Clock())


def png(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def row(x: float, y: float, width: float, height: float, score: float = 0.9) -> Floats:
    shape = [(0.31, 0.42), (0.69, 0.41), (0.5, 0.6), (0.36, 0.78), (0.65, 0.77)]
    points = [value for px, py in shape for value in (x + px * width, y + py * height)]
    return np.array([x, y, width, height, *points, score], np.float32)


def as_given(face: FoundFace) -> GivenFace:
    """A face as a caller sends it back: by way of the answer's JSON."""
    return GivenFace.model_validate_json(face.to_contract().model_dump_json())


def box(x: float, y: float, width: float, height: float) -> GivenFace:
    px, py = x + width / 2, y + height / 2
    marks = Landmarks(
        left_eye=(px - 9, py - 9),
        right_eye=(px + 9, py - 9),
        nose=(px, py),
        mouth_left=(px - 7, py + 9),
        mouth_right=(px + 7, py + 9),
    )
    return GivenFace(box=Box(x=x, y=y, width=width, height=height), landmarks=marks)


def assert_identical(one: FoundFace, other: FoundFace) -> None:
    for field in fields(one.detection):
        np.testing.assert_array_equal(
            getattr(one.detection, field.name), getattr(other.detection, field.name)
        )
    assert one.detection.box.dtype == other.detection.box.dtype
    assert one.quality == other.quality
    assert one.to_contract() == other.to_contract()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_face_sent_back_gives_the_very_same_face(bench: Bench) -> None:
    random = np.random.default_rng(11)
    places = random.uniform((0, 0, 15, 15), (200, 120, 90, 80), (3, 4))
    rows = [row(x, y, w, h, score) for (x, y, w, h), score in zip(places, (0.97, 0.81234, 0.7), strict=True)]
    found = bench.found(*rows)
    assert len(found) == 3
    again = bench.given(*map(as_given, found))
    for one, other in zip(found, again, strict=True):
        assert_identical(one, other)


def test_a_face_of_a_picture_that_was_shrunk_gives_the_very_same_face(bench: Bench) -> None:
    data = png(1333, 777)
    found = bench.found(row(101.7, 55.3, 83.1, 97.9, 0.876543), data=data)
    (again,) = bench.given(*map(as_given, found), data=data)
    assert_identical(found[0], again)
    assert found[0].detection.box[0] == pytest.approx(101.7 * 1333 / 640, abs=0.01)


def test_coordinates_are_rounded_before_anything_is_measured(bench: Bench) -> None:
    exact = np.round(row(20, 30, 60.25, 70.5), 2)
    blurred = exact + np.tile(np.array([0.004, -0.004, 0.003], np.float32), 5)
    exact[14] = blurred[14] = 0.9
    (one,) = bench.found(exact)
    (other,) = bench.found(blurred)
    assert_identical(one, other)
    assert other.detection.box.tolist() == [20.0, 30.0, 60.25, 70.5]


def test_scores_have_four_places(bench: Bench) -> None:
    (face,) = bench.found(row(20, 30, 60, 70, 0.8765432))
    assert face.to_contract().score == 0.8765


def test_the_answer_is_in_plain_numbers_of_two_places(bench: Bench) -> None:
    (face,) = bench.found(row(33.333, 44.444, 55.558, 66.666))
    told = face.to_contract()
    assert (told.box.x, told.box.y, told.box.width) == (33.33, 44.44, 55.56)
    assert told.quality.size == 55.56
    assert told.landmarks.left_eye[0] == round(33.333 + 0.31 * 55.558, 2)


def test_faces_in_the_padding_of_the_canvas_are_dropped(bench: Bench) -> None:
    inside, below, right = row(20, 30, 60, 70), row(40, HEIGHT + 1, 30, 20), row(WIDTH, 20, 12, 30)
    left, above = row(-40, 20, 39, 30), row(40, -50, 30, 50)
    found = bench.found(below, inside, right, left, above)
    assert [face.detection.box.tolist() for face in found] == [[20.0, 30.0, 60.0, 70.0]]
    assert bench.detector.canvases == [(224, 320, 3)]


def test_a_face_that_reaches_over_the_border_stays(bench: Bench) -> None:
    found = bench.found(row(-30, -20, 60, 70), row(WIDTH - 10, HEIGHT - 10, 40, 40, 0.7))
    assert len(found) == 2


def test_a_face_without_area_is_dropped(bench: Bench) -> None:
    nothing = row(50, 50, 0.001, 40)
    endless = row(50, 50, 40, 40)
    endless[2] = np.inf
    assert bench.found(nothing, endless) == []


@pytest.mark.parametrize(
    "outside",
    [
        (WIDTH, 0, 20, 20),
        (0, HEIGHT, 20, 20),
        (-20, 0, 20, 20),
        (0, -20, 20, 20),
        (1e6, 1e6, 5, 5),
        (5, 5, 0.001, 9),
    ],
)
def test_a_given_face_outside_the_picture_is_refused_by_its_number(
    bench: Bench, outside: tuple[float, float, float, float]
) -> None:
    with pytest.raises(InvalidRequest, match="outside the picture") as refused:
        bench.given(box(20, 20, 50, 50), box(*outside))
    assert refused.value.details == {"face": 1}


def test_given_faces_keep_their_order_and_need_no_detector(bench: Bench) -> None:
    faces = [box(x, 20, 50, 50) for x in (90, 10, 200)]
    given = bench.given(*faces)
    assert [float(face.detection.box[0]) for face in given] == [90.0, 10.0, 200.0]
    assert bench.detector.canvases == []


def test_the_selection_counts(bench: Bench) -> None:
    rows = [
        row(10, 10, 40, 50, 0.65),
        row(80, 10, 60, 70, 0.9),
        row(200, 10, 20, 90, 0.8),
        row(10, 90, 50, 50, 0.3),
    ]

    def scores(**selection: Any) -> list[float]:
        return [face.detection.score for face in bench.found(*rows, **selection)]

    assert scores() == [0.9, 0.8, 0.65]
    assert scores(min_score=0.7) == [0.9, 0.8]
    assert scores(min_score=0.0) == [0.9, 0.8, 0.65, 0.3]
    assert scores(min_size=40) == [0.9, 0.65]
    assert scores(max_faces=1) == [0.9]
    assert scores(min_size=40, max_faces=2, min_score=0.0) == [0.9, 0.65]


def test_no_picture_and_a_picture_that_is_too_large(bench: Bench) -> None:
    for data, error in (
        (b"no picture", InvalidImage),
        (png()[:400], InvalidImage),
        (png(2001, 1000), ImageTooLarge),
    ):
        with pytest.raises(error), bench.perception.open(data, Clock()):
            pass
    assert is_free(bench.budget, LIMITS.max_pixels)  # every failure gave its pixels back


def test_a_picture_is_held_in_the_budget_as_long_as_it_is_open(bench: Bench) -> None:
    rest = LIMITS.max_pixels - WIDTH * HEIGHT
    with bench.perception.open(png(), Clock()) as picture:
        assert picture.decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        assert is_free(bench.budget, rest)
        assert not is_free(bench.budget, rest + 1, MOMENT_S)
    assert is_free(bench.budget, LIMITS.max_pixels)


def test_a_failure_while_it_is_open_gives_its_pixels_back(bench: Bench) -> None:
    with pytest.raises(InvalidRequest):
        bench.given(box(WIDTH, 0, 20, 20))
    assert is_free(bench.budget, LIMITS.max_pixels)


def test_what_takes_time_is_told_by_step(bench: Bench) -> None:
    clock = Clock()
    with bench.perception.open(png(), clock) as picture:
        opened = clock.timings()
        bench.perception.find(picture, FaceSelection(), clock)
    found = clock.timings()
    assert opened.decode > 0
    assert opened.detect == 0
    assert found.decode == opened.decode
    assert found.detect > 0


def test_pictures_of_several_threads_are_opened_side_by_side(bench: Bench) -> None:
    together = threading.Barrier(3, timeout=WAIT_S)

    def ask(_: int) -> tuple[int, ...]:
        with bench.perception.open(png(), Clock()) as picture:
            together.wait()
            bench.perception.find(picture, FaceSelection(), Clock())
            return picture.decoded.pixels.shape

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask, range(3), timeout=WAIT_S)) == [(HEIGHT, WIDTH, 3)] * 3
    assert len(bench.detector.canvases) == 3


def is_free(budget: PixelBudget, pixels: int, within_s: float = WAIT_S) -> bool:
    """Whether another thread gets so many pixels, or has to wait for them."""
    held = threading.Event()

    def hold() -> None:
        with budget.hold(pixels):
            held.set()

    threading.Thread(target=hold, daemon=True).start()
    return held.wait(within_s)


def test_pictures_together_give_what_each_gives_alone(bench: Bench) -> None:
    bench.detector.rows = np.stack([row(20, 30, 60, 70), row(150, 60, 50, 55)])
    selection = FaceSelection(max_faces=1)
    decoded = [decode(png(width, 200), LIMITS) for width in (300, 400)]
    pictures = [bench.perception.see(one) for one in decoded]
    together = bench.perception.find_each(pictures, selection, Clock())
    assert len(bench.detector.canvases) == 2
    for picture, found in zip(pictures, together, strict=True):
        (one,) = found
        (other,) = bench.perception.find(picture, selection, Clock())
        assert_identical(one, other)
    assert bench.perception.find_each([], selection, Clock()) == []
