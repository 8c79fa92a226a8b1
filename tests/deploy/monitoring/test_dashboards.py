"""Dashboards are what the code makes, ask for what there is, and are laid out so that people can read them."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.checks import dashboards
from deploy.checks.monitoring.expressions import Series
from deploy.checks.monitoring.pages import faults, panels_of
from deploy.grafana.__main__ import main
from deploy.grafana.boards import DASHBOARDS
from deploy.grafana.dashboard import Dashboard, Variable
from deploy.grafana.panels import COLOURS, WIDTH, Panel, Query

ROOT = Path(__file__).parents[3]
KNOWN = {"requests_total": Series(frozenset({"status"}))}
PANEL = Panel(
    "Requests", "All of them.", "reqps", (Query('requests_total{service=~"$service"}', "{{status}}"),)
)
PAGE = json.loads(
    Dashboard(
        "one", "one", "One.", {"Row": (PANEL,)}, (Variable("service", "S", "requests_total", "service"),)
    ).text()
)
Change = Callable[[dict[str, Any], dict[str, Any]], object]
"""Breaks a dashboard or its first panel."""
BROKEN: Mapping[str, Change] = {
    "nothing says the metric gone": lambda page, panel: panel["targets"][0].update(expr="gone"),
    "has no label state": lambda page, panel: panel["targets"][0].update(expr='requests_total{state="x"}'),
    "no PromQL": lambda page, panel: panel["targets"][0].update(expr="sum(requests_total"),
    "a variable that there is not": lambda page, panel: panel["targets"][0].update(
        expr='requests_total{status="$tenant"}'
    ),
    "its source is not prometheus": lambda page, panel: panel["datasource"].update(uid="other"),
    "it has no description": lambda page, panel: panel.update(description=""),
    "it has no unit": lambda page, panel: panel["fieldConfig"]["defaults"].pop("unit"),
    "its series have no names": lambda page, panel: panel["targets"][0].update(legendFormat="__auto"),
    "two panels have one id": lambda page, panel: panel.update(id=1),
    "asks for what nothing says": lambda page, panel: page["templating"]["list"][0]["query"].update(
        query="label_values(requests_total, tenant)"
    ),
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for part in (dashboards.PLACE / "dashboards", dashboards.PLACE / "provisioning", dashboards.RULES):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


def found(root: Path) -> list[str]:
    return [str(finding) for finding in dashboards.check(root)]


def test_the_dashboards_are_sound(checkout: Path) -> None:
    assert found(checkout) == []


def test_a_file_that_was_changed_by_hand_and_one_that_nobody_makes(checkout: Path) -> None:
    folder = checkout / dashboards.PLACE / "dashboards"
    text = (folder / "jobs.json").read_text()
    (folder / "jobs.json").write_text(text.replace('"refresh": "30s"', '"refresh": "5s"'))
    (folder / "old.json").write_text(text.replace("facesocial-ai-jobs", "facesocial-ai-old"))
    assert [finding.partition(":")[0] for finding in found(checkout)] == ["jobs.json", "old.json"]
    main(folder)
    (folder / "old.json").unlink()
    assert found(checkout) == []


def test_a_recording_rule_that_is_gone(checkout: Path) -> None:
    rules = checkout / dashboards.RULES / "recording.yml"
    rules.write_text(
        rules.read_text().replace("model:ai_model_score:ks_distance", "model:ai_model_score:distance")
    )
    assert any("ks_distance" in finding for finding in found(checkout))


def test_sources_and_folders_are_provisioned(checkout: Path) -> None:
    folder = checkout / dashboards.PLACE / "provisioning"
    for path in folder.rglob("*.yml"):
        path.write_text(
            path.read_text().replace("uid: prometheus", "uid: metrics").replace("/etc/grafana", "/srv")
        )
    assert {finding.partition(":")[0] for finding in found(checkout)} == {"datasources", "dashboards"}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_dashboard(fault: str) -> None:
    assert list(faults(PAGE, KNOWN)) == []
    page = copy.deepcopy(PAGE)
    BROKEN[fault](page, page["panels"][1])
    said = list(faults(page, KNOWN))
    assert said
    assert all(fault in what for what in said)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_panels_neither_overlap_nor_leave_the_page(dashboard: Dashboard) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(dashboard.text())["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert max(x for x, _ in cells) < WIDTH
        assert not cells & taken
        taken |= cells


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_states_are_told_apart_without_red_and_green() -> None:
    for dashboard in DASHBOARDS:
        for panel in panels_of(json.loads(dashboard.text())):
            steps = [step["color"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
            assert set(steps) <= set(COLOURS)
            shades = [luminance(step) for step in steps]
            assert all(abs(one - other) > 0.05 for one in shades for other in shades if one != other)
            for override in panel["fieldConfig"]["overrides"]:
                colour, style = (one["value"] for one in override["properties"])
                assert colour["fixedColor"] in COLOURS
                assert style["fill"] in ("solid", "dash")


def test_lines_of_one_panel_differ_by_colour_and_dashes() -> None:
    several = Panel("t", "d", "s", tuple(Query("requests_total", str(number)) for number in range(4)))
    styles = [
        json.dumps(override["properties"]) for override in several.drawn(1, 0, 0)["fieldConfig"]["overrides"]
    ]
    assert len(set(styles)) == 4
