"""Items for the liveness network: crops of the card's size, the teachers' answer on live faces, classes on attacks."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_material import answering, drawn_part

from models.catalogue.antispoofing import MINIFASNET_V2
from training_eval.own.spoofs import KINDS, Kind, crop_of, maker, presentation, teacher

LIVE, OTHER = (0.1, 0.85, 0.05), (0.3, 0.55, 0.15)


def test_live_faces_have_the_mean_of_the_teachers_and_attacks_their_class() -> None:
    sessions = [
        answering("minifasnet-v2", "probabilities", LIVE),
        answering("minifasnet-v1se", "probabilities", OTHER),
    ]
    make = maker(drawn_part(), MINIFASNET_V2, teacher(sessions))
    items = [make(np.random.default_rng(seed)) for seed in range(30)]
    answers = np.stack([answer for _, answer in items])
    assert {crop.shape for crop, _ in items} == {(80, 80, 3)}
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
    taught = np.abs(answers - np.mean([LIVE, OTHER], axis=0)).max(axis=1) < 1e-6
    assert 2 <= taught.sum() <= 14  # live faces; half of the items show no face
    assert set(answers[~taught].argmax(axis=1)) == {0, 1, 2}
    assert answers[~taught].max(axis=1).min() > 0.95
    assert 6 <= (answers.argmax(axis=1) == MINIFASNET_V2.decoding["live"]).sum() <= 24


def test_the_same_seed_gives_the_same_item() -> None:
    sessions = [answering("minifasnet-v2", "probabilities", LIVE)]
    make = maker(drawn_part(), MINIFASNET_V2, teacher(sessions))
    for seed in range(3):
        first, again = (make(np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(first[0], again[0])
        np.testing.assert_array_equal(first[1], again[1])


@pytest.mark.parametrize("kind", KINDS)
def test_each_teacher_sees_its_own_crop(kind: Kind) -> None:
    scene = presentation(kind, drawn_part(), np.random.default_rng(0))
    near = crop_of(scene, MINIFASNET_V2)
    assert near.shape == (80, 80, 3)
    assert (crop_of(scene, MINIFASNET_V2, scene.box * np.array([1, 1, 0.4, 0.4], np.float32)) != near).any()
