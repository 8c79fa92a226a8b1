"""What a task brings to the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import nn

Batch = Mapping[str, torch.Tensor]


class Problem(Protocol):
    """A network, batches for it and what is minimised."""

    @property
    def name(self) -> str:
        """Shown beside the progress; part of what a checkpoint belongs to."""

    def network(self) -> nn.Module:
        """A new network; torch's generator is seeded before the call."""

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        """Items drawn with ``random`` alone, so that a step's batch is always the same.

        Called from threads beside the training: it changes nothing that others read.
        """

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        """``loss`` is minimised, the others are reported; all scalars. ``batch`` is on the network's device."""

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Figures of the averaged weights on material that is neither trained on nor held back."""
