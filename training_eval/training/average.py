"""Moving average of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

_START = 10.0


class Average:
    """A copy of the network whose numbers follow slowly.

    Early on the average forgets faster, so that it does not carry the first random weights along.
    Source: B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Move towards ``network`` after ``step`` steps; statistics of normalisation move as the weights do."""
        decay = min(self._decay, (1 + step) / (_START + step))
        own = self.network.state_dict()
        for name, value in network.state_dict().items():
            if value.dtype.is_floating_point:
                own[name].lerp_(value, 1 - decay)
            else:
                own[name].copy_(value)
