"""The workbench's few formulas against those of training, which say the same."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.evaluating.figures import OneClass, area, confusion, curve, year_errors

roc = pytest.importorskip("training_eval.metrics.roc", reason="the extra train is not installed")

SETS = [(seed, count, ties) for seed in range(6) for count in (2, 5, 40, 500) for ties in (False, True)]


def drawn(seed: int, count: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    positive = random.random(count) < 0.4
    positive[:2] = True, False
    scores = random.normal(positive * 0.8, 1)
    return (np.round(scores, 1) if ties else scores), positive


@pytest.mark.parametrize(("seed", "count", "ties"), SETS)
def test_curve_area_and_equal_error_are_those_of_training(seed: int, count: int, ties: bool) -> None:
    scores, positive = drawn(seed, count, ties)
    ours, theirs = curve(scores, positive), roc.error_curve(scores, positive)
    for name in ("thresholds", "false_positive", "true_positive"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name))
    assert area(scores, positive) == pytest.approx(roc.area(scores, positive))
    assert ours.equal_error() == pytest.approx(theirs.equal_error())


def test_age_errors_are_those_of_training() -> None:
    demographics = pytest.importorskip("training_eval.metrics.demographics")
    guess, lows, highs = [20.0, 31.5, 80.0, 4.0], [18.0, 33.0, 70.0, 4.0], [25.0, 40.0, np.inf, 4.0]
    np.testing.assert_allclose(year_errors(guess, lows, highs), demographics.range_errors(guess, lows, highs))
    np.testing.assert_allclose(year_errors(guess, lows, lows), demographics.age_errors(guess, lows))


def test_presentation_errors_are_those_of_training() -> None:
    from workbench.comparing.shots import Shot
    from workbench.evaluating.cases import Case
    from workbench.evaluating.report import figures_at

    presentation = pytest.importorskip("training_eval.metrics.presentation")
    random = np.random.default_rng(3)
    live, scores = random.random(80) < 0.5, random.random(80)
    kinds = [None if one else str(random.choice(["print", "replay"])) for one in live]
    theirs = presentation.presentations(scores, live, kinds)
    shot = Shot("a", "b", b"")
    cases = [
        Case((shot,), bool(truth), float(score), detail=kind or "")
        for truth, score, kind in zip(live, scores, kinds, strict=True)
    ]
    made = figures_at("liveness", cases, 0.4)
    assert made["apcer"] == pytest.approx(theirs.worst_apcer(0.4)[1].value)
    assert made["bpcer"] == pytest.approx(theirs.bpcer(0.4).value)


def test_confusion_counts_at_or_above_as_positive() -> None:
    counts = confusion([0.2, 0.5, 0.5, 0.9], [False, True, False, True], 0.5)
    assert (counts.true_positive, counts.false_negative) == (2, 0)
    assert (counts.false_positive, counts.true_negative) == (1, 1)
    assert (counts.right, counts.count) == (3, 4)


def test_at_the_threshold_of_equal_errors_no_more_positives_than_negatives_are_missed() -> None:
    scores, positive = drawn(1, 500, False)
    counts = confusion(scores, positive, curve(scores, positive).equal_threshold())
    missed = counts.false_negative / (counts.false_negative + counts.true_positive)
    passed = counts.false_positive / (counts.false_positive + counts.true_negative)
    assert missed <= passed
    assert missed == pytest.approx(passed, abs=0.01)


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_one_class_has_no_curve(truth: list[bool]) -> None:
    for figure in (curve, area):
        with pytest.raises(OneClass):
            figure([0.1, 0.2], truth)
