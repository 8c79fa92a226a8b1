"""From bytes to faces: found ones and given ones are measured alike."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bentos.common.context import Clock
from bentos.common.errors import InvalidRequest
from bentos.common.perception import FoundFace, Perception, Picture
from bentos.common.workers import PixelBudget, Workers
from bentos.contracts import Box, FaceSelection, GivenFace, Landmarks
from models.catalogue.detection import YUNET_N
from models.errors import ImageTooLarge, InvalidImage
from models.processing.decode import ImageLimits
from models.runtime.session import Floats, Pixels

WIDTH, HEIGHT = 300, 200
LIMITS = ImageLimits(max_bytes=10_000_000, max_pixels=2_000_000)


class Rows:
    """A detector that finds what the test says, whatever the canvas shows."""

    def __init__(self) -> None:
        self.rows: Floats = np.zeros((0, 15), np.float32)
        self.canvases: list[tuple[int, ...]] = []

    async def submit(self, item: Pixels) -> Floats:
        self.canvases.append(item.shape)
        return self.rows

    async def start(self) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Nothing to let go of."""


class Bench:
    """Perception on a made detector."""

    def __init__(self) -> None:
        self.detector = Rows()
        self.workers = Workers(2)
        self.budget = PixelBudget(LIMITS.max_pixels)
        self.perception = Perception(self.detector, YUNET_N, self.workers, LIMITS, self.budget)

    async def found(self, *rows: Floats, data: bytes = b"", **selection: Any) -> list[FoundFace]:
        self.detector.rows = np.stack(rows)
        async with self.perception.open(data or png(), Clock()) as picture:
            return await self.perception.find(picture, FaceSelection.model_validate(selection), Clock())

    async def given(self, *faces: GivenFace, data: bytes = b"") -> list[FoundFace]:
        async with self.perception.open(data or png(), Clock()) as picture:
            return await self.perception.given(picture, faces, Clock())


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
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    made.workers.close()


async def test_a_face_sent_back_gives_the_very_same_face(bench: Bench) -> None:
    random = np.random.default_rng(11)
    places = random.uniform((0, 0, 15, 15), (200, 120, 90, 80), (3, 4))
    rows = [row(x, y, w, h, score) for (x, y, w, h), score in zip(places, (0.97, 0.81234, 0.7), strict=True)]
    found = await bench.found(*rows)
    assert len(found) == 3
    again = await bench.given(*map(as_given, found))
    for one, other in zip(found, again, strict=True):
        assert_identical(one, other)


async def test_a_face_of_a_picture_that_was_shrunk_gives_the_very_same_face(bench: Bench) -> None:
    data = png(1333, 777)
    found = await bench.found(row(101.7, 55.3, 83.1, 97.9, 0.876543), data=data)
    (again,) = await bench.given(*map(as_given, found), data=data)
    assert_identical(found[0], again)
    assert found[0].detection.box[0] == pytest.approx(101.7 * 1333 / 640, abs=0.01)


async def test_coordinates_are_rounded_before_anything_is_measured(bench: Bench) -> None:
    exact = np.round(row(20, 30, 60.25, 70.5), 2)
    blurred = exact + np.tile(np.array([0.004, -0.004, 0.003], np.float32), 5)
    exact[14] = blurred[14] = 0.9
    (one,) = await bench.found(exact)
    (other,) = await bench.found(blurred)
    assert_identical(one, other)
    assert other.detection.box.tolist() == [20.0, 30.0, 60.25, 70.5]


async def test_scores_have_four_places(bench: Bench) -> None:
    (face,) = await bench.found(row(20, 30, 60, 70, 0.8765432))
    assert face.to_contract().score == 0.8765


async def test_the_answer_is_in_plain_numbers_of_two_places(bench: Bench) -> None:
    (face,) = await bench.found(row(33.333, 44.444, 55.558, 66.666))
    told = face.to_contract()
    assert (told.box.x, told.box.y, told.box.width) == (33.33, 44.44, 55.56)
    assert told.quality.size == 55.56
    assert told.landmarks.left_eye[0] == round(33.333 + 0.31 * 55.558, 2)


async def test_faces_in_the_padding_of_the_canvas_are_dropped(bench: Bench) -> None:
    inside, below, right = row(20, 30, 60, 70), row(40, HEIGHT + 1, 30, 20), row(WIDTH, 20, 12, 30)
    left, above = row(-40, 20, 39, 30), row(40, -50, 30, 50)
    found = await bench.found(below, inside, right, left, above)
    assert [face.detection.box.tolist() for face in found] == [[20.0, 30.0, 60.0, 70.0]]
    assert bench.detector.canvases == [(224, 320, 3)]


async def test_a_face_that_reaches_over_the_border_stays(bench: Bench) -> None:
    found = await bench.found(row(-30, -20, 60, 70), row(WIDTH - 10, HEIGHT - 10, 40, 40, 0.7))
    assert len(found) == 2


async def test_a_face_without_area_is_dropped(bench: Bench) -> None:
    nothing = row(50, 50, 0.001, 40)
    endless = row(50, 50, 40, 40)
    endless[2] = np.inf
    assert await bench.found(nothing, endless) == []


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
async def test_a_given_face_outside_the_picture_is_refused_by_its_number(
    bench: Bench, outside: tuple[float, float, float, float]
) -> None:
    with pytest.raises(InvalidRequest, match="outside the picture") as refused:
        await bench.given(box(20, 20, 50, 50), box(*outside))
    assert refused.value.details == {"face": 1}


async def test_given_faces_keep_their_order_and_need_no_detector(bench: Bench) -> None:
    faces = [box(x, 20, 50, 50) for x in (90, 10, 200)]
    given = await bench.given(*faces)
    assert [float(face.detection.box[0]) for face in given] == [90.0, 10.0, 200.0]
    assert bench.detector.canvases == []


async def test_the_selection_counts(bench: Bench) -> None:
    rows = [
        row(10, 10, 40, 50, 0.65),
        row(80, 10, 60, 70, 0.9),
        row(200, 10, 20, 90, 0.8),
        row(10, 90, 50, 50, 0.3),
    ]

    async def scores(**selection: Any) -> list[float]:
        return [face.detection.score for face in await bench.found(*rows, **selection)]

    assert await scores() == [0.9, 0.8, 0.65]
    assert await scores(min_score=0.7) == [0.9, 0.8]
    assert await scores(min_score=0.0) == [0.9, 0.8, 0.65, 0.3]
    assert await scores(min_size=40) == [0.9, 0.65]
    assert await scores(max_faces=1) == [0.9]
    assert await scores(min_size=40, max_faces=2, min_score=0.0) == [0.9, 0.65]


async def test_no_picture_and_a_picture_that_is_too_large(bench: Bench) -> None:
    for data, error in (
        (b"no picture", InvalidImage),
        (png()[:400], InvalidImage),
        (png(2001, 1000), ImageTooLarge),
    ):
        with pytest.raises(error):
            async with bench.perception.open(data, Clock()):
                pass
    async with (
        asyncio.timeout(10),
        bench.budget.hold(LIMITS.max_pixels),
    ):  # every failure gave its pixels back
        pass


async def test_a_picture_is_held_in_the_budget_as_long_as_it_is_open(bench: Bench) -> None:
    async with bench.perception.open(png(), Clock()) as picture:
        assert isinstance(picture, Picture)
        assert picture.decoded.pixels.shape == (HEIGHT, WIDTH, 3)
        waiting = asyncio.create_task(_hold(bench.budget, LIMITS.max_pixels))
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 10)


async def _hold(budget: PixelBudget, pixels: int) -> None:
    async with budget.hold(pixels):
        pass
