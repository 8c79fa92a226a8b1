"""The tiny Xception of face-api.js with its heads for age and gender.

Source: F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017;
github.com/justadudewhohacks/face-api.js (widths).
"""

from __future__ import annotations

import torch
from torch import nn

from models.export.readers.tensors import Tensors
from models.networks.loading import assign


def _pad_halved(x: torch.Tensor, value: float = 0.0) -> torch.Tensor:
    """Pad an even side as TensorFlow does for a 3 x 3 window with stride 2: after it, not before."""
    return nn.functional.pad(x, (0, 1, 0, 1), value=value)


class Separable(nn.Module):
    """Filter each channel by 3 x 3, then mix channels by 1 x 1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, outputs, h, w]."""
        out: torch.Tensor = self.pointwise(self.depthwise(x))
        return out

    def load(self, tensors: Tensors, name: str) -> None:
        """Copy the layer ``name`` of the shard."""
        assign(self.depthwise.weight, tensors[f"{name}/depthwise_filter"].transpose(2, 3, 0, 1))
        _load_conv(self.pointwise, tensors, f"{name}/pointwise_filter", f"{name}/bias")


class Reduction(nn.Module):
    """Two separable convolutions and pooling beside a halving shortcut."""

    def __init__(self, inputs: int, outputs: int, activate: bool = True) -> None:
        super().__init__()
        self.first, self.second = Separable(inputs, outputs), Separable(outputs, outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=2)
        self._activate = activate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] (even sides) to [N, outputs, h / 2, w / 2]."""
        y = self.second(torch.relu(self.first(torch.relu(x) if self._activate else x)))
        pooled = nn.functional.max_pool2d(_pad_halved(y, float("-inf")), 3, 2)
        out: torch.Tensor = pooled + self.shortcut(x)
        return out

    def load(self, tensors: Tensors, name: str) -> None:
        """Copy the block ``name`` of the shard."""
        self.first.load(tensors, f"{name}/separable_conv0")
        self.second.load(tensors, f"{name}/separable_conv1")
        _load_conv(self.shortcut, tensors, f"{name}/expansion_conv/filters", f"{name}/expansion_conv/bias")


class Main(nn.Module):
    """Three separable convolutions with a residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Separable(channels, channels) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, channels, h, w] to the same shape."""
        y = x
        for layer in self.layers:
            y = layer(torch.relu(y))
        return x + y

    def load(self, tensors: Tensors, name: str) -> None:
        """Copy the block ``name`` of the shard."""
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, Separable)
            layer.load(tensors, f"{name}/separable_conv{index}")


class AgeGenderXception(nn.Module):
    """Faces in, age in years and logits of male and female out."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, stride=2)
        self.entry = nn.ModuleList([Reduction(32, 64, activate=False), Reduction(64, 128)])
        self.middle = nn.ModuleList([Main(128), Main(128)])
        self.reduce = Reduction(128, 256)
        self.last = Separable(256, 512)
        self.age, self.gender = nn.Linear(512, 1), nn.Linear(512, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map [N, 3, 112, 112] (RGB, mean subtracted, / 256) to age [N, 1] and logits [N, 2]."""
        x = torch.relu(self.stem(_pad_halved(x)))
        for block in (*self.entry, *self.middle, self.reduce):
            x = block(x)
        features = torch.relu(self.last(x)).mean((2, 3))
        return self.age(features), self.gender(features)

    def load_published(self, tensors: Tensors) -> None:
        """Copy the published shard.

        Raises:
            ModelUnavailable: It is another network's.
        """
        _load_conv(self.stem, tensors, "entry_flow/conv_in/filters", "entry_flow/conv_in/bias")
        for part, blocks, name in (
            ("entry_flow", self.entry, "reduction_block"),
            ("middle_flow", self.middle, "main_block"),
        ):
            for index, block in enumerate(blocks):
                assert isinstance(block, Reduction | Main)
                block.load(tensors, f"{part}/{name}_{index}")
        self.reduce.load(tensors, "exit_flow/reduction_block")
        self.last.load(tensors, "exit_flow/separable_conv")
        for head, name in ((self.age, "age"), (self.gender, "gender")):
            assign(head.weight, tensors[f"fc/{name}/weights"].T)
            assign(head.bias, tensors[f"fc/{name}/bias"])


def _load_conv(layer: nn.Conv2d, tensors: Tensors, kernel: str, bias: str) -> None:
    assign(layer.weight, tensors[kernel].transpose(3, 2, 0, 1))
    assert layer.bias is not None
    assign(layer.bias, tensors[bias])
