"""The state of a run and one step of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch

from training_eval.errors import TrainingFailed
from training_eval.training.average import Average
from training_eval.training.checkpoint import Checkpoint, save
from training_eval.training.problem import Batch, Problem
from training_eval.training.schedule import Schedule

_SEEDS = 2**32


class Run:
    """Network, average, optimiser and how far they have come."""

    def __init__(self, problem: Problem, schedule: Schedule, device: torch.device) -> None:
        self.problem, self.schedule, self.device = problem, schedule, device
        self.step, self.seconds = 0, 0.0
        torch.manual_seed(schedule.seed)
        self._network = problem.network().to(device)
        self.average = Average(self._network, schedule.average)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), weight_decay=schedule.weight_decay)
        self._half = _half_type(device)
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._half is torch.float16)

    @property
    def identity(self) -> dict[str, float | str]:
        """What a checkpoint must agree in."""
        return {"problem": self.problem.name, **self.schedule.identity()}

    @property
    def progress(self) -> float:
        """Share of the run that is done, in [0, 1]."""
        return self.schedule.progress(self.step, self.seconds)

    def advance(self, batch: Batch) -> Mapping[str, float]:
        """Make one step.

        Raises:
            TrainingFailed: A loss or the gradient is not finite.
        """
        torch.manual_seed(
            (self.schedule.seed * 1_000_003 + self.step) % _SEEDS
        )  # dropout's, as in any resumed run
        for group in self._optimiser.param_groups:
            group["lr"] = self.schedule.rate_at(self.step, self.seconds)
        values = self._descend({name: value.to(self.device) for name, value in batch.items()})
        self.step += 1
        self.average.follow(self._network, self.step)
        return values

    def evaluate(self) -> Mapping[str, float]:
        """The problem's figures for the averaged weights."""
        with torch.no_grad():
            return self.problem.evaluate(self.average.network)

    def save(self, folder: Path) -> None:
        """Write a checkpoint."""
        save(
            folder,
            Checkpoint(
                step=self.step,
                seconds=self.seconds,
                identity=self.identity,
                network=self._network.state_dict(),
                average=self.average.network.state_dict(),
                optimiser=self._optimiser.state_dict(),
                scaler=self._scaler.state_dict(),
            ),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint."""
        self.step, self.seconds = checkpoint.step, checkpoint.seconds
        self._network.load_state_dict(checkpoint.network)
        self.average.network.load_state_dict(checkpoint.average)
        self._optimiser.load_state_dict(dict(checkpoint.optimiser))
        self._scaler.load_state_dict(dict(checkpoint.scaler))

    def _descend(self, batch: Batch) -> Mapping[str, float]:
        self._network.train()
        self._optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, self._half, enabled=self._half is not None):
            losses = self.problem.loss(self._network, batch)
        values = {name: float(value.detach()) for name, value in losses.items()}
        self._check("The loss", values["loss"])
        torch.autograd.backward(self._scaler.scale(losses["loss"]))
        self._scaler.unscale_(self._optimiser)
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), self.schedule.clip)
        if not self._scaler.is_enabled():  # the scaler leaves out such a step by itself
            self._check("The gradient", float(norm))
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return values

    def _check(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise TrainingFailed(
                f"{what} of step {self.step} is {value}. The last checkpoint is whole; lower the rate and start again.",
                {"step": self.step},
            )


def _half_type(device: torch.device) -> torch.dtype | None:
    """The short type that a GPU computes with; a CPU keeps 32 bits."""
    if device.type != "cuda":
        return None
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
