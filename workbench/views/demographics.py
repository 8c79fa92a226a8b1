"""How old people look, and of which gender."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import EstimatedFace
from workbench.calls import DEMOGRAPHICS
from workbench.components.ask import ask
from workbench.components.bench import Bench
from workbench.components.label import label_answer
from workbench.components.misses import show_misses
from workbench.components.picture import choose_picture
from workbench.components.verdicts import percent, show_verdicts


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Demographics", anchor=False)
    picture = choose_picture()
    show_misses(bench.client, DEMOGRAPHICS)
    if picture is None:
        st.info("Choose a sample picture, or upload one of your own.", icon=":material/add_photo_alternate:")
        return
    answer = ask(lambda: bench.client.estimate(picture.data), doing="Estimating", key="demographics")
    if answer is None:
        return
    faces = answer.value.data.faces
    if not faces:
        st.info("**No face was found.** Estimates are made of faces.", icon=":material/person_search:")
    show_verdicts(picture, answer, faces, _label, _row)
    label_answer(bench, "demographics", picture.data, answer.value)


def _label(face: EstimatedFace) -> str:
    return f"{face.age:.0f}, {face.gender.label}"


def _row(face: EstimatedFace) -> dict[str, object]:
    low, high = face.age_range
    return {
        "Age": f"{face.age:.0f}",
        "80 % lie within": f"{low:.0f} to {high:.0f}",
        "Gender": face.gender.label,
        "Sure": percent(face.gender.confidence),
        "Quality": f"{face.quality.score:.2f}",
    }
