from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from training_eval.losses.embedding import cosine_loss, hint_loss, relational_loss  # noqa: E402


def _vectors(seed: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float()


def _cos(a: torch.Tensor, b: torch.Tensor) -> float:
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(float(x) ** 2 for x in a) * sum(float(y) ** 2 for y in b))


def test_the_cosine_loss_is_the_mean_of_one_minus_the_cosine() -> None:
    student, teacher = _vectors(1, 6, 5), _vectors(2, 6, 5)
    slow = sum(1 - _cos(a, b) for a, b in zip(student, teacher, strict=True)) / 6
    assert float(cosine_loss(student, teacher)) == pytest.approx(slow, abs=1e-6)


@pytest.mark.parametrize(("factor", "wanted"), [(3.0, 0.0), (-1.0, 2.0)])
def test_the_cosine_loss_knows_direction_and_not_length(factor: float, wanted: float) -> None:
    vectors = _vectors(3, 4, 8)
    assert float(cosine_loss(vectors, factor * vectors)) == pytest.approx(wanted, abs=1e-6)


def test_the_relational_loss_is_the_mean_over_all_ordered_pairs() -> None:
    student, teacher = _vectors(4, 5, 7), _vectors(5, 5, 9)
    slow = [
        (_cos(student[i], student[j]) - _cos(teacher[i], teacher[j])) ** 2
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    assert float(relational_loss(student, teacher)) == pytest.approx(sum(slow) / len(slow), abs=1e-6)


def test_the_relational_loss_does_not_see_a_rotation_of_all_vectors() -> None:
    vectors = _vectors(6, 6, 4)
    turned = vectors @ torch.linalg.qr(_vectors(7, 4, 4))[0]
    assert float(relational_loss(turned, vectors)) == pytest.approx(0, abs=1e-6)
    assert float(cosine_loss(turned, vectors)) > 0.1


def test_the_hint_loss_compares_the_channels_of_each_place() -> None:
    student, teacher = _vectors(8, 2, 3, 2, 2), _vectors(9, 2, 3, 2, 2)
    slow = [
        1 - _cos(student[n, :, y, x], teacher[n, :, y, x])
        for n in range(2)
        for y in range(2)
        for x in range(2)
    ]
    assert float(hint_loss(student, teacher)) == pytest.approx(sum(slow) / len(slow), abs=1e-6)


def test_every_loss_falls_when_the_student_follows_its_gradient() -> None:
    teacher = _vectors(10, 6, 5)
    for loss in (cosine_loss, relational_loss):
        student = _vectors(11, 6, 5).requires_grad_()
        before = loss(student, teacher)
        (gradient,) = torch.autograd.grad(before, student)
        assert loss(student - 0.1 * gradient, teacher).item() < before.item()
