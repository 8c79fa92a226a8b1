"""Do two pictures show one person."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import Success, VerifyOptions, VerifyResult
from workbench.calls import RECOGNITION
from workbench.components.ask import Answer, ask
from workbench.components.bench import Bench
from workbench.components.envelope import show_json, show_meta
from workbench.components.far import USUAL_RATE, choose_rate
from workbench.components.misses import show_misses
from workbench.components.pair import show_pair
from workbench.components.picture import Picture, choose_picture
from workbench.components.rates import Rates
from workbench.components.remember import digest, remembered
from workbench.components.scores import points_of, scores_chart
from workbench.components.verdicts import percent, show_picture

WIDTH = 150  # pixels: two numbers beside each other on a phone
NO_CURVE = "The card of this model has no measured rates for pairs of one person: their line is left out."
CURVES = (
    "The lines join what the model's card says, and nothing between was measured. Two people: its thresholds by "
    "false-accept rate."
)


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Compare two faces", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        first = choose_picture("first", stacked=True)
    with right:
        second = choose_picture("second", default="Portrait", stacked=True)
    far, clearest = _choose_options()
    card = show_misses(bench.client, RECOGNITION)
    rates = None if card is None else Rates.of_card(card)
    if first is None or second is None:
        st.info("Choose two pictures.", icon=":material/add_photo_alternate:")
        return
    # With the card's table the threshold is found here: moving it asks nobody again.
    asked = VerifyOptions(far=far if rates is None else USUAL_RATE, max_faces=1 if clearest else 0)
    pictures = (digest(first.data), digest(second.data))
    model = None if card is None else card.digest
    answer = remembered(
        "compare",
        (bench.environment, model, *pictures, asked),
        lambda: ask(
            lambda: bench.client.verify(first.data, second.data, asked), doing="Comparing", key="compare"
        ),
    )
    if answer is not None:
        _show(first, second, answer, rates, far)


def _choose_options() -> tuple[float, bool]:
    rate = choose_rate("Moves the threshold; a rarer false match costs more missed ones")
    clearest = st.toggle(
        "Use the clearest face of each picture", value=True, key="clearest", bind="query-params",
        help="Otherwise a picture with several faces is refused",
    )  # fmt: skip
    return rate, clearest


def _show(
    first: Picture, second: Picture, answer: Answer[Success[VerifyResult]], rates: Rates | None, far: float
) -> None:
    result = answer.value.data
    threshold = result.threshold if rates is None else rates.threshold(far)
    crops, facts = st.columns([3, 4], gap="medium", vertical_alignment="center")
    with crops:
        show_pair(((first, result.face_a), (second, result.face_b)))
    with facts:
        _show_verdict(result, threshold, rates)
    if rates is not None:
        _show_scores(result, threshold, rates)
    left, right = st.columns(2, gap="medium")
    for place, picture, face in ((left, first, result.face_a), (right, second, result.face_b)):
        with place:
            show_picture(picture, [face], [f"{face.score:.2f}"])
    show_meta(answer.value.meta, answer.round_trip_ms)
    show_json(answer.value)


def _show_verdict(result: VerifyResult, threshold: float, rates: Rates | None) -> None:
    similar = result.similarity >= threshold
    with st.container(horizontal=True):
        st.metric("Verdict", "One person" if similar else "No match", width=WIDTH)
        st.metric("Similarity", f"{result.similarity:.3f}", width=WIDTH)
        st.metric("Threshold", f"{threshold:.3f}", width=WIDTH)
        st.metric(
            "Probability", percent(result.probability), width=WIDTH,
            help="Calibrated as the card says, both answers equally likely beforehand; the threshold does not move it",
        )  # fmt: skip
    if rates is not None:
        st.markdown(rates.in_words(result.similarity))


def _show_scores(result: VerifyResult, threshold: float, rates: Rates) -> None:
    st.subheader("Where it stands among other pairs", anchor=False)
    st.vega_lite_chart(points_of(rates), scores_chart(rates, result.similarity, threshold), key="scores")
    on = (
        f" One person: true-accept rates measured on {rates.measured_on}."
        if rates.accepted
        else f" {NO_CURVE}"
    )
    st.caption(CURVES + on)
