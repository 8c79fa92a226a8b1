"""A face cut out upright, for people to look at. No model is shown it: services cut their own from the picture."""

from __future__ import annotations

import math

from PIL import Image

from bentos.contracts import Face

SIDE = 224
"""Pixels."""
MARGIN = 0.18
"""Share of the side around the template, so that people see hair and chin."""
WHOLE = 100_000
"""Pixels: a longer side than any picture's, so that nothing is lost of a small face."""

# Where eyes, nose and corners of the mouth lie in an aligned face, as shares of its side: J. Guo et al., InsightFace,
# `arcface_dst` for 112 x 112 pixels.
TEMPLATE = tuple(
    complex(x, y) / 112
    for x, y in (
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    )
)


def aligned_crop(image: Image.Image, face: Face, side: int = SIDE) -> Image.Image | None:
    """The face, turned upright and brought to one size.

    Args:
        image: RGB, upright, in the pixels that the face's landmarks refer to.
        face: As a service gave it.
        side: Of the result, in pixels.

    Returns:
        ``side`` x ``side`` pixels, black where the picture ends; None where the five points coincide.
    """
    points = face.landmarks
    seen = [
        complex(*point)
        for point in (points.left_eye, points.right_eye, points.nose, points.mouth_left, points.mouth_right)
    ]
    wanted = [(complex(MARGIN, MARGIN) + point * (1 - 2 * MARGIN)) * side for point in TEMPLATE]
    fitted = _similarity(wanted, seen)
    if fitted is None:
        return None
    # Bicubic sampling looks at 4 x 4 pixels: whole blocks are averaged first where the face is far larger.
    step = max(1, int(abs(fitted[0])))
    turn, shift = fitted[0] / step, fitted[1] / step
    matrix = (turn.real, -turn.imag, shift.real, turn.imag, turn.real, shift.imag)
    return image.reduce(step).transform(
        (side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )


def _similarity(source: list[complex], target: list[complex]) -> tuple[complex, complex] | None:
    """``a`` and ``b`` for which ``a * source + b`` comes closest to ``target`` by least squares.

    Turning, growing and moving in the plane is one multiplication and one addition of complex numbers, so the least
    squares are those of a straight line; a reflection cannot come out.
    """
    if not all(math.isfinite(point.real) and math.isfinite(point.imag) for point in target):
        return None
    from_mean, to_mean = sum(source) / len(source), sum(target) / len(target)
    spread = sum(abs(point - from_mean) ** 2 for point in source)
    turn = (
        sum(
            (point - from_mean).conjugate() * (to - to_mean) for point, to in zip(source, target, strict=True)
        )
        / spread
    )
    return (turn, to_mean - turn * from_mean) if abs(turn) > 1e-6 else None
