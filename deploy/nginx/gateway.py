"""The few variables of the gateway's configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from deploy.nginx.routes import ROUTES, SERVICE_PREFIXES, Route

Version = tuple[int, int, int]
HTTP2_DIRECTIVE: Version = (1, 25, 1)
RESOLVE_IN_UPSTREAM: Version = (1, 27, 3)
KEEPALIVE_MIN_TIMEOUT: Version = (1, 27, 4)
DEBIAN_12: Version = (1, 22, 1)

HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
Host = Annotated[str, StringConstraints(pattern=f"^{HOST}$", max_length=253)]
HostPort = Annotated[str, StringConstraints(pattern=rf"^(?:{HOST}|\[[0-9a-fA-F:]+\]):[0-9]{{1,5}}$")]
PATH = r"/[^\"'\\$;{}\x00-\x1f\x7f]*"
"""In NGINX's quotes nothing of it has a meaning."""
Path = Annotated[str, StringConstraints(pattern=f"^{PATH}$")]
Origin = Annotated[str, StringConstraints(pattern=rf"^https?://{HOST}(?::[0-9]{{1,5}})?$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Network = IPv4Network | IPv6Network

PRIVATE: tuple[Network, ...] = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)


def _one_zone_one_limit(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    rates: dict[str, int] = {}
    for route in routes:
        if rates.setdefault(route.zone, route.rate) != route.rate:
            raise ValueError(f"the limit {route.zone} has two rates")
    return routes


class Gateway(BaseModel):
    """What ``gateway.conf.j2`` is filled with; every text is checked, for NGINX reads it as a program.

    Attributes:
        upstreams: Replicas of each service, by the prefix of the contract.
        verifier: Where ``deploy.nginx.verifier`` listens.
        resolver: Name server that is asked again for the replicas' names (``resolve``); None: asked once at the start.
        listen: Address to listen on.
        public_https_port: Port in redirects, where it is not the one that NGINX listens on.
        user: Account of the workers where NGINX is started by root.
        folder: Temporary files; on a disk in memory where bodies must not touch another one.
        hsts_max_age_s: How long a browser refuses plain HTTP for these names.
        trusted_proxies: Whose X-Forwarded-For is believed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server_names: Annotated[tuple[Host, ...], Field(min_length=1)]
    upstreams: Mapping[str, tuple[HostPort, ...]]
    verifier: HostPort
    certificate: Path
    certificate_key: Path
    folder: Path
    pid: Path
    access_log: Path
    error_log: str = Field(default="stderr", pattern=f"^(?:stderr|{PATH})$")
    listen: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F.:\[\]*]+$")] = "*"
    http_port: Port = 80
    https_port: Port = 443
    public_https_port: Port | None = None
    resolver: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.:\[\]-]+$")
    user: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_-]*$")
    worker_processes: str = Field(default="auto", pattern=r"^(?:auto|[1-9][0-9]?)$")
    worker_connections: Annotated[int, Field(ge=64)] = 4096
    hsts_max_age_s: Annotated[int, Field(ge=0)] = 63_072_000
    allowed_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    private_networks: tuple[Network, ...] = PRIVATE
    routes: Annotated[tuple[Route, ...], AfterValidator(_one_zone_one_limit)] = ROUTES
    version: Version = DEBIAN_12

    @model_validator(mode="after")
    def _all_services(self) -> Self:
        if missing := [name for name in SERVICE_PREFIXES if not self.upstreams.get(name)]:
            raise ValueError(f"no upstream for {', '.join(missing)}")
        if self.resolver is not None and self.version < RESOLVE_IN_UPSTREAM:
            raise ValueError("a resolver needs NGINX 1.27.3 or newer: `resolve` in an upstream")
        return self

    @property
    def location_port(self) -> str:
        """What follows the host's name in an address of this gateway."""
        port = self.public_https_port or self.https_port
        return "" if port == 443 else f":{port}"

    @property
    def verifier_moves(self) -> bool:
        """Whether the verifier has a name, whose address is another one after its restart."""
        host = self.verifier.rpartition(":")[0]
        return self.resolver is not None and re.fullmatch(r"[0-9.]+|\[.*\]", host) is None

    @property
    def zones(self) -> Mapping[str, int]:
        """Requests per second of each limit."""
        return {route.zone: route.rate for route in self.routes}

    def supports(self, since: Version) -> bool:
        """Whether the NGINX that it is rendered for is that new."""
        return self.version >= since
