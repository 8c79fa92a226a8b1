"""A student that says what its teacher says has nothing to learn; every other pays for what it gets wrong."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from training_eval.own.detector_loss import distance, overlap  # noqa: E402


@pytest.fixture
def teacher() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    score = torch.zeros(2, 30)
    score[0, 3], score[1, 7], score[1, 8] = 0.9, 0.8, 0.05
    return score, torch.randn(2, 30, 14) * 0.5


def logits(score: torch.Tensor) -> torch.Tensor:
    return torch.logit(score.clamp(1e-6, 1 - 1e-6))


def test_the_teacher_itself_loses_nothing(teacher: tuple[torch.Tensor, torch.Tensor]) -> None:
    score, place = teacher
    losses = distance(logits(score), place, score, place)
    assert {name: float(value) for name, value in losses.items()} == pytest.approx(
        dict.fromkeys(losses, 0.0), abs=1e-3
    )


def test_places_count_only_where_the_teacher_sees_a_face(
    teacher: tuple[torch.Tensor, torch.Tensor],
) -> None:
    score, place = teacher
    other = place + 10 * (score < 0.1)[..., None]
    assert float(distance(logits(score), other, score, place)["loss"]) == pytest.approx(0, abs=1e-3)
    moved = place.clone()
    moved[0, 3, 4:] += 0.2
    found = distance(logits(score), moved, score, place)
    assert float(found["points"]) > 0.01
    assert float(found["box"]) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("cell", "value"), [((0, 3), -4.0), ((0, 20), 4.0)])
def test_a_missed_face_and_one_too_many_cost(
    teacher: tuple[torch.Tensor, torch.Tensor], cell: tuple[int, int], value: float
) -> None:
    score, place = teacher
    said = logits(score)
    said[cell] = value
    assert float(distance(said, place, score, place)["score"]) > 1


def test_pictures_without_faces_still_teach() -> None:
    score, place = torch.zeros(1, 10), torch.zeros(1, 10, 14)
    said = torch.zeros(1, 10, requires_grad=True)
    losses = distance(said, place.clone().requires_grad_(), score, place)
    losses["loss"].backward()
    assert torch.isfinite(losses["loss"])
    assert (said.grad > 0).all()


def test_overlaps_are_those_of_the_paper() -> None:
    first = torch.tensor([[0.0, 0.0, 0.0, 0.0]]).repeat(3, 1)
    second = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(overlap(first, second), torch.tensor([1.0, 1 / 3, -0.5]))


def test_the_loss_leads_to_the_teacher(teacher: tuple[torch.Tensor, torch.Tensor]) -> None:
    score, place = teacher
    said, where = torch.full((2, 30), -3.0, requires_grad=True), torch.zeros(2, 30, 14, requires_grad=True)
    optimiser = torch.optim.Adam([said, where], lr=0.1)
    for _ in range(150):
        optimiser.zero_grad()
        loss = distance(said, where, score, place)["loss"]
        loss.backward()
        optimiser.step()
    seen = score > 0.1
    torch.testing.assert_close(said.sigmoid(), score, atol=0.06, rtol=0)
    torch.testing.assert_close(where[seen], place[seen], atol=0.05, rtol=0)
