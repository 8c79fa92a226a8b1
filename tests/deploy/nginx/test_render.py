"""The configuration as text, for each place and version of NGINX."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bentos.common.settings import Settings
from bentos.contracts import SERVICES, ErrorCode
from deploy.nginx.answers import ANSWERS
from deploy.nginx.gateway import DEBIAN_12, Gateway
from deploy.nginx.profiles import IN_A_CONTAINER, Profile, gateway_for
from deploy.nginx.render import render
from deploy.nginx.routes import ROUTES
from deploy.nginx.settings import GatewaySettings

NEWEST = (1, 29, 4)


def gateway(profile: Profile, state: Path, **own: object) -> Gateway:
    return gateway_for(profile, Settings(state_dir=state), GatewaySettings(**own), DEBIAN_12)


def rendered(profile: Profile, state: Path, **own: object) -> str:
    return render(gateway(profile, state, **own))


@pytest.mark.parametrize("profile", Profile)
def test_every_place_has_every_service_route_and_answer(profile: Profile, tmp_path: Path) -> None:
    text = rendered(profile, tmp_path)
    for service in SERVICES:
        assert f"upstream {service.prefix.replace('-', '_')} {{" in text
    for route in ROUTES:
        assert f"location {route.location} {{" in text
        assert f"limit_req zone=limit_{route.zone} burst={route.burst} nodelay;" in text
    for answer in ANSWERS:
        assert f"location = /_error/{answer.status} {{" in text
    assert "{%" not in text
    assert "{{" not in text


def test_local_is_written_for_the_nginx_of_this_machine(tmp_path: Path) -> None:
    text = rendered(Profile.LOCAL, tmp_path)
    assert "listen 127.0.0.1:8443 ssl http2 default_server;" in text
    assert "listen 127.0.0.1:8080 default_server;" in text
    for service in SERVICES:
        assert f"server 127.0.0.1:{8000 + service.port_offset} max_fails=2 fail_timeout=10s;" in text
    for absent in ("http2 on", "keepalive_min_timeout", " resolve;", "resolver"):
        assert absent not in text


@pytest.mark.parametrize("profile", [Profile.COMPOSE, Profile.KUBERNETES])
def test_containers_have_a_newer_nginx(profile: Profile, tmp_path: Path) -> None:
    text = rendered(profile, tmp_path)
    assert gateway(profile, tmp_path).version == IN_A_CONTAINER == (1, 28, 0)
    assert "http2 on;" in text
    assert "ssl http2" not in text
    assert "keepalive_min_timeout 5s;" in text
    assert len(re.findall(r"^ +server [a-z.-]+:8000 max_fails=2 fail_timeout=10s resolve;$", text, re.M)) == 5
    assert re.search(r"^ +resolver [0-9a-z.-]+ valid=10s;$", text, re.M)


def test_names_of_each_place(tmp_path: Path) -> None:
    compose, kubernetes = (rendered(profile, tmp_path) for profile in (Profile.COMPOSE, Profile.KUBERNETES))
    assert "server age-gender-service:8000 " in compose
    assert "listen *:443 ssl" in compose
    assert "server age-gender-service.facesocial-ai.svc.cluster.local:8000 " in kubernetes
    assert "listen *:8443 ssl" in kubernetes
    assert "return 308 https://$redirect_host$request_uri;" in kubernetes
    assert "\nuser " not in kubernetes


def test_settings_are_heeded(tmp_path: Path) -> None:
    text = rendered(
        Profile.COMPOSE,
        tmp_path,
        server_names="Faces.example.test, other.example.test",
        allowed_origins="https://console.example.test",
        trusted_proxies="10.1.0.0/16,2001:db8::/32",
        certificate="/keys/full.pem",
        certificate_key="/keys/key.pem",
    )
    assert 'server_name "Faces.example.test" "other.example.test";' in text
    assert '"faces.example.test" $host;' in text
    assert '"https://console.example.test" $http_origin;' in text
    assert "set_real_ip_from 10.1.0.0/16;" in text
    assert "set_real_ip_from 2001:db8::/32;" in text
    assert 'ssl_certificate "/keys/full.pem";' in text


@pytest.mark.parametrize("profile", Profile)
def test_nobody_is_trusted_or_allowed_unless_named(profile: Profile, tmp_path: Path) -> None:
    text = rendered(profile, tmp_path)
    assert "set_real_ip_from" not in text
    assert "real_ip_header" not in text
    assert "$http_origin;" not in text
    assert not re.search(r"Access-Control\S* +\"?\*", text)


def test_headers_stand_in_one_place(tmp_path: Path) -> None:
    """One ``add_header`` or ``proxy_set_header`` in a location silences all that it inherits."""
    text = rendered(Profile.LOCAL, tmp_path)
    location = ""
    for line in text.splitlines():
        if found := re.match(r" {8}location (.+) \{", line):
            location = found[1]
        if line.startswith("        }"):
            location = ""
        if "add_header" in line:
            assert not location, line
        if "proxy_set_header" in line:
            assert location in ("", "= /_token"), line


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer.status))
def test_answers_are_of_the_contract(answer: object) -> None:
    assert answer in ANSWERS
    body = json.loads(answer.body)  # type: ignore[attr-defined]
    assert body["success"] is False
    assert ErrorCode(body["error"]["code"])
    assert body["meta"] == {"request_id": "$gateway_request_id"}
    # Between quotes that NGINX reads: neither of these may end them or be taken for a variable.
    assert not set("'\\") & set(answer.body)  # type: ignore[attr-defined]
    assert answer.body.count("$") == 1  # type: ignore[attr-defined]


def test_only_what_may_be_repeated_is_repeated(tmp_path: Path) -> None:
    text = rendered(Profile.LOCAL, tmp_path)
    for route in ROUTES:
        block = text.split(f"location @{route.name} {{")[1].split("}\n")[0]
        assert ("non_idempotent" in block) == route.repeatable
