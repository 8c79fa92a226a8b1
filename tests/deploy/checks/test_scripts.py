"""The check of shell scripts: a good checkout passes, and each fault of a bad one is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from release_checkout import ROOT

from deploy.checks.scripts import check

if shutil.which("shellcheck") is None:
    pytest.skip("shellcheck is not installed (Debian: apt-get install shellcheck)", allow_module_level=True)

BUILD = "deploy/scripts/build"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What the check reads of the project."""
    shutil.copytree(ROOT / "deploy" / "scripts", tmp_path / "deploy" / "scripts")
    shutil.copytree(ROOT / "deploy" / "k8s" / "overlays", tmp_path / "deploy" / "k8s" / "overlays")
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "bentos").mkdir()
    shutil.copy(ROOT / "bentos" / "__init__.py", tmp_path / "bentos")
    return tmp_path


def found(root: Path) -> list[str]:
    return [str(finding) for finding in check(root)]


def test_the_scripts_of_the_project_are_good() -> None:
    assert found(ROOT) == []


def test_scripts_are_found_by_their_first_line_in_ci_too(root: Path) -> None:
    (root / ".ci" / "run").write_text("#!/usr/bin/env bash\ncd $HOME\n")
    assert any(one.startswith(".ci/run:2: SC2086 ") for one in found(root))


def test_what_programs_keep_in_hidden_folders_is_not_the_projects(root: Path) -> None:
    (root / ".venv").mkdir()
    (root / ".venv" / "activate.sh").write_text("cd $HOME\n")
    assert found(root) == []


def append(text: str) -> Callable[[Path], None]:
    return lambda file: file.write_text(file.read_text() + text)


def replace(old: str, new: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        (BUILD, append("echo $1\n"), "SC2086"),
        (BUILD, append("if true; then\n"), "bash -n"),
        (BUILD, lambda file: file.chmod(0o644), "is not executable"),
        (BUILD, lambda file: file.unlink(), "is missing"),
        (BUILD, replace("Usage: ", "Build: "), "--help says no usage"),
        (BUILD, replace("run docker version", "docker version"), "without docker and kubectl"),
        ("deploy/scripts/smoke", replace('run "$PYTHON"', ': "$PYTHON"'), "says no command"),
        ("deploy/scripts/lib.sh", lambda file: file.chmod(0o755), "begins with no shell"),
        ("deploy/scripts/lib.sh", append("exit 3\n"), "--help says no usage (exit code 3)"),
        (
            "deploy/scripts/target.sh",
            replace('  write "$ROOT/$folder', '  mkdir -p "$ARTEFACTS"; write "$ROOT/$folder'),
            "without docker and kubectl",  # mkdir is not there either
        ),
    ],
)
def test_a_fault_is_found(root: Path, name: str, change: Callable[[Path], None], expected: str) -> None:
    change(root / name)
    assert any(expected in one for one in found(root)), found(root)


def test_a_new_script_of_a_release_has_to_run_dry(root: Path) -> None:
    new = root / "deploy" / "scripts" / "purge"
    new.write_text("#!/usr/bin/env bash\necho Usage: purge\n")
    new.chmod(0o755)
    assert "deploy/scripts/purge: has no dry run in deploy/checks/shell/trying.py" in found(root)
