from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from training_eval.losses.demographics import age_loss, soft_cross_entropy, unexplained_share  # noqa: E402


def _values(seed: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float()


def test_the_age_loss_is_squared_near_and_straight_far_away() -> None:
    student, teacher = torch.tensor([[30.0], [41.0], [22.0]]), torch.tensor([[32.0], [31.0], [22.0]])
    slow = ((2 / 5) ** 2 / 2 + (10 / 5 - 0.5) + 0) / 3
    assert float(age_loss(student, teacher)) == pytest.approx(slow)


def test_the_tolerance_of_ages_is_in_years() -> None:
    student, teacher = torch.tensor([30.0]), torch.tensor([32.0])
    assert float(age_loss(student, teacher, tolerance=1.0)) == pytest.approx(1.5)


def test_the_soft_cross_entropy_follows_its_formula() -> None:
    logits, targets = _values(1, 4, 2), torch.softmax(_values(2, 4, 2), dim=1)
    slow = 0.0
    for row, wanted in zip(logits.tolist(), targets.tolist(), strict=True):
        total = sum(math.exp(value) for value in row)
        slow -= sum(
            share * math.log(math.exp(value) / total) for value, share in zip(row, wanted, strict=True)
        )
    assert float(soft_cross_entropy(logits, targets)) == pytest.approx(slow / 4, abs=1e-6)


def test_the_soft_cross_entropy_is_least_at_the_targets_themselves() -> None:
    targets = torch.tensor([[0.8, 0.2]])
    at_them = soft_cross_entropy(torch.log(targets), targets)
    for other in ([[0.9, 0.1]], [[0.7, 0.3]], [[0.2, 0.8]]):
        assert float(soft_cross_entropy(torch.log(torch.tensor(other)), targets)) > float(at_them)


def _centred(values: torch.Tensor) -> list[list[float]]:
    rows = values.tolist()
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    return [[value - mean for value, mean in zip(row, means, strict=True)] for row in rows]


def test_the_unexplained_share_is_one_minus_the_coefficient_of_determination() -> None:
    student, teacher = _values(3, 5, 3), _values(4, 5, 3)
    ours, theirs = _centred(student), _centred(teacher)
    errors = sum((ours[n][c] - theirs[n][c]) ** 2 for n in range(5) for c in range(3))
    spread = sum(theirs[n][c] ** 2 for n in range(5) for c in range(3))
    assert float(unexplained_share(student, teacher)) == pytest.approx(errors / spread, rel=1e-5)


def test_constants_of_channels_do_not_count_and_saying_the_same_of_all_explains_nothing() -> None:
    teacher = _values(5, 8, 3)
    assert float(unexplained_share(teacher + torch.tensor([5.0, -3.0, 0.0]), teacher)) < 1e-6
    assert float(unexplained_share(torch.ones(8, 3), teacher)) == pytest.approx(1, abs=1e-5)


def test_equal_crops_give_a_finite_share() -> None:
    assert math.isfinite(float(unexplained_share(torch.ones(3, 2), torch.ones(3, 2))))
