"""What can be known of the images without building them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.checks.composing.reading import Composition

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "deploy/images/Dockerfile"
OURS = ("operations", "promotion", "workbench", "mlflow")


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction with its arguments, lines joined."""
    text = re.sub(r"\\\n", " ", DOCKERFILE.read_text())
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.strip().partition(" ")
            yield name, rest


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, rest in instructions():
        if name == "FROM":
            found[rest.rpartition(" AS ")[2]] = []
        found[list(found)[-1]].append((name, rest))
    return found


def copied() -> list[str]:
    """Paths of the checkout that the stage `code` takes."""
    return [rest.split()[0] for name, rest in stages()["code"] if name == "COPY"]


def test_every_image_of_the_file_is_run_and_the_other_way_round(composition: Composition) -> None:
    wanted = {str(service["image"]) for service in composition.services.values()}
    own = {image.split("/")[1].partition(":")[0] for image in wanted if image.startswith("facesocial-ai/")}
    assert {name for name in own if not name.endswith("-service")} == set(OURS) <= stages().keys()


def test_bases_are_pinned_and_the_client_is_as_new_as_the_server(composition: Composition) -> None:
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    foreign = {base for base in bases if base not in stages()}
    assert foreign == {"python:3.11.13-slim-bookworm", composition.services["postgres"]["image"]}
    major = re.search(r"postgres:(\d+)", str(composition.services["postgres"]["image"]))
    assert major is not None
    assert f"postgresql-client-{major[1]}" in DOCKERFILE.read_text()


@pytest.mark.parametrize("target", OURS)
def test_an_image_is_not_root_and_says_whether_it_is_well(composition: Composition, target: str) -> None:
    stage = dict(stages()[target])
    assert stage["USER"] == "10001:10001"
    assert (stage["HEALTHCHECK"] == "NONE") == ("EXPOSE" not in stage)
    assert "RUN" not in stage, "what is installed is installed before"


def test_extras_exist_and_constraints_are_used() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    installs = [rest for name, rest in instructions() if name == "RUN" and "/opt/venv install" in rest]
    assert len(installs) == 4
    for line in installs:
        assert line.count("/opt/venv install -c constraints.txt") == line.count("/opt/venv install")
        for wanted in re.findall(r"\.\[([a-z,]+)\]", line):
            assert set(wanted.split(",")) <= extras.keys()


def test_the_build_sees_what_it_copies_and_no_secret() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    seen = {line[1:].rstrip("/") for line in lines if line.startswith("!")}
    taken = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    for source in (source for sources in taken for source in sources):
        assert source.split("/")[0] in seen
        assert (ROOT / source).exists()
    assert {"deploy/compose/secrets/", "deploy/compose/.env", "**/*.pem", "**/.env"} <= set(lines)


@pytest.mark.parametrize(
    "command",
    [
        ("deploy.local.cli", "gateway", "render", "--for", "kubernetes"),
        ("deploy.local.cli", "db", "upgrade"),
        ("deploy.nginx.verifier", "--help"),
    ],
)
def test_what_is_copied_is_enough(tmp_path: Path, command: tuple[str, ...]) -> None:
    for source in copied():
        target = tmp_path / "opt" / source
        if (ROOT / source).is_dir():
            shutil.copytree(
                ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__", "bench", "secrets")
            )
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / source, target)
    own = {"PYTHONPATH": str(tmp_path / "opt"), "FACESOCIAL_STATE_DIR": str(tmp_path / "state")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    where = "import sys, deploy; assert deploy.__file__.startswith(sys.argv[1]), deploy.__file__"
    subprocess.run(
        [sys.executable, "-c", where, tmp_path], env={**kept, **own}, cwd=tmp_path, check=True, timeout=60
    )
    done = subprocess.run(
        [sys.executable, "-m", *command], env={**kept, **own}, cwd=tmp_path, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout
