"""Rules of who can be reached from where."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.checks.composing.reading import Composition, networks
from deploy.checks.finding import Finding

GATEWAY = "gateway"
EDGE, LOOPBACK = "edge", "127.0.0.1:"
STORES = frozenset({"postgres", "redis", "milvus", "etcd", "minio"})
CLOSED = frozenset({"services", "stores", "vectors", "monitoring"})
"""Networks without a way out: what works on faces cannot send them anywhere."""


def published(composition: Composition) -> Iterator[Finding]:
    """The world reaches the gateway; this machine the tools; nobody else."""
    for name, service in composition.services.items():
        for port in service.get("ports") or ():
            if name != GATEWAY and not str(port).startswith(LOOPBACK):
                yield composition.at(name, f"publishes {port} to the world: {LOOPBACK}{port}, or nothing")
        if name != GATEWAY and EDGE in networks(service):
            yield composition.at(name, f"is in the network {EDGE}, which is the gateway's alone")


def enclosed(composition: Composition) -> Iterator[Finding]:
    """Stores and services have no way out of the machine."""
    found = composition.part("networks")
    for name in sorted(CLOSED & found.keys()):
        if found[name].get("internal") is not True:
            yield composition.whole(f"the network {name} has a way out: internal: true")
    opened = {name for name, network in found.items() if network.get("internal") is not True}
    for name, service in composition.services.items():
        inside = set(networks(service))
        if not inside and service.get("network_mode") != "none":
            yield composition.at(name, "names no network, so Compose puts it into one with a way out")
        if name in STORES and inside & opened:
            yield composition.at(
                name, f"is a store in {', '.join(sorted(inside & opened))}, which has a way out"
            )
