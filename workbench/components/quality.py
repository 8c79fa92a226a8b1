"""Measured quality of faces as a table; its numbers are those in the picture."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from bentos.contracts import Face

WIDTH, WIDE = 60, 86  # pixels: on a phone the first columns fit, the others scroll
SHARES = {
    "Score": "How sure the detector is, 0 to 1",
    "Quality": "How well the face can be judged, 0 to 1",
    "Sharpness": "0 to 1",
    "Brightness": "0 to 1; the middle is best",
}
ANGLES = {
    "Yaw": "Degrees; positive with the nose towards the right of the picture",
    "Pitch": "Degrees; positive with the face up",
    "Roll": "Degrees; positive with the head turned clockwise",
}


def quality_table(faces: Sequence[Face]) -> pd.DataFrame:
    """One row a face."""
    rows = [
        {
            "Face": number,
            "Score": face.score,
            "Quality": face.quality.score,
            "Sharpness": face.quality.sharpness,
            "Brightness": face.quality.brightness,
            "Size": face.quality.size,
            "Yaw": _degrees(face.quality.yaw),
            "Pitch": _degrees(face.quality.pitch),
            "Roll": _degrees(face.quality.roll),
        }
        for number, face in enumerate(faces, 1)
    ]
    return pd.DataFrame(rows)


def show_quality(faces: Sequence[Face]) -> None:
    """The table, sortable."""
    number = st.column_config.NumberColumn
    columns = {name: number(format="%.2f", width=WIDE, help=text) for name, text in SHARES.items()}
    columns |= {name: number(format="%.0f°", width=WIDTH, help=text) for name, text in ANGLES.items()}
    columns |= {"Size": number(format="%.0f px", width=WIDTH, help="The box's shorter side")}
    columns |= {"Face": number(width=WIDTH, pinned=True, help="The number in the picture")}
    st.dataframe(
        quality_table(faces),
        hide_index=True,
        column_config=columns,
        alt=f"Measured quality of {len(faces)} faces",
    )


def _degrees(angle: float) -> float:
    return round(angle) + 0.0  # no minus before a zero
