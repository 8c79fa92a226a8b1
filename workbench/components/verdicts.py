"""A picture with its faces and what was said of each: the frame of every view that judges faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from bentos.contracts import Face, Success
from bentos.contracts.base import Message
from workbench.components.ask import Answer
from workbench.components.envelope import show_json, show_meta
from workbench.components.overlay import show_faces
from workbench.components.picture import Picture
from workbench.components.preview import preview, upright_size

Judged = TypeVar("Judged", bound=Face)


def show_verdicts(
    picture: Picture,
    answer: Answer[Success[Any]],
    faces: Sequence[Judged],
    label: Callable[[Judged], str],
    row: Callable[[Judged], dict[str, object]],
) -> None:
    """Draw picture, envelope, a table with one row a face, and the answer as JSON.

    Args:
        picture: What was sent.
        answer: What came back.
        faces: Its faces.
        label: What stands beside a face's number in the picture.
        row: A face's columns in the table.
    """
    message: Success[Any] = answer.value
    shown, facts = st.columns([5, 2], gap="medium")
    with shown:
        show_picture(picture, faces, [label(face) for face in faces])
    with facts:
        show_meta(message.meta, answer.round_trip_ms)
    if faces:
        rows = [{"Face": number, **row(face)} for number, face in enumerate(faces, 1)]
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt=f"What was said of {len(faces)} faces")
    assert isinstance(message, Message)
    show_json(message)


def show_picture(picture: Picture, faces: Sequence[Face], labels: Sequence[str]) -> None:
    """The picture with its faces, or a word where it cannot be shown."""
    source, size = preview(picture.data), upright_size(picture.data)
    if source is None or size is None:
        st.warning(
            "This picture cannot be shown here; what was found stands below.", icon=":material/hide_image:"
        )
        return
    show_faces(source, size, faces, f"{picture.name}: {len(faces)} faces", labels)
    st.caption(f"{picture.name}, {size[0]} x {size[1]} pixels")


def percent(share: float) -> str:
    """A share of one for people."""
    return f"{share:.0%}"
