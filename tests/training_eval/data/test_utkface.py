from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data import DemographicSample, open_set
from training_eval.errors import DataMissing

GOOD = (
    "100_1_4_20170110183726390.jpg.chip.jpg",
    "1_0_0_20161219140623097.jpg",
    "26_1_3_20170116184024662.jpg",
)
BAD = (
    "61_1_20170109142408075.jpg",
    "53__0_20170116184028385.jpg",
    "117_0_0_20170110183726390.jpg",
    "26_2_3_20170116184024662.jpg",
    "26_1_5_20170116184024662.jpg",
    "26_1_3_.jpg",
    "\u0662_1_3_20170116184024662.jpg",
)


@pytest.fixture(params=["", "UTKFace/", "part2/"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, draw) -> Path:
    for name in (*GOOD, *BAD):
        draw(request.param + name)
    (tmp_path / request.param / "notes.txt").write_text("no picture")
    return tmp_path


def test_names_are_labels(folder: Path) -> None:
    data = open_set("utkface", folder).of(DemographicSample)
    assert [(s.image.name, s.age, s.gender, s.groups["ethnicity"], s.groups["gender"]) for s in data] == [
        (GOOD[0], 100, "female", "Others", "female"),
        (GOOD[1], 1, "male", "White", "male"),
        (GOOD[2], 26, "female", "Indian", "female"),
    ]
    assert all(s.age_range is None for s in data)


def test_names_without_a_label_are_left_out_and_counted(folder: Path) -> None:
    data = open_set("utkface", folder)
    assert len(data) == len(GOOD)
    assert data.notes == ("7 pictures left out: their names lack a label",)


def test_sound_names_leave_no_note(tmp_path: Path, draw) -> None:
    draw(GOOD[0])
    assert open_set("utkface", tmp_path).notes == ()


def test_copies_in_other_folders_are_not_counted_twice(tmp_path: Path, draw) -> None:
    for place in ("UTKFace", "part1", "part2"):
        draw(f"{place}/{GOOD[1]}")
    assert len(open_set("utkface", tmp_path)) == 1


def test_all_parts_belong_together(tmp_path: Path, draw) -> None:
    draw(f"part1/{GOOD[1]}")
    draw(f"part3/{GOOD[2]}")
    assert len(open_set("utkface", tmp_path)) == 2


def test_a_folder_without_pictures(tmp_path: Path, draw) -> None:
    with pytest.raises(
        DataMissing, match=r"holds no pictures.*AGE_GENDER_RACE_DATE\.jpg.*susanqq\.github\.io/UTKFace"
    ):
        open_set("utkface", tmp_path)
    draw(BAD[0])
    with pytest.raises(DataMissing, match="not one sample"):
        list(open_set("utkface", tmp_path))
