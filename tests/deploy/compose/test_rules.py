"""Every rule finds nothing in what is deployed, and finds what breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.checks.compose import RULES
from deploy.checks.composing import exposure, hardening, programs, references, running, secrecy
from deploy.checks.composing.reading import Composition, Rule

SERVICE = "face-detection-service"


def findings(rule: Rule, composition: Composition) -> list[str]:
    return [str(finding) for finding in rule(composition)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_is_wrong_with_what_is_deployed(rule: Rule, composition: Composition) -> None:
    assert findings(rule, composition) == []


@pytest.mark.parametrize(
    ("rule", "changes", "said"),
    [
        (running.healthy, {"healthcheck": None}, "no healthcheck"),
        (running.healthy, {"healthcheck": {"disable": True}}, "no healthcheck"),
        (running.healthy, {"healthcheck": {"test": ["NONE"]}}, "no healthcheck"),
        (running.limited, {"deploy": None}, "no deploy.resources.limits.memory"),
        (running.limited, {"deploy": {"resources": {"limits": {"memory": "3g"}}}}, "the design says 4g"),
        (running.pinned, {"image": "nginx"}, "not pinned"),
        (running.pinned, {"image": "nginx:latest"}, "not pinned"),
        (running.pinned, {"image": "nginx:stable"}, "not pinned"),
        (
            running.pinned,
            {"image": "facesocial-ai/face-detection-service:0.0.9"},
            "the default of the image's tag",
        ),
        (running.pinned, {"build": "."}, "built where it runs"),
        (running.ordered, {"depends_on": ["redis"]}, "without conditions"),
        (running.ordered, {"depends_on": {"redis": {}}}, "without a condition"),
        (
            running.ordered,
            {"depends_on": {"redis": {"condition": "service_started"}}},
            "should be service_healthy",
        ),
        (running.ordered, {"depends_on": {"nobody": {"condition": "service_healthy"}}}, "does not exist"),
        (
            running.ordered,
            {"depends_on": {"migrate": {"condition": "service_healthy"}}},
            "should be service_completed_successfully",
        ),
        (running.replicable, {"container_name": "x"}, "forbids a second replica"),
        (running.tidy, {"restart": "always"}, "restart is neither"),
        (running.tidy, {"logging": None}, "may grow without end"),
        (hardening.hardened, {"user": "0:0"}, "runs as root"),
        (hardening.hardened, {"user": None}, "runs as root"),
        (hardening.hardened, {"user": "root"}, "runs as root"),
        (hardening.hardened, {"read_only": False}, "writes into its image"),
        (hardening.hardened, {"cap_drop": []}, "keeps capabilities"),
        (hardening.hardened, {"cap_add": ["SYS_ADMIN"]}, "cap_add: SYS_ADMIN"),
        (hardening.hardened, {"security_opt": []}, "may gain rights"),
        (hardening.apart, {"privileged": True}, "privileged opens the machine"),
        (hardening.apart, {"pid": "host"}, "pid opens the machine"),
        (hardening.apart, {"network_mode": "host"}, "network_mode host"),
        (hardening.apart, {"volumes": ["/var/run/docker.sock:/var/run/docker.sock:ro"]}, "Docker's socket"),
        (hardening.apart, {"volumes": ["./redis:/data"]}, "mount it at /data with :ro"),
        (exposure.published, {"ports": ["8000:8000"]}, "publishes 8000:8000 to the world"),
        (exposure.published, {"ports": ["0.0.0.0:8000:8000"]}, "to the world"),
        (exposure.published, {"networks": ["edge"]}, "which is the gateway's alone"),
        (exposure.enclosed, {"networks": None}, "names no network"),
        (
            secrecy.unseen,
            {"environment": {"FACESOCIAL_JWT_SECRET": "x"}},
            "FACESOCIAL_JWT_SECRET puts a secret",
        ),
        (
            secrecy.unseen,
            {"environment": {"FACESOCIAL_JWT_SECRET": None}},
            "FACESOCIAL_JWT_SECRET puts a secret",
        ),
        (secrecy.unseen, {"environment": {"DATABASE_URL": "sqlite://"}}, "DATABASE_URL puts a secret"),
        (secrecy.unseen, {"environment": {"ADDRESS": "http://me:word@host"}}, "ADDRESS puts a secret"),
        (secrecy.unseen, {"environment": ["A=b"]}, "environment is a list"),
        (
            secrecy.unseen,
            {"command": ["redis-server", "--requirepass", "word"]},
            "an argument holds a secret",
        ),
        (secrecy.unseen, {"command": "x --password=word"}, "an argument holds a secret"),
        (secrecy.unseen, {"entrypoint": ["x", "postgresql://me:word@host/x"]}, "an argument holds a secret"),
        (references.joined, {"networks": ["nowhere"]}, "nowhere is not among the networks"),
        (references.joined, {"volumes": ["nothing:/data"]}, "nothing is not among the volumes"),
        (references.joined, {"secrets": ["unknown"]}, "unknown is not among the secrets"),
        (references.present, {"volumes": ["./missing.conf:/x:ro"]}, "./missing.conf does not exist"),
        (
            programs.named,
            {"environment": {"FACESOCIAL_MODEL_DRI": "/x"}},
            "no program reads FACESOCIAL_MODEL_DRI",
        ),
        (
            programs.named,
            {"secrets": ["FACESOCIAL_DATABASE_URI"]},
            "no program reads FACESOCIAL_DATABASE_URI",
        ),
        (
            programs.callable_,
            {"command": ["python", "-m", "deploy.nginx.nothing"]},
            "no module deploy.nginx.nothing",
        ),
        (
            programs.callable_,
            {"command": ["/bin/celery", "-A", "bentos.no.worker", "beat"]},
            "no module bentos.no.worker",
        ),
        (programs.callable_, {"command": ["facesocial", "db", "upgarde"]}, "`facesocial db upgarde`"),
    ],
)
def test_what_breaks_a_rule_is_found(
    composition: Composition, rule: Rule, changes: dict[str, Any], said: str
) -> None:
    composition.content["services"][SERVICE].update(changes)
    (found, *_) = [text for text in findings(rule, composition) if SERVICE in text]
    assert said in found


@pytest.mark.parametrize("store", sorted(exposure.STORES))
def test_a_store_has_no_way_out(composition: Composition, store: str) -> None:
    composition.content["services"][store]["networks"].append("tools")
    assert [
        text for text in findings(exposure.enclosed, composition) if f"{store}: is a store in tools" in text
    ]


@pytest.mark.parametrize("network", sorted(exposure.CLOSED))
def test_a_network_of_faces_has_no_way_out(composition: Composition, network: str) -> None:
    composition.content["networks"][network] = None
    assert [
        text
        for text in findings(exposure.enclosed, composition)
        if f"network {network} has a way out" in text
    ]


def test_a_service_of_the_design_is_missed(composition: Composition) -> None:
    del composition.content["services"][SERVICE]
    assert [text for text in findings(running.limited, composition) if f"no service {SERVICE}" in text]


@pytest.mark.parametrize(
    ("kind", "name"), [("networks", "spare"), ("volumes", "spare"), ("secrets", "spare")]
)
def test_what_nobody_uses_is_found(composition: Composition, kind: str, name: str) -> None:
    composition.content[kind][name] = {}
    assert [
        text
        for text in findings(references.joined, composition)
        if f"nobody uses spare of the {kind}" in text
    ]


@pytest.mark.parametrize(
    "secret", [{"environment": "WORD"}, {"file": "/etc/word"}, {"file": "./secrets/x", "name": "y"}]
)
def test_a_secret_is_a_file_of_the_folder(composition: Composition, secret: dict[str, str]) -> None:
    composition.content["secrets"]["redis_password"] = secret
    assert [
        text for text in findings(secrecy.mounted, composition) if "secret redis_password is not just" in text
    ]


def test_settings_of_every_part_are_known() -> None:
    names = programs.settings_names()
    assert {
        "FACESOCIAL_DATABASE_URL",
        "FACESOCIAL_VIDEO_WEBHOOK_SECRET",
        "FACESOCIAL_GATEWAY_SERVER_NAMES",
        "FACESOCIAL_WORKBENCH_ENVIRONMENTS",
        "FACESOCIAL_BACKUP_RECIPIENTS",
    } <= names
    assert "FACESOCIAL_RECIPIENTS" not in names


def test_every_exception_is_still_needed(composition: Composition) -> None:
    needed = {
        (name, rule)
        for name, service in composition.services.items()
        for rule, _ in hardening._faults(service)
    }
    needed |= {
        (name, "capabilities") for name in composition.services if composition.services[name].get("cap_add")
    }
    assert needed == set(hardening.EXCEPTIONS)
