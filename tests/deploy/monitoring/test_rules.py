"""Every fault that a rule may have by itself is found, and nothing is where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.checks.monitoring import unit_tests
from deploy.checks.monitoring.expressions import Series
from deploy.checks.monitoring.rules import RUNBOOK, Rule, faults, recorded, rules_of

KNOWN = {"up": Series(frozenset()), "x_total": Series(frozenset({"kind"}))}
PAGE = "# Runbook\n\n## ItIsDown\n\nPage.\n"
ALERT = Rule(
    where="a.yml: ItIsDown",
    name="ItIsDown",
    expression="max by (service) (up) == 0",
    alerts=True,
    labels={"severity": "page"},
    annotations={"summary": "s", "description": "d", "runbook_url": f"{RUNBOOK}#itisdown"},
)
RECORDING = Rule("a.yml: kind:x:rate5m", "kind:x:rate5m", "sum by (kind) (rate(x_total[5m]))", alerts=False)
BROKEN: Mapping[str, Rule] = {
    "severity": replace(ALERT, labels={"severity": "critical"}),
    "no label service": replace(ALERT, expression="max(up) == 0"),
    "no summary": replace(ALERT, annotations={**ALERT.annotations, "summary": ""}),
    "no description": replace(ALERT, annotations={**ALERT.annotations, "description": ""}),
    "its runbook_url has to be": replace(
        ALERT, annotations={**ALERT.annotations, "runbook_url": "elsewhere"}
    ),
    "and that heading there": replace(
        ALERT, name="Other", annotations={**ALERT.annotations, "runbook_url": f"{RUNBOOK}#other"}
    ),
    "nothing says the metric": replace(ALERT, expression="max by (service) (upp) == 0"),
    "LEVEL:METRIC:OPERATION": replace(RECORDING, name="x_rate5m"),
}


def said(*rules: Rule) -> list[str]:
    return [finding.what for finding in faults(rules, KNOWN, PAGE)]


def test_sound_rules() -> None:
    assert said(ALERT, RECORDING) == []
    assert (
        said(replace(ALERT, expression="max(up) == 0", labels={"severity": "ticket", "service": "all"})) == []
    )


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_rule(fault: str) -> None:
    (what,) = said(BROKEN[fault])
    assert fault in what


def test_a_name_that_is_given_twice() -> None:
    assert said(ALERT, ALERT) == ["this name is given twice"] * 2


def test_recorded_series_have_the_labels_that_are_left() -> None:
    assert recorded([ALERT, RECORDING]) == {"kind:x:rate5m": Series(frozenset({"kind"}))}


def test_rules_are_read_from_files(tmp_path: Path) -> None:
    rule: dict[str, Any] = {"record": RECORDING.name, "expr": RECORDING.expression}
    (tmp_path / "a.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
    assert rules_of(tmp_path) == [RECORDING]


def file_of(folder: Path, *tests: tuple[str, bool]) -> list[Path]:
    cases = [{"alertname": name, "exp_alerts": [{}] if fires else []} for name, fires in tests]
    path = folder / "tests.yml"
    path.write_text(yaml.safe_dump({"tests": [{"alert_rule_test": cases}]}))
    return [path]


def test_an_alert_needs_a_test_that_fires_and_one_that_does_not(tmp_path: Path) -> None:
    def found(*tests: tuple[str, bool]) -> list[str]:
        return [finding.what for finding in unit_tests.faults([ALERT, RECORDING], file_of(tmp_path, *tests))]

    assert found(("ItIsDown", True), ("ItIsDown", False)) == []
    assert found(("ItIsDown", True)) == ["no unit test keeps it silent"]
    assert found(("ItIsDown", False)) == ["no unit test lets it fire"]
    (what,) = found(("ItIsDown", True), ("ItIsDown", False), ("Gone", True))
    assert "Gone" in what
