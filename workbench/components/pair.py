"""Two aligned faces side by side, on a phone too."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from bentos.contracts import Face
from workbench.components.crop import WHOLE, aligned_crop
from workbench.components.picture import Picture
from workbench.components.preview import data_address, upright
from workbench.components.remember import digest, remembered

STYLE = Path(__file__).with_suffix(".css")


def show_pair(sides: tuple[tuple[Picture, Face], tuple[Picture, Face]]) -> None:
    """Draw the two faces; a picture that cannot be shown leaves its words alone."""
    figures = [_figure(place, picture, face) for place, (picture, face) in zip("ab", sides, strict=True)]
    st.html(STYLE)
    st.html(f'<div class="fs-pair">{"".join(figures)}</div>')


def _figure(place: str, picture: Picture, face: Face) -> str:
    of = (digest(picture.data), face.model_dump_json())
    source = remembered(f"crop {place}", of, lambda: _crop(picture.data, face))
    name = escape(picture.name)
    shown = f'<img src="{source}" alt="The face in {name}, upright">' if source else ""
    return f"<figure>{shown}<figcaption>{name}</figcaption></figure>"


def _crop(data: bytes, face: Face) -> str | None:
    image = upright(data, WHOLE)
    crop = None if image is None else aligned_crop(image, face)
    return None if crop is None else data_address(crop)
