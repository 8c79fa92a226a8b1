"""Where a deployment is reached: at its gateway, or at the ports of its services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bentos.contracts import SERVICES

API = "/api/v1"
PREFIXES: Mapping[str, str] = {service.name: service.prefix for service in SERVICES}


@dataclass(frozen=True, slots=True)
class Target:
    """Addresses of the services by their names in the contract.

    Attributes:
        services: Each one's address, as a browser would write it; the gateway's for all of them behind one.
        gateway: Whether they are behind one: paths then begin with the service's prefix, and ``/readyz`` is not
            to be seen.
    """

    services: Mapping[str, str]
    gateway: bool

    @classmethod
    def behind(cls, gateway: str) -> Target:
        """All five services behind one address."""
        return cls(dict.fromkeys(PREFIXES, gateway.rstrip("/")), gateway=True)

    @classmethod
    def at_ports(cls, base: int) -> Target:
        """All five services on this machine, at the ports of a local stack."""
        found = {one.name: f"http://127.0.0.1:{base + one.port_offset}" for one in SERVICES}
        return cls(found, gateway=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.services)

    def operation(self, service: str, path: str) -> str:
        """Address of an operation, such as ``detect``."""
        prefix = f"/{PREFIXES[service]}" if self.gateway else ""
        return f"{self.services[service]}{API}{prefix}/{path}"

    def open(self, service: str, path: str) -> str:
        """Address of what needs no token: ``health`` and ``docs.json``."""
        return self.operation(service, path) if self.gateway else f"{self.services[service]}/{path}"

    def readiness(self, service: str) -> str | None:
        """Address of ``/readyz``; None behind a gateway, which keeps it to itself."""
        return None if self.gateway else f"{self.services[service]}/readyz"
