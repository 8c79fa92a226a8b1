"""Rules of how containers run: health, memory, images, order, output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bentos import __version__
from deploy.checks.composing.reading import Composition, Service, is_one_shot
from deploy.checks.finding import Finding

MEMORY: Mapping[str, str] = MappingProxyType(
    {
        "face-recognition-service": "4g",
        "antispoofing-service": "3g",
        "deepfake-detection-service": "6g",
        "face-detection-service": "4g",
        "age-gender-service": "3g",
        "video-worker": "4g",
    }
)
"""The design's."""
IMAGE = re.compile(
    r"^(?P<name>[a-z0-9./-]+):(?P<tag>[A-Za-z0-9._-]*\d[A-Za-z0-9._-]*)(?:@sha256:[0-9a-f]{64})?$"
)
OWN = "facesocial-ai/"
STARTED_IS_ENOUGH: Mapping[str, str] = MappingProxyType(
    {"gateway": "one late service keeps nobody from the others"}
)
"""Who may begin before what it fronts is healthy, and why."""
CONDITIONS = ("service_healthy", "service_completed_successfully", "service_started")


def healthy(composition: Composition) -> Iterator[Finding]:
    """Whoever goes on has a health check."""
    for name, service in composition.services.items():
        check = service.get("healthcheck") or {}
        if not is_one_shot(service) and (
            check.get("disable") or check.get("test") in (None, [], ["NONE"], "NONE")
        ):
            yield composition.at(name, "has no healthcheck; whoever waits for it would wait for nothing")


def limited(composition: Composition) -> Iterator[Finding]:
    """Everybody has a limit of memory, the services the design's."""
    for name, service in composition.services.items():
        limit = _memory(service)
        if not limit:
            yield composition.at(name, "has no deploy.resources.limits.memory: one fault takes the machine")
        elif name in MEMORY and limit != MEMORY[name]:
            yield composition.at(name, f"may take {limit} of memory, and the design says {MEMORY[name]}")
    for name in sorted(MEMORY.keys() - composition.services.keys()):
        yield composition.whole(f"there is no service {name}")


def pinned(composition: Composition) -> Iterator[Finding]:
    """Every image is one version, ours this project's."""
    for name, service in composition.services.items():
        image, found = str(service.get("image", "")), IMAGE.match(str(service.get("image", "")))
        if "build" in service:
            yield composition.at(name, "is built where it runs; name an image")
        elif found is None or found["tag"] == "latest":
            yield composition.at(name, f"the image {image or '(none)'} is not pinned to a version")
        elif found["name"].startswith(OWN) and found["tag"] not in (__version__, f"{__version__}-gpu"):
            yield composition.at(name, f"the default of the image's tag is {found['tag']}, not {__version__}")


def ordered(composition: Composition) -> Iterator[Finding]:
    """Who waits for something waits until it is there, and for nothing that does not exist."""
    for name, service in composition.services.items():
        needs = service.get("depends_on") or {}
        if not isinstance(needs, Mapping):
            yield composition.at(name, "depends_on without conditions: it waits for nothing")
            continue
        for needed, how in needs.items():
            if wrong := _condition_fault(
                name, needed, how.get("condition"), composition.services.get(needed)
            ):
                yield composition.at(name, wrong)


def replicable(composition: Composition) -> Iterator[Finding]:
    """Nothing forbids a second container of a service."""
    for name, service in composition.services.items():
        if "container_name" in service:
            yield composition.at(name, "container_name forbids a second replica")


def tidy(composition: Composition) -> Iterator[Finding]:
    """What goes on is started again, and no log fills the disk."""
    for name, service in composition.services.items():
        if service.get("restart") not in ("no", "unless-stopped"):
            yield composition.at(name, "restart is neither unless-stopped nor, for what ends by itself, no")
        if not (service.get("logging") or {}).get("options", {}).get("max-size"):
            yield composition.at(name, "its log may grow without end: logging.options.max-size")


def _memory(service: Service) -> str:
    resources = (service.get("deploy") or {}).get("resources") or {}
    return str((resources.get("limits") or {}).get("memory") or "")


def _condition_fault(name: str, needed: str, condition: str | None, target: Service | None) -> str | None:
    if target is None:
        return f"waits for {needed}, which does not exist"
    if condition not in CONDITIONS:
        return f"waits for {needed} without a condition"
    wanted = "service_completed_successfully" if is_one_shot(target) else "service_healthy"
    if condition == wanted or (condition == "service_started" and name in STARTED_IS_ENOUGH):
        return None
    return f"waits for {needed} until {condition}: it should be {wanted}"
