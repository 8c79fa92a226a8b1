"""Choosing a picture: one of the samples, or a file of one's own, which stays in the session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

SAMPLE_FOLDER = Path(__file__).parents[1] / "samples"
SAMPLES = ("Group", "Portrait", "Landscape")

FORMATS = "JPEG, PNG, WebP or BMP, up to 20 MB and 50 megapixels; it stays in this session"


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes as they are sent, and what people call them."""

    name: str
    data: bytes


def choose_picture(key: str = "picture", default: str = SAMPLES[0], stacked: bool = False) -> Picture | None:
    """Draw the choice; None as long as nothing is chosen. An uploaded file goes before a sample.

    Args:
        key: Tells choices on one page apart; the link carries the sample under this name.
        default: The sample that is chosen at first.
        stacked: Whether the upload stands below the samples, where there is no room beside them.
    """
    left, right = (st.container(), st.container()) if stacked else st.columns([2, 3])
    with left:
        name = st.pills(
            "Sample picture",
            SAMPLES,
            default=default,
            key=key,
            bind="query-params",
        )
    with right:
        # Any file: the service judges by content, and what it says of a wrong one is worth seeing.
        upload = st.file_uploader("Or a picture of your own", key=f"{key} upload", help=FORMATS)
    if upload is not None:
        return Picture(upload.name, upload.getvalue())
    return None if name is None else sample(name)


def sample(name: str) -> Picture:
    """A sample picture by its name in ``SAMPLES``."""
    return Picture(name, (SAMPLE_FOLDER / f"{name.lower()}.jpg").read_bytes())
