"""The model command, started as the workbench starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from workbench.registry.command import CHALLENGE, NOBODY, PROMOTE, ROLLBACK, Deed, Running, found
from workbench.settings import WorkbenchSettings

LIMIT_S = 60


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_deed_is_words_and_never_a_line_for_a_shell() -> None:
    assert Deed(PROMOTE, "antispoofing", 7).arguments == ["promote", "antispoofing", "7"]
    assert Deed(ROLLBACK, "age-gender").arguments == ["rollback", "age-gender"]
    assert Deed(CHALLENGE, "antispoofing", 2).arguments == ["challenge", "antispoofing", "2"]
    assert Deed(NOBODY, "antispoofing").arguments == ["challenge", "antispoofing", "--none"]


@pytest.mark.parametrize(
    ("action", "task", "version"),
    [
        ("promote", "antispoofing", None),
        ("promote", "antispoofing", 0),
        ("promote", "antispoofing", -1),
        ("promote", "antispoofing", "1; rm -rf /"),
        ("promote", "antispoofing", "--help"),
        ("promote", "antispoofing", 10**10),
        ("promote", "--limits=/etc/passwd", 1),
        ("promote", "antispoofing && true", 1),
        ("rollback", "antispoofing", 1),
        ("register", "antispoofing", 1),
    ],
)
def test_nothing_else_can_be_done(action: str, task: str, version: int | None) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Deed(action, task, version)


def test_the_output_comes_while_it_runs_and_the_code_at_its_end(tmp_path: Path) -> None:
    go = tmp_path / "go"
    program = (
        "import os, sys, time\nprint(sys.argv[1:], flush=True)\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        "print('no', file=sys.stderr); sys.exit(1)"
    )
    running = Running(python(program), Deed(PROMOTE, "antispoofing", 3), os.environ)
    while "antispoofing" not in running.output:
        assert running.wait(0.01) is None
    assert not running.ended
    go.touch()
    assert running.wait(LIMIT_S) == 1
    assert running.output == "['promote', 'antispoofing', '3']\nno\n"


def test_an_endless_output_is_cut_and_read_to_its_end() -> None:
    program = "import sys\nfor _ in range(9000): print('x' * 100)\nsys.stdout.buffer.write(b'\\xff\\x00')"
    running = Running(python(program), Deed(ROLLBACK, "antispoofing"), os.environ)
    assert running.wait(LIMIT_S) == 0
    assert running.output.count("\n") == 2000


def test_the_program_is_found_beside_python_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    command = found(["facesocial", "model"])
    assert command is not None
    assert (Path(command[0]).parent, command[1:]) == (Path(sys.executable).parent, ["model"])
    assert found(["no-such-program-at-all"]) is None
    assert found([]) is None


def test_settings_give_the_registry_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REGISTRY_URI", "http://r"), ("REGISTRY_TOKEN", "t"), ("MODEL_COMMAND", "a 'b c'")):
        monkeypatch.setenv(f"FACESOCIAL_WORKBENCH_{name}", value)
    settings = WorkbenchSettings()
    assert settings.model_words() == ["a", "b c"]
    environment = settings.command_environment()
    assert (environment["FACESOCIAL_MLFLOW_URI"], environment["FACESOCIAL_MLFLOW_TOKEN"]) == ("http://r", "t")
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_MODEL_COMMAND", "a 'b")
    with pytest.raises(ValidationError):
        WorkbenchSettings()
