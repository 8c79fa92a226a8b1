"""Migrating and deploying: the order of steps, where they stop, and that a second time does no harm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from release_checkout import ReleaseCheckout

from bentos import __version__
from deploy.local.services import TARGETS

COMPOSE = ("--target", "compose")
KUBERNETES = ("--target", "kubernetes", "--overlay", "production")
DIGEST = f"sha256:{'5' * 64}"


def short(checkout: ReleaseCheckout) -> list[str]:
    """Calls without what they all have."""
    common = f"docker compose --file {checkout.root}/deploy/compose/compose.yaml "
    return [
        call.replace(common, "").replace("kubectl --namespace facesocial-ai ", "") for call in checkout.calls
    ]


def images(manifest: Any) -> Iterator[str]:
    if isinstance(manifest, dict):
        if isinstance(manifest.get("image"), str):
            yield manifest["image"]
        for value in manifest.values():
            yield from images(value)
    elif isinstance(manifest, list):
        for value in manifest:
            yield from images(value)


def test_compose_migrates_after_a_backup_by_the_version_that_runs(checkout: ReleaseCheckout) -> None:
    done = checkout.run("migrate", *COMPOSE)
    assert done.returncode == 0, done.stderr
    assert short(checkout)[1:] == [
        "v=0.0.9 run --rm --no-deps backup facesocial backup create",
        f"v={__version__} run --rm migrate",
    ]
    assert "means restoring the backup" in done.stdout


def test_kubernetes_migrates_by_a_job_after_one_that_backs_up(checkout: ReleaseCheckout) -> None:
    done = checkout.run("migrate", *KUBERNETES)
    assert done.returncode == 0, done.stderr
    calls = [call.partition(" --output")[0] for call in short(checkout)[1:]]
    name = f"backup-before-{__version__.replace('.', '-')}"
    assert calls == [
        f"delete job {name} --ignore-not-found",
        f"create job {name} --from cronjob/backup",
        f"get job {name}",
        "delete job migrate --ignore-not-found --wait",
        f"apply --kustomize .releases/migrate-kubernetes-production-{__version__}",
        "get job migrate",
    ]


@pytest.mark.parametrize("where", [COMPOSE, KUBERNETES], ids=["compose", "kubernetes"])
def test_no_migration_without_a_backup_unless_told_so(
    where: tuple[str, ...], checkout: ReleaseCheckout
) -> None:
    checkout.answers["kubectl * create job *"] = checkout.answers["docker compose * backup create"] = (7, "")
    done = checkout.run("migrate", *where)
    assert done.returncode == 1
    assert "migrate failed: the backup (exit code 7)" in done.stderr
    assert "nothing was migrated" in done.stderr
    assert "--no-backup" in done.stderr
    assert not [call for call in checkout.calls if call.endswith("--rm migrate") or " apply " in call]
    assert checkout.run("migrate", *where, "--no-backup").returncode == 0
    assert not [call for call in checkout.calls if "backup" in call]


def test_nothing_runs_so_nothing_can_be_backed_up(checkout: ReleaseCheckout) -> None:
    checkout.answers["docker compose * ps *"] = (0, "")
    done = checkout.run("migrate", *COMPOSE)
    assert done.returncode == 1
    assert "deploy a first installation without migrating" in done.stderr


@pytest.mark.parametrize("ended", ["FailureTarget Failed", "Failed"])
def test_a_job_that_fails_shows_its_log(ended: str, checkout: ReleaseCheckout) -> None:
    checkout.answers["kubectl * logs *"] = (0, "column faces.mood exists already")
    checkout.answers["kubectl * get job *"] = (0, ended)
    done = checkout.run("migrate", *KUBERNETES, "--no-backup")
    assert done.returncode == 1
    assert "column faces.mood exists already" in done.stderr
    assert f"migrate failed: migrating to {__version__}" in done.stderr
    assert "do not deploy before it is through" in done.stderr


def test_compose_comes_up_in_order_and_twice_does_no_harm(checkout: ReleaseCheckout) -> None:
    done = checkout.run("deploy", *COMPOSE)
    assert done.returncode == 0, done.stderr
    wait = f"v={__version__} up --detach --wait --wait-timeout 900"
    first = short(checkout)
    assert first[1:] == [
        f"{wait} postgres redis etcd minio milvus",
        f"{wait} {' '.join(TARGETS)} video-worker video-beat token-verifier",
        f"v={__version__} up --detach --remove-orphans",
        f"{wait} gateway workbench mlflow prometheus alertmanager grafana",
    ]
    assert checkout.history("compose") == ["0.0.9", __version__]
    checkout.answers["docker compose * ps *"] = (0, f"facesocial-ai/x:{__version__}")
    assert checkout.run("deploy", *COMPOSE).returncode == 0
    assert short(checkout) == first
    assert checkout.history("compose") == ["0.0.9", __version__]


def test_compose_on_gpus_from_a_registry(checkout: ReleaseCheckout) -> None:
    assert checkout.run("deploy", *COMPOSE, "--gpu", "--registry", "r.example").returncode == 0
    assert "compose.gpu.yaml pull face-recognition-service" in checkout.calls[1]
    assert checkout.history("compose")[-1] == f"{__version__}-gpu"


def test_kubernetes_shows_differences_applies_and_waits(checkout: ReleaseCheckout) -> None:
    checkout.answers["kubectl * diff *"] = (1, "+ image: new")
    done = checkout.run("deploy", *KUBERNETES)
    assert done.returncode == 0, done.stderr
    folder = f".releases/deploy-kubernetes-production-{__version__}"
    only = "--selector app.kubernetes.io/part-of=facesocial-ai --timeout 900s"
    assert short(checkout)[1:] == [
        f"diff --kustomize {folder}",
        f"apply --kustomize {folder}",
        f"rollout status statefulset {only}",
        f"rollout status deployment {only}",
    ]
    assert "+ image: new" in done.stdout
    assert checkout.history("kubernetes-production") == ["0.0.9", __version__]


def test_kubernetes_without_differences_says_so_and_a_failed_diff_ends_it(checkout: ReleaseCheckout) -> None:
    assert "Nothing would change." in checkout.run("deploy", *KUBERNETES).stdout
    checkout.answers["kubectl * diff *"] = (2, "")
    done = checkout.run("deploy", *KUBERNETES)
    assert done.returncode == 1
    assert "deploy failed: the differences (exit code 2)" in done.stderr
    assert not [call for call in checkout.calls if " apply " in call]


@pytest.mark.parametrize("name", ["staging", "production"])
def test_the_overlay_of_a_release_names_its_images_and_nothing_that_an_account_may_not(
    name: str, checkout: ReleaseCheckout
) -> None:
    record = {"images": {"facesocial-ai/operations": {"tag": "7.1.0", "id": "", "digest": DIGEST}}}
    checkout.artefacts.mkdir()
    lines = json.dumps(record, indent=2).replace("{\n      ", "{").replace(",\n      ", ", ")
    (checkout.artefacts / "release-7.1.0.json").write_text(lines)
    where = ("--target", "kubernetes", "--overlay", name)
    assert checkout.run("deploy", *where, "--version", "7.1.0").returncode == 0
    manifests = checkout.rendered(f"deploy-kubernetes-{name}-7.1.0")
    own = {image for manifest in manifests for image in images(manifest) if "facesocial-ai/" in image}
    assert len(own) >= len(TARGETS) + 1
    for image in own:
        assert image.endswith(f"operations:7.1.0@{DIGEST}" if "/operations" in image else ":7.1.0"), image
    kinds = {manifest["kind"] for manifest in manifests}
    assert {"Deployment", "StatefulSet", "CronJob", "Service"} <= kinds
    assert not {"Namespace", "PriorityClass", "Role", "RoleBinding", "ClusterRole", "Job"} & kinds


def test_an_administrator_applies_rights_as_well(checkout: ReleaseCheckout) -> None:
    where = ("--target", "kubernetes", "--overlay", "staging", "--administrator", "--registry", "r.example")
    assert checkout.run("deploy", *where).returncode == 0
    manifests = checkout.rendered(f"deploy-kubernetes-staging-{__version__}")
    assert {"Namespace", "Role"} <= {manifest["kind"] for manifest in manifests}
    own = {image for manifest in manifests for image in images(manifest) if "facesocial-ai/" in image}
    assert all(image.startswith("r.example/facesocial-ai/") for image in own)


def test_the_overlay_of_a_migration_holds_its_job_and_starts_nothing_else(checkout: ReleaseCheckout) -> None:
    assert checkout.run("migrate", *KUBERNETES, "--no-backup", "--version", "7.1.0").returncode == 0
    manifests = checkout.rendered("migrate-kubernetes-production-7.1.0")
    (job,) = (manifest for manifest in manifests if manifest["kind"] == "Job")
    assert job["metadata"]["name"] == "migrate"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith("operations:7.1.0")
    settings = container["envFrom"][0]["configMapRef"]["name"]
    assert settings in {one["metadata"]["name"] for one in manifests if one["kind"] == "ConfigMap"}
    starting = {"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Ingress", "HorizontalPodAutoscaler"}
    assert not starting & {manifest["kind"] for manifest in manifests}


@pytest.mark.parametrize(
    ("where", "pattern", "step", "calls"),
    [
        (COMPOSE, "docker compose * ps *", "what runs now", 1),
        (COMPOSE, "docker compose * postgres redis *", "the stores", 2),
        (COMPOSE, "docker compose * token-verifier", "the services", 3),
        (COMPOSE, "docker compose * --remove-orphans", "gateway and tools", 4),
        (COMPOSE, "docker compose * gateway workbench *", "gateway and tools", 5),
        (KUBERNETES, "kubectl * get deployment *", "what runs now", 1),
        (KUBERNETES, "kubectl * apply *", "applying", 3),
        (KUBERNETES, "kubectl * rollout status statefulset *", "the rollout", 4),
        (KUBERNETES, "kubectl * rollout status deployment *", "the rollout", 5),
    ],
)
def test_the_first_failure_ends_it_with_words(
    where: tuple[str, ...], pattern: str, step: str, calls: int, checkout: ReleaseCheckout
) -> None:
    checkout.answers.pop(pattern, None)
    checkout.answers = {pattern: (7, "no luck"), **checkout.answers}
    done = checkout.run("deploy", *where)
    assert done.returncode == 1
    assert f"deploy failed: {step} (exit code 7)" in done.stderr
    assert "  next: " in done.stderr
    assert len(checkout.calls) == calls
    place = "compose" if where == COMPOSE else "kubernetes-production"
    assert __version__ not in checkout.history(place)
    if calls > 2:
        assert f"deploy/scripts/rollback {' '.join(where)}" in done.stderr
