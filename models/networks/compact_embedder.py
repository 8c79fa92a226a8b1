"""A small embedder of faces: plain 3 x 3 convolutions, which a CPU runs faster than their depthwise kind.

Residual blocks: K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016. The head
weighs each place of the last map by itself, as MobileFaceNet's does (S. Chen et al., CCBR 2018): in an aligned face
the places mean something.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from models.networks.mobilefacenet import ConvUnit

SIDE = 112
"""Pixels of the input's sides."""
FEATURES = 128
"""Channels of the last map."""
_STEM, _EARLY, _MIDDLE, _HEAD = 24, 48, 96, 192
_CENTRE, _SPREAD = 127.5, 64.0


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions whose result is added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvUnit(channels, channels, 3, act=nn.ReLU())
        self.second = ConvUnit(channels, channels, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, channels, h, w] to the same shape."""
        return functional.relu(x + self.second(self.first(x)))


class CompactEmbedder(nn.Module):
    """Aligned faces in, unit vectors out.

    Args:
        dimension: D, length of an embedding.
    """

    def __init__(self, dimension: int = 128) -> None:
        super().__init__()
        self.body = nn.Sequential(
            ConvUnit(3, _STEM, 3, 2, act=nn.ReLU()),
            ConvUnit(_STEM, _EARLY, 3, 2, act=nn.ReLU()),
            ResidualBlock(_EARLY),
            ConvUnit(_EARLY, _MIDDLE, 3, 2, act=nn.ReLU()),
            ResidualBlock(_MIDDLE),
            ResidualBlock(_MIDDLE),
            ConvUnit(_MIDDLE, FEATURES, 3, 2, act=nn.ReLU()),
            ConvUnit(FEATURES, FEATURES, 3, act=nn.ReLU()),
        )
        self.widen = ConvUnit(FEATURES, _HEAD, 1, act=nn.ReLU())
        self.gather = ConvUnit(_HEAD, _HEAD, 7, groups=_HEAD)
        self.embed = ConvUnit(_HEAD, dimension, 1)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Map BGR 0-255 float32 [N, 3, 112, 112] to the last map [N, 128, 7, 7]."""
        out: torch.Tensor = self.body((images - _CENTRE) / _SPREAD)
        return out

    def vectors(self, features: torch.Tensor) -> torch.Tensor:
        """Map [N, 128, 7, 7] to unit vectors [N, D]."""
        raw = self.embed(self.gather(self.widen(features))).flatten(1)
        return functional.normalize(raw.float())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map BGR 0-255 float32 [N, 3, 112, 112] to unit vectors [N, D]: a crop's and its mirror image's, added."""
        both = torch.cat([images, images.flip(3)])
        vectors = self.vectors(self.features(both))
        return functional.normalize(vectors.reshape(2, -1, vectors.shape[1]).sum(dim=0))
