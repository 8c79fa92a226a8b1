"""Whatever the programs do, nothing of a stack is left behind."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn
from service_process import free_port

from deploy.local.supervisor import _Lines, marked

ROOT = Path(__file__).parents[2]
LIMIT_S = 30

SERVE = (
    "import http.server as h; "
    "h.ThreadingHTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()"
)
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
RUNAWAY = (
    "import subprocess, sys; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
)
DIES = "import sys; print('no model here', flush=True); sys.exit(3)"

# The supervisor as a program of its own: it answers to signals.
SCRIPT = """
import sys, threading
from rich.console import Console
from deploy.local.readiness import wait_until_ready
from deploy.local.stack import MARK, Program
from deploy.local.supervisor import Supervisor
import os
mark, *sources = sys.argv[1:]
programs = []
for index, source in enumerate(sources):
    port, code = source.split('|', 1)
    environment = {{**os.environ, MARK: mark}}
    programs.append(Program(f'p{{index}}', (sys.executable, '-c', code), int(port), '/', 'X', environment))
supervisor = Supervisor(programs, mark, Console())
def beside(over):
    late = wait_until_ready(programs, Console(), over, limit_s=20)
    print('ALL READY' if not late and not over.is_set() else 'NOT READY', flush=True)
code = supervisor.run(beside)
print('ENDED', supervisor.first_to_end(), flush=True)
sys.exit(code)
""".replace("{{", "{").replace("}}", "}")


class Run:
    def __init__(self, folder: Path, *sources: str) -> None:
        self.mark = uuid.uuid4().hex
        self.output = folder / "output"
        programs = [f"{port}|{source.format(port=port)}" for source in sources for port in [free_port()]]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, self.mark, *programs],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=output,
            )

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + LIMIT_S
        while text not in self.output.read_text():
            assert time.monotonic() < deadline, self.output.read_text()
            assert self.process.poll() is None, self.output.read_text()
            time.sleep(0.05)

    def finish(self) -> int:
        code = self.process.wait(LIMIT_S)
        assert marked(self.mark) == []
        return code


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    run = Run(tmp_path, SERVE, SERVE)
    run.wait_for("ALL READY")
    assert len(marked(run.mark)) == 2
    run.process.send_signal(stop)
    assert run.finish() == 0


def test_programs_that_do_not_listen_or_run_away_are_ended_too(tmp_path: Path) -> None:
    run = Run(tmp_path, DEAF + SERVE, RUNAWAY + SERVE)
    run.wait_for("ALL READY")
    assert len(marked(run.mark)) == 3
    run.process.send_signal(signal.SIGTERM)
    assert run.finish() == 0


def test_a_program_that_dies_takes_the_others_along_and_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path, SERVE, DIES)
    assert run.finish() == 1
    said = run.output.read_text()
    assert "ENDED ('p1', ['no model here'])" in said
    assert "p1     | no model here" in said or "p1 " in said


def test_a_program_that_dies_while_a_child_of_its_holds_the_output_is_noticed(tmp_path: Path) -> None:
    run = Run(tmp_path, SERVE, RUNAWAY + DIES)
    assert run.finish() == 1


def test_lines_leave_the_bar_of_a_terminal_whole() -> None:
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=40, color_system="standard", _environ={})
    lines = _Lines(console)
    with Progress(TextColumn("THE BAR"), console=console, auto_refresh=False) as progress:
        progress.add_task("")
        progress.refresh()
        print("12:00 p | [bold] :smile: \033[2J" + "x" * 60, file=lines, flush=True)
    shown = screen(said.getvalue())
    assert shown == ["12:00 p | [bold] :smile: " + "x" * 60, "THE BAR"]


def screen(output: str) -> list[str]:
    """What a wide terminal shows after an output that only moves up and clears lines."""
    rows, row = [""], 0
    for part in re.findall(r"\033\[[\d;?]*[A-Za-z]|[\r\n]|[^\033\r\n]+", output):
        if part == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif part.endswith("A") and part.startswith("\033"):
            row -= int(part[2:-1] or 1)
        elif part == "\033[2K":
            rows[row] = ""
        elif part[0] not in "\r\033":
            rows[row] += part
    return [one.rstrip() for one in rows if one.strip()]


def test_marked_sees_only_its_own_stack() -> None:
    assert marked(uuid.uuid4().hex) == []
    assert psutil.Process().pid not in {process.pid for process in marked("")}
