"""Sets of photographs: held back, labelled by a published model, and never shown to the model that labelled them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra `train`")

from painted_faces import MiddleFinder, paint, subject

from models.catalogue import CATALOGUE, OWN
from models.catalogue.card import Task
from training_eval.evaluation.local_sets import LocalSets


@pytest.fixture
def sets(tmp_path: Path) -> LocalSets:
    for name in ("groups/1.jpg", "groups/9.jpg", "people/obama.jpg", "people/somebody.jpg"):
        paint(tmp_path / "photos" / name, 30)
    for person in ("s1", "s40"):
        for view in (1, 2):
            path = tmp_path / "faces" / "att" / person / f"{view}.pgm"
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), np.full((120, 100), 30 * view, np.uint8))
    network = subject(Task.AGE_GENDER, lambda colour: [40.0, 0.2, 0.8], "all")  # type: ignore[arg-type, return-value]
    return LocalSets(tmp_path / "photos", tmp_path / "faces", MiddleFinder(), network)  # type: ignore[arg-type]


def cards(name: str):
    return (CATALOGUE[name],)


def test_group_photographs_are_held_back_and_labelled(sets: LocalSets) -> None:
    (data,) = sets.of(Task.FACE_DETECTION, cards("ultralight-rfb-320"))
    (sample,) = list(data)
    assert sample.image.name == "9.jpg"
    assert sample.boxes.tolist() == [[50, 50, 100, 100]]
    assert not sample.ignored.any()
    assert "yunet-n" in data.name


def test_people_come_with_what_the_published_network_says(sets: LocalSets) -> None:
    (data,) = sets.of(Task.AGE_GENDER, cards("ssrnet-wiki-age"))
    found = list(data)
    assert [sample.image.name for sample in found] == ["obama.jpg", "1.pgm", "2.pgm"]
    assert {(sample.age, sample.gender) for sample in found} == {(40.0, "female")}


@pytest.mark.parametrize(
    ("task", "name"), [(Task.FACE_DETECTION, "yunet-n"), (Task.AGE_GENDER, "age-gender-xception")]
)
def test_who_labelled_a_set_is_not_measured_on_it(sets: LocalSets, task: Task, name: str) -> None:
    assert sets.of(task, cards(name)) == []


def test_who_was_trained_on_people_is_measured_on_others(sets: LocalSets) -> None:
    everybody, held = sets.of(Task.FACE_RECOGNITION, cards("mobilefacenet"))
    assert {sample.person for sample in everybody} == {"s1", "s40"}
    (own,) = sets.of(Task.FACE_RECOGNITION, cards(OWN[Task.FACE_RECOGNITION][0]))
    assert {sample.person for sample in own} == {sample.person for sample in held} == {"s40"}
