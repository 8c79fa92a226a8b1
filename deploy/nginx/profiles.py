"""Where the gateway runs: on this machine, in Compose, in Kubernetes."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bentos.common.settings import Settings
from bentos.contracts import SERVICES
from deploy.nginx.gateway import Gateway, Version
from deploy.nginx.settings import GatewaySettings

LOCAL_NAMES = ("localhost", "127.0.0.1")
LOCAL_HSTS_S = 300
"""Browsers ask for HTTPS on every port of a name, and the workbench of this machine speaks HTTP."""
HTTPS_OFFSET, HTTP_OFFSET, VERIFIER_OFFSET = 443, 80, 9

IN_A_CONTAINER: Version = (1, 28, 0)
"""Of the image that Compose and Kubernetes run."""
SERVICE_PORT, VERIFIER_PORT = 8000, 9000
NAMESPACE = "facesocial-ai"


class Profile(StrEnum):
    """For which place a configuration is rendered."""

    LOCAL = "local"
    COMPOSE = "compose"
    KUBERNETES = "kubernetes"


class LocalPaths:
    """The gateway's files in the state folder."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "gateway"
        self.config = self.folder / "nginx.conf"
        self.certificate = self.folder / "certificate.pem"
        self.key = self.folder / "certificate-key.pem"
        self.access_log = state / "logs" / "gateway-access.log"


def gateway_for(profile: Profile, settings: Settings, own: GatewaySettings, version: Version) -> Gateway:
    """The variables for a place; ``version`` is that of the NGINX of this machine.

    Raises:
        pydantic.ValidationError: A setting that NGINX would misread.
    """
    if profile is Profile.LOCAL:
        return _local(settings, own, version)
    return _container(profile, own)


def ports_of(settings: Settings, own: GatewaySettings) -> Mapping[str, int]:
    """The local gateway's ports: ``https``, ``http`` and ``verifier``."""
    base = settings.port_base
    return MappingProxyType(
        {
            "https": own.https_port or base + HTTPS_OFFSET,
            "http": own.http_port or base + HTTP_OFFSET,
            "verifier": base + VERIFIER_OFFSET,
        }
    )


def _local(settings: Settings, own: GatewaySettings, version: Version) -> Gateway:
    paths, ports = LocalPaths(settings.state_dir), ports_of(settings, own)
    return Gateway(
        **_shared(own, LOCAL_NAMES, paths.certificate, paths.key),
        upstreams={
            service.prefix: (f"127.0.0.1:{settings.port_base + service.port_offset}",) for service in SERVICES
        },
        verifier=f"127.0.0.1:{ports['verifier']}",
        folder=str(paths.folder),
        pid=str(paths.folder / "nginx.pid"),
        access_log=str(paths.access_log),
        listen="127.0.0.1",
        https_port=ports["https"],
        http_port=ports["http"],
        hsts_max_age_s=LOCAL_HSTS_S,
        user=getpass.getuser() if os.geteuid() == 0 else None,
        worker_processes="1",
        worker_connections=1024,
        version=version,
    )


def _container(profile: Profile, own: GatewaySettings) -> Gateway:
    compose = profile is Profile.COMPOSE
    domain = "" if compose else f".{NAMESPACE}.svc.cluster.local"
    verifier = "token-verifier" if compose else "127.0.0.1"  # a container beside it, or one of the same pod
    resolver = "127.0.0.11" if compose else "kube-dns.kube-system.svc.cluster.local"
    # Ports below 1024 are for root, which a pod is not.
    ports: dict[str, Any] = (
        {} if compose else {"http_port": 8080, "https_port": 8443, "public_https_port": 443}
    )
    secret = Path("/run/secrets") if compose else Path("/etc/nginx/tls")
    names = ("certificate.pem", "certificate-key.pem") if compose else ("tls.crt", "tls.key")
    return Gateway(
        **_shared(own, ("localhost",), secret / names[0], secret / names[1], resolver),
        upstreams={service.prefix: (f"{service.name}{domain}:{SERVICE_PORT}",) for service in SERVICES},
        verifier=f"{verifier}:{VERIFIER_PORT}",
        folder="/var/cache/nginx",
        pid="/var/cache/nginx/nginx.pid",
        access_log="/dev/stdout",
        user="nginx" if compose else None,
        version=IN_A_CONTAINER,
        **ports,
    )


def _shared(
    own: GatewaySettings, names: tuple[str, ...], certificate: Path, key: Path, resolver: str | None = None
) -> dict[str, Any]:
    return {
        "server_names": own.server_names or names,
        "allowed_origins": own.allowed_origins,
        "trusted_proxies": own.trusted_proxies,
        "private_networks": own.private_networks,
        "certificate": str((own.certificate or certificate).absolute()),
        "certificate_key": str((own.certificate_key or key).absolute()),
        "resolver": own.resolver or resolver,
    }
