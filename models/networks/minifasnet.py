"""MiniFASNet V2 and V1SE.

Source: github.com/minivision-ai/Silent-Face-Anti-Spoofing (widths found there by pruning); J. Hu, L. Shen, G. Sun,
"Squeeze-and-Excitation Networks", CVPR 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from models.export.readers.tensors import Tensors
from models.networks.loading import load_state

_REDUCTION = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """Widths inside the blocks of the three stages, and what the variants differ in."""

    halving: tuple[int, int, int]
    residual: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    squeeze: bool
    dropout: float


V2 = Plan(
    halving=(103, 231, 308),
    residual=((13, 13, 13, 13), (231, 52, 26, 77, 26, 26), (26, 26)),
    squeeze=False,
    dropout=0.2,
)
V1SE = Plan(
    halving=(103, 231, 308),
    residual=((13, 26, 13, 52), (154, 52, 26, 52, 26, 26), (26, 26)),
    squeeze=True,
    dropout=0.75,
)


class ConvUnit(nn.Module):
    """Convolution, batch normalisation and PReLU unless ``linear``."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        pad = 1 if kernel == 3 else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        if not linear:
            self.prelu = nn.PReLU(outputs)
        self._linear = linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, outputs, h', w']."""
        x = self.bn(self.conv(x))
        return x if self._linear else self.prelu(x)


class SqueezeExcite(nn.Module):
    """Weigh each channel by a factor found from the means of all."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // _REDUCTION, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels // _REDUCTION)
        self.fc2 = nn.Conv2d(channels // _REDUCTION, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, channels, h, w] to the same shape."""
        y = torch.relu(self.bn1(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(self.bn2(self.fc2(y)))


class Block(nn.Module):
    """Widen, filter each channel, narrow; a residual block adds its input."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        outputs: int,
        stride: int,
        residual: bool = False,
        squeeze: bool = False,
    ) -> None:
        super().__init__()
        self.conv = ConvUnit(inputs, hidden)
        self.conv_dw = ConvUnit(hidden, hidden, 3, stride, groups=hidden)
        self.project = ConvUnit(hidden, outputs, linear=True)
        if squeeze:
            self.se_module = SqueezeExcite(outputs)
        self._residual, self._squeeze = residual, squeeze

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, outputs, h / stride, w / stride]."""
        y: torch.Tensor = self.project(self.conv_dw(self.conv(x)))
        if self._squeeze:
            y = self.se_module(y)
        return x + y if self._residual else y


class Stage(nn.Module):
    """Residual blocks of one width; the last may squeeze."""

    def __init__(self, channels: int, hidden: tuple[int, ...], squeeze: bool) -> None:
        super().__init__()
        last = len(hidden) - 1
        self.model = nn.Sequential(
            *(
                Block(channels, width, channels, 1, residual=True, squeeze=squeeze and index == last)
                for index, width in enumerate(hidden)
            )
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, channels, h, w] to the same shape."""
        out: torch.Tensor = self.model(x)
        return out


class MiniFASNet(nn.Module):
    """Face with surroundings in, logits of attack, live, attack out; names as in the published state dict."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.conv1 = ConvUnit(3, 32, 3, 2)
        self.conv2_dw = ConvUnit(32, 32, 3, groups=32)
        self.conv_23 = Block(32, plan.halving[0], 64, 2)
        self.conv_3 = Stage(64, plan.residual[0], plan.squeeze)
        self.conv_34 = Block(64, plan.halving[1], 128, 2)
        self.conv_4 = Stage(128, plan.residual[1], plan.squeeze)
        self.conv_45 = Block(128, plan.halving[2], 128, 2)
        self.conv_5 = Stage(128, plan.residual[2], plan.squeeze)
        self.conv_6_sep = ConvUnit(128, 512)
        self.conv_6_dw = ConvUnit(512, 512, 5, groups=512, linear=True)
        self.linear = nn.Linear(512, 128, bias=False)
        self.bn = nn.BatchNorm1d(128)
        self.drop = nn.Dropout(plan.dropout)
        self.prob = nn.Linear(128, 3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, 3, 80, 80] (BGR, 0-255) to logits [N, 3]."""
        x = self.conv_3(self.conv_23(self.conv2_dw(self.conv1(x))))
        x = self.conv_5(self.conv_45(self.conv_4(self.conv_34(x))))
        x = self.conv_6_dw(self.conv_6_sep(x)).flatten(1)
        out: torch.Tensor = self.prob(self.drop(self.bn(self.linear(x))))
        return out

    def load_published(self, tensors: Tensors) -> None:
        """Copy the published state dict.

        Raises:
            ModelUnavailable: It is another network's.
        """
        load_state(self, tensors, prefix="module.")
