"""Dashboards as Grafana will read them: their files, what they ask for, and how they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.checks.monitoring.expressions import TARGET_LABELS, Known
from deploy.checks.monitoring.expressions import faults as expression_faults

VARIABLES: Mapping[str, str] = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "6h"}
"""Grafana's own, as they are filled in to be judged."""
CHOSEN = ".+"
"""What a dashboard's own variable stands for, where all are chosen."""
VALUES = re.compile(r"^label_values\((\w+), (\w+)\)$")
SOURCE_UID = "prometheus"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a panel, its variables filled in."""

    where: str
    expression: str


def page(path: Path) -> Mapping[str, Any]:
    """A dashboard's file."""
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def panels_of(dashboard: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Its panels, headings left out."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def asked(dashboard: Mapping[str, Any]) -> Sequence[Asked]:
    """All that its panels ask for."""
    return [
        Asked(f"{dashboard['uid']}: {panel['title']}", filled(target["expr"], dashboard))
        for panel in panels_of(dashboard)
        for target in panel["targets"]
    ]


def filled(expression: str, dashboard: Mapping[str, Any]) -> str:
    """An expression without variables; one that there is not stays, and is no PromQL."""
    own = {f"${one['name']}": CHOSEN for one in dashboard["templating"]["list"]}
    for name, value in sorted({**VARIABLES, **own}.items(), key=lambda pair: -len(pair[0])):
        expression = expression.replace(name, value)
    return expression


def faults(dashboard: Mapping[str, Any], known: Known) -> Iterator[str]:
    """What is wrong with a dashboard: what it asks for, and what a reader would miss."""
    for one in asked(dashboard):
        yield from (f"{one.where}: {fault}" for fault in expression_faults(one.expression, known))
        if "$" in one.expression:
            yield f"{one.where}: a variable that there is not: {one.expression}"
    for variable in dashboard["templating"]["list"]:
        yield from _wrong_variable(variable, known)
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) < len(ids):
        yield "two panels have one id"
    for panel in panels_of(dashboard):
        yield from (f"{panel['title']}: {what}" for what in _wrong_panel(panel))


def _wrong_variable(variable: Mapping[str, Any], known: Known) -> Iterator[str]:
    found = VALUES.match(variable["query"]["query"])
    if found is None or found[1] not in known or found[2] not in known[found[1]].labels | TARGET_LABELS:
        yield f"the variable {variable['name']} asks for what nothing says: {variable['query']['query']}"


def _wrong_panel(panel: Mapping[str, Any]) -> Iterator[str]:
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    if any(source != {"type": "prometheus", "uid": SOURCE_UID} for source in sources):
        yield f"its source is not {SOURCE_UID}, which is provisioned"
    if not panel.get("description"):
        yield "it has no description"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield "it has no unit"
    if panel["type"] != "table" and any(target["legendFormat"] == "__auto" for target in panel["targets"]):
        yield "its series have no names"
