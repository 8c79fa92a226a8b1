"""A student's embeddings against its teacher's."""

from __future__ import annotations

import torch
from torch.nn import functional


def cosine_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cos(student, teacher) over the rows: the student learns the teacher's own vectors.

    Args:
        student: [N, D], of any length.
        teacher: [N, D], of any length.

    Returns:
        A number in [0, 2].
    """
    return (1 - functional.cosine_similarity(student, teacher, dim=1)).mean()


def relational_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean squared difference between the cosines of all pairs of the batch.

    What verification asks of an embedding is the similarity of pairs, so errors that all rows share cost nothing here.
    Source: F. Tung, G. Mori, "Similarity-Preserving Knowledge Distillation", ICCV 2019, with cosines in place
    of row-normalised products, because cosines are what is compared later.

    Args:
        student: [N, D], N of at least 2.
        teacher: [N, E].

    Returns:
        A number of at least 0: the mean over the N (N - 1) ordered pairs of two different rows.
    """
    difference = _cosines(student) - _cosines(teacher)
    count = len(student)
    return difference.square().sum() / (count * (count - 1))


def hint_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cos between the channels of two maps at each place.

    A map of 7 x 7 says 49 times as much about a picture as its embedding does, and what it says is about parts of
    faces, of which few people show many. Source: A. Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015,
    with the cosine in place of the squared difference, so that the maps' scales do not matter.

    Args:
        student: [N, C, h, w], brought to the teacher's channels.
        teacher: [N, C, h, w].

    Returns:
        A number in [0, 2].
    """
    return (1 - functional.cosine_similarity(student, teacher, dim=1)).mean()


def _cosines(vectors: torch.Tensor) -> torch.Tensor:
    unit = functional.normalize(vectors)
    return unit @ unit.T
