"""Dashboards: their files are those of the code, and every question has an answer that services give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.checks.finding import Finding
from deploy.checks.monitoring import pages
from deploy.checks.monitoring.exposed import exposed
from deploy.checks.monitoring.rules import recorded, rules_of
from deploy.grafana.boards import DASHBOARDS

PLACE = Path("deploy/grafana")
RULES = Path("deploy/prometheus/rules")
AGAIN = "python -m deploy.grafana writes it anew"
SHOWN_AT = "/etc/grafana/dashboards"
"""Where Compose and Kubernetes mount the folder of dashboards."""


def check(root: Path) -> Iterable[Finding]:
    """Whether the dashboards are current, ask for what there is, and are provisioned."""
    folder = root / PLACE / "dashboards"
    yield from _current(folder)
    known = {**exposed(), **recorded(rules_of(root / RULES))}
    uids: set[str] = set()
    for path in sorted(folder.glob("*.json")):
        dashboard = pages.page(path)
        if dashboard["uid"] in uids:
            yield Finding(path.name, f"the uid {dashboard['uid']} is another one's")
        uids.add(dashboard["uid"])
        yield from (Finding(path.name, what) for what in pages.faults(dashboard, known))
    yield from _provisioned(root / PLACE / "provisioning")


def _current(folder: Path) -> Iterator[Finding]:
    made = {f"{dashboard.name}.json": dashboard.text() for dashboard in DASHBOARDS}
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    for name in sorted(made.keys() | there.keys()):
        if name not in made:
            yield Finding(name, "no code makes it: remove it")
        elif made[name] != there.get(name):
            yield Finding(name, f"it is not what the code makes: {AGAIN}")


def _provisioned(folder: Path) -> Iterator[Finding]:
    sources = _read(folder / "datasources", "datasources")
    if [source["type"] for source in sources if source["uid"] == pages.SOURCE_UID] != ["prometheus"]:
        yield Finding("datasources", f"no Prometheus has the uid {pages.SOURCE_UID}")
    providers = _read(folder / "dashboards", "providers")
    if [provider["options"]["path"] for provider in providers] != [SHOWN_AT]:
        yield Finding("dashboards", f"the folder of dashboards is {SHOWN_AT}")


def _read(folder: Path, key: str) -> list[Any]:
    return [entry for path in sorted(folder.glob("*.yml")) for entry in yaml.safe_load(path.read_text())[key]]
