"""The detector's training: a small network learns what the published one says of every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from torch import nn

from models.networks.compact_detector import STRIDES, CompactDetector
from models.runtime.session import Floats, Pixels, Session
from training_eval.own.detector_loss import distance
from training_eval.own.disturbance import disturb
from training_eval.own.half import bfloat16
from training_eval.own.material import Material
from training_eval.own.placement import Source
from training_eval.own.scenes import Scenes
from training_eval.training.problem import Batch

TEACHER = "yunet-n"
_SIDES = (192, 256, 256, 320, 384)
_USUAL_SIDE = 256
_FRAMES_WEIGHT, _ATT_WEIGHT, _PEOPLE_WEIGHT, _EMPTY_WEIGHT = 6.0, 6.0, 2.5, 2.0


class DetectorProblem:
    """Batches are crops of training photographs; the teacher says of each what it sees.

    Args:
        material: Photographs and the teacher.
    """

    name = "facesocial-detector"

    def __init__(self, material: Material) -> None:
        self._teacher = material.session(TEACHER)
        self._scenes = Scenes(sources(material))

    def network(self) -> nn.Module:
        """Pictures arrive with their channels last, and so the weights lie."""
        network: nn.Module = CompactDetector().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    def batch(self, random: np.random.Generator, size: int) -> Batch:
        """``size`` crops of 256 px, or fewer larger or more smaller ones."""
        side = int(random.choice(_SIDES))
        count = max(1, round(size * (_USUAL_SIDE / side) ** 2))
        images = np.stack([disturb(random, self._scenes.draw(random, side)) for _ in range(count)])
        score, place = teaching(self._teacher, images)
        return {
            "images": torch.from_numpy(images),
            "score": torch.from_numpy(score),
            "place": torch.from_numpy(place),
        }

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        assert isinstance(network, CompactDetector)
        with bfloat16(batch["images"].device):
            cells = network.cells(batch["images"].permute(0, 3, 1, 2).float())
        logits = torch.cat([score[..., 0] for score, _ in cells], 1).float()
        places = torch.cat([place for _, place in cells], 1).float()
        return distance(logits, places, batch["score"], batch["place"])

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """The losses on crops that no step draws."""
        random = np.random.default_rng(2**31)
        rows = [self.loss(network, self.batch(random, 16)) for _ in range(4)]
        return {f"average's {name}": float(np.mean([float(row[name]) for row in rows])) for name in rows[0]}


def sources(material: Material) -> Sequence[Source]:
    """The training part of all photographs; one person's many pictures count as little as the set should."""
    groups = material.photographs("groups", "training")
    found = [(picture, 1 + len(picture.faces) ** 0.5) for picture in groups]
    found += [(picture, _PEOPLE_WEIGHT) for picture in material.photographs("people", "training")]
    for pictures, weight in (
        (material.frames("training", 10), _FRAMES_WEIGHT),
        (material.att("training"), _ATT_WEIGHT),
    ):
        found += [(picture, weight / len(pictures)) for picture in pictures]
    photographs = [
        Source(
            picture.pixels, np.array([face.box for face in picture.faces], np.float32).reshape(-1, 4), weight
        )
        for picture, weight in found
    ]
    return [*photographs, *_without_faces()]


def _without_faces() -> list[Source]:
    """A temple and a flower: the photographs that scikit-learn comes with."""
    none = np.zeros((0, 4), np.float32)
    shown = load_sample_images().images
    return [Source(np.ascontiguousarray(image[..., ::-1]), none, _EMPTY_WEIGHT) for image in shown]


def teaching(teacher: Session, images: Pixels) -> tuple[Floats, Floats]:
    """What the teacher says of uint8 [N, H, W, 3]: score [N, cells] and place [N, cells, 14] of all grids."""
    outputs = teacher.run(images)
    score = [outputs[f"cls_{stride}"][..., 0] * outputs[f"obj_{stride}"][..., 0] for stride in STRIDES]
    place = [np.concatenate([outputs[f"bbox_{s}"], outputs[f"kps_{s}"]], axis=-1) for s in STRIDES]
    return np.concatenate(score, 1), np.concatenate(place, 1)
