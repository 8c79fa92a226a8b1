"""A real Prometheus looks at the running services: every question of a dashboard, a rule or an alert has an answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from alertmanager_server import AlertmanagerServer
from comparing import answered
from integration.observed import Observed, observed
from prometheus_server import PrometheusServer

from deploy.checks.monitoring.exposed import OF_OTHERS, exposed
from deploy.checks.monitoring.expressions import parsed, selectors
from deploy.checks.monitoring.pages import asked, page
from deploy.checks.monitoring.rules import rules_of
from deploy.prometheus.local import Target

ROOT = Path(__file__).parents[2]
LIMIT_S = 60
POLL_S = 1.0
NOT_HERE = ("DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE", "DCGM_FI_DEV_GPU_UTIL")
"""Said by NVIDIA's exporter, which needs a GPU. Nothing else is left out."""


@dataclass(frozen=True)
class Watched:
    stack: Observed
    prometheus: PrometheusServer
    alertmanager: AlertmanagerServer


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Everything at work: two rounds of requests with a look between them, for rates need two."""
    folder = tmp_path_factory.mktemp("monitoring")
    with observed(folder / "stack") as stack, AlertmanagerServer(folder / "alertmanager") as alertmanager:
        stack.back_up()
        stack.promote()
        stack.hand_in(folder)
        stack.ask()
        stack.end_jobs()
        place = Target("alertmanager", "alertmanager", f"127.0.0.1:{alertmanager.port}")
        with PrometheusServer(folder / "prometheus", [*stack.targets(), place]) as prometheus:
            _until(lambda: prometheus.values("min(count_over_time(up[1h])) >= 3"))
            stack.ask()
            stack.end_jobs()
            yield Watched(stack, prometheus, alertmanager)


def _until(done: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < limit, "it does not come about"
        time.sleep(POLL_S)


def _without_answer(prometheus: PrometheusServer, questions: Mapping[str, str]) -> Sequence[str]:
    """Those that have no answer after a while, by what asks; a number has to be one."""
    left = {where: text for where, text in questions.items() if not _reads(text, NOT_HERE)}
    limit = time.monotonic() + LIMIT_S
    while left and time.monotonic() < limit:
        left = {where: text for where, text in left.items() if not _numbers(prometheus, text)}
        if left:
            time.sleep(POLL_S)
    return [f"{where}: {text}" for where, text in left.items()]


def _numbers(prometheus: PrometheusServer, expression: str) -> list[float]:
    return [value for value in prometheus.values(expression) if not math.isnan(value)]


def _reads(expression: str, names: Sequence[str]) -> bool:
    return any(selector.name in names for selector in selectors(parsed(expression)))


def test_every_target_is_scraped_and_every_rule_evaluated(watched: Watched) -> None:
    jobs = {
        job: watched.prometheus.targets_of(job)
        for job in ("services", "gateway", "prometheus", "alertmanager")
    }
    assert {job: len(targets) for job, targets in jobs.items()} == {
        "services": 5,
        "gateway": 1,
        "prometheus": 1,
        "alertmanager": 1,
    }
    assert [target["lastError"] for targets in jobs.values() for target in targets] == [""] * 8
    _until(lambda: all(rule["health"] != "unknown" for rule in watched.prometheus.rules()))
    assert [rule for rule in watched.prometheus.rules() if rule["health"] != "ok"] == []


def test_every_question_of_a_dashboard_has_an_answer(watched: Watched) -> None:
    files = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
    questions = {
        f"{one.where} ({number})": one.expression
        for file in files
        for number, one in enumerate(asked(page(file)))
    }
    assert len(questions) > 50
    assert _without_answer(watched.prometheus, questions) == []


def test_every_rule_has_a_value_and_every_alert_its_data(watched: Watched) -> None:
    rules = rules_of(ROOT / "deploy/prometheus/rules")
    questions = {rule.where: answered(rule.expression) if rule.alerts else rule.expression for rule in rules}
    assert len(questions) == len(rules) > 50
    assert _without_answer(watched.prometheus, questions) == []


def test_no_alert_is_near_but_those_that_have_a_reason(watched: Watched) -> None:
    def near() -> set[str]:
        return {
            rule["name"] for rule in watched.prometheus.rules() if rule.get("state") not in (None, "inactive")
        }

    # There is no worker for the video, and the new embedder waits; what is backed up is known after a moment.
    _until(lambda: near() == {"VideoJobsStand", "ChampionWaits"})


def test_what_services_say_is_what_the_checks_know(watched: Watched) -> None:
    known = exposed()
    for name in known:
        if name.endswith("_created") or name in NOT_HERE or name == "ALERTS":
            continue  # dates of counters, which no question asks for; series that Prometheus makes of alerts
        assert watched.prometheus.values(f"count({name})"), f"nobody says {name}"
    assert set(NOT_HERE) <= OF_OTHERS.keys()


def test_alertmanager_works_without_any_address(watched: Watched) -> None:
    tell = watched.alertmanager.tell
    tell(
        {"alertname": "ServiceDown", "severity": "page", "service": "a"},
        {"alertname": "LatencyBudgetBurnsFast", "severity": "page", "service": "a"},
        {"alertname": "QueueTooLong", "severity": "ticket", "service": "a"},
        {"alertname": "ReplicaDown", "severity": "ticket", "service": "b"},
    )
    _until(lambda: watched.alertmanager.alerts()["QueueTooLong"]["status"]["state"] == "suppressed")
    states = {name: alert["status"]["state"] for name, alert in watched.alertmanager.alerts().items()}
    assert states["ServiceDown"] == states["ReplicaDown"] == "active"
    assert states["LatencyBudgetBurnsFast"] == states["QueueTooLong"] == "suppressed"
