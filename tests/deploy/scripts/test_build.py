"""Building images: each once, all of them noted."""

from __future__ import annotations

import json

import pytest
from release_checkout import ReleaseCheckout

from bentos import __version__
from deploy.local.services import TARGETS

TOOLS = ("operations", "promotion", "workbench", "mlflow")
DIGEST = f"sha256:{'3' * 64}"
INSPECT = "docker image inspect facesocial-ai/*"


def built(checkout: ReleaseCheckout) -> list[str]:
    """What was made, by the name of its image, in order."""
    marks = ("--image-tag ", "--tag ")
    return [call.partition(mark)[2].split()[0] for call in checkout.calls for mark in marks if mark in call]


def test_all_images_with_exact_tags_and_a_record(checkout: ReleaseCheckout) -> None:
    done = checkout.run("build")
    assert done.returncode == 0, done.stderr
    names = [*TARGETS, *TOOLS]
    assert built(checkout) == [f"facesocial-ai/{name}:{__version__}" for name in names]
    record = json.loads((checkout.artefacts / f"release-{__version__}.json").read_text())
    assert record["version"] == __version__
    assert record["variant"] == "cpu"
    assert record["commit"] == "abc123"
    assert list(record["images"]) == [f"facesocial-ai/{name}" for name in names]
    assert record["images"]["facesocial-ai/mlflow"] == {
        "tag": __version__,
        "id": f"sha256:{'1' * 64}",
        "digest": "",
    }
    assert f"facesocial-ai/mlflow:{__version__} sha256:{'1' * 64}" in done.stdout


def test_bentos_come_before_their_images_and_a_half_made_one_is_thrown_away(
    checkout: ReleaseCheckout,
) -> None:
    half = checkout.artefacts / f"bentos-{__version__}" / "bentos" / "age-gender-service"
    half.mkdir(parents=True)
    checkout.run("build")
    for service in TARGETS:
        about = [call for call in checkout.calls if call.startswith("python3 ") and service in call]
        assert [call.split()[2] for call in about] == ["deploy.scripts.build_bento", "bentoml"]
    assert not half.exists()


def test_a_gpu_variant_of_the_services_alone(checkout: ReleaseCheckout) -> None:
    assert checkout.run("build", "--gpu").returncode == 0
    assert f"facesocial-ai/age-gender-service:{__version__}-gpu" in built(checkout)
    assert f"facesocial-ai/operations:{__version__}" in built(checkout)
    assert sum("--extra gpu" in call for call in checkout.calls) == len(TARGETS)
    assert (
        json.loads((checkout.artefacts / f"release-{__version__}-gpu.json").read_text())["variant"] == "gpu"
    )


def test_what_is_there_is_not_built_again_unless_forced(checkout: ReleaseCheckout) -> None:
    checkout.answers[INSPECT] = (0, "there")
    assert checkout.run("build").returncode == 0
    assert built(checkout) == []
    assert checkout.run("build", "--force").returncode == 0
    assert len(built(checkout)) == len(TARGETS) + len(TOOLS)


def test_pushing_notes_the_digest_of_that_registry(checkout: ReleaseCheckout) -> None:
    other = f"elsewhere.example/facesocial-ai/mlflow@sha256:{'4' * 64}"
    checkout.answers["docker image inspect --format {{join*"] = (
        0,
        f"{other} r.example/x/facesocial-ai/mlflow@{DIGEST}",
    )
    done = checkout.run("build", "--push", "--registry", "r.example/x")
    assert done.returncode == 0, done.stderr
    pushed = [call for call in checkout.calls if call.startswith("docker push")]
    assert pushed[-1] == f"docker push r.example/x/facesocial-ai/mlflow:{__version__}"
    assert len(pushed) == len(TARGETS) + len(TOOLS)
    record = json.loads((checkout.artefacts / f"release-{__version__}.json").read_text())
    assert record["registry"] == "r.example/x"
    assert record["images"]["facesocial-ai/mlflow"]["digest"] == DIGEST
    assert record["images"]["facesocial-ai/workbench"]["digest"] == ""  # the engine named another image's


@pytest.mark.parametrize(
    ("pattern", "step"),
    [
        ("docker version *", "asking Docker"),
        ("python3 -m bentoml containerize antispoofing*", "building facesocial-ai/antispoofing-service"),
        ("docker build * --target workbench *", "building facesocial-ai/workbench"),
        ("docker push */operations:*", "pushing to r.example"),
        ("git *", "noting digests"),
    ],
)
def test_the_first_failure_ends_it_with_words(pattern: str, step: str, checkout: ReleaseCheckout) -> None:
    checkout.answers = {pattern: (7, ""), **checkout.answers}
    checkout.answers[pattern] = (7, "")
    done = checkout.run("build", "--push", "--registry", "r.example")
    assert done.returncode == 1
    assert f"build failed: {step}" in done.stderr
    assert "(exit code 7)" in done.stderr
    assert "  now:  " in done.stderr
    assert "  next: " in done.stderr
    assert not (checkout.artefacts / f"release-{__version__}.json").exists()
    after = pattern.replace("*", "").split()
    assert all(word in checkout.calls[-1] for word in after), checkout.calls[-1]
