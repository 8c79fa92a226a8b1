"""``facesocial model``, as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from candidates import bundle_of, measure_of, report_of

from deploy.local.promoting import Promoting
from models.catalogue.card import Task
from training_eval.registry.tracking import Store
from training_eval.registry.versions import Version, aliases_of, find
from training_eval.tolerances import Limits

ROOT = Path(__file__).parents[3]
TASK = Task.ANTISPOOFING
Run = Callable[..., Any]
Events = Callable[[], list[tuple[str, str, dict[str, Any], dict[str, Any]]]]


def test_from_a_bundle_to_a_champion_and_back(
    facesocial: Run, store: Store, tmp_path: Path, events: Events
) -> None:
    assert "Nothing is registered" in facesocial("list").stdout
    for number, value in ((1, 0.9), (2, 0.95), (3, 0.5)):
        bundle = bundle_of(tmp_path / f"{number}", value)
        (tmp_path / "report.json").write_text(report_of(bundle.cards, measure_of(value=value)).to_json())
        (tmp_path / "parameters.json").write_text('{"steps": 7}')
        given = ("--report", tmp_path / "report.json", "--run-parameters", tmp_path / "parameters.json")
        done = facesocial("register", bundle.folder, *given)
        assert (done.stdout, done.returncode) == (f"antispoofing: version {number}\n", 0), done.stderr
    assert store.client.get_run(find(store, TASK, 1).run_id).data.params == {"steps": "7"}
    for number in ("1", "2"):
        done = facesocial("promote", "antispoofing", number)
        assert done.returncode == 0, done.stderr
        assert f"antispoofing: version {number} is the champion." in done.stdout
    done = facesocial("promote", "antispoofing", "3")
    assert done.returncode == 1
    assert done.stderr == (
        "facesocial: Version 3 of antispoofing is refused: AUC: worse by 0.45, more than 0.002.\n"
    )
    assert "refused" in done.stdout
    assert aliases_of(store, TASK) == {"champion": 2}
    done = facesocial("challenge", "antispoofing", "3")
    assert done.stdout == "antispoofing: version 3 challenges the champion.\n", done.stderr
    listed = facesocial("list", "antispoofing").stdout
    assert [("champion" in line, "challenger" in line) for line in listed.splitlines() if "tiny" in line] == [
        (False, True),
        (True, False),
        (False, False),
    ]
    shown = facesocial("show", "antispoofing", "champion").stdout
    assert find(store, TASK, 2).digests[0] in shown
    assert "0.95" in shown
    done = facesocial("rollback", "antispoofing")
    assert done.stdout == "antispoofing: version 1 is the champion again.\n", done.stderr
    assert aliases_of(store, TASK) == {"champion": 1, "challenger": 3}
    assert [(action, outcome) for action, outcome, _, _ in events()] == [
        ("model.promote", "ok"),
        ("model.promote", "ok"),
        ("model.promote", "refused"),
        ("model.challenge", "ok"),
        ("model.rollback", "ok"),
    ]


def test_limits_of_ones_own_let_a_worse_one_in(
    facesocial: Run, register: Callable[[float], Version], promoting: Promoting, tmp_path: Path, store: Store
) -> None:
    register(0.9), register(0.5)
    promoting.promote(TASK, "1", Limits())
    (tmp_path / "limits.json").write_text('{"tolerances": {"AUC": 0.5}}')
    done = facesocial("promote", "antispoofing", "2", "--limits", tmp_path / "limits.json")
    assert done.returncode == 0, done.stderr
    assert aliases_of(store, TASK) == {"champion": 2}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("promote", "antispoofing", "7"), 1, "holds no version 7 of antispoofing. Versions there: none."),
        (("rollback", "antispoofing"), 1, "antispoofing has no champion"),
        (("challenge", "antispoofing"), 2, "name a version, or --none"),
        (("promote", "nothing", "1"), 2, "'nothing' is not one of"),
        (("register", "."), 1, "no bundle of models"),
        (("evaluate", "antispoofing", "champion"), 1, "holds no champion of antispoofing"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    facesocial: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = facesocial(*arguments)
    assert done.returncode == code
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_server_that_is_down_is_one_sentence(
    facesocial: Run, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESOCIAL_MLFLOW_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    done = facesocial("rollback", "antispoofing")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "facesocial: The MLflow server at http://127.0.0.1:9 does not answer: start it, or correct "
        "FACESOCIAL_MLFLOW_URI.\n"
    )
    assert events() == []


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "__init__.py").write_text("raise ModuleNotFoundError('gone', name='mlflow')")
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local.cli", "model", "list"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "FACESOCIAL_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("facesocial: The registry of models needs the extra `train`")
