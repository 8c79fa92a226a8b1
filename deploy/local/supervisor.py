"""Runs the programs until one ends or somebody says stop, and leaves none behind."""

from __future__ import annotations

import shlex
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import psutil
from honcho.manager import Manager
from honcho.printer import Message, Printer
from rich.console import Console
from rich.text import Text

from deploy.local.stack import MARK, ROOT, Program

TAIL = 20
STOP_S = 8
FORK_S = 1.0
WATCH_S = 0.5


class Supervisor:
    """Honcho's manager around the programs of a stack.

    Args:
        programs: What runs.
        mark: The value of ``MARK`` that all of their processes inherit.
        console: Takes their lines, each with its program's name before it.
    """

    def __init__(self, programs: Sequence[Program], mark: str, console: Console) -> None:
        self._mark = mark
        self._printer = _Remembering(_Lines(console))
        self._manager = _Manager(self._printer)
        for program in programs:
            command = "exec " + shlex.join(program.command)
            self._manager.add_process(program.name, command, env=dict(program.environment), cwd=str(ROOT))

    def run(self, beside: Callable[[threading.Event], None]) -> int:
        """Start everything and wait for its end; ``beside`` runs in a thread until the event is set.

        Returns:
            0 after SIGINT or SIGTERM, 1 if a program ended by itself or ``beside`` gave up.
        """
        over = threading.Event()

        def later() -> None:  # after the manager's forks, so that no lock of this thread is copied locked
            over.wait(FORK_S)
            beside(over)

        threads = [
            threading.Thread(target=target, daemon=True) for target in (later, lambda: self._watch(over))
        ]
        for thread in threads:
            thread.start()
        try:
            self._manager.loop()
        finally:
            over.set()
            for thread in threads:
                thread.join(STOP_S)
            stop_marked(self._mark)
        return 0 if self._manager.returncode in (130, 143) else 1

    def stop(self) -> None:
        """End everything, as if a program had ended."""
        self._manager.terminate()

    def _watch(self, over: threading.Event) -> None:
        """Notice what the manager cannot: it learns of an end when the last holder of a program's output is gone."""
        ending = 0
        while not over.wait(WATCH_S):
            if self._manager.is_ending:
                ending += 1
                if ending * WATCH_S > STOP_S:
                    stop_marked(self._mark)
            elif any(_is_gone(pid) for pid in self._manager.pids):
                self._manager.terminate()

    def first_to_end(self) -> tuple[str, list[str]] | None:
        """The program that ended by itself, with its last lines."""
        return self._printer.ended


class _Manager(Manager):  # type: ignore[misc]
    """Honcho's manager, with the two facts that the watch needs."""

    @property
    def is_ending(self) -> bool:
        return bool(self._terminating)

    @property
    def pids(self) -> list[int]:
        return [entry["pid"] for entry in self._processes.values() if "pid" in entry]


class _Lines:
    """Honcho's output: whole lines for a console, which puts them above a bar that it shows at the time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = ""

    def isatty(self) -> bool:
        return self._console.is_terminal

    def write(self, text: str) -> None:
        self._begun += text

    def flush(self) -> None:
        line, self._begun = self._begun.rstrip("\n"), ""
        # Of its escapes the colours alone: a program's own moves of the cursor would tear the bar.
        self._console.print(Text.from_ansi(line), soft_wrap=True, markup=False, highlight=False)


class _Remembering(Printer):  # type: ignore[misc]
    """Keeps each program's last lines and which one ended first."""

    def __init__(self, output: _Lines) -> None:
        super().__init__(output=output)
        self._tails: dict[str, deque[str]] = {}
        self.ended: tuple[str, list[str]] | None = None

    def write(self, message: Message) -> None:
        text = message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else message.data
        if message.name == "system":
            name, _, rest = text.partition(" ")
            if rest.startswith("stopped") and self.ended is None:
                self.ended = (name, list(self._tails.get(name, ())))
            return
        self._tails.setdefault(message.name, deque(maxlen=TAIL)).append(text.rstrip())
        super().write(message)


def marked(mark: str) -> list[psutil.Process]:
    """The processes of a stack that run, wherever they have moved to."""
    return [process for process in psutil.process_iter() if _has_mark(process, mark)]


def stop_marked(mark: str) -> None:
    """Stop what is left of a stack: politely, and after a while for good."""
    left = marked(mark)
    _each(left, "terminate")
    _, alive = psutil.wait_procs(left, timeout=STOP_S)
    _each(alive, "kill")
    psutil.wait_procs(alive, timeout=STOP_S)


def _each(processes: Sequence[psutil.Process], method: str) -> None:
    for process in processes:
        try:
            getattr(process, method)()
        except psutil.Error:
            continue


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        environment: dict[str, Any] = process.environ()
        return environment.get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
