"""The gateway's part of the environment; what it fronts is in ``bentos.common.settings``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from deploy.nginx.gateway import PRIVATE, Host, Network, Origin, Port

PREFIX = "FACESOCIAL_GATEWAY_"


def _split(value: Any) -> Any:
    """A list in the environment is separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Hosts = Annotated[tuple[Host, ...], NoDecode, BeforeValidator(_split)]
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)]


class GatewaySettings(BaseSettings):
    """Every setting of the gateway. Names: ``FACESOCIAL_GATEWAY_`` and the field's name.

    Attributes:
        nginx: The program, by name or path; ``off``: the local stack runs without a gateway.
        https_port: Of the local stack; None: FACESOCIAL_PORT_BASE plus 443.
        http_port: It redirects; None: FACESOCIAL_PORT_BASE plus 80.
        server_names: Names that redirects may repeat; the first one is the gateway's own.
        certificate: PEM, with the chain; None: the local stack makes one, elsewhere the profile says where.
        resolver: Name server that is asked again for the replicas of the services.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    nginx: Annotated[str, Field(min_length=1)] = "nginx"
    https_port: Port | None = None
    http_port: Port | None = None
    server_names: Hosts = ()
    allowed_origins: Origins = ()
    trusted_proxies: Networks = ()
    private_networks: Networks = PRIVATE
    certificate: Path | None = None
    certificate_key: Path | None = None
    resolver: str | None = None
