"""``facesocial gallery`` beside a running service and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from integration.galleries import Caller, Recognition
from integration.pictures import encoded, sample
from service_process import ServiceProcess


def facesocial(service: ServiceProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with the service's settings."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.cli", *arguments],
        env={**os.environ, **service.environment()},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people with two pictures each, one of which shows nobody, and files that are none."""
    folder = tmp_path / "people"
    image = sample("portrait")
    for person in ("ada", "bob étrange"):
        (folder / person).mkdir(parents=True)
        for number in (1, 2):
            picture = image.crop((number, number, image.width, image.height))
            (folder / person / f"{number}.JPG").write_bytes(encoded(picture))
    (folder / "ada" / "landscape.jpg").write_bytes(encoded(sample("landscape")))
    (folder / "ada" / "notes.txt").write_text("no picture")
    (folder / ".hidden").mkdir()
    (folder / "empty").mkdir()
    return folder


def test_a_folder_of_people_is_enrolled_once_and_what_is_refused_is_said(
    recognition: Recognition, people: Path
) -> None:
    with recognition() as service:
        done = facesocial(service, "gallery", "import", str(people), "--collection", "staff")
        assert "4 faces of 2 people enrolled, 0 were there, 1 refused." in done.stdout, (
            done.stdout + done.stderr
        )
        assert "landscape.jpg: There is no face in image." in done.stdout
        assert done.returncode == 1
        again = facesocial(service, "gallery", "import", str(people), "--collection", "staff")
        assert "0 faces of 2 people enrolled, 4 were there, 1 refused." in again.stdout
        caller = Caller(service, "default")
        subjects = caller.data("GET", "/collections/staff/subjects")["subjects"]
        assert [(one["subject_id"], one["faces"]) for one in subjects] == [("ada", 2), ("bob étrange", 2)]
        caller.data("DELETE", "/collections/staff/subjects/ada")
        assert (
            "2 faces of 2 people"
            in facesocial(service, "gallery", "import", str(people), "--collection", "staff").stdout
        )
        _verify_in_both_ways(service)


def _verify_in_both_ways(service: ServiceProcess) -> None:
    """While the service holds the index, and once it has let go of it."""
    running = facesocial(service, "gallery", "verify", "--json")
    assert running.returncode == 0, running.stdout + running.stderr
    assert json.loads(running.stdout)["vectors"] == 4
    rebuilt = facesocial(service, "gallery", "rebuild")
    assert rebuilt.stdout.strip() == "Clean: 4 faces, 4 vectors."
    service.stop()
    assert facesocial(service, "gallery", "verify").stdout.strip() == "Clean: 4 faces, 4 vectors."
    assert facesocial(service, "gallery", "rebuild").returncode == 0
    assert facesocial(service, "gallery", "purge").returncode == 0


def test_a_folder_without_people_is_refused(recognition: Recognition, tmp_path: Path, backend: str) -> None:
    service = recognition()
    service.folder.mkdir(exist_ok=True)
    for folder in (tmp_path / "none", tmp_path):
        done = facesocial(service, "gallery", "import", str(folder), "--collection", "staff")
        assert (done.returncode, done.stdout) == (1, "")
        assert str(folder) in done.stderr


def test_without_a_service_the_import_says_what_to_do(
    recognition: Recognition, people: Path, backend: str
) -> None:
    if backend == "servers":
        return  # the same
    service = recognition()
    done = facesocial(service, "gallery", "import", str(people), "--collection", "staff")
    assert done.returncode == 1
    assert "facesocial up" in done.stderr


def test_an_older_backup_is_restored_and_who_was_erased_since_stays_erased(
    recognition: Recognition, people: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    service = recognition()
    with service:
        facesocial(service, "gallery", "import", str(people), "--collection", "staff")
        saved = facesocial(service, "db", "backup", str(backup))
        assert saved.returncode == 0, saved.stderr
        caller = Caller(service, "default")
        caller.data("DELETE", "/collections/staff/subjects/ada")
        caller.enrol("carol", encoded(sample("portrait")))
    restored = facesocial(service, "db", "restore", str(backup))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "2 faces had been erased after this backup was made" in restored.stdout
    with service:
        caller = Caller(service, "default")
        names = [one["subject_id"] for one in caller.data("GET", "/collections/staff/subjects")["subjects"]]
        assert names == ["bob étrange"], "ada was erased since, carol enrolled since"
        ((match, *others),) = caller.identify(encoded(sample("portrait")))
        assert (match["subject_id"], others) == ("bob étrange", [])
        assert caller.as_role("admin").data("POST", "/gallery/verify")["clean"]
