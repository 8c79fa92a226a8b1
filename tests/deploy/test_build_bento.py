"""Bentos from the one bentofile: what is in them, and that a built one answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from integration.calls import client_of, post
from integration.pictures import encoded, sample
from service_process import ServiceProcess

from bentos import __version__
from deploy.local.services import TARGETS
from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import Task

ROOT = Path(__file__).parents[2]
ABSENT = ("tests", "notebooks", "training_eval", "workbench", "deploy", "models/networks")
TASKS = {
    "face-recognition-service": Task.FACE_RECOGNITION,
    "antispoofing-service": Task.ANTISPOOFING,
    "deepfake-detection-service": Task.DEEPFAKE_DETECTION,
    "face-detection-service": Task.FACE_DETECTION,
    "age-gender-service": Task.AGE_GENDER,
}


@pytest.fixture(scope="module")
def store(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BENTOML_HOME with all five bentos, built as a release engineer builds them."""
    home = tmp_path_factory.mktemp("bentoml")
    settings = {
        "BENTOML_HOME": str(home),
        "BENTOML_DO_NOT_TRACK": "1",
        "FACESOCIAL_MODEL_MIRROR": str(mirror),
        "FACESOCIAL_MODEL_DIR": str(home / "models-cache"),
    }
    command = [sys.executable, "-m", "deploy.scripts.build_bento"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{name}:{__version__}" for name in TARGETS]
    return home


@pytest.mark.timeout(400)
@pytest.mark.parametrize("service", TARGETS)
def test_a_bento_holds_its_models_and_nothing_of_tests_or_training(store: Path, service: str) -> None:
    bento = store / "bentos" / service / __version__
    names = {*DEFAULTS[TASKS[service]], *DEFAULTS[Task.FACE_DETECTION]}
    if service == "deepfake-detection-service":  # its worker follows the faces of videos
        names |= {*DEFAULTS[Task.FACE_RECOGNITION]}
    graphs = {path.name for path in bento.rglob("*.onnx")}
    assert graphs == {CATALOGUE[name].file_name for name in names}
    for folder in ABSENT:
        assert not list((bento / "src" / folder).rglob("*.py")), folder
    dockerfile = (bento / "env" / "docker" / "Dockerfile").read_text()
    users = [line.split()[1] for line in dockerfile.splitlines() if line.startswith("USER ")]
    assert users[-1] == "bentoml"
    needed = (bento / "env" / "python" / "requirements.txt").read_text()
    assert "onnxruntime==" in needed
    assert all("==" in line for line in needed.splitlines() if line and not line.startswith(("#", "-")))
    assert "torch" not in needed
    assert ("pymilvus==" in needed) == (service == "face-recognition-service")
    assert list((bento / "src" / "bentos" / "common" / "database" / "migrations").rglob("core_0001.py"))


async def test_a_built_bento_answers_without_mirror_or_internet(store: Path, tmp_path: Path) -> None:
    with ServiceProcess(
        service="face-detection-service",
        target=f"face-detection-service:{__version__}",
        folder=tmp_path,
        mirror=tmp_path / "nothing",
        settings={"BENTOML_HOME": str(store)},
    ) as service:
        async with client_of(service) as client:
            data = await post(client, "detect", encoded(sample("group")))
    assert len(data["faces"]) == 5


async def test_a_bento_with_the_projects_own_weights_answers_with_them(tmp_path: Path) -> None:
    """Built and started without anything that was ever published."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACESOCIAL_")}
    home = {"BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "1"}
    nothing = {"FACESOCIAL_MODEL_DIR": str(tmp_path / "models"), "FACESOCIAL_MODEL_OFFLINE": "true"}
    command = [sys.executable, "-m", "deploy.scripts.build_bento", "--models", "own"]
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, "face-detection-service"],
        cwd=ROOT,
        env=clean | home | nothing,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    with ServiceProcess(
        service="face-detection-service",
        target=f"face-detection-service:{__version__}",
        folder=tmp_path / "service",
        mirror=Path(),
        settings={**home, **nothing, "FACESOCIAL_MODEL_MIRROR": ""},
    ) as service:
        async with client_of(service) as client:
            card = (await client.get("/api/v1/model")).json()["data"]
            await post(client, "detect", encoded(sample("group")))
    assert card["name"] == "facesocial-detector"


def test_an_unknown_service_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "deploy.scripts.build_bento", "face-detecting-service"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "no such service: face-detecting-service" in done.stderr
