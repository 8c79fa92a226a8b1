"""That something answers while a part of it is exchanged, moved or gone."""

from __future__ import annotations

import json
from collections.abc import Iterator

from deploy.checks.cluster.objects import Manifest, Objects, Pod, at, label, name_of
from deploy.checks.finding import Finding

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
ALONE = frozenset({"video-beat"})
"""There must not be two of them at a time."""
APPLIED_LIMIT = 262_144
"""Bytes that an annotation may have: `kubectl apply` keeps the whole object in one."""


def probed(objects: Objects) -> Iterator[Finding]:
    """A container that hangs is started anew, one that is not ready gets no requests, one that loads is left alone."""
    for pod in objects.pods:
        for container in pod.containers if not pod.ends else ():
            missing = [probe for probe in PROBES if probe not in container.spec]
            if missing and not container.initial:
                yield Finding(container.where, f"it has no {', '.join(missing)}")


def gentle_updates(objects: Objects) -> Iterator[Finding]:
    """A new version takes no replica away before there is another."""
    for deployment in objects.of("Deployment"):
        strategy = at(deployment, "spec", "strategy", default={})
        alone = name_of(deployment) in ALONE
        if alone and (strategy.get("type") != "Recreate" or at(deployment, "spec", "replicas") != 1):
            yield Finding(label(deployment), "there must never be two: replicas 1, strategy Recreate")
        if not alone and at(strategy, "rollingUpdate", "maxUnavailable") != 0:
            yield Finding(label(deployment), "strategy.rollingUpdate.maxUnavailable has to be 0")


def drained(objects: Objects) -> Iterator[Finding]:
    """Whoever is asked over the network waits before it ends until nobody sends any more, and has time for it."""
    for pod in objects.pods:
        grace = pod.spec.get("terminationGracePeriodSeconds")
        if grace is None and not pod.ends:
            yield Finding(pod.where, "terminationGracePeriodSeconds is missing")
        if _replicated(pod) and pod.ports:
            for container in pod.containers:
                waits = at(container.spec, "lifecycle", "preStop")
                if container.spec.get("ports") and waits is None:
                    yield Finding(container.where, "it has no preStop that lets connections go elsewhere")


def drains_go_on(objects: Objects) -> Iterator[Finding]:
    """A budget that allows no pod to go keeps a machine from being emptied, for ever."""
    for budget in objects.of("PodDisruptionBudget"):
        for pod in objects.selected(budget["spec"]["selector"]):
            if not _lets_one_go(budget["spec"], _replicas(objects, pod.owner)):
                yield Finding(label(budget), f"it allows no disruption of {pod.where}")


def budgets_for_replicas(objects: Objects) -> Iterator[Finding]:
    """Where there are several, a drain must not take them all at once; and they must not all be on one machine."""
    budgets = [budget["spec"]["selector"] for budget in objects.of("PodDisruptionBudget")]
    for pod in objects.pods:
        if _replicated(pod):
            if not any(pod in objects.selected(selector) for selector in budgets):
                yield Finding(pod.where, "it has replicas and no PodDisruptionBudget")
            if not pod.spec.get("topologySpreadConstraints"):
                yield Finding(pod.where, "it has replicas and no topologySpreadConstraints")


def autoscaled(objects: Objects) -> Iterator[Finding]:
    """An autoscaler has somebody to scale, is not set back by each release, and does not swing."""
    for scaler in objects.of("HorizontalPodAutoscaler"):
        target = at(scaler, "spec", "scaleTargetRef")
        found = objects.find(target["kind"], target["name"])
        if found is None:
            yield Finding(label(scaler), f"there is no {target['kind']}/{target['name']}")
        elif "replicas" in found["spec"]:
            yield Finding(label(found), "replicas: every release would put the autoscaler's number back")
        if not at(scaler, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds"):
            yield Finding(label(scaler), "behavior.scaleDown.stabilizationWindowSeconds is missing")
        if "Resource" not in {metric["type"] for metric in at(scaler, "spec", "metrics", default=())}:
            yield Finding(label(scaler), "it has no metric that is there without Prometheus (Resource cpu)")


def applicable(objects: Objects) -> Iterator[Finding]:
    """`kubectl apply` refuses a larger ConfigMap: it keeps a copy in an annotation."""
    for settings in objects.of("ConfigMap"):
        size = len(json.dumps(settings))
        if size > APPLIED_LIMIT:
            yield Finding(label(settings), f"{size} bytes are too many for `kubectl apply`: divide it")


def _replicated(pod: Pod) -> bool:
    return pod.owner["kind"] == "Deployment" and int(pod.owner["spec"].get("replicas", 2)) > 1


def _replicas(objects: Objects, owner: Manifest) -> int:
    for scaler in objects.of("HorizontalPodAutoscaler"):
        if at(scaler, "spec", "scaleTargetRef", "name") == name_of(owner):
            return int(scaler["spec"].get("minReplicas", 1))
    return int(at(owner, "spec", "replicas", default=1))


def _lets_one_go(spec: Manifest, replicas: int) -> bool:
    if "maxUnavailable" in spec:
        return str(spec["maxUnavailable"]).rstrip("%") != "0"
    least = spec.get("minAvailable", 0)
    if isinstance(least, str):
        return int(least.rstrip("%")) < 100 and replicas > 1
    return int(least) < replicas


POLICIES = (
    probed,
    gentle_updates,
    drained,
    drains_go_on,
    budgets_for_replicas,
    autoscaled,
    applicable,
)
