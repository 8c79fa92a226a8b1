"""The files of rules and of their unit tests, as they are read by checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deploy.checks.finding import Finding
from deploy.checks.monitoring.expressions import Known, Series, grouped, parsed
from deploy.checks.monitoring.expressions import faults as expression_faults

RECORDED = re.compile(r"^[a-z_]+:[a-zA-Z_]+:[a-z0-9_]+$")
SEVERITIES = ("page", "ticket")
ANNOTATIONS = ("summary", "description", "runbook_url")
RUNBOOK = Path("deploy/prometheus/RUNBOOK.md")


@dataclass(frozen=True, slots=True)
class Rule:
    """One that records a series, or one that alerts.

    Attributes:
        where: Its file, and its name.
        name: Of the series or the alert.
        expression: PromQL.
    """

    where: str
    name: str
    expression: str
    alerts: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def rules_of(folder: Path) -> Sequence[Rule]:
    """All rules of a folder's files, in order."""
    return [
        _rule(path, raw)
        for path in sorted(folder.glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for raw in group["rules"]
    ]


def recorded(rules: Sequence[Rule]) -> Known:
    """What the recording rules make, with the labels that their aggregations leave."""
    made = {}
    for rule in rules:
        if not rule.alerts:
            made[rule.name] = Series(grouped(parsed(rule.expression)) | rule.labels.keys())
    return made


def faults(rules: Sequence[Rule], known: Known, runbook: str) -> Iterator[Finding]:
    """What is wrong with rules by themselves.

    Args:
        rules: All of them.
        known: Metrics that there are, those that rules record included.
        runbook: Text of the page that alerts point to.
    """
    names = [rule.name for rule in rules]
    anchors = {heading.lower() for heading in re.findall(r"^## (\w+)$", runbook, re.MULTILINE)}
    for rule in rules:
        wrong = [*expression_faults(rule.expression, known), *_wrong(rule, anchors)]
        if names.count(rule.name) > 1:
            wrong.append("this name is given twice")
        yield from (Finding(rule.where, what) for what in wrong)


def _rule(path: Path, raw: Mapping[str, Any]) -> Rule:
    name = str(raw.get("alert") or raw.get("record"))
    return Rule(
        where=f"{path.name}: {name}",
        name=name,
        expression=str(raw["expr"]),
        alerts="alert" in raw,
        labels=raw.get("labels") or {},
        annotations=raw.get("annotations") or {},
    )


def _wrong(rule: Rule, anchors: set[str]) -> Iterator[str]:
    if not rule.alerts:
        if not RECORDED.match(rule.name):
            yield "its name is not LEVEL:METRIC:OPERATION"
        return
    if rule.labels.get("severity") not in SEVERITIES:
        yield f"its severity is none of {', '.join(SEVERITIES)}"
    if "service" not in rule.labels and not _says_service(rule.expression):
        yield "it has no label service, by which a page silences tickets"
    yield from (f"it has no {name}" for name in ANNOTATIONS if not rule.annotations.get(name))
    if (
        rule.annotations.get("runbook_url") != f"{RUNBOOK}#{rule.name.lower()}"
        or rule.name.lower() not in anchors
    ):
        yield f"its runbook_url has to be {RUNBOOK}#{rule.name.lower()}, and that heading there"


def _says_service(expression: str) -> bool:
    """Whether what it alerts on has the label: grouped by it, recorded of each service, or a target's own series."""
    try:
        left = grouped(parsed(expression))
    except ValueError:
        return True  # that is another fault
    return "service" in left or (not left and bool(re.search(r"\b(service|queue|model):|up\{", expression)))
