"""Figures by group and gaps, by plain counting and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.groups import GroupFigures, by_group, match_errors, shared
from training_eval.metrics.intervals import Estimate, clopper_pearson, share

PAIR = st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["a", "b", "c", None]))


@given(st.lists(PAIR, max_size=60), st.integers(0, 6), st.integers(1, 5))
@settings(deadline=None)
def test_match_errors_against_plain_counting(
    pairs: list[tuple[int, bool, str | None]], threshold: int, smallest: int
) -> None:
    made = match_errors(
        [score for score, _, _ in pairs],
        [same for _, same, _ in pairs],
        [group for _, _, group in pairs],
        threshold,
        smallest,
    )
    for name in "abc":
        impostors = [score for score, same, group in pairs if group == name and not same]
        genuine = [score for score, same, group in pairs if group == name and same]
        for figures, cases, wrong in (
            (made.false_match, impostors, sum(score >= threshold for score in impostors)),
            (made.false_non_match, genuine, sum(score < threshold for score in genuine)),
        ):
            assert (name in figures.figures) == (len(cases) >= smallest)
            if len(cases) >= smallest:
                assert figures.figures[name].value == wrong / len(cases)
                assert figures.figures[name].interval == clopper_pearson(wrong, len(cases))


def test_gap_by_hand() -> None:
    made = GroupFigures({name: Estimate(value, None, 50) for name, value in (("a", 0.1), ("b", 0.4))}, {})
    gap = made.gap()
    assert (gap.largest, gap.smallest) == ("b", "a")
    assert (gap.difference, gap.ratio) == (pytest.approx(0.3), pytest.approx(4))


@pytest.mark.parametrize(("values", "ratio"), [((0.0, 0.0), 1.0), ((0.0, 0.2), np.inf), ((0.3, 0.3), 1.0)])
def test_ratio_at_zero(values: tuple[float, float], ratio: float) -> None:
    figures = {name: Estimate(value, None, 50) for name, value in zip("ab", values, strict=True)}
    assert GroupFigures(figures, {}).gap().ratio == ratio


def test_small_groups_are_named_and_make_no_gap() -> None:
    groups = ["large"] * 100 + ["also large"] * 40 + ["small"] * 29 + [None] * 50
    hits = np.array([index % 2 for index in range(100)] + [1] * 40 + [0] * 29 + [0] * 50)
    made = by_group(groups, lambda cases: share(int(hits[cases].sum()), len(cases)))
    assert list(made.figures) == ["also large", "large"]
    assert made.left_out == {"small": "29 cases, fewer than 30"}
    assert made.gap().difference == 0.5


def test_no_gap_of_one_group() -> None:
    for groups in ([], ["a"] * 40):
        made = by_group(groups, lambda cases: share(0, len(cases)))
        with pytest.raises(Undefined, match="two groups"):
            made.gap()


def test_an_undefined_figure_leaves_a_group_out_and_other_errors_do_not() -> None:
    made = match_errors([0.5] * 80, [True] * 80, ["a"] * 40 + ["b"] * 40, 0.4)
    assert made.false_match.left_out == dict.fromkeys("ab", "there are no impostor pairs")
    assert sorted(made.false_non_match.figures) == ["a", "b"]

    def broken(cases: np.ndarray) -> Estimate:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        by_group(["a"], broken)


def test_shared_group_of_a_pair() -> None:
    assert shared(["a", "a", None], ["a", "b", None]) == ["a", None, None]
    with pytest.raises(ValueError, match="cannot be paired"):
        shared(["a"], [])


def test_hostile() -> None:
    with pytest.raises(ValueError, match="1 groups for 2 pairs"):
        match_errors([0.1, 0.2], [0, 1], ["a"], 0.5)
    with pytest.raises(ValueError, match="scores"):
        match_errors([np.nan], [0], ["a"], 0.5)
    negative = GroupFigures({"a": Estimate(-1, None, 40), "b": Estimate(1, None, 40)}, {})
    with pytest.raises(ValueError, match="negative"):
        negative.gap()
