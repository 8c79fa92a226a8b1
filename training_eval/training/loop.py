"""The loop that trains every network of the project."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from training_eval.training import history
from training_eval.training.batches import batches
from training_eval.training.checkpoint import load
from training_eval.training.problem import Batch, Problem
from training_eval.training.progress import Progress
from training_eval.training.run import Run
from training_eval.training.schedule import Schedule
from training_eval.training.stopping import Stopping

__all__ = ["Batch", "Problem", "Schedule", "train"]

OnStep = Callable[[int, Mapping[str, float]], None]


def train(
    problem: Problem,
    schedule: Schedule,
    folder: Path,
    *,
    device: str = "auto",
    resume: bool = True,
    on_step: OnStep | None = None,
    workers: int = 0,
) -> nn.Module:
    """Train until the steps or the minutes are over, going on where a checkpoint of the same run lies.

    On a CPU a resumed run ends with the very weights of an undisturbed one, unless ``minutes`` is set.

    Args:
        problem: Network, batches and loss.
        schedule: How long and how fast.
        folder: For the checkpoint.
        device: ``cpu``, ``cuda``, or ``auto``: a GPU where there is one.
        resume: Whether a checkpoint in ``folder`` is gone on with; otherwise it is overwritten.
        on_step: Called after each step with its losses; after an evaluation with its figures as well.
        workers: Threads that make batches, beside the training; at least one is used.

    Returns:
        The averaged weights, on the CPU and in evaluation mode.

    Raises:
        TrainingFailed: A loss or gradient is not finite, or the checkpoint belongs to another run.
        KeyboardInterrupt: The run was asked to end; its state is kept and the next call goes on.
    """
    with torch.random.fork_rng():
        run = Run(problem, schedule, device_of(device))
        found = load(folder, run.identity) if resume else None
        if found is None:
            history.forget(folder)
        else:
            run.restore(found)
        with Stopping() as stopping, Progress(problem.name, schedule) as progress:
            _steps(run, folder, progress, stopping, on_step, workers)
    return run.average.network.cpu().eval()


def device_of(name: str) -> torch.device:
    """The device of a name; ``auto`` is a GPU where torch finds one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _steps(
    run: Run, folder: Path, progress: Progress, stopping: Stopping, on_step: OnStep | None, workers: int
) -> None:
    schedule = run.schedule
    ahead = batches(run.problem, schedule, run.step, workers)
    try:
        while run.progress < 1.0:
            before = time.perf_counter()
            values = run.advance(next(ahead))
            run.seconds += time.perf_counter() - before
            progress.show(run.step, run.seconds, values)
            if schedule.evaluate_every and run.step % schedule.evaluate_every == 0:
                values = {**values, **run.evaluate()}
                progress.note(run.step, values)
            if run.step % history.EVERY == 0 or run.progress >= 1.0:
                history.note(folder, run.step, values)
            if on_step is not None:
                on_step(run.step, values)
            if run.step % schedule.checkpoint_every == 0 or stopping.asked:
                run.save(folder)
            if stopping.asked:
                raise KeyboardInterrupt(
                    f"Stopped after step {run.step}: the same command goes on from there."
                )
    finally:
        ahead.close()
    run.save(folder)
