from __future__ import annotations

import math
from pathlib import Path

import pytest

from training_eval.data import DemographicSample, open_set
from training_eval.errors import DataMissing

LIST = """file,age,gender,race,service_test
val/1.jpg,3-9,Male,East Asian,False
val/2.jpg,more than 70,Female,Latino_Hispanic,True
"""


@pytest.fixture
def folder(tmp_path: Path, draw, write) -> Path:
    draw("val/1.jpg")
    draw("val/2.jpg")
    write("fairface_label_val.csv", LIST)
    return tmp_path


def samples(folder: Path) -> list[DemographicSample]:
    return list(open_set("fairface", folder).of(DemographicSample))


def test_labels(folder: Path) -> None:
    first, second = samples(folder)
    assert (first.image, first.age, first.age_range, first.gender) == (
        folder / "val/1.jpg",
        None,
        (3, 9),
        "male",
    )
    assert first.groups == {"gender": "male", "ethnicity": "East Asian", "age": "3-9"}
    assert (second.age_range, second.gender) == ((70, math.inf), "female")
    assert second.groups["age"] == "more than 70"


def test_a_set_with_open_ages_has_a_digest(folder: Path) -> None:
    assert len(open_set("fairface", folder).digest()) == 64


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3-9", "9-3", "line 2: '9-3' is no range of ages"),
        ("3-9", "nine", "line 2: 'nine' is no range of ages"),
        ("Female", "female", "line 3: gender or race is missing"),
        ("East Asian", "", "line 2: gender or race is missing"),
        (",True", "", "line 3: 4 values for 5 columns"),
        ("file,age", "file,years", "line 1: the column 'age' is missing"),
        ("val/2.jpg", "val/1.jpg", r"line 3: val/1\.jpg stands in line 2 already"),
        ("val/2.jpg", "../2.jpg", "line 3: .* leads out"),
        ("val/2.jpg", "val/3.jpg", r"line 3: there is no file .*val/3\.jpg"),
    ],
)
def test_faults_of_the_list(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "fairface_label_val.csv").write_text(LIST.replace(old, new, 1))
    with pytest.raises(DataMissing, match=said):
        samples(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    with pytest.raises(
        DataMissing, match=r"fairface_label_train\.csv is missing.*github\.com/joojs/fairface"
    ):
        open_set("fairface", folder, "train")
