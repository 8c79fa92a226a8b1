"""Objects of a cluster, and the pods that they would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Manifest = Mapping[str, Any]
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
ENDING = frozenset({"Job", "CronJob"})
"""Kinds whose pods come to an end."""


def at(value: Any, *path: str | int, default: Any = None) -> Any:
    """What lies at a path of keys and places; ``default`` where there is nothing."""
    for step in path:
        inside = step in value if isinstance(value, Mapping) else _has_place(value, step)
        if not inside:
            return default
        value = value[step]
    return value


def name_of(manifest: Manifest) -> str:
    """Its name in its namespace."""
    return str(manifest["metadata"]["name"])


def label(manifest: Manifest) -> str:
    """How findings call it: ``Deployment/gateway``."""
    return f"{manifest['kind']}/{name_of(manifest)}"


@dataclass(frozen=True)
class Container:
    """One of a pod: ``where`` is ``Deployment/gateway, container nginx``."""

    where: str
    spec: Manifest
    initial: bool


@dataclass(frozen=True)
class Pod:
    """What an object would start."""

    owner: Manifest
    template: Manifest

    @property
    def where(self) -> str:
        return label(self.owner)

    @property
    def name(self) -> str:
        """The label that everybody is found by."""
        return str(self.labels.get("app.kubernetes.io/name", ""))

    @property
    def labels(self) -> Mapping[str, str]:
        return dict(at(self.template, "metadata", "labels", default={}))

    @property
    def annotations(self) -> Mapping[str, str]:
        return dict(at(self.template, "metadata", "annotations", default={}))

    @property
    def spec(self) -> Manifest:
        return dict(self.template["spec"])

    @property
    def ends(self) -> bool:
        return self.owner["kind"] in ENDING

    @property
    def containers(self) -> Iterator[Container]:
        """All, the initial ones first."""
        for kind in ("initContainers", "containers"):
            for spec in self.spec.get(kind, ()):
                yield Container(f"{self.where}, container {spec['name']}", spec, kind == "initContainers")

    @property
    def ports(self) -> Mapping[str, int]:
        """Ports by name."""
        return {
            port["name"]: port["containerPort"]
            for one in self.containers
            for port in one.spec.get("ports", ())
        }

    @property
    def volumes(self) -> Sequence[Manifest]:
        return list(self.spec.get("volumes", ()))

    @property
    def scraped_port(self) -> int | None:
        """Where it serves metrics, by the annotations that Prometheus looks for."""
        if self.annotations.get("prometheus.io/scrape") != "true":
            return None
        return int(self.annotations["prometheus.io/port"])


@dataclass
class Objects:
    """All objects of one build."""

    manifests: Sequence[Manifest]
    components: frozenset[str] = field(default=frozenset())

    def of(self, *kinds: str) -> Iterator[Manifest]:
        """Those of some kinds."""
        return (manifest for manifest in self.manifests if manifest["kind"] in kinds)

    def names(self, kind: str) -> set[str]:
        """Names of all of a kind."""
        return {name_of(manifest) for manifest in self.of(kind)}

    def find(self, kind: str, name: str) -> Manifest | None:
        """The one of this name."""
        return next((found for found in self.of(kind) if name_of(found) == name), None)

    @cached_property
    def pods(self) -> Sequence[Pod]:
        return [Pod(one, at(one, *TEMPLATES[one["kind"]])) for one in self.of(*TEMPLATES)]

    def selected(self, selector: Manifest) -> list[Pod]:
        """Pods that a selector finds."""
        return [pod for pod in self.pods if matches(selector, pod.labels)]


def matches(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector finds these labels; an empty one finds all."""
    wanted = selector.get("matchLabels", {})
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(one, labels) for one in selector.get("matchExpressions", ()))


def _has_place(value: Any, step: str | int) -> bool:
    return isinstance(value, Sequence) and isinstance(step, int) and step < len(value)


def _holds(expression: Manifest, labels: Mapping[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values", ())
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    if operator not in ("Exists", "DoesNotExist"):
        raise ValueError(f"no operator of selectors: {operator}")
    return (key in labels) is (operator == "Exists")
