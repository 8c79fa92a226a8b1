"""Alertmanager's routes, and that nothing secret stands in its configuration."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.checks import alertmanager
from deploy.checks.finding import run
from deploy.checks.monitoring.rules import rules_of

ROOT = Path(__file__).parents[3]
AMTOOL = shutil.which("amtool") or ""
pytestmark = pytest.mark.skipif(not AMTOOL, reason="amtool is not installed")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / alertmanager.CONFIG).parent.mkdir(parents=True)
    shutil.copy(ROOT / alertmanager.CONFIG, tmp_path / alertmanager.CONFIG)
    return tmp_path


def found(root: Path) -> list[str]:
    return [finding.what for finding in alertmanager.check(root)]


def change(root: Path, **changes: Any) -> None:
    path = root / alertmanager.CONFIG
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))


def test_the_configuration_is_sound(copy: Path) -> None:
    assert found(copy) == []


def test_amtool_judges_it(copy: Path) -> None:
    change(copy, route={"receiver": "nobody"})
    (what,) = found(copy)
    assert "nobody" in what


@pytest.mark.parametrize(
    "receiver",
    [
        {"slack_configs": [{"api_url": "https://hooks.example.test/token"}]},
        {"pagerduty_configs": [{"routing_key": "0123456789"}]},
        {"webhook_configs": [{"url": "https://user:password@example.test"}]},
        {
            "webhook_configs": [
                {"url": "http://x.test", "http_config": {"basic_auth": {"username": "u", "password": "p"}}}
            ]
        },
    ],
)
def test_what_is_secret_is_a_file(copy: Path, receiver: dict[str, Any]) -> None:
    config = yaml.safe_load((copy / alertmanager.CONFIG).read_text())
    change(copy, receivers=[*config["receivers"], {"name": "other", **receiver}])
    findings = found(copy)
    assert findings
    assert all("name a file" in what for what in findings)


def test_unconfigured_it_works(copy: Path) -> None:
    config = yaml.safe_load((copy / alertmanager.CONFIG).read_text())
    change(copy, route={**config["route"], "receiver": "page"})
    (what,) = found(copy)
    assert "unconfigured" in what


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=page", "service=a"], "page"),
        (["severity=page"], "page"),
        (["severity=ticket", "service=a"], "ticket"),
        (["severity=none"], "shown"),
        (["alertname=ServiceDown"], "shown"),
    ],
)
def test_who_is_told(labels: list[str], receiver: str) -> None:
    config = f"--config.file={ROOT / alertmanager.CONFIG}"
    done = run([AMTOOL, "config", "routes", "test", config, f"--verify.receivers={receiver}", *labels])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_that_is_named_exists() -> None:
    config = yaml.safe_load((ROOT / alertmanager.CONFIG).read_text())
    named: set[str] = set()
    for rule in config["inhibit_rules"]:
        for matcher in [*rule["source_matchers"], *rule["target_matchers"]]:
            if matcher.startswith("alertname"):
                named |= set(matcher.split('"')[1].split("|"))
    alerts = {rule.name for rule in rules_of(ROOT / "deploy/prometheus/rules") if rule.alerts}
    assert named
    assert named <= alerts
    assert all(rule["equal"] == ["service"] for rule in config["inhibit_rules"])
