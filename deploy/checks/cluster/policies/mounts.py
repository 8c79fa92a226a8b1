"""That what pods mount and read exists: a pod whose volume does not waits for it without a word in any log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy.checks.cluster.objects import Manifest, Objects, Pod, at, name_of
from deploy.checks.finding import Finding

OF_THE_CLUSTER = frozenset({"kube-root-ca.crt"})
"""ConfigMaps that are in every namespace."""


def mounts_exist(objects: Objects) -> Iterator[Finding]:
    """ConfigMaps, claims, and Secrets that an operator makes, with the keys that are asked for."""
    secrets = _made_secrets(objects)
    settings = {name_of(one): set(one.get("data", {})) for one in objects.of("ConfigMap")}
    claims = objects.names("PersistentVolumeClaim")
    for pod in objects.pods:
        for kind, source in _sources(pod):
            if kind == "claim" and source["claimName"] not in claims:
                yield Finding(pod.where, f"there is no PersistentVolumeClaim {source['claimName']}")
            elif kind == "secret":
                yield from _held(pod, "Secret", source.get("secretName") or source["name"], source, secrets)
            elif kind == "configMap" and source["name"] not in OF_THE_CLUSTER:
                yield from _held(pod, "ConfigMap", source["name"], source, settings)


def volumes_named(objects: Objects) -> Iterator[Finding]:
    """A mount of a volume that the pod does not have, and a volume that nobody mounts."""
    for pod in objects.pods:
        templates = at(pod.owner, "spec", "volumeClaimTemplates", default=())
        volumes = {volume["name"] for volume in pod.volumes} | {name_of(claim) for claim in templates}
        mounted = {mount["name"] for one in pod.containers for mount in one.spec.get("volumeMounts", ())}
        if volumes != mounted:
            yield Finding(pod.where, f"volumes and mounts differ: {', '.join(sorted(volumes ^ mounted))}")


def _sources(pod: Pod) -> Iterator[tuple[str, Manifest]]:
    """What volumes and variables are made of, by its kind."""
    for volume in pod.volumes:
        for part in (volume, *at(volume, "projected", "sources", default=())):
            yield from ((kind, part[kind]) for kind in ("secret", "configMap") if kind in part)
        if "persistentVolumeClaim" in volume:
            yield "claim", volume["persistentVolumeClaim"]
    for container in pod.containers:
        for source in container.spec.get("envFrom", ()):
            yield "configMap", source["configMapRef"]
        for variable in container.spec.get("env", ()):
            if found := at(variable, "valueFrom", "configMapKeyRef"):
                yield "configMap", {"name": found["name"], "items": [{"key": found["key"]}]}


def _held(
    pod: Pod, kind: str, name: str, source: Manifest, known: Mapping[str, set[str]]
) -> Iterator[Finding]:
    if name not in known:
        yield Finding(pod.where, f"there is no {kind} {name}")
        return
    for item in source.get("items", ()):
        if item["key"] not in known[name]:
            yield Finding(pod.where, f"{kind} {name} has no {item['key']}")


def _made_secrets(objects: Objects) -> dict[str, set[str]]:
    """Secrets that operators make, with their keys: External Secrets, and cert-manager for an annotated Ingress."""
    made: dict[str, set[str]] = {}
    for one in objects.of("ExternalSecret"):
        template = at(one, "spec", "target", "template", "data", default={})
        made[one["spec"]["target"]["name"]] = set(template) or {
            data["secretKey"] for data in one["spec"]["data"]
        }
    for ingress in objects.of("Ingress"):
        if at(ingress, "metadata", "annotations", "cert-manager.io/cluster-issuer"):
            for tls in at(ingress, "spec", "tls", default=()):
                made[tls["secretName"]] = {"tls.crt", "tls.key"}
    return made


POLICIES = (mounts_exist, volumes_named)
