"""What all release scripts have in common: help, dry runs, wrong usage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from release_checkout import SCRIPTS, ReleaseCheckout, promised

COMPOSE = ("--target", "compose")
KUBERNETES = ("--target", "kubernetes", "--overlay", "staging")
AFTER = ("--", "--gateway", "https://faces.example", "--token-file", "token")
PLANS = [
    ("build",),
    ("build", "--gpu", "--registry", "r.example/x", "--push"),
    *((script, *where) for script in ("migrate", "deploy") for where in (COMPOSE, KUBERNETES)),
    *(("rollback", *where, "--to", "0.0.8") for where in (COMPOSE, KUBERNETES)),
    *(("smoke", *where, *AFTER) for where in (COMPOSE, KUBERNETES)),
    *(("release", *where, *AFTER) for where in (COMPOSE, KUBERNETES)),
]
NAMES = [" ".join(plan) for plan in PLANS]


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_nothing_and_names_every_option(script: str, tmp_path: Path) -> None:
    bare = ReleaseCheckout(tmp_path, programs=())
    done = bare.run(script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: deploy/scripts/{script} ")
    for option in ("--dry-run", "--version", "--help"):
        assert option in done.stdout


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_a_dry_run_needs_no_program_and_touches_nothing(plan: tuple[str, ...], tmp_path: Path) -> None:
    bare = ReleaseCheckout(tmp_path, programs=())
    script, *arguments = plan
    done = bare.run(script, "--dry-run", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert promised(done.stdout)
    assert not bare.artefacts.exists()


@pytest.mark.parametrize("plan", PLANS, ids=NAMES)
def test_a_dry_run_says_what_a_real_one_calls(plan: tuple[str, ...], checkout: ReleaseCheckout) -> None:
    script, *arguments = plan
    # A dry run does not know what runs, so it takes what is noted.
    for place in ("compose", "kubernetes-staging"):
        checkout.artefacts.mkdir(exist_ok=True)
        (checkout.artefacts / f"deployed-{place}.log").write_text("2026-01-01T00:00:00Z 0.0.9\n")
    dry = checkout.run(script, "--dry-run", *arguments)
    assert checkout.calls == []
    real = checkout.run(script, *arguments)
    assert real.returncode == 0, real.stderr
    assert checkout.calls == promised(dry.stdout)
    assert checkout.calls == promised(real.stdout)


@pytest.mark.parametrize("plan", PLANS[2:6], ids=NAMES[2:6])
def test_a_program_that_is_missing_is_named(plan: tuple[str, ...], tmp_path: Path) -> None:
    bare = ReleaseCheckout(tmp_path, programs=())
    script, *arguments = plan
    done = bare.run(script, *arguments)
    assert done.returncode == 1
    program = "docker" if "compose" in plan else "kubectl"
    assert f"looking for {program}" in done.stderr
    assert "now:  nothing was changed" in done.stderr


@pytest.mark.parametrize(
    ("script", "arguments", "reason"),
    [
        ("build", ["--fast"], "no such option: --fast"),
        ("build", ["--version"], "--version needs a value"),
        ("build", ["--version", ""], "--version needs a value"),
        ("build", ["--version", "1.2.3"], "check out the tag of 1.2.3"),
        ("build", ["--push"], "--push needs --registry"),
        ("build", ["--registry", "r.example/x y"], "that is no registry"),
        ("deploy", [], "say --target compose or --target kubernetes"),
        ("deploy", ["--target", "swarm"], "say --target compose or --target kubernetes"),
        ("deploy", ["--target", "kubernetes"], "say --overlay staging or --overlay production"),
        ("deploy", ["--target", "kubernetes", "--overlay", "../x"], "say --overlay staging or"),
        ("deploy", ["--target", "compose", "--overlay", "staging"], "--overlay is for --target kubernetes"),
        ("deploy", ["--target", "compose", "--administrator"], "--administrator is for"),
        ("deploy", [*COMPOSE, "--version", '1"\nimages: []'], "that is no version"),
        ("deploy", [*COMPOSE, "--version", "../../etc"], "that is no version"),
        ("deploy", [*COMPOSE, "--version", "0.1.0-gpu"], "that is no version"),
        ("rollback", [*COMPOSE, "--to", "$(id)"], "that is no version"),
        ("smoke", [*KUBERNETES], "say where and who after --"),
        ("release", [*KUBERNETES], "say where smoke finds it after --"),
    ],
)
def test_wrong_usage(script: str, arguments: list[str], reason: str, checkout: ReleaseCheckout) -> None:
    done = checkout.run(script, *arguments)
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr
    assert f"See {script} --help" in done.stderr
    changing = [call for call in checkout.calls if " ps " not in call]
    assert changing == []


def test_options_may_be_written_with_an_equals_sign(checkout: ReleaseCheckout) -> None:
    done = checkout.run(
        "deploy", "--target=kubernetes", "--overlay=production", "--version=0.2.0", "--dry-run"
    )
    assert done.returncode == 0, done.stderr
    assert "deploy-kubernetes-production-0.2.0" in done.stdout


def test_scripts_are_executable() -> None:
    for script in SCRIPTS:
        assert os.access(Path(__file__).parents[3] / "deploy" / "scripts" / script, os.X_OK), script


def test_images_for_gpus_go_with_an_overlay_for_gpus(checkout: ReleaseCheckout) -> None:
    refused = checkout.run("deploy", *KUBERNETES, "--gpu", "--dry-run")
    assert refused.returncode == 2
    assert "--gpu goes with components/gpu" in refused.stderr
    overlay = checkout.root / "deploy" / "k8s" / "overlays" / "staging" / "kustomization.yaml"
    text = overlay.read_text()
    overlay.write_text(text.replace("components:\n", "components:\n  - ../../components/gpu\n"))
    assert overlay.read_text() != text
    assert checkout.run("deploy", *KUBERNETES, "--gpu", "--dry-run").returncode == 0
    assert checkout.run("deploy", *KUBERNETES, "--dry-run").returncode == 2
