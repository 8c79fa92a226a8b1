"""What a run said of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from small_problem import SCHEDULE, SumProblem

from training_eval.training import history
from training_eval.training.loop import train


def test_a_run_leaves_its_losses(tmp_path: Path) -> None:
    train(SumProblem(), SCHEDULE, tmp_path)
    points = history.read(tmp_path)
    assert [point.step for point in points] == [20, 40, 60]
    assert points[-1].values["loss"] < points[0].values["loss"]


def test_a_run_that_begins_anew_forgets(tmp_path: Path) -> None:
    train(SumProblem(), SCHEDULE, tmp_path)
    history.note(tmp_path, 999, {"loss": 1.0})
    train(SumProblem(), SCHEDULE, tmp_path, resume=False)
    assert [point.step for point in history.read(tmp_path)] == [20, 40, 60]


def test_a_run_that_goes_on_remembers(tmp_path: Path) -> None:
    def stop(step: int, values: object) -> None:
        if step == 45:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(SumProblem(), SCHEDULE, tmp_path, on_step=stop)
    train(SumProblem(), SCHEDULE, tmp_path)
    assert [point.step for point in history.read(tmp_path)] == [20, 40, 60]


def test_of_a_step_made_twice_the_last_counts(tmp_path: Path) -> None:
    for loss in (3.0, 2.0):
        history.note(tmp_path, 20, {"loss": loss})
    assert history.read(tmp_path) == (history.Point(20, {"loss": 2.0}),)


def test_an_unfinished_line_is_passed_over(tmp_path: Path) -> None:
    history.note(tmp_path, 20, {"loss": 3.0})
    with (tmp_path / history.NAME).open("a") as file:
        file.write('{"step": 40, "lo')
    assert [point.step for point in history.read(tmp_path)] == [20]


def test_where_no_run_was_there_is_nothing(tmp_path: Path) -> None:
    assert history.read(tmp_path) == ()
