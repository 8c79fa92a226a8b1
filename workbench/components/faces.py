"""Which faces a view asks for; one set of sliders for all views, carried in the link."""

from __future__ import annotations

from typing import TypedDict

import streamlit as st

MIN_SCORE = 0.6
LARGEST_MIN_SIZE = 400
MOST_FACES = 50


class FaceFilter(TypedDict):
    """As the client takes it."""

    min_score: float
    min_size: float
    max_faces: int


def choose_faces() -> FaceFilter:
    """Draw the sliders."""
    score, size, count = st.columns(3)
    return FaceFilter(
        min_score=score.slider(
            "Lowest score", 0.0, 1.0, MIN_SCORE, 0.05, key="min_score", bind="query-params",
            help="0.6 suits use; 0.02 suits evaluation",
        ),
        min_size=float(size.slider(
            "Smallest face", 0, LARGEST_MIN_SIZE, 0, 5, format="%d px", key="min_size", bind="query-params",
            help="The box's shorter side",
        )),
        max_faces=count.slider(
            "Most faces", 0, MOST_FACES, 0, key="max_faces", bind="query-params",
            help="The best ones; 0 for all",
        ),
    )  # fmt: skip


def is_restrictive(faces: FaceFilter) -> bool:
    """Whether a face may have been left out by these settings."""
    return faces["min_score"] > MIN_SCORE or faces["min_size"] > 0
