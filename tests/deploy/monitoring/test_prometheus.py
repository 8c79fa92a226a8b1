"""Prometheus' configurations as promtool judges them, and what it cannot judge of Kubernetes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.checks import prometheus
from deploy.checks.monitoring import discovery
from deploy.prometheus.local import Target, local_targets, write

ROOT = Path(__file__).parents[3]
PLACE = ROOT / prometheus.PLACE
PROMTOOL = shutil.which("promtool") or ""
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PLACE, tmp_path / "prometheus"))


def change(path: Path, change_it: Callable[[Any], object]) -> None:
    config = yaml.safe_load(path.read_text())
    change_it(config)
    path.write_text(yaml.safe_dump(config))


def found(copy: Path) -> list[str]:
    return [str(finding) for finding in prometheus._configurations(PROMTOOL, copy)]


@needs_promtool
def test_the_configurations_are_sound(copy: Path) -> None:
    assert found(copy) == []


@needs_promtool
@pytest.mark.parametrize("name", [prometheus.CONFIG, prometheus.IN_KUBERNETES])
def test_promtool_judges_both(copy: Path, name: str) -> None:
    change(
        copy / name, lambda config: config["scrape_configs"][0]["relabel_configs"][0].update(action="kept")
    )
    assert any(finding.startswith(name) and "kept" in finding for finding in found(copy))


@needs_promtool
def test_rules_and_targets_are_judged_with_them(copy: Path) -> None:
    (copy / "targets" / "compose.yml").write_text("- targets: 7\n")
    assert any("cannot unmarshal" in finding for finding in found(copy))
    shutil.copy(PLACE / "targets" / "compose.yml", copy / "targets" / "compose.yml")
    rules = copy / "rules" / "slo.yml"
    rules.write_text(rules.read_text().replace("sum by (service) (rate(", "sum by (service) (rates(", 1))
    assert any("rates" in finding for finding in found(copy))


@needs_promtool
def test_a_unit_test_that_fails_is_found(copy: Path) -> None:
    rules = copy / "rules" / "alerts.yml"
    files = [copy / "tests" / "videos.yml"]
    assert list(prometheus.run_tests(PROMTOOL, files)) == []
    rules.write_text(rules.read_text().replace('status="queued"}) > 20', 'status="queued"}) > 200'))
    (finding,) = prometheus.run_tests(PROMTOOL, files)
    assert finding.where == "videos.yml"
    assert "VideoJobsWait" in finding.what


def of_kubernetes(copy: Path) -> list[str]:
    return list(discovery.faults(copy / prometheus.IN_KUBERNETES, copy / prometheus.CONFIG))


def test_prometheus_asks_for_pods_of_its_own_namespace_alone(copy: Path) -> None:
    assert of_kubernetes(copy) == []
    pods = [{"role": "pod"}]
    change(
        copy / prometheus.IN_KUBERNETES,
        lambda config: config["scrape_configs"][1].update(kubernetes_sd_configs=pods),
    )
    (fault,) = of_kubernetes(copy)
    assert fault.startswith("gateway: ")


def test_the_jobs_are_the_same_everywhere(copy: Path) -> None:
    change(copy / prometheus.IN_KUBERNETES, lambda config: config["scrape_configs"].pop())
    (fault,) = of_kubernetes(copy)
    assert "gpu" in fault


def test_every_job_of_the_configuration_takes_its_own_targets() -> None:
    config = yaml.safe_load((PLACE / prometheus.CONFIG).read_text())
    for scrape in config["scrape_configs"]:
        assert scrape["file_sd_configs"] == [{"files": ["targets/*.yml"]}]
        assert scrape["relabel_configs"] == [
            {"source_labels": ["job"], "regex": scrape["job_name"], "action": "keep"}
        ]
    targets = yaml.safe_load((PLACE / "targets" / "compose.yml").read_text())
    jobs = {scrape["job_name"] for scrape in config["scrape_configs"]}
    assert {group["labels"]["job"] for group in targets} == jobs - {"gpu"}


def test_the_local_stack_has_targets_of_its_own(tmp_path: Path) -> None:
    config = write(tmp_path, [*local_targets(18_000), Target("gpu", "dcgm-exporter", "127.0.0.1:9400")])
    groups = yaml.safe_load((tmp_path / "targets" / "local.yml").read_text())
    assert groups[0] == {
        "targets": ["127.0.0.1:18001"],
        "labels": {"job": "services", "service": "face-recognition-service"},
    }
    assert [group["labels"]["job"] for group in groups] == ["services"] * 5 + ["gateway", "prometheus", "gpu"]
    assert config.read_text() == (PLACE / prometheus.CONFIG).read_text()
    assert (tmp_path / "rules" / "alerts.yml").is_file()
