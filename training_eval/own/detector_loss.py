"""How far a detector is from its teacher at every cell."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

_BOX = 4
_BETA = 0.1
_BOX_WEIGHT, _SHAPE_WEIGHT, _POINT_WEIGHT = 2.0, 1.0, 8.0


def distance(
    logits: torch.Tensor, places: torch.Tensor, score: torch.Tensor, target: torch.Tensor
) -> Mapping[str, torch.Tensor]:
    """Losses against a teacher's outputs, each for a cell that holds a face.

    The score is compared at every cell (quality focal loss: X. Li et al., "Generalized Focal Loss", NeurIPS 2020,
    whose soft label is the teacher's score); boxes (overlap, and H. Rezatofighi et al., "Generalized Intersection
    over Union", CVPR 2019) and points count as much as the teacher sees a face there.

    Args:
        logits: float32 [N, cells].
        places: float32 [N, cells, 14]: box as YuNet codes it, five points, in strides from the cell's corner.
        score: The teacher's, in [0, 1], as ``logits``.
        target: The teacher's, as ``places``.
    """
    faces = score.sum().clamp(min=1.0)
    entropy = functional.binary_cross_entropy_with_logits(logits, score, reduction="none")
    focal = ((score - logits.sigmoid()).abs() * entropy).sum() / faces
    seen = score > 0.1
    weight, found, wanted = score[seen], places[seen], target[seen]
    side = wanted[:, 2:_BOX].exp().mean(1)
    box = (weight * (1 - overlap(found[:, :_BOX], wanted[:, :_BOX]))).sum() / faces
    shape = (weight * _smooth(found[:, 2:_BOX], wanted[:, 2:_BOX]).mean(1)).sum() / faces
    shift = (found[:, _BOX:] - wanted[:, _BOX:]) / side[:, None]
    points = (weight * _smooth(shift, torch.zeros_like(shift)).mean(1)).sum() / faces
    total = focal + _BOX_WEIGHT * box + _SHAPE_WEIGHT * shape + _POINT_WEIGHT * points
    return {"loss": total, "score": focal, "box": box, "shape": shape, "points": points}


def overlap(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Generalised intersection over union of boxes that share a cell, [N, 4] each, in [-1, 1]."""
    low_a, high_a = _corners(first)
    low_b, high_b = _corners(second)
    shared = (torch.minimum(high_a, high_b) - torch.maximum(low_a, low_b)).clamp(min=0).prod(1)
    union = (high_a - low_a).prod(1) + (high_b - low_b).prod(1) - shared
    hull = (torch.maximum(high_a, high_b) - torch.minimum(low_a, low_b)).prod(1)
    return shared / union - (hull - union) / hull


def _corners(box: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    half = box[:, 2:].clamp(max=6).exp() / 2
    return box[:, :2] - half, box[:, :2] + half


def _smooth(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Huber's loss over its width: linear beyond a tenth, so that small errors of points still count."""
    return functional.smooth_l1_loss(found, wanted, reduction="none", beta=_BETA)
