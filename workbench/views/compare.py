"""Do two pictures show one person."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import Face, Success, VerifyOptions, VerifyResult
from workbench.calls import RECOGNITION
from workbench.components.ask import Answer, ask
from workbench.components.bench import Bench
from workbench.components.envelope import show_json, show_meta
from workbench.components.misses import show_misses
from workbench.components.picture import Picture, choose_picture
from workbench.components.verdicts import percent, show_picture

RATES = (0.1, 0.01, 0.001, 0.0001)


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Compare two faces", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        first = choose_picture("first", stacked=True)
    with right:
        second = choose_picture("second", default="Portrait", stacked=True)
    options = _choose_options()
    show_misses(bench.client, RECOGNITION)
    if first is None or second is None:
        st.info("Choose two pictures.", icon=":material/add_photo_alternate:")
        return
    answer = ask(
        lambda: bench.client.verify(first.data, second.data, options), doing="Comparing", key="compare"
    )
    if answer is not None:
        _show(first, second, answer)


def _choose_options() -> VerifyOptions:
    rate = st.select_slider(
        "Accepted rate of false matches", RATES, 0.001, format_func=lambda far: f"1 in {1 / far:,.0f}",
        key="far", bind="query-params",
    )  # fmt: skip
    clearest = st.toggle(
        "Use the clearest face of each picture", value=True, key="clearest", bind="query-params",
        help="Otherwise a picture with several faces is refused",
    )  # fmt: skip
    return VerifyOptions(far=rate, max_faces=1 if clearest else 0)


def _show(first: Picture, second: Picture, answer: Answer[Success[VerifyResult]]) -> None:
    result = answer.value.data
    verdict, similarity, threshold, probability = st.columns(4)
    verdict.metric("Verdict", "One person" if result.match else "No match")
    similarity.metric("Similarity", f"{result.similarity:.3f}")
    threshold.metric("Threshold", f"{result.threshold:.3f}")
    probability.metric("Probability", percent(result.probability))
    left, right = st.columns(2, gap="medium")
    for place, picture, face in ((left, first, result.face_a), (right, second, result.face_b)):
        with place:
            _show_side(picture, face)
    show_meta(answer.value.meta, answer.round_trip_ms)
    show_json(answer.value)


def _show_side(picture: Picture, face: Face) -> None:
    show_picture(picture, [face], [f"{face.score:.2f}"])
