"""Who uses the registry tells nobody that they do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

SCRIPT = """
import socket, sys, threading
from pathlib import Path

class Reached(BaseException): ...

tried = []
def reach(*where, **more):
    tried.append(where)
    raise OSError("no network here")

socket.getaddrinfo = reach
socket.socket.connect = reach

from candidates import bundle_of
from training_eval.registry.tracking import opened
from training_eval.registry.candidates import log_candidate
from training_eval.registry.runs import RunFacts
from training_eval.settings import TrainingSettings

folder = Path(sys.argv[1])
with opened(TrainingSettings(state_dir=folder, mlflow_uri=None)) as store:
    log_candidate(store, bundle_of(folder / "bundle", 1.0), RunFacts(parameters={"steps": 3}))
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(5)
print(tried)
"""
CLEARED = ("PYTEST", "MLFLOW", "_MLFLOW", "DO_NOT_TRACK", "CI", "GITHUB", "GITLAB", "JENKINS", "BUILD", "TF_")
"""MLflow is silent by itself where it believes to be tested."""


def test_registering_sends_nothing_and_leaves_nothing_at_home(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CLEARED)}
    own = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONPATH": f"{root}:{root / 'tests'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(state)],
        env=kept | own,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert done.stderr == ""
    assert [path for path in home.rglob("*") if path.is_file()] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "state"]
