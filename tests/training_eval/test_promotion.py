"""The gate."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from candidates import card_of, graph_of, measure_of, report_of
from hypothesis import assume, given
from hypothesis import strategies as st

from models.catalogue.card import Licence, ModelCard, Task
from training_eval.promotion import Decision, Limits, decide
from training_eval.reports import Measure, Report

CARD = card_of(graph_of(1.0))
METRICS = {"verification AUC": "higher", "APCER": "lower", "age MAE (years)": "lower", "odd figure": "higher"}
GROUPS = (None, "gender=female", "gender=male", "attack=print")

measures = st.builds(
    lambda metric, group, value: measure_of(metric, value, group, better=METRICS[metric]),
    st.sampled_from(sorted(METRICS)),
    st.sampled_from(GROUPS),
    st.floats(0, 1),
)
sets_of_measures = st.lists(measures, min_size=1, max_size=12, unique_by=lambda measure: measure.key)


def _report(*found: Measure, **more: Any) -> Report:
    return report_of([CARD], *found, **more)


def _decide(candidate: Report, champion: Report | None, limits: Limits | None = None) -> Decision:
    return decide(candidate, champion, limits or Limits(), [CARD])


def _reasons(candidate: Report, champion: Report | None, limits: Limits | None = None) -> list[str]:
    decision = _decide(candidate, champion, limits)
    assert decision.accepted == (not decision.refusals)
    return [row.reason for row in decision.refusals]


def _worse(measure: Measure, by: float) -> Measure:
    return replace(measure, value=measure.value + (-by if measure.better == "higher" else by))


@given(sets_of_measures)
def test_the_same_is_accepted(found: list[Measure]) -> None:
    decision = _decide(_report(*found), _report(*found))
    assert decision.accepted
    assert {row.reason for row in decision.rows if row.champion is not None and row.dataset} <= {
        "the same",
        "the gap does not grow by 0",
    }


@given(sets_of_measures, st.data(), st.floats(1.001, 50))
def test_anything_worse_by_more_than_its_tolerance_is_refused(
    found: list[Measure], data: st.DataObject, times: float
) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    measure, limits = found[place], Limits()
    tolerance = limits.tolerance(measure.metric, measure.value) * (
        1 if measure.group is None else limits.groups
    )
    assume(tolerance > 1e-9)
    candidate = [*found[:place], _worse(measure, tolerance * times), *found[place + 1 :]]
    refused = _decide(_report(*candidate), _report(*found)).refusals
    assert (measure.metric, measure.group) in {(row.metric, row.group) for row in refused}


@given(sets_of_measures, st.data())
def test_worse_by_less_than_its_tolerance_is_accepted(found: list[Measure], data: st.DataObject) -> None:
    limits, candidate = Limits(), []
    for measure in found:
        share = data.draw(st.floats(0, 0.999))
        candidate.append(_worse(measure, share * limits.tolerance(measure.metric, measure.value)))
    assert _reasons(_report(*candidate), _report(*found)) == []


@given(sets_of_measures, st.randoms())
def test_the_order_of_measures_does_not_matter(found: list[Measure], random: Any) -> None:
    mixed = [_worse(measure, random.uniform(-0.01, 0.01)) for measure in found]
    shuffled = random.sample(mixed, len(mixed))
    first, second = _decide(_report(*mixed), _report(*found)), _decide(_report(*shuffled), _report(*found))
    assert first == second


@given(sets_of_measures, st.data())
def test_a_measure_that_is_missing_is_refused(found: list[Measure], data: st.DataObject) -> None:
    assume(len(found) > 1)
    gone = data.draw(st.sampled_from(found))
    candidate = [measure for measure in found if measure is not gone]
    (row,) = [row for row in _decide(_report(*candidate), _report(*found)).refusals if row.candidate is None]
    assert (row.metric, row.group, row.reason) == (
        gone.metric,
        gone.group,
        "the candidate was not measured in it",
    )


def test_better_is_accepted_and_more_measures_do_not_hurt() -> None:
    champion = _report(measure_of(value=0.9))
    more = measure_of("APCER", 0.9, better="lower")
    assert _reasons(_report(measure_of(value=0.99), more), champion) == []


def test_a_first_version_has_nothing_to_compare_with() -> None:
    assert _reasons(_report(), None) == []


@pytest.mark.parametrize("low_and_high", [(0.0, 1.0), (0.79, 0.81)])
def test_intervals_do_not_decide_but_are_named(low_and_high: tuple[float, float]) -> None:
    low, high = low_and_high
    champion = _report(measure_of(value=0.9, low=0.89, high=0.91))
    (reason,) = _reasons(_report(measure_of(value=0.8, low=low, high=high)), champion)
    assert reason.endswith("overlap, more data would tell" if high > 0.9 else "intervals are apart")
    assert _reasons(_report(measure_of(value=0.899, low=0.8989, high=0.8991)), champion) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_on_either_side(value: float) -> None:
    broken, sound = _report(measure_of(value=value)), _report(measure_of())
    for candidate, champion in ((broken, sound), (sound, broken), (broken, broken), (broken, None)):
        assert any("AUC of faces is no number" in reason for reason in _reasons(candidate, champion))


def test_an_empty_report_is_refused() -> None:
    empty = replace(_report(), measures=())
    assert _reasons(empty, None) == ["the candidate's report: it holds no measure"]
    assert "the champion's report: it holds no measure" in _reasons(_report(), empty)
    assert "the candidate's report: it names no data" in _reasons(replace(_report(), data={}), None)


def test_a_figure_that_stands_twice_is_refused() -> None:
    twice = _report(measure_of(value=0.1), measure_of(value=0.9))
    assert _reasons(twice, _report()) == ["the candidate's report: AUC of faces stands in it 2 times"]


def test_a_figure_on_no_case_or_on_unnamed_data_is_refused() -> None:
    assert _reasons(_report(measure_of(count=0)), None) == [
        "the candidate's report: AUC of faces rests on no case"
    ]
    unnamed = _report(measure_of(group="gender=male", dataset="elsewhere"))
    (reason,) = _reasons(unnamed, None)
    assert reason.endswith("AUC of gender=male of elsewhere is of data without a digest")


def test_other_data_is_refused() -> None:
    champion = _report()
    other = _report(data={"faces": "b" * 64})
    assert _reasons(other, champion) == [
        "the two were measured on different files of this name: evaluate both again"
    ]
    two = {"faces": "a" * 64, "more": "c" * 64}
    assert _reasons(_report(data=two), champion) == []
    assert _reasons(champion, _report(data=two)) == ["the candidate was not measured on it"]


def test_another_way_up_is_refused() -> None:
    turned = _report(measure_of(better="lower"))
    assert _reasons(turned, _report()) == ["the two disagree on which way is up"]


def test_too_large_is_refused() -> None:
    champion = _report(size_bytes=1000)
    assert _reasons(_report(size_bytes=1500), champion) == []
    assert _reasons(_report(size_bytes=1501), champion) == ["over the budget of 1,500 bytes"]
    assert _reasons(_report(size_bytes=1501), champion, Limits(larger=2)) == []
    assert _reasons(_report(size_bytes=1001), champion, Limits(size_bytes=1000)) == [
        "over the budget of 1,000 bytes"
    ]
    assert _reasons(_report(size_bytes=1001), None, Limits(size_bytes=1000)) != []


def test_too_slow_is_refused_beside_the_reference() -> None:
    champion = _report(milliseconds=2.0)
    assert _reasons(_report(milliseconds=3.0), champion) == []
    assert _reasons(_report(milliseconds=3.1), champion) == ["over the budget of 0.75 times the reference"]
    slower_machine = replace(_report(milliseconds=20.0), reference_milliseconds=40.0)
    assert _reasons(slower_machine, champion) == []
    assert _reasons(_report(milliseconds=2.1), None, Limits(reference_times=0.5)) != []


@pytest.mark.parametrize("milliseconds", [math.nan, math.inf, 0.0, -1.0])
def test_a_speed_that_is_none_is_refused(milliseconds: float) -> None:
    reasons = _reasons(_report(milliseconds=milliseconds), None)
    assert "the candidate's report: the speed is no number above 0" in reasons
    without = replace(_report(), reference_milliseconds=milliseconds)
    assert _reasons(without, _report()) != []
    assert _reasons(_report(), without) != []


def test_a_model_without_a_size_is_refused() -> None:
    assert _reasons(_report(size_bytes=0), None) == ["the candidate's report: a model has no size"]


def test_a_group_that_is_worse_while_the_mean_is_better_is_refused() -> None:
    champion = [measure_of(value=0.90), measure_of(value=0.9, group="gender=female")]
    candidate = [measure_of(value=0.95), measure_of(value=0.88, group="gender=female")]
    (row,) = _decide(_report(*candidate), _report(*champion)).refusals
    assert (row.group, row.tolerance) == ("gender=female", 0.004)


def _two(female: float, male: float, division: str = "gender") -> Report:
    values = {f"{division}=female": female, f"{division}=male": male}
    return _report(measure_of(), *(measure_of(value=value, group=group) for group, value in values.items()))


def test_a_gap_between_groups_that_grows_is_refused_although_nobody_is_worse() -> None:
    (row,) = _decide(_two(0.80, 0.95), _two(0.80, 0.85)).refusals
    assert (row.metric, row.group, row.reason) == (
        "AUC",
        "gap of gender",
        "the gap grows by 0.1, more than 0.004",
    )
    assert _reasons(_two(0.80, 0.853), _two(0.80, 0.85)) == []
    assert _reasons(_two(0.85, 0.85), _two(0.80, 0.85)) == []


def test_a_gap_between_kinds_of_attacks_wrongs_nobody() -> None:
    assert _reasons(_two(0.80, 0.95, "attack"), _two(0.80, 0.85, "attack")) == []


def test_divisions_by_two_properties_are_their_own() -> None:
    def crossed(value: float) -> Report:
        return _report(
            measure_of(value=0.8, group="gender=f, ethnicity=a"),
            measure_of(value=value, group="gender=m, ethnicity=a"),
            measure_of(value=0.8, group="gender=f"),
        )

    (row,) = _decide(crossed(0.9), crossed(0.8)).refusals
    assert row.group == "gap of gender, ethnicity"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"summary": ""}, "a summary"),
        ({"finds": ()}, "what it finds"),
        ({"misses": ()}, "what it misses"),
        ({"measured": (), "published": ()}, "a figure of merit"),
        ({"licence": Licence(code="MIT", url="", training_data="")}, "the licence"),
    ],
)
def test_a_card_that_leaves_something_out_is_refused(change: dict[str, Any], reason: str) -> None:
    card = replace(CARD, **change)
    assert [row.reason for row in decide(_report(), None, Limits(), [card]).refusals] == [
        f"the card of tiny does not say: {reason}"
    ]


@pytest.mark.parametrize(
    "cards", [[], [CARD, CARD], [replace(CARD, sha256="0" * 64)], [replace(CARD, version="9")]]
)
def test_cards_of_other_models_are_refused(cards: list[ModelCard]) -> None:
    reasons = [row.reason for row in decide(_report(), None, Limits(), cards).refusals]
    assert "the report is about other models than the cards: evaluate these" in reasons


def test_a_digest_that_is_none_is_refused() -> None:
    card = replace(CARD, sha256="none")
    (row,) = decide(report_of([card]), None, Limits(), [card]).refusals
    assert row.reason == "the card of tiny names no digest"


def test_another_task_is_refused() -> None:
    other = replace(_report(), task=Task.AGE_GENDER)
    assert any("answers" in reason for reason in _reasons(_report(), other))
    assert any("answers" in reason for reason in _reasons(other, None))


def test_a_decision_about_nothing_is_no_acceptance() -> None:
    assert not Decision(()).accepted


def test_the_table_is_json_whatever_was_measured() -> None:
    decision = _decide(_report(measure_of(value=math.nan)), _report(measure_of(value=math.inf)))
    kept = json.loads(decision.to_json(), parse_constant=pytest.fail)
    assert kept["accepted"] is False
    assert len(kept["rows"]) == len(decision.rows)
