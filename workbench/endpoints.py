"""Where services are found: each on its own port, or all behind a gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from bentos.contracts import SERVICES, ServiceAddress

DEFAULT_PORT_BASE = 8000
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base addresses of the services.

    Attributes:
        services: Base address by service name; goes before the gateway.
        gateway: Base address that serves all the others under ``/api/v1/<prefix>``.
    """

    services: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    gateway: str | None = None

    @classmethod
    def local(cls, port_base: int = DEFAULT_PORT_BASE, host: str = "127.0.0.1") -> Endpoints:
        """The services of one machine, each at ``port_base`` and its own offset."""
        return cls({one.name: f"http://{host}:{port_base + one.port_offset}" for one in SERVICES})

    @property
    def is_loopback(self) -> bool:
        """Whether all of it is on this machine, where no proxy is wanted."""
        bases = [*self.services.values(), *([self.gateway] if self.gateway else [])]
        return all(http_host(base) in LOOPBACK for base in bases)

    def base(self, service: str) -> str | None:
        """Where a service is found; None where these endpoints have no such service."""
        base = self.services.get(service) or self.gateway
        return base.rstrip("/") if base else None

    def url(self, service: str, operation: str, *, versioned: bool = True, published: bool = True) -> str:
        """The full address of an operation.

        Args:
            service: Name in the contract, such as ``face-detection-service``.
            operation: Such as ``detect``.
            versioned: Whether it lies under ``/api/v1`` on the service's own port; behind a gateway all does.
            published: Whether a gateway passes it on.

        Raises:
            LookupError: The contract or these endpoints have no such service, or only a gateway that keeps this one in.
        """
        address, base = service_address(service), self.base(service)
        if base is None:
            raise LookupError(f"No address is set for {service}.")
        if service not in self.services:
            if not published:
                raise LookupError(
                    f"The gateway does not pass on `{operation}`: set the service's own address."
                )
            return f"{base}/api/v1/{address.prefix}/{operation}"
        return f"{base}/api/v1/{operation}" if versioned else f"{base}/{operation}"


def http_host(address: str) -> str | None:
    """The host of an http or https address; None for what is no such address."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
        return parts.hostname if usable else None
    except ValueError:
        return None


def service_address(name: str) -> ServiceAddress:
    """The contract's entry for a service.

    Raises:
        LookupError: The contract has no such service.
    """
    for address in SERVICES:
        if address.name == name:
            return address
    raise LookupError(
        f"{name} is no service of the contract; there is {', '.join(s.name for s in SERVICES)}."
    )
