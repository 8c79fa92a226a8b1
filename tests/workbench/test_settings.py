from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from bentos.contracts import SERVICES
from workbench.endpoints import Endpoints, service_address
from workbench.settings import Environment, WorkbenchSettings

GATEWAY = "https://faces.example.com"


def from_environment(monkeypatch, **values: str) -> WorkbenchSettings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return WorkbenchSettings()


def test_local_follows_the_port_base_of_the_stack(monkeypatch):
    settings = from_environment(monkeypatch, FACESOCIAL_PORT_BASE="9100")
    local = settings.deployments["local"].endpoints
    assert {name: local.base(name) for name in local.services} == {
        one.name: f"http://127.0.0.1:{9100 + one.port_offset}" for one in SERVICES
    }
    assert local.is_loopback


def test_environments_come_as_json_and_local_stays(monkeypatch):
    text = json.dumps({"staging": {"gateway": GATEWAY}})
    settings = from_environment(monkeypatch, FACESOCIAL_WORKBENCH_ENVIRONMENTS=text)
    assert list(settings.deployments) == ["local", "staging"]
    staging = settings.deployments["staging"].endpoints
    assert staging.url("age-gender-service", "estimate") == f"{GATEWAY}/api/v1/demographics/estimate"
    assert not staging.is_loopback


def test_a_service_of_its_own_goes_before_the_gateway():
    endpoints = Endpoints({"antispoofing-service": "http://10.0.0.7:8000/"}, GATEWAY)
    assert endpoints.url("antispoofing-service", "check") == "http://10.0.0.7:8000/api/v1/check"
    assert endpoints.url("antispoofing-service", "health", versioned=False) == "http://10.0.0.7:8000/health"
    assert endpoints.url("face-detection-service", "detect") == f"{GATEWAY}/api/v1/face-detection/detect"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"gateway": "faces.example.com"},
        {"gateway": "file:///etc/passwd"},
        {"services": {"face-detection-service": "http://"}},
        {"gateway": "http://["},
        {"gateway": "http://127.0.0.1:port"},
        {"services": {"no-such-service": "http://127.0.0.1:1"}},
        {"gateway": GATEWAY, "gatway": GATEWAY},
    ],
)
def test_an_environment_that_leads_nowhere_is_refused(values):
    with pytest.raises(ValidationError):
        Environment.model_validate(values)


def test_an_unknown_service_is_named_with_those_there_are():
    with pytest.raises(LookupError, match="face-detection-service"):
        service_address("face-detecton-service")


def test_the_token_of_local_is_sent_nowhere_else(monkeypatch, tmp_path):
    file = tmp_path / "token"
    file.write_text("local.token.here\n")
    text = json.dumps({"staging": {"gateway": GATEWAY}})
    settings = from_environment(
        monkeypatch,
        FACESOCIAL_WORKBENCH_TOKEN_FILE=str(file),
        FACESOCIAL_WORKBENCH_TOKEN="direct",
        FACESOCIAL_WORKBENCH_ENVIRONMENTS=text,
    )
    assert settings.given_token("local") == "local.token.here"
    assert settings.given_token("staging") is None
    file.write_text("renewed")
    assert settings.given_token("local") == "renewed"


def test_an_environment_has_a_token_file_of_its_own(tmp_path):
    (tmp_path / "staging").write_text("staging.token")
    staging = Environment(gateway=GATEWAY, token_file=tmp_path / "staging")
    settings = WorkbenchSettings(environments={"staging": staging})
    assert settings.given_token("staging") == "staging.token"
    assert settings.given_token("local") is None


def test_a_token_does_not_show_in_what_is_printed(monkeypatch):
    settings = from_environment(monkeypatch, FACESOCIAL_WORKBENCH_TOKEN="very.secret.token")
    assert "very.secret.token" not in repr(settings)
    assert settings.given_token("local") == "very.secret.token"
