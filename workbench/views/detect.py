"""Faces in one picture."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import DetectResult, Success
from workbench.components.ask import Answer, ask
from workbench.components.bench import Bench
from workbench.components.envelope import show_json, show_meta
from workbench.components.faces import FaceFilter, choose_faces, is_restrictive
from workbench.components.label import label_answer
from workbench.components.overlay import show_faces
from workbench.components.picture import Picture, choose_picture
from workbench.components.preview import preview
from workbench.components.quality import show_quality


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Detect faces", anchor=False)
    picture = choose_picture()
    wanted = choose_faces()
    if picture is None:
        st.info("Choose a sample picture, or upload one of your own.", icon=":material/add_photo_alternate:")
        return
    answer = ask(lambda: bench.client.detect(picture.data, **wanted), doing="Looking for faces", key="detect")
    if answer is not None:
        _show(picture, wanted, answer)
        label_answer(bench, "detect", picture.data, answer.value)


def _show(picture: Picture, wanted: FaceFilter, answer: Answer[Success[DetectResult]]) -> None:
    result = answer.value.data
    shown, facts = st.columns([5, 2], gap="medium")
    with shown:
        _show_picture(picture, result)
    with facts:
        st.metric("Faces found", len(result.faces))
        show_meta(answer.value.meta, answer.round_trip_ms)
    if result.faces:
        st.subheader("Quality", anchor=False)
        show_quality(result.faces)
    else:
        _show_nobody(wanted)
    show_json(answer.value)


def _show_picture(picture: Picture, result: DetectResult) -> None:
    source = preview(picture.data)
    if source is None:
        st.warning(
            "This picture cannot be shown here; what was found stands below.", icon=":material/hide_image:"
        )
        return
    alt = f"{picture.name}: {len(result.faces)} faces found"
    show_faces(source, (result.width, result.height), result.faces, alt)
    st.caption(f"{picture.name}, {result.width} x {result.height} pixels")


def _show_nobody(wanted: FaceFilter) -> None:
    advice = "A lower score or a smaller size may bring more." if is_restrictive(wanted) else (
        "If there is one, try a lower score: small, turned or covered faces score low."
    )  # fmt: skip
    st.info(f"**No face was found.** {advice}", icon=":material/person_search:")
