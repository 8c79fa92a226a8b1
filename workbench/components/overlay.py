"""Faces drawn over a picture, in HTML: lines and letters keep their size on a wide screen and on a phone.

Colours are those of M. Okabe and K. Ito, "Color Universal Design", 2008; each kind of mark has a shape of its own
as well, and everything has a dark rim, so that it shows on any picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from bentos.contracts import Face, Point

STYLE = Path(__file__).with_suffix(".css")

KEY = (
    '<div class="fs-key"><span><i class="fs-dot fs-eye"></i>eyes</span>'
    '<span><i class="fs-dot fs-nose"></i>tip of the nose</span>'
    '<span><i class="fs-dot fs-mouth"></i>corners of the mouth</span></div>'
)
LABEL_ROOM = 0.06


def show_faces(
    source: str, size: tuple[int, int], faces: Sequence[Face], alt: str, labels: Sequence[str] | None = None
) -> None:
    """Draw a picture with its faces.

    Args:
        source: Address of the picture.
        size: Width and height of the upright picture that boxes and points refer to, in pixels.
        faces: Numbered from 1 in this order.
        alt: Says in words what is to be seen.
        labels: What stands beside each face's number; its score, if not given.
    """
    st.html(STYLE)
    st.html(overlay_html(source, size, faces, alt, labels) + (KEY if faces else ""))


def overlay_html(
    source: str, size: tuple[int, int], faces: Sequence[Face], alt: str, labels: Sequence[str] | None = None
) -> str:
    """The picture and its marks; positions are shares of the picture, so that they fit any width."""
    width, height = size
    said = labels if labels is not None else [f"{face.score:.2f}" for face in faces]
    marks = "".join(
        _face(number, face, size, label)
        for number, (face, label) in enumerate(zip(faces, said, strict=True), 1)
    )
    limit = f"max-width:min(100%,calc(72vh*{width / height:.4f}))"
    picture = f'<img src="{escape(source)}" alt="{escape(alt)}" width="{width}" height="{height}">'
    return f'<div class="fs-picture" style="{limit}">{picture}{marks}</div>'


def _face(number: int, face: Face, size: tuple[int, int], label: str) -> str:
    box, points = face.box, face.landmarks
    area = f"{_at((box.x, box.y), size)};width:{box.width / size[0]:.3%};height:{box.height / size[1]:.3%}"
    low = " fs-low" if box.y < LABEL_ROOM * size[1] else ""
    corner = (max(box.x, 0), max(box.y, 0))
    tag = f'{number}<span class="fs-score"> · {escape(label)}</span>'
    dots = (
        _dot("eye", points.left_eye, size),
        _dot("eye", points.right_eye, size),
        _dot("nose", points.nose, size),
        _dot("mouth", points.mouth_left, size),
        _dot("mouth", points.mouth_right, size),
    )
    frame = f'<div class="fs-box" style="{area}"></div>'
    return f'{frame}{"".join(dots)}<div class="fs-tag{low}" style="{_at(corner, size)}">{tag}</div>'


def _dot(kind: str, point: Point, size: tuple[int, int]) -> str:
    return f'<div class="fs-dot fs-{kind}" style="{_at(point, size)}"></div>'


def _at(point: Point, size: tuple[int, int]) -> str:
    return f"left:{point[0] / size[0]:.3%};top:{point[1] / size[1]:.3%}"
