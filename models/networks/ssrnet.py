"""SSR-Net.

Source: T.-Y. Yang, Y.-H. Huang, Y.-Y. Lin, P.-C. Hsiu, Y.-Y. Chuang, "SSR-Net: A Compact Soft Stagewise
Regression Network for Age Estimation", IJCAI 2018.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from models.export.readers.tensors import Tensors
from models.networks.loading import load_keras_conv, load_keras_dense, load_keras_norm

_EPS = 1e-3
_CLASSES = 3
_CHANNELS = 10
Activation = Callable[[torch.Tensor], torch.Tensor]


class Stream(nn.Module):
    """Four convolutions with normalisation, halved between; ReLU and means, or tanh and maxima."""

    def __init__(self, channels: int, activation: Activation, pool: nn.Module) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 if i == 0 else channels, channels, 3) for i in range(4))
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels, eps=_EPS) for _ in range(4))
        self.pool = pool
        self._activation = activation

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Map [N, 3, 64, 64] to the last, second and first level: sides 4, 14 and 31."""
        levels = []
        for index, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = self._activation(norm(conv(x)))
            x = self.pool(x) if index < 3 else x
            levels.append(x)
        return [levels[3], levels[1], levels[0]]


class Reduce(nn.Module):
    """Ten channels by 1 x 1, then pooling to a small grid."""

    def __init__(self, inputs: int, pool: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, _CHANNELS, 1)
        self.pool = pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, features]."""
        out: torch.Tensor = self.pool(torch.relu(self.conv(x)))
        return out.flatten(1)


class SoftStage(nn.Module):
    """One stage: which of three bins, how far beside its centre, and how wide the bins are."""

    def __init__(self, pool: int, side: int) -> None:
        super().__init__()
        self.grid = (_CHANNELS, side, side)
        features = _CHANNELS * side * side
        self.reduce_tanh = Reduce(16, nn.MaxPool2d(pool))
        self.reduce_relu = Reduce(32, nn.AvgPool2d(pool))
        self.delta = nn.Linear(features, 1)
        self.mix_tanh, self.mix_relu = nn.Linear(features, _CLASSES), nn.Linear(features, _CLASSES)
        self.mix = nn.Linear(_CLASSES, 2 * _CLASSES)
        self.weights, self.shift = nn.Linear(2 * _CLASSES, _CLASSES), nn.Linear(2 * _CLASSES, _CLASSES)

    def forward(self, tanh: torch.Tensor, relu: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map the levels of both streams to the expected bin [N, 1] and the number of bins [N, 1]."""
        s, x = self.reduce_tanh(tanh), self.reduce_relu(relu)
        bins = _CLASSES * (1 + torch.tanh(self.delta(s * x)))
        mixed = torch.relu(self.mix_tanh(s)) * torch.relu(self.mix_relu(x))
        mixed = torch.relu(self.mix(mixed))
        centres = torch.arange(_CLASSES, dtype=mixed.dtype, device=mixed.device)
        positions = centres + torch.tanh(self.shift(mixed))
        expected = (positions * torch.relu(self.weights(mixed))).sum(1, keepdim=True)
        return expected, bins


class SSRNet(nn.Module):
    """Faces in, one number out.

    Args:
        span: Of the number: 101 for years, 1 for a probability.
    """

    def __init__(self, span: float) -> None:
        super().__init__()
        self.span = span
        self.relu = Stream(32, torch.relu, nn.AvgPool2d(2))
        self.tanh = Stream(16, torch.tanh, nn.MaxPool2d(2))
        self.stages = nn.ModuleList([SoftStage(1, 4), SoftStage(4, 3), SoftStage(8, 3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, 3, 64, 64] (BGR, 0-255) to [N, 1]."""
        total, width = x.new_zeros(len(x), 1), x.new_ones(len(x), 1)
        for stage, tanh, relu in zip(self.stages, self.tanh(x), self.relu(x), strict=True):
            expected, bins = stage(tanh, relu)
            width = width * bins
            total = total + expected / width
        return total * self.span

    def load_published(self, tensors: Tensors, prediction: str) -> None:
        """Copy the published Keras weights.

        Args:
            tensors: Of the file.
            prediction: Name of the layers of bin weights: ``pred_age_stage`` or ``pred_stage``.

        Raises:
            ModelUnavailable: They are another network's.
        """
        for stream, first in ((self.relu, 1), (self.tanh, 5)):
            for index, (conv, norm) in enumerate(zip(stream.convs, stream.norms, strict=True), start=first):
                assert isinstance(conv, nn.Conv2d)
                assert isinstance(norm, nn.BatchNorm2d)
                load_keras_conv(conv, tensors, f"conv2d_{index}")
                load_keras_norm(norm, tensors, f"batch_normalization_{index}")
        for index, stage in enumerate(self.stages, start=1):
            assert isinstance(stage, SoftStage)
            _load_stage(stage, tensors, index, prediction)


def _load_stage(stage: SoftStage, tensors: Tensors, index: int, prediction: str) -> None:
    load_keras_conv(stage.reduce_tanh.conv, tensors, f"conv2d_{7 + 2 * index}")
    load_keras_conv(stage.reduce_relu.conv, tensors, f"conv2d_{8 + 2 * index}")
    load_keras_dense(stage.delta, tensors, f"delta_s{index}", stage.grid)
    load_keras_dense(stage.mix_tanh, tensors, f"dense_{3 * index - 2}", stage.grid)
    load_keras_dense(stage.mix_relu, tensors, f"dense_{3 * index - 1}", stage.grid)
    load_keras_dense(stage.mix, tensors, f"dense_{3 * index}")
    load_keras_dense(stage.weights, tensors, f"{prediction}{index}")
    load_keras_dense(stage.shift, tensors, f"local_delta_stage{index}")
