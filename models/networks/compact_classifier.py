"""A small network that looks for traces: plain 3 x 3 convolutions, the mean and the peak of the last map, one layer.

Plain convolutions with few channels are what a CPU does fastest; peaks are kept because a trace may be in one place
only (a seam, an edge of paper, a wave on a screen).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from models.networks.mobilefacenet import ConvUnit

Ending = Literal["softmax", "sigmoid"]
_CENTRE, _SPREAD = 127.5, 64.0
_HIDDEN = 48
"""Comparisons of places."""
_FINE = 4.0
"""Residuals are about a quarter as large as what they are left of."""


class CompactClassifier(nn.Module):
    """Crops of faces in, probabilities out.

    Args:
        widths: Channels of each stage; a stage halves the sides and has two convolutions, the first stage one at half
            the sides and one more.
        outputs: Numbers a face.
        ending: How logits become probabilities: of one class of several, or each by itself.
        drop: Share of the features that training leaves out in front of the last layer.
        residual: Whether it is shown what is fine in the picture beside the picture itself: each pixel less the mean
            of its neighbourhood, in which noise and sharpness are plain. Source of the thought: B. Bayar, M. Stamm,
            "A Deep Learning Approach to Universal Image Manipulation Detection", IH&MMSec 2016.
        places: Side of a grid of places whose means are compared by a hidden layer; 0 for none. It divides the last
            map's sides. A forged face differs from what surrounds it, which one mean over everything cannot say.
    """

    def __init__(
        self,
        widths: Sequence[int],
        outputs: int,
        ending: Ending,
        *,
        drop: float = 0.2,
        residual: bool = False,
        places: int = 0,
    ) -> None:
        super().__init__()
        units, inputs = [], 6 if residual else 3
        self.mean = nn.AvgPool2d(3, 1, 1, count_include_pad=False) if residual else None
        for width in widths:
            units.append(ConvUnit(inputs, width, 3, 2, act=nn.ReLU()))
            units.append(ConvUnit(width, width, 3, act=nn.ReLU()))
            inputs = width
        self.body = nn.Sequential(*units)
        self.compare = _comparison(inputs, places) if places else None
        self.drop = nn.Dropout(drop)
        self.out = nn.Linear(2 * inputs + (_HIDDEN if places else 0), outputs)
        self._ending = ending

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Map BGR 0-255 float32 [N, 3, H, W] to logits [N, outputs]."""
        maps = self.body(self._shown((images - _CENTRE) / _SPREAD)).float()
        features = [maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))]
        if self.compare is not None:
            features.append(self.compare(maps))
        out: torch.Tensor = self.out(self.drop(torch.cat(features, dim=1)))
        return out

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map BGR 0-255 float32 [N, 3, H, W] to probabilities [N, outputs]."""
        logits = self.logits(images)
        return logits.softmax(dim=1) if self._ending == "softmax" else logits.sigmoid()

    def _shown(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.mean is None else torch.cat([x, _FINE * (x - self.mean(x))], dim=1)


def _comparison(channels: int, places: int) -> nn.Module:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(places),
        nn.Flatten(),
        nn.Linear(channels * places**2, _HIDDEN),
        nn.BatchNorm1d(_HIDDEN),
        nn.ReLU(),
    )
