"""Meso4 and MesoInception4.

Source: D. Afchar, V. Nozick, J. Yamagishi, I. Echizen, "MesoNet: a Compact Facial Video Forgery Detection
Network", WIFS 2018.
"""

from __future__ import annotations

import re

import torch
from torch import nn

from models.export.readers.tensors import Tensors
from models.networks.loading import load_keras_conv, load_keras_dense, load_keras_norm

_EPS = 1e-3
_GRID = (16, 8, 8)


class Inception(nn.Module):
    """Four branches: 1 x 1 alone, then 1 x 1 and 3 x 3 with dilation 1, 2 and 3."""

    def __init__(self, inputs: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        plain, *pairs = widths
        self.plain = nn.Conv2d(inputs, plain, 1)
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inputs, width, 1),
                nn.ReLU(),
                nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
            )
            for dilation, width in enumerate(pairs, start=1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, sum of widths, h, w]."""
        return torch.cat([self.plain(x), *(branch(x) for branch in self.branches)], dim=1)


class Stage(nn.Module):
    """A filter, ReLU, batch normalisation and pooling."""

    def __init__(self, filters: nn.Module, channels: int, pool: int) -> None:
        super().__init__()
        self.filters = filters
        self.norm = nn.BatchNorm2d(channels, eps=_EPS)
        self.pool = nn.MaxPool2d(pool)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, c, h, w] to [N, channels, h / pool, w / pool]."""
        out: torch.Tensor = self.pool(self.norm(torch.relu(self.filters(x))))
        return out


class MesoNet(nn.Module):
    """Faces in, logit of being genuine out.

    Args:
        inception: MesoInception4 instead of Meso4: dilated inception layers in the first two stages.
    """

    def __init__(self, inception: bool = False) -> None:
        super().__init__()
        if inception:
            first = Stage(Inception(3, (1, 4, 4, 2)), 11, 2)
            second = Stage(Inception(11, (2, 4, 4, 2)), 12, 2)
            third = Stage(nn.Conv2d(12, 16, 5, padding=2), 16, 2)
        else:
            first = Stage(nn.Conv2d(3, 8, 3, padding=1), 8, 2)
            second = Stage(nn.Conv2d(8, 8, 5, padding=2), 8, 2)
            third = Stage(nn.Conv2d(8, 16, 5, padding=2), 16, 2)
        fourth = Stage(nn.Conv2d(16, 16, 5, padding=2), 16, 4)
        self.stages = nn.Sequential(first, second, third, fourth)
        self.hidden = nn.Linear(_GRID[0] * _GRID[1] * _GRID[2], 16)
        self.out = nn.Linear(16, 1)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, 3, 256, 256] (RGB, 0-1) to logits [N, 1], positive for genuine."""
        x = self.drop(self.stages(x).flatten(1))
        x = nn.functional.leaky_relu(self.hidden(x), 0.1)
        out: torch.Tensor = self.out(self.drop(x))
        return out

    def load_published(self, tensors: Tensors) -> None:
        """Copy the published Keras weights; layers are matched by kind and number.

        Raises:
            ModelUnavailable: They are another network's.
            ValueError: Another number of layers.
        """
        convs = [module for module in self.modules() if isinstance(module, nn.Conv2d)]
        norms = [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]
        for conv, name in zip(convs, _numbered(tensors, "conv2d"), strict=True):
            load_keras_conv(conv, tensors, name)
        for norm, name in zip(norms, _numbered(tensors, "batch_normalization"), strict=True):
            load_keras_norm(norm, tensors, name)
        hidden, out = _numbered(tensors, "dense")
        load_keras_dense(self.hidden, tensors, hidden, _GRID)
        load_keras_dense(self.out, tensors, out)


def _numbered(tensors: Tensors, kind: str) -> list[str]:
    names = {name.partition("/")[0] for name in tensors if re.match(rf"{kind}_\d+/", name)}
    return sorted(names, key=lambda name: int(name.rpartition("_")[2]))
