"""A real child process: how it ends is told, and it never outlives the one who watches it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from bentos.common.errors import DependencyUnavailable
from bentos.deepfake_detection.video.supervision import Ending, Supervision

JOB, OWNER = "a" * 32, "owner"
LIMIT_S = 20.0
SLEEP = "import time\ntime.sleep(600)\n"
DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({path!r}, "w").write(str(child.pid))
time.sleep(600)
"""


def child(script: str) -> Callable[[str, str], Sequence[str]]:
    return lambda job_id, owner: (sys.executable, "-c", script, job_id, owner)


def supervision(
    script: str,
    limit_s: float = LIMIT_S,
    stall_s: float = LIMIT_S,
    progress: Callable[[str, str], float | None] = lambda *_: 0.5,
    stopping: Callable[[], bool] = lambda: False,
) -> Supervision:
    return Supervision(limit_s, stall_s, progress, stopping, child(script))


def own_children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


@pytest.fixture(autouse=True)
def _nothing_is_left() -> object:
    before = own_children()
    yield
    assert own_children() <= before


def wait_for(path: Path) -> int:
    limit = time.monotonic() + LIMIT_S
    while not path.exists() or not path.read_text():
        assert time.monotonic() < limit
        time.sleep(0.05)
    return int(path.read_text())


@pytest.mark.parametrize("code", [0, 3, 4])
def test_a_child_that_wrote_its_end_leaves_nothing_to_say(code: int) -> None:
    assert supervision(f"import sys; sys.exit({code})").run(JOB, OWNER) == Ending()


def test_a_child_is_told_the_job_and_its_owner(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = f"import sys; open({str(told)!r}, 'w').write(' '.join(sys.argv[1:]))"
    assert supervision(script).run(JOB, OWNER) == Ending()
    assert told.read_text() == f"{JOB} {OWNER}"


def test_another_code_is_a_crash_with_the_last_lines(capfd: pytest.CaptureFixture[str]) -> None:
    ending = supervision("print('not this')\nraise ValueError('what was wrong')").run(JOB, OWNER)
    assert not ending.stopped
    assert ending.crash is not None
    assert ending.crash.startswith("the analysis ended with 1: ")
    assert ending.crash.endswith("ValueError: what was wrong")
    assert "not this" not in ending.crash
    assert "ValueError: what was wrong" in capfd.readouterr().err, "its lines are passed on"


def test_of_very_much_output_the_end_is_kept() -> None:
    script = "import sys\nfor n in range(20_000): print('x' * 1000, n, file=sys.stderr)\n" + (
        "sys.stderr.buffer.write(b'\\xff' + b'y' * 10_000_000 + b'\\n'); sys.exit(9)"
    )
    crash = supervision(script).run(JOB, OWNER).crash
    assert crash is not None
    assert len(crash) < 2000


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGRTMIN + 1])
def test_a_signal_is_a_crash(number: int) -> None:
    crash = supervision(f"import os; os.kill(os.getpid(), {int(number)})").run(JOB, OWNER).crash
    assert crash is not None
    assert f"was ended by signal {int(number)}" in crash


def test_a_child_that_does_not_end_is_ended(tmp_path: Path) -> None:
    ending = supervision(SLEEP, limit_s=0.5).run(JOB, OWNER)
    assert ending == Ending("it took longer than 0.5 s")


def test_a_deaf_child_is_killed_with_what_it_started(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    begun = path.exists
    ending = supervision(DEAF.format(path=str(path)), stopping=begun).run(JOB, OWNER)
    assert ending == Ending("the worker was stopped", stopped=True)
    assert not psutil.pid_exists(wait_for(path)) or psutil.Process(wait_for(path)).status() == "zombie"


def test_a_job_that_was_taken_away_ends_its_child() -> None:
    asked: list[tuple[str, str]] = []

    def progress(job_id: str, owner: str) -> float | None:
        asked.append((job_id, owner))
        return 0.5 if len(asked) < 2 else None

    assert supervision(SLEEP, progress=progress).run(JOB, OWNER) == Ending()
    assert asked == [(JOB, OWNER)] * 2


def test_a_child_that_makes_no_progress_is_ended_though_it_lives() -> None:
    asked: list[int] = []

    def progress(*_: str) -> float:
        asked.append(1)
        return 0.1 if len(asked) == 1 else 0.2

    ending = supervision(SLEEP, stall_s=3, progress=progress).run(JOB, OWNER)
    assert ending == Ending("it made no progress for 3 s")
    assert len(asked) >= 3, "the second answer was progress"


def test_while_nobody_can_say_the_child_goes_on() -> None:
    def progress(*_: str) -> float:
        raise DependencyUnavailable("The database does not answer.")

    script = "import sys, time; time.sleep(3); sys.exit(7)"
    assert supervision(script, progress=progress).run(JOB, OWNER).crash == "the analysis ended with 7"


def test_the_child_is_ended_where_watching_it_fails() -> None:
    def progress(*_: str) -> float:
        raise RuntimeError("the store broke")

    with pytest.raises(RuntimeError, match="the store broke"):
        supervision(SLEEP, progress=progress).run(JOB, OWNER)


def test_several_are_watched_at_once() -> None:
    endings: dict[int, Ending] = {}

    def run(code: int) -> None:
        endings[code] = supervision(f"import sys, time; time.sleep(0.3); sys.exit({code})").run(JOB, OWNER)

    threads = [threading.Thread(target=run, args=(code,)) for code in (0, 3, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert {code: ending.crash for code, ending in endings.items()} == {
        0: None,
        3: None,
        7: "the analysis ended with 7",
    }


WATCHED = """
import sys
sys.path[:0] = {path!r}
from bentos.deepfake_detection.video.supervision import Supervision
script = "import os, sys\\nopen({pid!r}, 'w').write(str(os.getpid()))\\nsys.stdin.read()"
Supervision(600, 600, lambda *_: 0.5, lambda: False, lambda *_: (sys.executable, "-c", script)).run("job", "owner")
"""


def test_the_life_line_breaks_when_the_watcher_is_killed(tmp_path: Path) -> None:
    """The child here waits for the end of its standard input, and for nothing else."""
    pid = tmp_path / "pid"
    watcher = subprocess.Popen([sys.executable, "-c", WATCHED.format(path=sys.path, pid=str(pid))])
    try:
        inner = psutil.Process(wait_for(pid))
        os.kill(watcher.pid, signal.SIGKILL)
        watcher.wait(LIMIT_S)
        psutil.wait_procs([inner], timeout=LIMIT_S)
        assert not inner.is_running() or inner.status() == psutil.STATUS_ZOMBIE
    finally:
        watcher.kill()
        watcher.wait(LIMIT_S)


def test_a_child_inherits_no_secret_that_it_has_no_use_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET", "s" * 32)
    monkeypatch.setenv("facesocial_video_webhook_secret", "s" * 32)
    monkeypatch.setenv("FACESOCIAL_DATABASE_URL", "sqlite:///kept")
    script = """
import os, sys
names = {name.upper() for name in os.environ}
sys.exit(0 if not any("SECRET" in name for name in names) and "FACESOCIAL_DATABASE_URL" in names else 9)
"""
    assert supervision(script).run(JOB, OWNER) == Ending()
