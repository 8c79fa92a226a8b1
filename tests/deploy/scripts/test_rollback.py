"""Going back, and a release as a whole."""

from __future__ import annotations

import pytest
from release_checkout import ReleaseCheckout

from bentos import __version__

COMPOSE = ("--target", "compose")
KUBERNETES = ("--target", "kubernetes", "--overlay", "staging")
AFTER = ("--", "--gateway", "https://faces.example", "--token-file", "token")
WHERE = pytest.mark.parametrize("where", [COMPOSE, KUBERNETES], ids=["compose", "kubernetes"])


def runs(checkout: ReleaseCheckout, tag: str) -> None:
    """From now on this is what runs."""
    checkout.answers["docker compose * ps *"] = (0, f"facesocial-ai/x:{tag}")
    checkout.answers["kubectl * get deployment *"] = (0, f"registry.example.com/facesocial-ai/x:{tag}")


def deployed(checkout: ReleaseCheckout, where: tuple[str, ...], *versions: str) -> None:
    for version in versions:
        done = checkout.run("deploy", *where, "--version", version)
        assert done.returncode == 0, done.stderr
        runs(checkout, version)


def place_of(where: tuple[str, ...]) -> str:
    return "compose" if where == COMPOSE else "kubernetes-staging"


@WHERE
def test_back_to_what_ran_before_and_once_more_further_back(
    where: tuple[str, ...], checkout: ReleaseCheckout
) -> None:
    deployed(checkout, where, "0.1.0", "0.2.0", "0.2.0")
    for expected in ("0.1.0", "0.0.9"):
        done = checkout.run("rollback", *where)
        assert done.returncode == 0, done.stderr
        assert f"rolled back: {expected} at {place_of(where)}" in done.stdout
        assert expected in checkout.calls[-3]
        runs(checkout, expected)
    assert checkout.history(place_of(where)) == ["0.0.9"]
    done = checkout.run("rollback", *where)
    assert done.returncode == 1
    assert "knows of nothing before 0.0.9" in done.stderr
    assert "--to VERSION" in done.stderr


@WHERE
def test_the_old_version_is_asked_whether_it_knows_the_database(
    where: tuple[str, ...], checkout: ReleaseCheckout
) -> None:
    deployed(checkout, where, "0.1.0")
    asks = "docker compose * db current" if where == COMPOSE else "kubectl * get job *"
    table = "audit | audit_0002 | audit_0001"
    checkout.answers[asks] = (1, table) if where == COMPOSE else (0, "Failed")
    checkout.answers["kubectl * logs *"] = (0, table)
    done = checkout.run("rollback", *where)
    assert done.returncode == 1
    assert table in done.stdout + done.stderr
    assert "rollback failed: whether 0.0.9 knows the database" in done.stderr
    assert "the newer version runs on" in done.stderr
    assert "facesocial backup restore" in done.stderr
    assert not [call for call in checkout.calls if " up " in call or " rollout " in call]
    assert checkout.history(place_of(where)) == ["0.0.9", "0.1.0"]
    forced = checkout.run("rollback", *where, "--force")
    assert forced.returncode == 0, forced.stderr
    assert not [call for call in checkout.calls if "db current" in call or " job " in call]


def test_compose_asks_the_old_image_and_starts_nothing(checkout: ReleaseCheckout) -> None:
    deployed(checkout, COMPOSE, "0.1.0")
    assert checkout.run("rollback", *COMPOSE).returncode == 0
    (asked,) = (call for call in checkout.calls if "db current" in call)
    assert asked.startswith("v=0.0.9 docker compose ")
    assert asked.endswith("run --rm --no-deps migrate facesocial db current")


def test_kubernetes_asks_by_a_job_of_the_old_image(checkout: ReleaseCheckout) -> None:
    deployed(checkout, KUBERNETES, "0.1.0")
    assert checkout.run("rollback", *KUBERNETES).returncode == 0
    manifests = checkout.rendered("revisions-kubernetes-staging-0.0.9")
    (job,) = (one for one in manifests if one["kind"] == "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith("/operations:0.0.9")
    assert container["command"] == ["facesocial", "db", "current"]
    assert job["spec"]["backoffLimit"] == 0
    assert not {"Deployment", "StatefulSet", "CronJob"} & {one["kind"] for one in manifests}


@WHERE
def test_to_a_version_that_somebody_names(where: tuple[str, ...], checkout: ReleaseCheckout) -> None:
    deployed(checkout, where, "0.1.0", "0.2.0")
    assert checkout.run("rollback", *where, "--to", "0.0.5").returncode == 0
    assert checkout.history(place_of(where)) == ["0.0.9", "0.1.0", "0.2.0", "0.0.5"]
    runs(checkout, "0.0.5")
    assert checkout.run("rollback", *where, "--to", "0.1.0").returncode == 0
    assert checkout.history(place_of(where))[-1] == "0.1.0"


def test_a_gpu_version_comes_back_as_one(checkout: ReleaseCheckout) -> None:
    assert checkout.run("deploy", *COMPOSE, "--gpu", "--version", "0.1.0").returncode == 0
    runs(checkout, "0.1.0-gpu")
    deployed(checkout, COMPOSE, "0.2.0")
    done = checkout.run("rollback", *COMPOSE)
    assert done.returncode == 0, done.stderr
    assert "compose.gpu.yaml" in checkout.calls[-1]
    assert checkout.calls[-1].startswith("v=0.1.0 ")


@WHERE
def test_a_deployment_that_fails_leaves_the_history(
    where: tuple[str, ...], checkout: ReleaseCheckout
) -> None:
    deployed(checkout, where, "0.1.0")
    failing = "docker compose * --remove-orphans" if where == COMPOSE else "kubectl * rollout status *"
    checkout.answers[failing] = (7, "")
    done = checkout.run("rollback", *where)
    assert done.returncode == 1
    assert "deploy failed" in done.stderr
    assert "rollback failed: deploying 0.0.9" in done.stderr
    assert checkout.history(place_of(where)) == ["0.0.9", "0.1.0"]


def steps(checkout: ReleaseCheckout) -> list[str]:
    """Which scripts made calls, in order, by a call that only each of them makes."""
    marks = {
        "docker version": "build",
        "backup": "backup",
        "migrate": "migrate",
        "--remove-orphans": "deploy",
        "apply": "apply",
        "deploy.scripts.smoke": "smoke",
        "db current": "rollback",
    }
    found = [marks[mark] for call in checkout.calls for mark in reversed(marks) if f" {mark}" in f" {call} "]
    return list(dict.fromkeys(found))


def test_a_release_from_build_to_smoke(checkout: ReleaseCheckout) -> None:
    done = checkout.run("release", *COMPOSE, *AFTER)
    assert done.returncode == 0, done.stderr
    assert steps(checkout) == ["build", "backup", "migrate", "deploy", "smoke"]
    assert checkout.calls[-1] == (
        f"python3 -m deploy.scripts.smoke --expect-version {__version__} "
        "--gateway https://faces.example --token-file token"
    )
    assert f"released: {__version__} at compose" in done.stdout


def test_compose_is_tried_at_its_own_gateway_unless_told_otherwise(checkout: ReleaseCheckout) -> None:
    assert checkout.run("release", *COMPOSE).returncode == 0
    assert "--gateway https://localhost --ca deploy/compose/secrets/certificate.pem" in checkout.calls[-1]


def test_a_first_installation_backs_nothing_up(checkout: ReleaseCheckout) -> None:
    checkout.answers["docker compose * ps *"] = (0, "")
    done = checkout.run("release", *COMPOSE, "--first", "--no-build")
    assert done.returncode == 0, done.stderr
    assert steps(checkout) == ["deploy", "smoke"]


@pytest.mark.parametrize(
    ("pattern", "step", "before"),
    [
        ("docker build *", "build", ["build"]),
        ("docker compose * backup create", "migrate", ["build", "backup"]),
        ("docker compose * --rm migrate", "migrate", ["build", "backup", "migrate"]),
        ("docker compose * --remove-orphans", "deploy", ["build", "backup", "migrate", "deploy"]),
    ],
)
def test_a_release_ends_at_the_first_failure(
    pattern: str, step: str, before: list[str], checkout: ReleaseCheckout
) -> None:
    checkout.answers[pattern] = (7, "")
    done = checkout.run("release", *COMPOSE)
    assert done.returncode == 1
    assert f"release failed: {step} (exit code 1)" in done.stderr
    assert steps(checkout) == before


def test_a_failed_smoke_says_how_to_go_back(checkout: ReleaseCheckout) -> None:
    checkout.answers["python3 -m deploy.scripts.smoke *"] = (1, "BAD")
    done = checkout.run("release", *COMPOSE)
    assert done.returncode == 1
    assert "release failed: smoke" in done.stderr
    assert "deploy/scripts/rollback --target compose goes back" in done.stderr
    assert "rollback" not in steps(checkout)


@WHERE
def test_a_failed_smoke_goes_back_where_it_was_told_to(
    where: tuple[str, ...], checkout: ReleaseCheckout
) -> None:
    deployed(checkout, where, "0.0.9")
    checkout.answers["python3 -m deploy.scripts.smoke *"] = (1, "BAD")
    # While the release runs, what runs is still said to be 0.0.9: the history alone tells what was before.
    runs(checkout, __version__)
    done = checkout.run("release", *where, "--auto-rollback", *AFTER)
    assert done.returncode == 1
    assert f"rolled back: 0.0.9 at {place_of(where)}" in done.stdout
    assert "the version before runs again" in done.stderr
    assert checkout.history(place_of(where)) == ["0.0.9"]
