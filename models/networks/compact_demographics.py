"""A small network for age and gender: plain 3 x 3 convolutions and two linear heads on the mean of the last map."""

from __future__ import annotations

import torch
from torch import nn

from models.networks.mobilefacenet import ConvUnit

SIDE = 112
"""Pixels of the input's sides."""
FEATURES = 128
"""Channels of the last map."""
_CHANNELS = (16, 32, 64, FEATURES)
_CENTRE, _SPREAD = 127.5, 64.0
_USUAL_AGE, _AGE_SPREAD = 35.0, 15.0
"""Years: where the age head begins, so that its weights are of the size of the others."""


class CompactDemographics(nn.Module):
    """Square crops of faces in; years and the probabilities of male and female out."""

    def __init__(self) -> None:
        super().__init__()
        units, inputs = [], 3
        for channels in _CHANNELS:
            units.append(ConvUnit(inputs, channels, 3, 2, act=nn.ReLU()))
            units.append(ConvUnit(channels, channels, 3, act=nn.ReLU()))
            inputs = channels
        self.body = nn.Sequential(units[0], *units[2:])
        self.age = nn.Linear(inputs, 1)
        self.gender = nn.Linear(inputs, 2)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Map BGR 0-255 float32 [N, 3, 112, 112] to the means of the last map's channels [N, 128]."""
        out: torch.Tensor = self.body((images - _CENTRE) / _SPREAD).mean(dim=(2, 3))
        return out.float()

    def heads(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map [N, 128] to years [N, 1] and the genders' logits [N, 2]."""
        return _USUAL_AGE + _AGE_SPREAD * self.age(features).float(), self.gender(features).float()

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Years [N, 1] and probabilities [N, 2] (male, female) of BGR 0-255 float32 [N, 3, 112, 112].

        Both are means of what is said of the crop and of its mirror image.
        """
        age, gender = self.heads(self.features(torch.cat([images, images.flip(3)])))
        return _mean_of_both(age), _mean_of_both(torch.softmax(gender, dim=1))


def _mean_of_both(values: torch.Tensor) -> torch.Tensor:
    """[2N, C], the mirror images behind the pictures, to [N, C]."""
    return values.reshape(2, -1, values.shape[1]).mean(dim=0)
