"""The forgery network's training, calibration and card, on drawn faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_material import answering, drawn_part

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from models.catalogue.card import Calibration  # noqa: E402
from models.catalogue.serial import card_from_json, card_to_json  # noqa: E402
from models.export.torch_graph import export_torch, parity  # noqa: E402
from models.processing.calibration import platt  # noqa: E402
from models.processing.forgery import forgery_score  # noqa: E402
from training_eval.errors import TrainingFailed  # noqa: E402
from training_eval.own.fakes import pair  # noqa: E402
from training_eval.own.forgery import calibrated  # noqa: E402
from training_eval.own.forgery_card import SIDE, TRUST_SIDE, forgery_card  # noqa: E402
from training_eval.own.forgery_figures import Case, swaps  # noqa: E402
from training_eval.own.forgery_problem import (  # noqa: E402
    ForgeryProblem,
    evidence_of,
    network,
    verdict_of,
)
from training_eval.training.loop import Schedule, train  # noqa: E402

TEACHERS = [answering("meso4-df", "real", (0.9,)), answering("mesoinception-df", "real", (0.9,))]


def problem() -> ForgeryProblem:
    return ForgeryProblem(drawn_part(), drawn_part(2, 1, seed=50), TEACHERS, size=12)


def test_batches_hold_twins_and_repeat_with_their_seed() -> None:
    task = problem()
    first, again = (task.batch(np.random.default_rng(3), 8) for _ in range(2))
    assert first["images"].shape == (8, SIDE, SIDE, 3)
    genuine = first["genuine"].numpy().reshape(-1, 2)
    assert (genuine[:, 0] > 0.85).all()
    assert (genuine[:, 1] < 0.15).all()
    torch.testing.assert_close(first["images"], again["images"])


def test_a_few_steps_lower_the_loss(tmp_path: Path) -> None:
    losses: list[float] = []
    schedule = Schedule(steps=25, batch=16, rate=3e-3, warmup=3, average=0.9, checkpoint_every=1000)
    trained = train(
        problem(), schedule, tmp_path, device="cpu", on_step=lambda _, values: losses.append(values["loss"])
    )
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    graph = export_torch(trained, height=SIDE, width=SIDE, outputs=["real"], name="f", example=(SIDE, SIDE))
    images = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    assert parity(trained, graph, images) < 1e-4


def test_an_evaluation_is_an_area() -> None:
    with torch.no_grad():
        figures = problem().evaluate(network().eval())
    assert 0 <= figures["AUC"] <= 1


def test_a_small_face_is_no_evidence_and_nobody_is_asked() -> None:
    session = answering("meso4-df", "real", (0.01,))
    small = replace(pair(drawn_part(), np.random.default_rng(0))[0], box=np.array([5, 5, 30, 30], np.float32))
    assert evidence_of([session])(small) == 0
    assert verdict_of([session])(small) == 0.5
    assert not session.batches


def test_calibration_puts_forgeries_above_genuine_faces_and_few_genuine_ones_over_the_threshold() -> None:
    random = np.random.default_rng(0)
    genuine, forged = random.normal(-1, 2, 2000), random.normal(1, 2, 2000)
    card = calibrated(forgery_card(b""), genuine, forged)
    assert card.calibration is not None
    assert card.calibration.slope == pytest.approx(0.5, abs=0.05)  # 2 * mean / variance
    assert card.calibration.intercept == pytest.approx(0, abs=0.05)
    scores = platt(genuine, card.calibration.slope, card.calibration.intercept)
    assert (scores >= card.thresholds["fake"]).mean() == pytest.approx(0.05, abs=0.005)


def test_a_threshold_is_never_below_even_chances() -> None:
    genuine, forged = np.linspace(-9, -8, 100), np.linspace(8, 9, 100)
    assert calibrated(forgery_card(b""), genuine, forged).thresholds["fake"] == 0.5


def test_a_network_that_tells_nothing_makes_no_card() -> None:
    with pytest.raises(TrainingFailed):
        calibrated(forgery_card(b""), np.linspace(0, 1, 50), np.linspace(-1, 0, 50))


def test_the_card_is_read_back_and_decodes() -> None:
    calibration = Calibration(slope=0.8, intercept=-1.0, fitted_on="nothing")
    card = forgery_card(b"graph", calibration)
    assert card_from_json(card_to_json(card)) == card
    low, high = TRUST_SIDE
    large = forgery_score(np.array([0.01], np.float32), high, [card])
    assert large > 0.8
    assert forgery_score(np.array([0.99], np.float32), high, [card]) < 0.2
    small = forgery_score(np.array([0.01], np.float32), low, [card])
    assert small == pytest.approx(1 / (1 + np.e))


def test_swaps_are_of_two_people_and_keep_the_targets_file() -> None:
    part = drawn_part(4, 0)
    genuine = [Case(pair(part, np.random.default_rng(seed))[0], False, f"{seed}.jpg") for seed in range(4)]
    made = swaps(genuine, "alpha")
    assert made
    assert all(case.forged and case.source in {other.source for other in genuine} for case in made)
