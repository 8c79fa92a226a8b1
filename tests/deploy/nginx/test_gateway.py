"""The variables of the gateway: nothing gets into the configuration that NGINX could take for more than a value."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.nginx.gateway import DEBIAN_12, Gateway
from deploy.nginx.routes import ROUTES, SERVICE_PREFIXES

SOUND: dict[str, Any] = {
    "server_names": ("localhost",),
    "upstreams": dict.fromkeys(SERVICE_PREFIXES, ("127.0.0.1:8000",)),
    "verifier": "127.0.0.1:9000",
    "certificate": "/etc/tls/tls.crt",
    "certificate_key": "/etc/tls/tls.key",
    "folder": "/var/cache/nginx",
    "pid": "/run/nginx.pid",
    "access_log": "/var/log/access.log",
}
INJECTIONS = (
    "a; }",
    "a;\nuser root",
    "a\n",
    "\na",
    'a" b',
    "a' b",
    "a$b",
    "${host}",
    "a\\",
    "a{b}",
    "a b;",
    "a\0b",
    "a\tb",
)
ODD = ("a#b", "é")
"""Of no meaning between quotes, where paths stand alone."""
PATHS = ("certificate", "certificate_key", "folder", "pid", "access_log", "error_log")
OTHERS = ("verifier", "listen", "resolver", "user", "worker_processes", "allowed_origins")
LISTS = ("server_names", "allowed_origins")


def gateway(**changes: Any) -> Gateway:
    return Gateway(**{**SOUND, **changes})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *product(PATHS, INJECTIONS),
        *product(("server_names", *OTHERS), (*INJECTIONS, *ODD)),
    ],
)
def test_what_nginx_would_read_as_a_program_is_refused(field: str, value: str) -> None:
    """As a value alone, and after the beginning of a sound one."""
    for text in (
        value,
        f"/{value}",
        f"localhost{value}",
        f"https://a.test{value}",
        f"127.0.0.1:80{value}",
        "",
    ):
        with pytest.raises(ValidationError):
            gateway(**{field: (text,) if field in LISTS else text})


@pytest.mark.parametrize("value", [*INJECTIONS, *ODD, "a.test", "a.test:", ":x", ":1234567", "-a.test:80"])
def test_addresses_of_services_are_a_host_and_a_port(value: str) -> None:
    upstreams = {**SOUND["upstreams"], "demographics": ("127.0.0.1:1", value)}
    with pytest.raises(ValidationError):
        gateway(upstreams=upstreams)
    with pytest.raises(ValidationError):
        gateway(upstreams={**upstreams, "demographics": (f"a.test:80{value}",)})


@pytest.mark.parametrize("prefix", SERVICE_PREFIXES)
def test_each_service_has_an_upstream(prefix: str) -> None:
    for upstreams in (
        {**SOUND["upstreams"], prefix: ()},
        {name: at for name, at in SOUND["upstreams"].items() if name != prefix},
    ):
        with pytest.raises(ValidationError, match=prefix):
            gateway(upstreams=upstreams)


@pytest.mark.parametrize(
    "changes",
    [
        {"server_names": ()},
        {"http_port": 0},
        {"https_port": 65_536},
        {"trusted_proxies": ("anywhere",)},
        {"trusted_proxies": ("10.0.0.1/8",)},
        {"private_networks": ("10.0.0.0/33",)},
        {"allowed_origins": ("*",)},
        {"allowed_origins": ("https://*.example.test",)},
        {"allowed_origins": ("https://example.test/",)},
        {"allowed_origins": ("null",)},
        {"allowed_origins": ("example.test",)},
        {"hsts_max_age_s": -1},
        {"user": "root;"},
        {"listens": "0.0.0.0"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        gateway(**changes)


def test_a_zone_has_one_rate() -> None:
    changed = (*ROUTES, ROUTES[0].model_copy(update={"name": "another", "rate": 99}))
    with pytest.raises(ValidationError, match="two rates"):
        gateway(routes=changed)


def test_names_are_asked_again_only_where_nginx_can() -> None:
    with pytest.raises(ValidationError, match=r"1\.27\.3"):
        gateway(resolver="10.0.0.53", version=DEBIAN_12)
    assert gateway(resolver="10.0.0.53", version=(1, 28, 0)).resolver == "10.0.0.53"


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({}, ""),
        ({"https_port": 8443}, ":8443"),
        ({"https_port": 8443, "public_https_port": 443}, ""),
        ({"public_https_port": 9443}, ":9443"),
    ],
)
def test_the_port_that_clients_see(ports: dict[str, int], expected: str) -> None:
    assert gateway(**ports).location_port == expected
