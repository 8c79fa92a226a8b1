"""Every policy: the real manifests keep it, and what breaks it is found."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bentos import __version__
from deploy.checks.cluster.objects import Objects
from deploy.checks.cluster.policies import (
    ALL,
    Policy,
    access,
    availability,
    confinement,
    images,
    mounts,
    network,
    references,
    secrecy,
    settings,
)

Break = Callable[[Objects], Any]
known = settings.names_of(settings.settings_classes())
version = partial(images.of_this_version, version=__version__)
composed = partial(images.as_in_compose, composed={"redis": "7.4.6-bookworm"})
real = partial(settings.real_settings, known=known)


def found(objects: Objects, kind: str, name: str) -> Any:
    one = objects.find(kind, name)
    assert one is not None
    return one


def pod(objects: Objects, name: str) -> Any:
    return found(objects, "Deployment", name)["spec"]["template"]["spec"]


def container(objects: Objects, name: str = "workbench") -> Any:
    return pod(objects, name)["containers"][0]


def add(objects: Objects, kind: str, **more: Any) -> None:
    one = {"kind": kind, "metadata": {"name": "one", "namespace": "facesocial-ai"}, **more}
    objects.manifests.append(one)  # type: ignore[attr-defined]


def drop(objects: Objects, kind: str, name: str) -> None:
    objects.manifests.remove(found(objects, kind, name))  # type: ignore[attr-defined]


def rule(**more: Any) -> dict[str, Any]:
    return {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **more}]}


BREAKS: list[tuple[Policy, Break, str]] = [
    (confinement.no_root, lambda o: pod(o, "gateway")["securityContext"].pop("runAsNonRoot"), "runAsNonRoot"),
    (confinement.no_root, lambda o: pod(o, "gateway")["securityContext"].update(runAsUser=0), "runAsUser"),
    (confinement.no_root, lambda o: container(o)["securityContext"].update(runAsUser=0), "runAsUser"),
    (
        confinement.read_only_root,
        lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
        "readOnlyRootFilesystem",
    ),
    (
        confinement.no_capabilities,
        lambda o: container(o)["securityContext"]["capabilities"].update(add=["NET_RAW"]),
        "add none",
    ),
    (confinement.no_capabilities, lambda o: container(o).pop("securityContext"), "allowPrivilegeEscalation"),
    (
        confinement.system_calls,
        lambda o: pod(o, "grafana")["securityContext"].pop("seccompProfile"),
        "seccomp",
    ),
    (confinement.no_host, lambda o: pod(o, "grafana").update(hostNetwork=True), "hostNetwork"),
    (
        confinement.no_host,
        lambda o: pod(o, "grafana")["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
        "folder of the machine",
    ),
    (
        confinement.bounded,
        lambda o: container(o)["resources"]["limits"].pop("memory"),
        "limits has to say memory",
    ),
    (confinement.bounded, lambda o: container(o)["resources"].pop("requests"), "requests has to say cpu"),
    (confinement.bounded, lambda o: pod(o, "workbench")["volumes"][0].update(emptyDir={}), "sizeLimit"),
    (confinement.writable_temporary, lambda o: container(o)["volumeMounts"].clear(), "no volume at /tmp"),
    (
        confinement.restricted_namespace,
        lambda o: found(o, "Namespace", "facesocial-ai")["metadata"].pop("labels"),
        "restricted",
    ),
    (secrecy.no_secrets, lambda o: add(o, "Secret", data={}), "ExternalSecret"),
    (
        secrecy.no_secret_values,
        lambda o: add(o, "ConfigMap", data={"FACESOCIAL_JWT_SECRET": "change-me"}),
        "looks like a secret",
    ),
    (
        secrecy.no_secret_values,
        lambda o: add(o, "ConfigMap", data={"a.yml": "url: postgresql://u:hunter2@postgres/db"}),
        "looks like a secret",
    ),
    (
        secrecy.no_secret_variables,
        lambda o: container(o).update(env=[{"name": "ADMIN_PASSWORD", "value": "admin"}]),
        "looks like a secret",
    ),
    (
        secrecy.no_secret_variables,
        lambda o: container(o).update(env=[{"name": "X", "valueFrom": {"secretKeyRef": {"name": "x"}}}]),
        "are files",
    ),
    (secrecy.no_secret_variables, lambda o: container(o)["envFrom"].append({"secretRef": {}}), "are files"),
    (
        secrecy.no_secret_arguments,
        lambda o: container(o)["args"].append("redis://:hunter2@redis:6379"),
        "argument looks like",
    ),
    (
        secrecy.templates_without_values,
        lambda o: found(o, "ExternalSecret", "redis")["spec"]["target"]["template"]["data"].update(
            x="hunter2"
        ),
        "does not come from the store",
    ),
    (
        secrecy.private_files,
        lambda o: pod(o, "mlflow")["volumes"][-1]["secret"].update(defaultMode=0o444),
        "has to be 0440",
    ),
    (access.no_tokens, lambda o: pod(o, "gateway").pop("automountServiceAccountToken"), "automount"),
    (
        access.no_tokens,
        lambda o: pod(o, "gateway")["volumes"].append(
            {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
        ),
        "nothing to ask",
    ),
    (access.own_accounts, lambda o: pod(o, "gateway").pop("serviceAccountName"), "serviceAccountName"),
    (access.no_service_links, lambda o: pod(o, "gateway").pop("enableServiceLinks"), "enableServiceLinks"),
    (access.least_rights, lambda o: add(o, "ClusterRole", rules=[]), "end at the namespace"),
    (access.least_rights, lambda o: add(o, "Role", **rule(resources=["secrets"])), "secrets"),
    (access.least_rights, lambda o: add(o, "Role", **rule(verbs=["*"])), "may not *"),
    (
        access.reading_pods,
        lambda o: found(o, "Role", "prometheus")["rules"][0]["verbs"].append("delete"),
        "get, list and watch",
    ),
    (
        references.selectors_find,
        lambda o: found(o, "Service", "redis")["spec"].update(selector={"app.kubernetes.io/name": "rediss"}),
        "finds no pod",
    ),
    (
        references.selectors_find,
        lambda o: found(o, "NetworkPolicy", "redis")["spec"].update(podSelector={"matchLabels": {"a": "b"}}),
        "podSelector finds no pod",
    ),
    (
        references.own_pods,
        lambda o: found(o, "Deployment", "gateway")["spec"].update(
            selector={"matchLabels": {"app.kubernetes.io/part-of": "facesocial-ai"}}
        ),
        "finds the pods of",
    ),
    (
        references.own_pods,
        lambda o: pod(o, "gateway")["topologySpreadConstraints"][0].update(
            labelSelector={"matchLabels": {"a": "b"}}
        ),
        "not its own",
    ),
    (references.ports_exist, lambda o: container(o)["ports"][0].update(name="web"), "has no port http"),
    (
        references.ports_exist,
        lambda o: container(o)["livenessProbe"]["httpGet"].update(port="web"),
        "port web",
    ),
    (
        references.ports_exist,
        lambda o: found(o, "Deployment", "gateway")["spec"]["template"]["metadata"]["annotations"].update(
            {"prometheus.io/port": "9001"}
        ),
        "no port 9001",
    ),
    (
        mounts.mounts_exist,
        lambda o: drop(o, "PersistentVolumeClaim", "gallery"),
        "PersistentVolumeClaim gallery",
    ),
    (mounts.mounts_exist, lambda o: drop(o, "ExternalSecret", "redis"), "no Secret redis"),
    (
        mounts.mounts_exist,
        lambda o: found(o, "Ingress", "gateway")["metadata"].pop("annotations"),
        "no Secret gateway-tls",
    ),
    (
        mounts.mounts_exist,
        lambda o: container(o)["envFrom"].append({"configMapRef": {"name": "typo"}}),
        "no ConfigMap typo",
    ),
    (mounts.volumes_named, lambda o: pod(o, "workbench")["volumes"][0].update(name="temporary"), "differ"),
    (references.others_exist, lambda o: drop(o, "ServiceAccount", "store"), "no ServiceAccount store"),
    (references.others_exist, lambda o: drop(o, "PriorityClass", "facesocial-store"), "no PriorityClass"),
    (references.others_exist, lambda o: drop(o, "Service", "postgres"), "no Service postgres"),
    (
        references.others_exist,
        lambda o: drop(o, "Service", "gateway"),
        "no Service gateway with a port https",
    ),
    (references.others_exist, lambda o: drop(o, "Role", "release"), "no Role release"),
    (availability.probed, lambda o: container(o).pop("readinessProbe"), "no readinessProbe"),
    (
        availability.gentle_updates,
        lambda o: found(o, "Deployment", "gateway")["spec"]["strategy"]["rollingUpdate"].update(
            maxUnavailable=1
        ),
        "has to be 0",
    ),
    (
        availability.gentle_updates,
        lambda o: found(o, "Deployment", "video-beat")["spec"].update(replicas=2),
        "never be two",
    ),
    (availability.drained, lambda o: container(o, "gateway").pop("lifecycle"), "no preStop"),
    (availability.drained, lambda o: pod(o, "gateway").pop("terminationGracePeriodSeconds"), "Grace"),
    (
        availability.drains_go_on,
        lambda o: found(o, "PodDisruptionBudget", "gateway")["spec"].update(maxUnavailable=0),
        "allows no disruption",
    ),
    (
        availability.budgets_for_replicas,
        lambda o: drop(o, "PodDisruptionBudget", "gateway"),
        "no PodDisruption",
    ),
    (
        availability.budgets_for_replicas,
        lambda o: pod(o, "gateway").pop("topologySpreadConstraints"),
        "no topologySpread",
    ),
    (availability.autoscaled, lambda o: drop(o, "Deployment", "video-worker"), "no Deployment/video-worker"),
    (
        availability.autoscaled,
        lambda o: found(o, "Deployment", "video-worker")["spec"].update(replicas=3),
        "put the autoscaler's number back",
    ),
    (
        availability.autoscaled,
        lambda o: found(o, "HorizontalPodAutoscaler", "video-worker")["spec"].update(metrics=[]),
        "without Prometheus",
    ),
    (availability.applicable, lambda o: add(o, "ConfigMap", data={"a.json": "x" * 300_000}), "too many"),
    (network.denied_by_default, lambda o: drop(o, "NetworkPolicy", "deny-all"), "denies ingress"),
    (network.every_service, lambda o: drop(o, "NetworkPolicy", "redis"), "no NetworkPolicy"),
    (
        network.every_service,
        lambda o: found(o, "NetworkPolicy", "redis")["spec"].update(ingress=[{}]),
        "anybody in the cluster",
    ),
    (
        network.scraped,
        lambda o: found(o, "NetworkPolicy", "milvus")["spec"]["ingress"].pop(),
        "not let in at port 9091",
    ),
    (
        network.scraped,
        lambda o: found(o, "NetworkPolicy", "prometheus")["spec"].update(egress=[]),
        "not let out",
    ),
    (
        network.entered,
        lambda o: found(o, "NetworkPolicy", "gateway")["spec"].update(ingress=[]),
        "not let in to",
    ),
    (
        network.entered,
        lambda o: found(o, "NetworkPolicy", "services")["spec"].update(ingress=[]),
        "does not get at",
    ),
    (network.resolves, lambda o: drop(o, "NetworkPolicy", "dns"), "DNS (TCP)"),
    (images.pinned, lambda o: container(o).update(image="nginx"), "no exact version"),
    (images.pinned, lambda o: container(o).update(image="nginx:latest"), "no exact version"),
    (version, lambda o: container(o).update(image="facesocial-ai/workbench:0.0.9"), "has to be"),
    (
        version,
        lambda o: container(o, "face-detection-service").update(image=f"facesocial-ai/x:{__version__}"),
        f"{__version__}-gpu",
    ),
    (composed, lambda o: o, "7.4.6-bookworm in Compose"),
    (
        real,
        lambda o: add(o, "ConfigMap", data={"FACESOCIAL_WORKER_TREADS": "2"}),
        "no program has a setting FACESOCIAL_WORKER_TREADS",
    ),
]


@pytest.mark.parametrize(("policy", "break_it", "says"), BREAKS)
def test_what_breaks_a_policy_is_found(
    production: Objects, policy: Policy, break_it: Break, says: str
) -> None:
    if policy is not composed:
        assert list(policy(production)) == []
    break_it(production)
    assert any(
        says in finding.what for finding in policy(Objects(production.manifests, production.components))
    )


def test_every_policy_is_broken_here() -> None:
    assert set(ALL) <= {policy for policy, _, _ in BREAKS}


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("-----BEGIN EC PRIVATE KEY-----", True),
        ("AGE-SECRET-KEY-1QQPQZR", True),
        ("a" * 63 + "0", True),
        ("https://example.com:8443/path@x", False),
        ("postgresql://facesocial:{{ .password }}@postgres", False),
        ("http://milvus:19530", False),
    ],
)
def test_what_looks_like_a_secret(value: str, secret: bool) -> None:
    assert bool(secrecy.SHAPED.search(value)) is secret


def test_images_of_compose(tmp_path: Path) -> None:
    assert images.composed(tmp_path) == {}
    folder = tmp_path / "deploy" / "compose"
    folder.mkdir(parents=True)
    text = "services: {a: {image: 'redis:7.4.5'}, b: {image: 'x/own:${VERSION}'}, c: {build: .}}"
    (folder / "compose.yaml").write_text(text)
    assert images.composed(tmp_path) == {"redis": "7.4.5"}


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nginx", ("nginx", None, None)),
        ("localhost:5000/a/b:1.2", ("localhost:5000/a/b", "1.2", None)),
        (f"a:1@sha256:{'0' * 64}", ("a", "1", f"sha256:{'0' * 64}")),
    ],
)
def test_an_image_is_taken_apart(image: str, parts: tuple[str, str | None, str | None]) -> None:
    assert images.parsed(image) == parts
