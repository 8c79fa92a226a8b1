"""Which tolerance holds for which metric."""

from __future__ import annotations

import pytest

from training_eval.errors import DataMissing
from training_eval.tolerances import Limits, read_limits


@pytest.mark.parametrize(
    ("metric", "tolerance"),
    [
        ("verification AUC", 0.002),
        ("frame AUC", 0.002),
        ("10-fold accuracy", 0.005),
        ("rank-1 identification", 0.005),
        ("CS at 5 years", 0.005),
        ("TAR at FAR 0.001", 0.005),
        ("APCER", 0.005),
        ("BPCER at APCER 0.1", 0.005),
        ("FNIR at FPIR 0.01", 0.005),
        ("faces not found", 0.005),
        ("AP", 0.005),
        ("age MAE (years)", 0.1),
        ("ECE", 0.005),
        ("mean recall", 0.005),
    ],
)
def test_families(metric: str, tolerance: float) -> None:
    assert Limits().tolerance(metric, 0.5) == tolerance


@pytest.mark.parametrize("metric", ["throughput", "APE", "maeve"])
def test_a_metric_of_no_family_has_half_a_percent_of_the_champions_value(metric: str) -> None:
    assert Limits().tolerance(metric, 200.0) == 1.0
    assert Limits().tolerance(metric, -200.0) == 1.0


def test_a_metric_is_overridden_by_its_name_or_its_familys() -> None:
    limits = read_limits('{"tolerances": {"AUC": 0.1, "frame AUC": 0.2, "unheard of": 3}, "groups": 1}')
    assert limits.tolerance("video AUC", 0.9) == 0.1
    assert limits.tolerance("frame AUC", 0.9) == 0.2
    assert limits.tolerance("unheard of", 100.0) == 3
    assert limits.groups == 1
    assert limits.slower == Limits().slower


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "the file"),
        ("[]", "the file"),
        ('{"tolerance": {}}', "tolerance: "),
        ('{"tolerances": {"AUC": -1}}', "tolerances.AUC"),
        ('{"tolerances": {"AUC": NaN}}', "tolerances.AUC"),
        ('{"groups": 0.5}', "groups"),
        ('{"slower": Infinity}', "slower"),
        ('{"size_bytes": 0}', "size_bytes"),
        ('{"size_bytes": "many"}', "size_bytes"),
    ],
)
def test_what_are_no_limits_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(DataMissing, match=f"These are no limits: {named}"):
        read_limits(text)
