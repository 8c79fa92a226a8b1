"""One to many, beside plain loops and cases done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra `train`")

from training_eval.metrics.arrays import Undefined
from training_eval.metrics.identification import search


def plain_rank(row: list[int], probe: str, gallery: list[str]) -> int:
    """Rank of the probe's person, everybody with as high a score ahead."""
    best: dict[str, int] = {}
    for score, person in zip(row, gallery, strict=True):
        best[person] = max(score, best.get(person, score))
    return sum(score >= best[probe] for score in best.values())


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[list[int]], list[str], list[str]]:
    gallery = draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=8))
    probes = draw(st.lists(st.sampled_from("abcdefg"), max_size=8))
    row = st.lists(st.integers(0, 5), min_size=len(gallery), max_size=len(gallery))
    return [draw(row) for _ in probes], probes, gallery


@given(searches(), st.integers(0, 6), st.integers(1, 4))
@settings(deadline=None)
def test_against_plain_loops(
    case: tuple[list[list[int]], list[str], list[str]], threshold: int, rank: int
) -> None:
    rows, probes, gallery = case
    made = search(np.array(rows).reshape(len(probes), len(gallery)), probes, gallery)
    mated = [(row, probe) for row, probe in zip(rows, probes, strict=True) if probe in gallery]
    strangers = [row for row, probe in zip(rows, probes, strict=True) if probe not in gallery]
    ranks = [plain_rank(row, probe, gallery) for row, probe in mated]
    assert made.mate_ranks.tolist() == ranks
    if strangers:
        assert made.fpir(threshold).value == sum(max(row) >= threshold for row in strangers) / len(strangers)
    if mated:
        own = [max(s for s, g in zip(row, gallery, strict=True) if g == probe) for row, probe in mated]
        missed = sum(score < threshold or place > rank for score, place in zip(own, ranks, strict=True))
        assert made.fnir(threshold, rank).value == missed / len(mated)
        assert made.rank_rate(rank).value == sum(place <= rank for place in ranks) / len(mated)
        curve = made.match_curve()
        assert len(curve) == len(set(gallery))
        assert curve.tolist() == pytest.approx(
            [made.rank_rate(place).value for place in range(1, len(curve) + 1)]
        )
        assert curve[-1] == 1


def test_by_hand() -> None:
    table = [[0.9, 0.1, 0.2], [0.6, 0.5, 0.1], [0.3, 0.4, 0.1], [0.8, 0.2, 0.7]]
    made = search(table, ["ann", "bob", "eve", "zoe"], ["ann", "bob", "cat"])
    assert made.mate_ranks.tolist() == [1, 2]
    assert made.rank_rate().value == 0.5
    assert made.match_curve().tolist() == [0.5, 1.0, 1.0]
    assert made.stranger_scores.tolist() == [0.4, 0.8]
    assert made.fpir(0.5).value == 0.5
    assert made.fpir(0.4).value == 1.0
    assert made.fnir(0.5, rank=1).value == 0.5
    assert made.fnir(0.5, rank=2).value == 0.0
    assert made.fnir(0.95).value == 1.0


def test_a_person_with_two_pictures_is_one_candidate() -> None:
    made = search([[0.9, 0.8, 0.7]], ["bob"], ["ann", "ann", "bob"])
    assert made.mate_ranks.tolist() == [2]


def test_equal_scores_are_no_hit() -> None:
    assert search([[0.0, 0.0, 0.0]], ["ann"], ["ann", "bob", "cat"]).rank_rate().value == 0


def test_threshold_for_a_rate() -> None:
    table = np.arange(20.0)[:, None]
    made = search(table, ["stranger"] * 20, ["ann"])
    threshold = made.threshold_at(0.1)
    assert made.fpir(threshold).value == 0.1
    assert made.fpir(np.nextafter(threshold, -np.inf)).value == pytest.approx(0.15)
    with pytest.raises(Undefined, match="20 searches"):
        made.threshold_at(0.01)
    with pytest.raises(ValueError, match="rate"):
        made.threshold_at(2)


def test_hostile() -> None:
    with pytest.raises(ValueError, match="similarities are"):
        search([[1.0, 2.0]], ["ann"], ["ann"])
    with pytest.raises(ValueError, match="not finite"):
        search([[np.nan]], ["ann"], ["ann"])
    with pytest.raises(Undefined, match="gallery is empty"):
        search(np.empty((1, 0)), ["ann"], [])
    nobody = search(np.empty((0, 1)), [], ["ann"])
    for figure in (nobody.rank_rate, nobody.match_curve, lambda: nobody.fpir(0.5), lambda: nobody.fnir(0.5)):
        with pytest.raises(Undefined, match="mated searches"):
            figure()
    for rank in (0, -1):
        with pytest.raises(ValueError, match="ranks count from 1"):
            nobody.rank_rate(rank)
