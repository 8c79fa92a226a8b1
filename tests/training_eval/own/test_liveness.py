"""The liveness network's training and card, on drawn faces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from drawn_material import answering, drawn_part
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.catalogue.serial import card_from_json, card_to_json  # noqa: E402
from models.export.torch_graph import export_torch, parity  # noqa: E402
from models.processing.liveness import decode_liveness  # noqa: E402
from models.processing.visibility import require_visible  # noqa: E402
from models.runtime.fake import FakeSession  # noqa: E402
from training_eval.own.liveness import LivenessProblem, live_scores, live_threshold, network  # noqa: E402
from training_eval.own.liveness_card import SIDE, liveness_card  # noqa: E402
from training_eval.own.liveness_figures import live_scenes, score_of  # noqa: E402
from training_eval.training.loop import Schedule, train  # noqa: E402

TEACHERS = [
    answering("minifasnet-v2", "probabilities", (0.02, 0.95, 0.03)),
    answering("minifasnet-v1se", "probabilities", (0.02, 0.95, 0.03)),
]


def problem() -> LivenessProblem:
    return LivenessProblem(drawn_part(), drawn_part(2, 0, seed=50), TEACHERS, size=24)


def test_a_batch_repeats_with_its_seed() -> None:
    task = problem()
    first, again = (task.batch(np.random.default_rng(3), 8) for _ in range(2))
    assert first["images"].shape == (8, SIDE, SIDE, 3)
    assert first["classes"].shape == (8, 3)
    torch.testing.assert_close(first["images"], again["images"])
    torch.testing.assert_close(first["classes"].sum(dim=1), torch.ones(8))


def test_a_few_steps_lower_the_loss(tmp_path: Path) -> None:
    losses: list[float] = []
    schedule = Schedule(steps=25, batch=16, rate=3e-3, warmup=3, average=0.9, checkpoint_every=1000)
    trained = train(
        problem(), schedule, tmp_path, device="cpu", on_step=lambda _, values: losses.append(values["loss"])
    )
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    graph = export_torch(
        trained, height=SIDE, width=SIDE, outputs=["probabilities"], name="l", example=(SIDE, SIDE)
    )
    images = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    assert parity(trained, graph, images) < 1e-4


def test_an_evaluation_counts_both_errors() -> None:
    with torch.no_grad():
        figures = problem().evaluate(network().eval())
    assert set(figures) == {"APCER", "BPCER"}
    assert all(0 <= value <= 1 for value in figures.values())


def test_the_card_is_read_back_and_decodes() -> None:
    card = liveness_card(b"graph")
    assert card_from_json(card_to_json(card)) == card
    verdict = decode_liveness(np.array([0.1, 0.7, 0.2], np.float32), [card])
    assert verdict.live == pytest.approx(0.7)
    assert verdict.attacks == {"replay": pytest.approx(0.1), "print": pytest.approx(0.2)}
    rules = card.decoding["visible"]
    assert isinstance(rules, Mapping)
    require_visible((10, 10, 60, 60), (100, 100), rules)


def test_a_score_is_the_live_class_of_the_cards_crop() -> None:
    seen: list[tuple[int, ...]] = []

    def answer(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        seen.append(images.shape)
        return {"probabilities": np.array([[0.1, 0.7, 0.2]], np.float32)}

    part = drawn_part(2, 0)
    scenes = live_scenes(part)
    assert len(scenes) == 2
    assert score_of([FakeSession(liveness_card(b""), answer)])(scenes[0]) == pytest.approx(0.7)
    assert seen == [(1, SIDE, SIDE, 3)]


def test_small_faces_are_not_judged() -> None:
    assert live_scenes(drawn_part(2, 0, width=120)) == []


def test_the_threshold_refuses_few_of_the_live() -> None:
    scores = np.linspace(0, 1, 1001)
    assert live_threshold(scores) == pytest.approx(0.1)
    assert live_threshold(0.2 + 0.8 * scores) == pytest.approx(0.24)
    assert live_threshold(0.9 + 0.1 * scores) == 0.5
    assert liveness_card(b"", 0.24).thresholds["live"] == 0.24


def test_reserved_scores_are_of_faces_and_of_places() -> None:
    session = FakeSession(liveness_card(b""), TEACHERS[0].run)
    scores = live_scores(session, drawn_part(2, 0))
    assert len(scores) == len(session.batches) == 300
    assert scores.mean() == pytest.approx(0.95)
