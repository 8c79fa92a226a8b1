"""A problem that trains in a moment: the sum of four numbers, with dropout and normalisation on the way.

``python small_problem.py FOLDER STEP`` trains it and kills itself after a step.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training_eval.training.loop import Batch, Schedule, train

SCHEDULE = Schedule(steps=60, batch=16, rate=0.02, warmup=5, seed=3, checkpoint_every=7, average=0.9)


class SumProblem:
    """The loss becomes no number where the step's batch has no number."""

    name = "sum"

    def __init__(self, spoilt_seed: int | None = None) -> None:
        self._spoilt = spoilt_seed
        self.drawn: list[float] = []

    def network(self) -> nn.Module:
        return nn.Sequential(
            nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Dropout(0.2), nn.ReLU(), nn.Linear(16, 1)
        )

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        x = random.standard_normal((size, 4)).astype(np.float32)
        self.drawn.append(float(x[0, 0]))
        if len(self.drawn) - 1 == self._spoilt:
            x[0, 0] = np.nan
        return {"x": torch.from_numpy(x), "y": torch.from_numpy(x.sum(1, keepdims=True))}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        error = network(batch["x"]) - batch["y"]
        return {"loss": (error**2).mean(), "largest": error.abs().max()}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        batch = self.batch(np.random.default_rng(99), 256)
        return {"held out": float(self.loss(network, batch)["loss"].detach())}


def main() -> None:
    torch.set_num_threads(1)
    folder, last = Path(sys.argv[1]), int(sys.argv[2])

    def on_step(step: int, values: Mapping[str, float]) -> None:
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)

    train(SumProblem(), SCHEDULE, folder, device="cpu", on_step=on_step)


if __name__ == "__main__":
    main()
