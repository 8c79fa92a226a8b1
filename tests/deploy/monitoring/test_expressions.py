"""What an expression reads is held against what there is."""

from __future__ import annotations

import pytest
from comparing import answered

from deploy.checks.monitoring.exposed import read
from deploy.checks.monitoring.expressions import Series, faults, grouped, parsed

KNOWN = {
    "requests_total": Series(frozenset({"status"})),
    "seconds_bucket": Series(frozenset({"le", "path"}), frozenset({"0.5", "1.0"})),
}
GOOD = (
    'sum by (service) (rate(requests_total{status=~"5..", job="services"}[5m])) > 0.1',
    'histogram_quantile(0.9, sum by (le) (rate(seconds_bucket{path="/x"}[5m])))',
    'rate(seconds_bucket{le="0.5"}[5m])',
    'sum by (kind) (label_replace(requests_total, "kind", "$1", "status", "(.).."))',
    "requests_total / on (status) group_left () requests_total",
    "vector(1)",
)
BAD = {
    "sum(rate(requests_totals[5m]))": "nothing says the metric requests_totals",
    'requests_total{state="500"}': "requests_total has no label state",
    "sum by (path) (requests_total)": "no series here has the label path",
    "requests_total / on (path) requests_total": "no series here has the label path",
    'seconds_bucket{le="0.4"}': "seconds_bucket has no border 0.4",
    'absent(gone{job="x"})': "nothing says the metric gone",
    '{status="500"}': "nothing says the metric None",
}


@pytest.mark.parametrize("expression", GOOD)
def test_sound_expressions(expression: str) -> None:
    assert list(faults(expression, KNOWN)) == []


@pytest.mark.parametrize("expression", BAD)
def test_what_there_is_not(expression: str) -> None:
    assert list(faults(expression, KNOWN)) == [BAD[expression]]


def test_what_is_no_promql() -> None:
    (fault,) = faults("sum(rate(requests_total[5m])", KNOWN)
    assert fault.startswith("no PromQL: ")


def test_labels_that_are_left() -> None:
    assert grouped(parsed("max by (a, b) (sum by (c) (x)) > 1")) == {"a", "b"}
    assert grouped(parsed("x > 1")) == frozenset()


def test_metrics_are_read_with_labels_and_borders() -> None:
    samples = ('s_bucket{a="1",le="0.5"}', 's_bucket{a="1",le="+Inf"}', 's_count{a="1"}', 's_sum{a="1"}')
    page = "# TYPE s histogram\n" + "".join(f"{sample} 1\n" for sample in samples)
    found = read(page, '# TYPE x counter\nx_total{b="2"} 1\n')
    assert found["s_bucket"] == Series(frozenset({"a", "le"}), frozenset({"0.5", "+Inf"}))
    assert found["x_total"] == Series(frozenset({"b"}))


@pytest.mark.parametrize(
    ("alert", "question"),
    [
        ("up == 0", "(up) == bool (0)"),
        ("absent(up == 1)", "(up) == bool (1)"),
        ("a > 1 and b >= 2", "(a) > bool (1) and (b) >= bool (2)"),
        ('label_replace(absent(a), "x", "y", "", "")', 'label_replace(a, "x", "y", "", "")'),
        ("a / b", "a / b"),
    ],
)
def test_an_alert_as_a_question(alert: str, question: str) -> None:
    assert answered(alert) == parsed(question).prettify()
