"""The project's own face detector: plain 3x3 convolutions, three grids, YuNet's outputs.

Source of the layout: W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence
Research, 2023; of the way from coarse to fine grids: T.-Y. Lin et al., "Feature Pyramid Networks", CVPR 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

STRIDES = (8, 16, 32)
_BOX, _POINTS = 4, 10
_PRIOR = 0.01
"""Score of a cell before training: a focal loss starts calmly where nearly nothing is a face."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Channels of the grids at strides 2 and 4, of those at 8, 16 and 32, and of the heads."""

    stem: tuple[int, int] = (16, 24)
    grids: tuple[int, int, int] = (32, 48, 64)
    head: int = 32


class Unit(nn.Sequential):
    """3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )


class Residual(nn.Module):
    """Two units, the input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.units = nn.Sequential(Unit(channels, channels), Unit(channels, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, channels, h, w] to the same shape."""
        out: torch.Tensor = x + self.units(x)
        return out


class Grid(nn.Module):
    """From one grid to the next coarser one."""

    def __init__(self, inputs: int, outputs: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Unit(inputs, outputs, 2), *(Residual(outputs) for _ in range(depth)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [N, inputs, h, w] to [N, outputs, h / 2, w / 2]."""
        out: torch.Tensor = self.blocks(x)
        return out


class Head(nn.Module):
    """Score, box and points of each cell of one grid."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shared = Unit(channels, channels)
        self.score = nn.Conv2d(channels, 1, 1)
        self.place = nn.Conv2d(channels, _BOX + _POINTS, 1)
        assert self.score.bias is not None
        nn.init.constant_(self.score.bias, math.log(_PRIOR / (1 - _PRIOR)))
        nn.init.normal_(self.score.weight, std=0.01)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map [N, channels, h, w] to logits [N, h * w, 1] and places [N, h * w, 14]."""
        x = self.shared(x)
        return _rows(self.score(x)), _rows(self.place(x))


class CompactDetector(nn.Module):
    """Pictures in, a score, a box and five points for each cell of three grids out."""

    def __init__(self, widths: Widths | None = None, depth: int = 1) -> None:
        super().__init__()
        widths = widths or Widths()
        self.stem = nn.Sequential(Unit(3, widths.stem[0], 2), Unit(*widths.stem, 2))
        inputs = (widths.stem[1], *widths.grids)
        self.grids = nn.ModuleList(Grid(inputs[i], inputs[i + 1], depth) for i in range(len(STRIDES)))
        self.lateral = nn.ModuleList(nn.Conv2d(width, widths.head, 1) for width in widths.grids)
        self.heads = nn.ModuleList(Head(widths.head) for _ in STRIDES)

    def cells(self, images: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Logit of the score [N, cells, 1] and place [N, cells, 14] for each stride.

        Args:
            images: float32 [N, 3, H, W], BGR, 0-255; H and W multiples of 32.
        """
        features, x = [], self.stem(images)
        for grid in self.grids:
            x = grid(x)
            features.append(x)
        finer: torch.Tensor | None = None
        found = []
        for lateral, head, feature in reversed(list(zip(self.lateral, self.heads, features, strict=True))):
            own = lateral(feature)
            finer = own if finer is None else own + functional.interpolate(finer, scale_factor=2.0)
            found.append(head(finer))
        return found[::-1]

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """YuNet's twelve outputs: cls, obj, bbox and kps, each at strides 8, 16 and 32.

        One score is learnt; its square root stands in both places, so that cls * obj is the score.
        """
        cells = self.cells(images)
        roots = [torch.sqrt(torch.sigmoid(score)) for score, _ in cells]
        boxes = [place[..., :_BOX] for _, place in cells]
        points = [place[..., _BOX:] for _, place in cells]
        return (*roots, *roots, *boxes, *points)


def output_names() -> tuple[str, ...]:
    """The names of ``forward``'s outputs, in its order."""
    return tuple(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES)


def _rows(x: torch.Tensor) -> torch.Tensor:
    """[N, channels, h, w] as [N, h * w, channels]."""
    return x.flatten(2).transpose(1, 2)
