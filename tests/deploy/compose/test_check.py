"""The check as a whole: on the checkout, and on copies of it that are broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.checks.compose import check
from deploy.checks.composing.reading import FOLDER
from deploy.checks.finding import MissingProgram

ROOT = Path(__file__).parents[3]
PARTS = ("compose", "prometheus", "alertmanager", "grafana")

needs_compose = pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="docker-compose is not installed (Debian: docker-compose)"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout that may be broken."""
    for part in PARTS:
        source = ROOT / "deploy" / part
        shutil.copytree(source, tmp_path / "deploy" / part, ignore=shutil.ignore_patterns("secrets", ".env"))
    (tmp_path / FOLDER / "secrets").mkdir()
    shutil.copyfile(ROOT / FOLDER / "secrets/.gitignore", tmp_path / FOLDER / "secrets/.gitignore")
    return tmp_path


def said(root: Path) -> list[str]:
    return [str(finding) for finding in check(root)]


@needs_compose
def test_nothing_is_wrong_here() -> None:
    assert said(ROOT) == []


@needs_compose
def test_a_copy_is_as_good(copy: Path) -> None:
    assert said(copy) == []


@needs_compose
def test_what_compose_refuses_is_said_in_its_words(copy: Path) -> None:
    file = copy / FOLDER / "compose.yaml"
    file.write_text(file.read_text().replace("stop_grace_period: 15s", "stop_grace_periods: 15s"))
    found = [text for text in said(copy) if "Compose refuses it" in text]
    assert len(found) == 3
    assert all("stop_grace_periods" in text for text in found)


@needs_compose
def test_what_is_no_yaml_is_said(copy: Path) -> None:
    (copy / FOLDER / "compose.gpu.yaml").write_text("services: [")
    assert [text for text in said(copy) if "compose.gpu.yaml: is no YAML" in text]


@needs_compose
@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "compose.yaml",
            'MINIO_BROWSER: "off"',
            "MINIO_X: ${MY_PASSWORD:-changeme}",
            "takes a secret from the env",
        ),
        (
            ".env.example",
            "FACESOCIAL_LOG_LEVEL=",
            "FACESOCIAL_LOGLEVEL=",
            "nothing reads FACESOCIAL_LOGLEVEL",
        ),
        ("secrets/.gitignore", "*\n", "", "does not keep secrets out"),
    ],
)
def test_what_stands_in_the_files_themselves(
    copy: Path, file: str, old: str, new: str, expected: str
) -> None:
    path = copy / FOLDER / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert [text for text in said(copy) if expected in text]


def test_without_compose_it_says_which_package(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(copy))
    with pytest.raises(MissingProgram, match="apt install docker-compose"):
        said(copy)
