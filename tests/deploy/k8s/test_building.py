"""What is built, what builds it, and what the whole check says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bentos import __version__
from deploy.checks import kubernetes
from deploy.checks.cluster import kustomize
from deploy.checks.cluster.kustomize import BuildFailed, Kustomize
from deploy.checks.cluster.objects import Objects, matches
from deploy.checks.cluster.schemas import Schemas
from deploy.checks.cluster.variants import FOLDERS, Variant
from deploy.checks.finding import MissingProgram

ROOT = Path(__file__).parents[3]


def fake(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\ncat <<'E'\n{says}\nE\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({}, "neither kustomize nor kubectl"),
        (
            {"kubectl": 'Client Version: version.Info{Major:"1", Minor:"20", GitVersion:"v1.20.2"}'},
            "kubectl knows no",
        ),
        ({"kustomize": "{Version:kustomize/v3.8.7 GoVersion:go1.15}"}, "older than 4.1"),
    ],
)
def test_a_missing_or_old_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: dict[str, str], says: str
) -> None:
    for name, text in programs.items():
        fake(tmp_path, name, text)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match=says):
        kustomize.find()


def test_the_first_that_knows_components_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cat = shutil.which("cat")
    assert cat is not None
    fake(tmp_path, "kustomize", "v3.8.7")
    fake(tmp_path, "kubectl", "Client Version: v1.32.4\nKustomize Version: v5.5.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{Path(cat).parent}")
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name))
    assert kustomize.find().command == (str(tmp_path / "kubectl"), "kustomize")


def test_what_cannot_be_built_says_why(program: Kustomize, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]")
    with pytest.raises(BuildFailed, match=r"missing\.yaml"):
        program.build(tmp_path)


def test_every_combination_is_there(variants: dict[str, Variant]) -> None:
    assert sum(name.startswith("base") for name in variants) == 16
    assert {
        "base+gpu+autoscaling+network-policies+monitoring",
        "staging",
        "production",
        "jobs/promotion",
    } <= set(variants)
    assert variants["production"].components == {"autoscaling", "network-policies", "monitoring"}
    assert variants["staging+gpu"].components == {"gpu", "monitoring"}
    assert "production+external milvus" in variants


def test_the_checkout_has_no_faults() -> None:
    try:
        assert list(kubernetes.check(ROOT)) == []
    except MissingProgram as missing:
        pytest.skip(missing.message)


def test_a_fault_is_said_once_with_where_it_is(program: Kustomize, tmp_path: Path) -> None:
    for name in FOLDERS:
        shutil.copytree(ROOT / "deploy" / name, tmp_path / "deploy" / name)
    policies = tmp_path / "deploy/k8s/components/network-policies/redis.yaml"
    policies.write_text(policies.read_text().replace("podSelector", "podSelektor", 1))
    beat = tmp_path / "deploy/k8s/base/video/beat.yaml"
    beat.write_text(beat.read_text().replace("replicas: 1", "replicas: 2"))
    (tmp_path / "deploy/alertmanager/alertmanager.yml").unlink()
    said = [str(finding) for finding in kubernetes.check(tmp_path)]
    assert any("Deployment/video-beat (base and " in one and "never be two" in one for one in said)
    assert any("NetworkPolicy/redis (base+network-policies" in one and "podSelektor" in one for one in said)
    assert any("kustomization.yaml (base+monitoring" in one and "alertmanager.yml" in one for one in said)
    assert not any(str(tmp_path) in one or "/tmp/" in one for one in said)


def test_one_of_everything(built: Callable[[str], Objects]) -> None:
    objects = built("production+gpu")
    services = {"face-recognition", "antispoofing", "deepfake-detection", "face-detection", "age-gender"}
    deployments = {f"{name}-service" for name in services} | {"gateway", "video-worker", "video-beat"}
    assert objects.names("Deployment") == deployments | {"workbench", "mlflow", "grafana"}
    assert objects.names("Service") >= {f"{name}-service" for name in services} | {
        "gateway",
        "milvus",
        "prometheus",
    }
    assert objects.names("StatefulSet") == {
        *("postgres", "redis", "milvus", "etcd", "minio", "prometheus", "alertmanager"),
    }
    assert {one["metadata"]["namespace"] for one in objects.manifests if "namespace" in one["metadata"]} == {
        "facesocial-ai"
    }


def test_memory_is_that_of_the_design(built: Callable[[str], Objects]) -> None:
    limits = {
        pod.name: next(iter(pod.containers)).spec["resources"]["limits"]["memory"]
        for pod in built("production").pods
    }
    expected = {
        "face-recognition-service": "4Gi",
        "antispoofing-service": "3Gi",
        "deepfake-detection-service": "6Gi",
        "face-detection-service": "4Gi",
        "age-gender-service": "3Gi",
        "video-worker": "4Gi",
    }
    assert limits.items() >= expected.items()


def test_an_external_milvus_leaves_no_other(built: Callable[[str], Objects]) -> None:
    objects = built("production+external milvus")
    assert not {"milvus", "etcd", "minio"} & (objects.names("StatefulSet") | objects.names("ExternalSecret"))
    settings = next(one for one in objects.of("ConfigMap") if "FACESOCIAL_MILVUS_URI" in one["data"])
    assert settings["data"]["FACESOCIAL_MILVUS_URI"].startswith("http://milvus.milvus.svc")


def test_staging_is_small_and_may_be_autoscaled(built: Callable[[str], Objects]) -> None:
    def replicas(name: str) -> Any:
        found = built(name).find("Deployment", "face-detection-service")
        assert found is not None
        return found["spec"].get("replicas")

    assert (replicas("staging"), replicas("staging+autoscaling")) == (1, None)


def test_the_version_stands_in_the_manifests(built: Callable[[str], Objects]) -> None:
    images = {one.spec["image"] for pod in built("production+gpu").pods for one in pod.containers}
    ours = {image for image in images if "facesocial-ai/" in image}
    assert f"registry.example.com/facesocial-ai/face-detection-service:{__version__}-gpu" in ours
    assert f"registry.example.com/facesocial-ai/operations:{__version__}" in ours


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"apiVersion": "v1", "kind": "Service", "spec": {"prots": []}}, "prots"),
        ({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": "two"}}, "spec"),
        ({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "spec": {"dat": []}}, "dat"),
        ({"apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret"}, "a schema for it belongs"),
        ({"apiVersion": "extensions/v1beta1", "kind": "Ingress"}, "has no Ingress of extensions/v1beta1"),
    ],
)
def test_schemas_are_strict(change: dict[str, Any], says: str) -> None:
    findings = Schemas().findings({"metadata": {"name": "a"}, **change})
    assert any(says in finding.what for finding in findings)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ({"key": "a", "operator": "In", "values": ["1"]}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, False),
        ({"key": "b", "operator": "NotIn", "values": ["1"]}, True),
        ({"key": "a", "operator": "Exists"}, True),
        ({"key": "a", "operator": "DoesNotExist"}, False),
    ],
)
def test_selectors(expression: dict[str, Any], found: bool) -> None:
    assert matches({"matchExpressions": [expression]}, {"a": "1"}) is found


def test_values_of_the_chart_name_the_same_milvus() -> None:
    values = yaml.safe_load((ROOT / "deploy/k8s/milvus/values.yaml").read_text())
    own = (ROOT / "deploy/k8s/base/milvus/milvus.yaml").read_text()
    image = values["image"]["all"]
    assert f"{image['repository']}:{image['tag']}" in own
    assert values["cluster"]["enabled"]
