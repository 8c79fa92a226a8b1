"""Whether every alert has a unit test in which it fires and one in which it is silent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from deploy.checks.finding import Finding
from deploy.checks.monitoring.rules import Rule


def faults(rules: Sequence[Rule], files: Sequence[Path]) -> Iterator[Finding]:
    """Alerts that no test lets fire, or none keeps silent.

    Args:
        rules: All of them.
        files: Unit tests for promtool.
    """
    fires: set[str] = set()
    silent: set[str] = set()
    for path in files:
        for case in yaml.safe_load(path.read_text())["tests"]:
            for test in case.get("alert_rule_test", ()):
                (fires if test.get("exp_alerts") else silent).add(test["alertname"])
    for rule in rules:
        if rule.alerts and rule.name not in fires:
            yield Finding(rule.where, "no unit test lets it fire")
        if rule.alerts and rule.name not in silent:
            yield Finding(rule.where, "no unit test keeps it silent")
    alerts = {rule.name for rule in rules if rule.alerts}
    yield from (
        Finding("tests", f"they test an alert that there is not: {name}")
        for name in sorted((fires | silent) - alerts)
    )
