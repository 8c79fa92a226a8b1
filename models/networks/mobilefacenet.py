"""MobileFaceNet with ReLU6, as its published weights have it.

Source: S. Chen, Y. Liu, X. Gao, Z. Han, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification
on Mobile Devices", CCBR 2018; inverted residuals: M. Sandler et al., "MobileNetV2", CVPR 2018.
"""

from __future__ import annotations

import torch
from torch import nn

from models.errors import ModelUnavailable
from models.export.readers.tensors import Tensors
from models.networks.loading import assign

_PLAN = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Widening, channels, blocks, stride of the first block."""
_STEM, _LAST = 64, 512


class ConvUnit(nn.Module):
    """Convolution, batch normalisation and an activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        act: nn.Module | None = None,
    ) -> None:
        super().__init__()
        pad = 0 if kernel == 7 else kernel // 2  # the 7 x 7 unit takes the whole map
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = act or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, outputs, h / stride, w / stride]."""
        out: torch.Tensor = self.act(self.norm(self.conv(x)))
        return out

    def load_folded(self, tensors: Tensors, index: int) -> None:
        """Copy a convolution that holds its normalisation; the unit's own becomes the identity plus the bias."""
        assign(self.conv.weight, tensors[f"{index}/kernel"])
        assign(self.norm.bias, tensors[f"{index}/bias"])
        nn.init.constant_(self.norm.weight, (1 + self.norm.eps) ** 0.5)


class InvertedResidual(nn.Module):
    """Widen by 1 x 1, filter each channel, narrow without activation; add the input where shapes allow."""

    def __init__(self, inputs: int, outputs: int, widening: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * widening
        self.widen = ConvUnit(inputs, hidden, 1, act=nn.ReLU6())
        self.filter = ConvUnit(hidden, hidden, 3, stride, groups=hidden, act=nn.ReLU6())
        self.narrow = ConvUnit(hidden, outputs, 1)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, outputs, h / stride, w / stride]."""
        y: torch.Tensor = self.narrow(self.filter(self.widen(x)))
        return x + y if self.adds else y


class MobileFaceNet(nn.Module):
    """Aligned faces in, embeddings out.

    Args:
        dimension: Length of an embedding.
    """

    def __init__(self, dimension: int = 128) -> None:
        super().__init__()
        self.stem = ConvUnit(3, _STEM, 3, 2, act=nn.ReLU6())
        self.stem_filter = ConvUnit(_STEM, _STEM, 3, groups=_STEM, act=nn.ReLU())
        self.stem_mix = ConvUnit(_STEM, _STEM, 1, act=nn.ReLU())
        blocks, channels = [], _STEM
        for widening, outputs, count, stride in _PLAN:
            for index in range(count):
                blocks.append(InvertedResidual(channels, outputs, widening, stride if index == 0 else 1))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.last = ConvUnit(channels, _LAST, 1, act=nn.ReLU6())
        self.gather = ConvUnit(_LAST, _LAST, 7, groups=_LAST)
        self.embed = ConvUnit(_LAST, dimension, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, 3, 112, 112] (RGB, ImageNet mean and deviation) to [N, dimension], not normalised."""
        x = self.blocks(self.stem_mix(self.stem_filter(self.stem(x))))
        out: torch.Tensor = self.embed(self.gather(self.last(x)))
        return out.flatten(1)

    def load_published(self, tensors: Tensors) -> None:
        """Copy the published convolutions (``models.export.readers.convolutions``), in their order.

        Raises:
            ModelUnavailable: Number or shapes differ.
        """
        units = [module for module in self.modules() if isinstance(module, ConvUnit)]
        if len(tensors) != 2 * len(units):
            raise ModelUnavailable(
                f"{len(units)} convolutions are expected, the file has {len(tensors) // 2}."
            )
        for index, unit in enumerate(units):
            unit.load_folded(tensors, index)
