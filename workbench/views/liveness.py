"""Is this a person before the camera, or a picture of one."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import CheckedFace, CheckOptions, RefusedFace
from workbench.calls import ANTISPOOFING
from workbench.components.ask import ask
from workbench.components.bench import Bench
from workbench.components.label import label_answer
from workbench.components.misses import show_misses
from workbench.components.picture import Picture, choose_picture
from workbench.components.verdicts import percent, show_verdicts


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Liveness", anchor=False)
    picture = _camera() or choose_picture()
    threshold = st.slider(
        "Live from a score of", 0.0, 1.0, 0.5, 0.05, key="threshold", bind="query-params",
        help="Higher refuses more attacks, and more people",
    )  # fmt: skip
    show_misses(bench.client, ANTISPOOFING)
    if picture is None:
        st.info("Choose a sample picture, upload one, or take one.", icon=":material/add_photo_alternate:")
        return
    options = CheckOptions(threshold=threshold)
    answer = ask(lambda: bench.client.check(picture.data, options), doing="Looking closely", key="liveness")
    if answer is not None:
        _show_refused(answer.value.data.refused)
        show_verdicts(picture, answer, answer.value.data.faces, _label, _row)
        label_answer(bench, "liveness", picture.data, answer.value)


def _camera() -> Picture | None:
    if not st.toggle("Use the camera", key="camera", help="The picture stays in this session"):
        return None
    taken = st.camera_input("Look into the camera", key="camera picture")
    return None if taken is None else Picture("Camera", taken.getvalue())


def _label(face: CheckedFace) -> str:
    return f"{'live' if face.live else 'attack'} {face.score:.2f}"


def _row(face: CheckedFace) -> dict[str, object]:
    attack = face.attack
    return {
        "Verdict": "live" if face.live else "not live",
        "Live": percent(face.score),
        "Print": percent(attack.print) if attack else "",
        "Replay": percent(attack.replay) if attack else "",
        "Quality": f"{face.quality.score:.2f}",
    }


def _show_refused(refused: list[RefusedFace]) -> None:
    for face in refused:
        reasons = ", ".join(face.reasons)
        st.info(f"**A face was not judged** ({reasons}). {face.message}", icon=":material/block:")
