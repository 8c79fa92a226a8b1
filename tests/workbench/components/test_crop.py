"""The crop for people: whatever the face's place, size and turn, its points come to the same places."""

from __future__ import annotations

import cmath
import math

import pytest
from contract_stub import FACE
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bentos.contracts import Face, Landmarks
from workbench.components.crop import MARGIN, SIDE, TEMPLATE, aligned_crop

NAMES = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


def face_at(centre: complex, size: float, turn: float) -> Face:
    """A face of the template's shape."""
    factor = cmath.rect(size, turn)
    points = [centre + (point - complex(0.5, 0.5)) * factor for point in TEMPLATE]
    marks = {name: (point.real, point.imag) for name, point in zip(NAMES, points, strict=True)}
    return FACE.model_copy(update={"landmarks": Landmarks(**marks)})


def drawn(face: Face, radius: float) -> Image.Image:
    """White dots where its points are."""
    image = Image.new("RGB", (900, 700))
    drawing = ImageDraw.Draw(image)
    for name in NAMES:
        x, y = getattr(face.landmarks, name)
        drawing.ellipse((x - radius, y - radius, x + radius, y + radius), fill="white")
    return image


@given(
    st.floats(300, 600),
    st.floats(300, 400),
    st.sampled_from([60.0, 150.0, 400.0]),
    st.floats(-math.pi, math.pi),
)
def test_every_face_comes_to_the_template(x: float, y: float, size: float, turn: float) -> None:
    face = face_at(complex(x, y), size, turn)
    crop = aligned_crop(drawn(face, size / 25), face)
    assert crop is not None
    assert crop.size == (SIDE, SIDE)
    for point in TEMPLATE:
        place = (complex(MARGIN, MARGIN) + point * (1 - 2 * MARGIN)) * SIDE
        assert crop.getpixel((round(place.real), round(place.imag)))[0] > 150
    assert crop.getpixel((SIDE // 2, 8))[0] < 60


def test_left_stays_left() -> None:
    face = face_at(complex(400, 300), 200, 0)
    image = drawn(face, 1)
    x, y = face.landmarks.left_eye
    ImageDraw.Draw(image).ellipse((x - 12, y - 12, x + 12, y + 12), fill="red")
    crop = aligned_crop(image, face)
    assert crop is not None
    left = crop.crop((0, 0, SIDE // 2, SIDE)).getextrema()[0][1]
    right = crop.crop((SIDE // 2, 0, SIDE, SIDE // 2)).getextrema()
    assert left > 200
    assert right[0][1] == right[1][1], "no red on the right"


@pytest.mark.parametrize("point", [(5.0, 5.0), (math.nan, 1.0), (math.inf, 1.0)])
def test_points_that_say_nothing_give_no_crop(point: tuple[float, float]) -> None:
    face = FACE.model_copy(update={"landmarks": Landmarks(**dict.fromkeys(NAMES, point))})
    assert aligned_crop(Image.new("RGB", (20, 20)), face) is None
