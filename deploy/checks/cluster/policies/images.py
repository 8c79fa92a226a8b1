"""Which images run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from deploy.checks.cluster.objects import Objects, at
from deploy.checks.finding import Finding

IMAGE = re.compile(r"^(?P<name>[^@]+?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$")
OURS = "facesocial-ai/"
FLOATING = frozenset({"latest", "stable", "main", "edge", "nightly"})
GPU = "nvidia.com/gpu"


def pinned(objects: Objects) -> Iterator[Finding]:
    """A tag that moves is another program tomorrow, on some machines and not on others."""
    for pod in objects.pods:
        for container in pod.containers:
            _, tag, digest = parsed(container.spec["image"])
            if digest is None and (tag is None or tag in FLOATING or not re.search(r"\d+\.\d+|\d{4}", tag)):
                yield Finding(container.where, f"{container.spec['image']} names no exact version")


def of_this_version(objects: Objects, version: str) -> Iterator[Finding]:
    """Manifests and programs change together: those of this checkout run its version, on a GPU the variant for one."""
    for pod in objects.pods:
        for container in pod.containers:
            name, tag, digest = parsed(container.spec["image"])
            gpu = at(container.spec, "resources", "limits", GPU) is not None
            wanted = {f"{version}-gpu"} if gpu else {version, f"{version}-gpu"}
            if OURS in name and digest is None and tag not in wanted:
                yield Finding(
                    container.where, f"{container.spec['image']}: its tag has to be {min(wanted, key=len)}"
                )


def as_in_compose(objects: Objects, composed: Mapping[str, str]) -> Iterator[Finding]:
    """What was tried in Compose is what runs in the cluster, to the version.

    Args:
        objects: Of one build.
        composed: Tag by name of image; empty where there is no Compose file.
    """
    for pod in objects.pods:
        for container in pod.containers:
            name, tag, _ = parsed(container.spec["image"])
            if OURS not in name and (other := composed.get(name, tag)) != tag:
                yield Finding(container.where, f"{name} is {tag} here and {other} in Compose")


def composed(root: Path) -> Mapping[str, str]:
    """Images of others in ``deploy/compose/*.yaml``, tag by name."""
    found: dict[str, str] = {}
    for file in sorted((root / "deploy" / "compose").glob("*.y*ml")):
        services = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("services", {})
        for image in (service.get("image", "") for service in services.values()):
            if image and "$" not in image:
                name, tag, _ = parsed(image)
                found[name] = tag or ""
    return found


def parsed(image: str) -> tuple[str, str | None, str | None]:
    """Name, tag and digest of an image."""
    found = IMAGE.match(image)
    if found is None:
        return image, None, None
    return found["name"], found["tag"], found["digest"]
