"""Several networks on the same face: who sees which view, and whose numbers come first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.catalogue.antispoofing import MINIFASNET_V1SE, MINIFASNET_V2
from models.catalogue.card import InputSpec, ModelCard
from models.catalogue.deepfake import MESO4_DF, MESOINCEPTION_DF
from models.processing.views import views_of
from models.runtime.ensemble import FaceModel
from models.runtime.fake import FakeSession
from models.runtime.session import Outputs, Pixels


def small(card: ModelCard) -> ModelCard:
    return replace(card, input=InputSpec(colour="BGR", width=4, height=2))


def network(card: ModelCard, offset: int) -> FakeSession:
    """Answers with two outputs: the first byte plus an offset, and two numbers of the second byte."""

    def answer(images: Pixels) -> Outputs:
        first = images[:, 0, 0, 0].astype(np.float32) + offset
        second = images[:, 0, 0, 1].astype(np.float32)
        return {"z": first, "a": np.stack([second, second + 0.5], axis=1)[:, :, None]}

    return FakeSession(small(card), answer)


def face(*views: int) -> Pixels:
    """A face with views of these first bytes; the second byte is ten more."""
    item = np.zeros((len(views), 2, 4, 3), np.uint8)
    for index, value in enumerate(views):
        item[index, ..., 0], item[index, ..., 1] = value, value + 10
    return item


def test_each_network_sees_its_own_view_and_its_numbers_keep_their_place() -> None:
    near, wide = network(MINIFASNET_V2, 100), network(MINIFASNET_V1SE, 200)
    model = FaceModel([near, wide])
    answers = model.predict([face(1, 2), face(3, 4), face(5, 6)])
    assert [answer.tolist() for answer in answers] == [
        [101.0, 11.0, 11.5, 202.0, 12.0, 12.5],
        [103.0, 13.0, 13.5, 204.0, 14.0, 14.5],
        [105.0, 15.0, 15.5, 206.0, 16.0, 16.5],
    ]
    assert all(answer.dtype == np.float32 for answer in answers)
    assert near.batches == wide.batches == [(3, 2, 4, 3)]


def test_networks_with_the_same_crop_share_one_view() -> None:
    first, second = network(MESO4_DF, 100), network(MESOINCEPTION_DF, 200)
    (answer,) = FaceModel([first, second]).predict([face(1)])
    assert answer.tolist() == [101.0, 11.0, 11.5, 201.0, 11.0, 11.5]


def test_an_answer_does_not_depend_on_its_neighbours() -> None:
    model = FaceModel([network(MINIFASNET_V2, 0), network(MINIFASNET_V1SE, 7)])
    faces = [face(value, value + 1) for value in range(6)]
    for together, alone in zip(model.predict(faces), (model.predict([one])[0] for one in faces), strict=True):
        np.testing.assert_array_equal(together, alone)


def test_cards_and_provider_are_those_of_the_sessions() -> None:
    sessions = [network(MINIFASNET_V2, 0), network(MINIFASNET_V1SE, 0)]
    model = FaceModel(sessions)
    assert model.cards == tuple(session.card for session in sessions)
    assert model.provider == "FakeExecutionProvider"


def test_warming_up_runs_every_network_on_all_views() -> None:
    sessions = [network(MINIFASNET_V2, 0), network(MINIFASNET_V1SE, 0)]
    model = FaceModel(sessions)
    model.warm_up()
    assert len(views_of(model.cards).distinct) == 2
    assert [session.batches for session in sessions] == [[(1, 2, 4, 3)], [(1, 2, 4, 3)]]


def test_networks_of_two_input_sizes_are_no_ensemble() -> None:
    large = FakeSession(MINIFASNET_V2, lambda images: {})
    with pytest.raises(ValueError, match="one size"):
        FaceModel([large, network(MINIFASNET_V1SE, 0)])
