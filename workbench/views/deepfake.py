"""Was a face of this picture forged."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import AnalyzedFace
from workbench.calls import DEEPFAKE
from workbench.components.ask import ask
from workbench.components.bench import Bench
from workbench.components.label import label_answer
from workbench.components.misses import show_misses
from workbench.components.picture import choose_picture
from workbench.components.verdicts import percent, show_verdicts

HINT = "A score is a hint for a person, never evidence: most kinds of forgery of today are not found."


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Deepfake", anchor=False)
    picture = choose_picture()
    show_misses(bench.client, DEEPFAKE, warn=HINT)
    if picture is None:
        st.info("Choose a sample picture, or upload one of your own.", icon=":material/add_photo_alternate:")
        return
    answer = ask(lambda: bench.client.analyze(picture.data), doing="Looking for forgery", key="deepfake")
    if answer is not None:
        result = answer.value.data
        st.metric(
            "Most suspicious face", percent(result.score), "suspicious" if result.fake else "nothing found"
        )
        show_verdicts(picture, answer, result.faces, _label, _row)
        label_answer(bench, "deepfake", picture.data, answer.value)


def _label(face: AnalyzedFace) -> str:
    return f"{percent(face.score)} forged"


def _row(face: AnalyzedFace) -> dict[str, object]:
    return {
        "Verdict": "suspicious" if face.fake else "nothing found",
        "Forged": percent(face.score),
        "Size": f"{face.quality.size:.0f} px",
        "Quality": f"{face.quality.score:.2f}",
    }
