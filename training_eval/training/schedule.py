"""How long a network trains, how fast, and when something is written down."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The numbers of a run.

    Attributes:
        steps: Batches until the end.
        batch: Items of a batch.
        rate: Highest learning rate of AdamW.
        warmup: Steps in which the rate climbs to ``rate``; afterwards it falls along half a cosine.
        weight_decay: Of AdamW.
        seed: Of the first weights, of every batch and of dropout.
        evaluate_every: Steps from one evaluation to the next; 0 for none.
        checkpoint_every: Steps from one checkpoint to the next.
        average: Decay of the moving average of the weights; 0 for none.
        clip: Largest norm of the gradient.
        minutes: The run ends after so much time of training even if steps are left; the rate falls in time.
    """

    steps: int
    batch: int
    rate: float = 1e-3
    warmup: int = 100
    weight_decay: float = 1e-4
    seed: int = 0
    evaluate_every: int = 0
    checkpoint_every: int = 200
    average: float = 0.999
    clip: float = 10.0
    minutes: float | None = None

    def progress(self, step: int, seconds: float) -> float:
        """Share of the run that lies behind ``step`` steps and ``seconds`` of training, in [0, 1]."""
        timed = seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(step / self.steps, timed))

    def rate_at(self, step: int, seconds: float) -> float:
        """Learning rate of a step. Cosine: I. Loshchilov, F. Hutter, "SGDR", ICLR 2017."""
        climbed = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        return self.rate * climbed * 0.5 * (1 + math.cos(math.pi * self.progress(step, seconds)))

    def identity(self) -> dict[str, float]:
        """What a resumed run must have in common with the one that it goes on with."""
        numbers = asdict(self)
        return {name: float(value) for name, value in numbers.items() if name not in _CHANGEABLE}


_CHANGEABLE = ("minutes", "evaluate_every", "checkpoint_every")
