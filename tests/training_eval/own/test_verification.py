from __future__ import annotations

import numpy as np
import pytest
from coloured_people import ColouredPeople, ColourSession

from models.catalogue.recognition import MOBILEFACENET
from training_eval.own.verification import (
    embed,
    grey_people,
    named_people,
    pairs_of,
    strangers,
    to_other,
    to_small_self,
    within,
)

SESSION = ColourSession(MOBILEFACENET)
MATERIAL = ColouredPeople().material()


def test_all_pairs_of_a_list_are_compared_once() -> None:
    faces, people = grey_people(MATERIAL, "held back")
    pairs = pairs_of(SESSION, faces, people)
    assert len(pairs.scores) == 30 * 29 // 2
    assert len(pairs.genuine) == 6 * 10
    vectors = embed(SESSION, faces)
    slow = [
        (float(vectors[i] @ vectors[j]), people[i] == people[j], (people[i], people[j]))
        for i in range(30)
        for j in range(i + 1, 30)
    ]
    np.testing.assert_allclose(pairs.scores, [score for score, _, _ in slow], atol=1e-6)
    assert pairs.same.tolist() == [same for _, same, _ in slow]
    assert list(pairs.people) == [who for _, _, who in slow]


def test_held_back_people_are_others_than_those_of_the_training() -> None:
    parts = [set(grey_people(MATERIAL, part)[1]) for part in ("training", "held back")]  # type: ignore[arg-type]
    assert not parts[0] & parts[1]
    assert all(parts)


def test_a_named_person_is_known_by_the_beginning_of_the_file_name() -> None:
    assert named_people(MATERIAL)[1] == ["anna", "anna", "bea", "bea"]


def test_strangers_are_compared_within_their_photograph_alone() -> None:
    photographs = strangers(MATERIAL, "held back")
    assert [len(faces) for faces in photographs] == [5, 5, 5, 5]
    assert len(within(SESSION, photographs)) == 4 * 10


def test_no_photographs_give_no_scores() -> None:
    assert within(SESSION, []).shape == (0,)
    assert embed(SESSION, []).shape == (0, 128)


def test_the_cosine_to_another_embedder_is_one_for_itself_and_less_for_others() -> None:
    faces, _ = grey_people(MATERIAL, "held back")
    np.testing.assert_allclose(to_other(SESSION, SESSION, faces), 1, atol=1e-5)
    other = to_other(SESSION, ColourSession(MOBILEFACENET, blur=1.0), faces)
    assert other.max() < 0.99


def test_a_reduced_face_is_less_like_itself_and_small_faces_are_left_out() -> None:
    faces, _ = grey_people(MATERIAL, "held back")
    same, small = (to_small_self(SESSION, faces, side) for side in (150, 12))
    assert len(same) == len(faces)
    assert same.mean() == pytest.approx(1, abs=1e-3)
    assert small.mean() < same.mean()
