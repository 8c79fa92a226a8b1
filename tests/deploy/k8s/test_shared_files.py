"""What the manifests take from other folders, and what programs make of their settings."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from bentos.common.settings import Settings
from deploy.checks.cluster.objects import Objects
from deploy.nginx.profiles import IN_A_CONTAINER, Profile, gateway_for
from deploy.nginx.render import render
from deploy.nginx.settings import GatewaySettings
from workbench.settings import WorkbenchSettings

DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [("grafana", "dashboards/*.json"), ("grafana", "provisioning/*/*.yml"), ("prometheus", "rules/*.yml")],
)
def test_no_dashboard_and_no_rule_stays_at_home(folder: str, pattern: str) -> None:
    text = yaml.safe_load((DEPLOY / folder / "kustomization.yaml").read_text())
    named = {file for one in text["configMapGenerator"] for file in one["files"]}
    there = {str(file.relative_to(DEPLOY / folder)) for file in (DEPLOY / folder).glob(pattern)}
    assert there <= named


def set_from(objects: Objects, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = [one for one in objects.of("ConfigMap") if one["metadata"]["name"].startswith(f"{name}-")]
    for key, value in found["data"].items():
        monkeypatch.setenv(key, value)


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_the_gateway_takes_its_settings(
    built: Callable[[str], Objects], overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_from(built(overlay), "gateway-settings", monkeypatch)
    [ingress] = built(overlay).of("Ingress")
    own = GatewaySettings()
    assert own.server_names == (ingress["spec"]["rules"][0]["host"],)
    assert own.private_networks == (ip_network("127.0.0.0/8"),)
    text = render(gateway_for(Profile.KUBERNETES, Settings(), own, IN_A_CONTAINER))
    assert "set_real_ip_from 10.244.0.0/16;" in text
    assert "face-recognition-service.facesocial-ai.svc.cluster.local:8000" in text
    assert 'ssl_certificate "/etc/nginx/tls/tls.crt"' in text


def test_services_and_workbench_take_theirs(
    built: Callable[[str], Objects], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_from(built("production"), "facesocial-settings", monkeypatch)
    set_from(built("production"), "workbench-settings", monkeypatch)
    settings = Settings()
    assert settings.vectors.uri == "http://milvus:19530"
    assert settings.gallery.tombstones == Path("/var/lib/facesocial/gallery/tombstones.ndjson")
    services = WorkbenchSettings().deployments["local"].services
    assert set(services) == {one for one in built("production").names("Service") if one.endswith("-service")}
