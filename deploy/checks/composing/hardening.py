"""Rules of what a container may do to the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from deploy.checks.composing.reading import Composition, Service, mounts
from deploy.checks.finding import Finding

EXCEPTIONS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("volume-owners", "user"): "gives volumes, which Docker makes for root, to their users",
        ("volume-owners", "capabilities"): "CHOWN, for that",
        ("milvus", "user"): "its makers' image is made for root",
        ("milvus", "read_only"): "its makers do not say where it writes",
        ("dcgm-exporter", "user"): "NVIDIA's image is made for root",
        ("dcgm-exporter", "read_only"): "NVIDIA does not say where it writes",
    }
)
"""Who may what, and why."""
ALLOWED_CAPABILITIES: Mapping[str, frozenset[str]] = MappingProxyType({"volume-owners": frozenset({"CHOWN"})})
FORBIDDEN = ("privileged", "devices", "ipc", "pid", "userns_mode", "volumes_from")


def hardened(composition: Composition) -> Iterator[Finding]:
    """Nobody is root, writes into the image, keeps a capability or gains one."""
    for name, service in composition.services.items():
        for rule, fault in _faults(service):
            if (name, rule) not in EXCEPTIONS:
                yield composition.at(name, fault)
        more = set(service.get("cap_add") or ()) - ALLOWED_CAPABILITIES.get(name, frozenset())
        if more:
            yield composition.at(name, f"cap_add: {', '.join(sorted(more))}")


def apart(composition: Composition) -> Iterator[Finding]:
    """Nobody reaches into the machine: no namespace of it, no socket of Docker, no folder to write."""
    for name, service in composition.services.items():
        for key in FORBIDDEN:
            if service.get(key):
                yield composition.at(name, f"{key} opens the machine to it")
        if str(service.get("network_mode", "none")) != "none":
            yield composition.at(name, f"network_mode {service['network_mode']}: name networks")
        for source, target, mode in mounts(service):
            if "docker.sock" in source:
                yield composition.at(name, "Docker's socket is the machine's root")
            if source.startswith((".", "/", "~")) and "ro" not in mode.split(","):
                yield composition.at(
                    name, f"{source} is a folder of the machine: mount it at {target} with :ro"
                )


def _faults(service: Service) -> Iterator[tuple[str, str]]:
    user = str(service.get("user", ""))
    if not user or not user.replace(":", "").isdigit() or user.partition(":")[0] == "0":
        yield "user", "runs as root: name another user by its number"
    if service.get("read_only") is not True:
        yield "read_only", "writes into its image: read_only, with tmpfs where it has to write"
    if "ALL" not in (service.get("cap_drop") or ()):
        yield "capabilities", "keeps capabilities: cap_drop ALL"
    if "no-new-privileges:true" not in (service.get("security_opt") or ()):
        yield "privileges", "may gain rights: security_opt no-new-privileges:true"
