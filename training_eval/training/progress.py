"""How far a run has come: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from training_eval.training.schedule import Schedule

_WHOLE = 1000
_LINE_EVERY_S = 20.0


class Progress:
    """Shows loss and remaining time while it is entered."""

    def __init__(self, name: str, schedule: Schedule, console: Console | None = None) -> None:
        self._console = console or Console()
        self._schedule, self._name, self._last = schedule, name, 0.0
        columns = (
            TextColumn("{task.description}"), BarColumn(), TextColumn("step {task.fields[step]}"),
            TextColumn("{task.fields[values]}"), TimeElapsedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        self._bar = Bar(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task(name, total=_WHOLE, step=0, values="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, step: int, seconds: float, values: Mapping[str, float]) -> None:
        """After every step; without a terminal a line now and then."""
        share = self._schedule.progress(step, seconds)
        self._bar.update(self._task, completed=share * _WHOLE, step=step, values=_text(values))
        if not self._console.is_terminal and time.monotonic() - self._last >= _LINE_EVERY_S:
            self._last = time.monotonic()
            self._console.print(f"{self._name}: step {step}, {share:.1%}, {_text(values)}", highlight=False)

    def note(self, step: int, values: Mapping[str, float]) -> None:
        """A line that stays: figures of an evaluation."""
        self._console.print(f"{self._name}: step {step}: {_text(values)}", highlight=False)


def _text(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
