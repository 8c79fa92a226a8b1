"""ISO/IEC 30107-3, by plain counting and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.intervals import clopper_pearson
from training_eval.metrics.presentation import presentations

CASE = st.tuples(st.integers(0, 5), st.sampled_from([None, "print", "replay", "mask"]), st.booleans())


@given(st.lists(CASE, max_size=40), st.integers(0, 6))
@settings(deadline=None)
def test_rates_against_plain_counting(cases: list[tuple[int, str | None, bool]], threshold: int) -> None:
    made = presentations(
        [score for score, _, _ in cases],
        [kind is None for _, kind, _ in cases],
        [kind for _, kind, _ in cases],
        [answered for _, _, answered in cases],
    )
    apcer, apnrr = made.apcer(threshold), made.apnrr()
    for kind in ("print", "replay", "mask"):
        all_ = [(score, answered) for score, name, answered in cases if name == kind]
        judged = [score for score, answered in all_ if answered]
        assert (kind in apcer) == bool(judged)
        if judged:
            assert apcer[kind].value == sum(score >= threshold for score in judged) / len(judged)
        if all_:
            assert apnrr[kind].value == (len(all_) - len(judged)) / len(all_)
    live = [score for score, kind, answered in cases if kind is None and answered]
    if live:
        assert made.bpcer(threshold).value == sum(score < threshold for score in live) / len(live)


@given(st.lists(CASE, min_size=1, max_size=40), st.sampled_from([0.0, 0.05, 0.1, 0.3, 1.0]))
@settings(deadline=None)
def test_threshold_keeps_every_type_below_the_rate(
    cases: list[tuple[int, str | None, bool]], rate: float
) -> None:
    made = presentations(
        [score for score, _, _ in cases],
        [kind is None for _, kind, _ in cases],
        [kind for _, kind, _ in cases],
    )
    if not made.attacks:
        with pytest.raises(Undefined, match="no attack"):
            made.threshold_at(rate)
        return
    threshold = made.threshold_at(rate)
    assert made.worst_apcer(threshold)[1].value <= rate
    if np.isfinite(threshold):
        assert made.worst_apcer(np.nextafter(threshold, -np.inf))[1].value > rate


def by_hand() -> tuple[list[float], list[bool], list[str | None]]:
    """Ten live from 0.05 to 0.95, ten prints that all fail but one, four replays of which two pass at 0.5."""
    live = [0.05 + 0.1 * step for step in range(10)]
    prints, replays = [0.1] * 9 + [0.6], [0.2, 0.3, 0.7, 0.8]
    kinds = [None] * 10 + ["print"] * 10 + ["replay"] * 4
    return live + prints + replays, [kind is None for kind in kinds], kinds


def test_by_hand() -> None:
    made = presentations(*by_hand())
    assert {kind: rate.value for kind, rate in made.apcer(0.5).items()} == {"print": 0.1, "replay": 0.5}
    kind, worst = made.worst_apcer(0.5)
    assert (kind, worst.value, worst.count, worst.interval) == ("replay", 0.5, 4, clopper_pearson(2, 4))
    assert made.bpcer(0.5).value == 0.5
    assert made.acer(0.5) == 0.5
    # The worst is the figure: pooled over all attacks it would have been 3 of 14.
    assert made.bpcer_at(0.1).value == pytest.approx(0.8)
    assert made.bpcer_at(0.5).value == pytest.approx(0.3)
    assert made.bpcer_at(1.0).value == 0.0


def test_what_could_not_be_classified_is_counted_by_itself() -> None:
    scores, live, kinds = by_hand()
    answered = [True] * 24
    for index, score in ((0, np.nan), (10, np.nan), (23, np.inf)):
        answered[index], scores[index] = False, float(score)
    made = presentations(scores, live, kinds, answered)
    assert made.bpnrr().value == 0.1
    assert {kind: rate.value for kind, rate in made.apnrr().items()} == {"print": 0.1, "replay": 0.25}
    assert made.apcer(0.5)["replay"].count == 3


def test_attacks_without_a_name_are_a_type_of_their_own() -> None:
    made = presentations([0.9, 0.1, 0.9], [True, False, False], [None, None, "print"])
    assert sorted(made.apcer(0.5)) == ["print", "unnamed"]


def test_undefined() -> None:
    nobody = presentations([], [], [])
    for figure in (
        lambda: nobody.bpcer(0.5),
        lambda: nobody.worst_apcer(0.5),
        lambda: nobody.acer(0.5),
        lambda: nobody.bpcer_at(0.1),
        nobody.bpnrr,
    ):
        with pytest.raises(Undefined, match="no "):
            figure()
    assert nobody.apcer(0.5) == nobody.apnrr() == {}


def test_a_type_that_was_never_classified_has_no_rate() -> None:
    made = presentations([0.9, 0.1], [True, False], [None, "mask"], [True, False])
    assert made.apcer(0.5) == {}
    assert made.apnrr()["mask"].value == 1


def test_hostile() -> None:
    for scores, live, kinds in (
        ([np.nan], [True], [None]),
        ([[0.5]], [True], [None]),
        (0.5, [True], [None]),
        ([0.5], [True, False], [None, "print"]),
        ([0.5], [True], []),
        ([0.5], [True], ["print"]),
        ([0.5], [2], [None]),
    ):
        with pytest.raises(ValueError, match=r"scores|live|attacks"):
            presentations(scores, live, kinds)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rate"):
        presentations(*by_hand()).threshold_at(1.5)
