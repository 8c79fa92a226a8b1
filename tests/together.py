"""Python programs that begin to work at the same moment, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT_S = 120
HEAD = "import sys\nprint('ready', flush=True)\nsys.stdin.readline()\n"


def run_together(imports: str, work: str, arguments: Sequence[Sequence[str]]) -> list[str]:
    """Run ``work`` once for each list of arguments (``sys.argv[1:]``); it begins when all have done ``imports``.

    Returns:
        What each printed.

    Raises:
        AssertionError: One failed; the message is what it said.
    """
    program = f"{imports}\n{HEAD}{work}"
    with ExitStack() as stack:
        running = [stack.enter_context(_start(program, words)) for words in arguments]
        stack.callback(lambda: [process.kill() for process in running])
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=LIMIT_S) for process in running]
    for process, (output, errors) in zip(running, said, strict=True):
        assert process.returncode == 0, output + errors
    return [output for output, _ in said]


def _start(program: str, words: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
