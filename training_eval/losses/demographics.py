"""A student's years and genders against its teacher's."""

from __future__ import annotations

import torch
from torch.nn import functional

_TOLERANCE = 5.0
"""Years: below it errors count squared, above it as they are, so that no odd crop rules a batch."""
_FLOOR = 1e-6
"""Smallest sum of squared deviations: a batch of equal crops has none."""


def age_loss(student: torch.Tensor, teacher: torch.Tensor, tolerance: float = _TOLERANCE) -> torch.Tensor:
    """Mean Huber loss of the years, in units of ``tolerance`` years.

    e = (student - teacher) / tolerance costs e² / 2 up to 1 and |e| - 1/2 beyond. Source: P. J. Huber, "Robust
    Estimation of a Location Parameter", Annals of Mathematical Statistics 35(1), 1964.

    Args:
        student: Years, of any shape.
        teacher: Years, of the same shape.
        tolerance: Years, above 0.
    """
    return functional.huber_loss(student / tolerance, teacher / tolerance)


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean of -sum(targets * log softmax(logits)): cross-entropy against a teacher's probabilities.

    Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015, at temperature 1.

    Args:
        logits: [N, C].
        targets: [N, C], rows of sum 1.
    """
    return -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()


def unexplained_share(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """How much of the teacher's inner values the student's do not explain: 1 - R² of the batch, means left out.

    512 inner values say more about a crop than one age and one gender do. Hints: A. Romero et al., "FitNets", ICLR
    2015; here both sides are first centred over the batch, since what is common to all crops teaches nothing.

    Args:
        student: [N, C], N of at least 2.
        teacher: [N, C].

    Returns:
        0 where both agree but for a constant of each channel, 1 for a student that says the same of every crop.
    """
    wanted = teacher - teacher.mean(dim=0)
    missed = student - student.mean(dim=0) - wanted
    return missed.square().sum() / wanted.square().sum().clamp_min(_FLOOR)
