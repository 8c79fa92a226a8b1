"""A dashboard: rows of panels, and the variables above them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.grafana.panels import SOURCE, WIDTH, Panel

TAG = "facesocial-ai"
SCHEMA = 41
"""Grafana's version of the format."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice above the panels, filled with the values of a label.

    Attributes:
        metric: Whose values are offered.
        several: Whether more than one may be chosen, and all are at first.
    """

    name: str
    title: str
    metric: str
    label: str
    several: bool = True

    @property
    def query(self) -> str:
        return f"label_values({self.metric}, {self.label})"

    def drawn(self) -> dict[str, Any]:
        """As Grafana reads it."""
        every = {"text": ["All"], "value": ["$__all"]} if self.several else {}
        return {
            "type": "query",
            "name": self.name,
            "label": self.title,
            "datasource": dict(SOURCE),
            "query": {"query": self.query, "refId": f"variable-{self.name}"},
            "definition": self.query,
            "includeAll": self.several,
            "allValue": ".+" if self.several else None,
            "multi": self.several,
            "refresh": 2,
            "sort": 1,
            "current": every,
        }


SERVICE = Variable("service", "Service", "http_requests_total", "service")


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page.

    Attributes:
        name: Of its file, and with the tag before it the uid, which addresses rest on.
        rows: Panels under a heading.
    """

    name: str
    title: str
    description: str
    rows: Mapping[str, tuple[Panel, ...]]
    variables: tuple[Variable, ...] = (SERVICE,)
    since: str = "now-6h"

    @property
    def uid(self) -> str:
        return f"{TAG}-{self.name}"

    def text(self) -> str:
        """The file's content."""
        return json.dumps(self._drawn(), indent=2, ensure_ascii=False) + "\n"

    def _drawn(self) -> dict[str, Any]:
        return {
            "uid": self.uid,
            "title": f"FaceSocial AI: {self.title}",
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": self.since, "to": "now"},
            "timezone": "browser",
            "links": [_links()],
            "templating": {"list": [variable.drawn() for variable in self.variables]},
            "annotations": {"list": []},
            "panels": list(self._placed()),
        }

    def _placed(self) -> Iterator[dict[str, Any]]:
        number = y = 0
        for heading, panels in self.rows.items():
            number += 1
            yield _heading(number, heading, y)
            y += 1
            x = height = 0
            for panel in panels:
                number += 1
                if x + panel.columns > WIDTH:
                    x, y, height = 0, y + height, 0
                yield panel.drawn(number, x, y)
                x, height = x + panel.columns, max(height, panel.rows)
            y += height


def _heading(number: int, title: str, y: int) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _links() -> dict[str, Any]:
    return {
        "type": "dashboards",
        "title": "Others",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }
