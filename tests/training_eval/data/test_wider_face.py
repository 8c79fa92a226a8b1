from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training_eval.data import DetectionSample, open_set
from training_eval.data.wider_face import NO_SUBSETS
from training_eval.errors import DataMissing

LIST = """0--Parade/0_Parade_a_1.jpg
3
10 20 30 40 0 0 0 0 0 0
1 2 3 4 2 0 0 1 2 0
5 6 0 8 2 0 0 0 2 0
0--Parade/0_Parade_b_2.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Handshaking/1_c_3.jpg
1
7 8 9 10 1 1 1 0 1 1
"""
NAMES = ("0--Parade/0_Parade_a_1.jpg", "0--Parade/0_Parade_b_2.jpg", "1--Handshaking/1_c_3.jpg")


@pytest.fixture
def folder(tmp_path: Path, draw, write) -> Path:
    for name in NAMES:
        draw(f"WIDER_val/images/{name}")
    write("wider_face_split/wider_face_val_bbx_gt.txt", LIST)
    return tmp_path


def rewrite(folder: Path, text: str) -> None:
    (folder / "wider_face_split" / "wider_face_val_bbx_gt.txt").write_text(text)


def samples(folder: Path) -> list[DetectionSample]:
    return list(open_set("wider-face", folder).of(DetectionSample))


def test_boxes_and_what_is_ignored(folder: Path) -> None:
    first, second, third = samples(folder)
    assert first.image == folder / "WIDER_val" / "images" / NAMES[0]
    assert first.boxes.dtype == np.float32
    assert first.boxes.tolist() == [[10, 20, 30, 40], [1, 2, 3, 4], [5, 6, 0, 8]]
    assert first.ignored.tolist() == [False, True, True]
    assert second.boxes.shape == (0, 4)
    assert second.ignored.shape == (0,)
    assert third.boxes.tolist() == [[7, 8, 9, 10]]


@pytest.mark.parametrize("zeros", ["", "0 0 0 0 0 0 0 0 0 0 \n", "\n"])
def test_a_picture_without_a_face_with_and_without_its_line_of_zeros(folder: Path, zeros: str) -> None:
    rewrite(folder, LIST.replace("0 0 0 0 0 0 0 0 0 0\n1--", zeros + "1--"))
    assert [len(sample.boxes) for sample in samples(folder)] == [3, 0, 1]
    rewrite(folder, f"{NAMES[1]}\n0\n{zeros}")
    assert [len(sample.boxes) for sample in samples(folder)] == [0]


def test_without_the_official_files_there_are_no_subsets_and_a_note(folder: Path) -> None:
    data = open_set("wider-face", folder)
    assert data.notes == (NO_SUBSETS,)
    assert all(sample.subsets == {} for sample in data.of(DetectionSample))


def test_the_training_part(folder: Path) -> None:
    (folder / "WIDER_val").rename(folder / "WIDER_train")
    split = folder / "wider_face_split"
    (split / "wider_face_val_bbx_gt.txt").rename(split / "wider_face_train_bbx_gt.txt")
    data = open_set("wider-face", folder, "train")
    assert (data.name, len(data), data.notes) == ("wider-face-train", 3, ())
    with pytest.raises(DataMissing, match=r"wider_face_val_bbx_gt\.txt is missing"):
        open_set("wider-face", folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\n3\n", "\n2\n", "line 5: '5 6 0 8 2 0 0 0 2 0' is no picture; is the number of faces above wrong"),
        ("\n3\n", "\n4\n", "line 6: '0--Parade/0_Parade_b_2.jpg' are not 10 numbers"),
        ("\n3\n", "\nx\n", "line 2: 'x' is no whole number"),
        ("\n3\n", "\n-1\n", "line 2: '-1' is no whole number"),
        ("10 20 30 40 0 0 0 0 0 0", "10 20 30 40", "line 3: '10 20 30 40' are not 10 numbers"),
        ("10 20 30 40", "10 20 30 nan", "line 3: .* are not 10 numbers"),
        ("7 8 9 10 1 1 1 0 1 1\n", "", "line 9: the list ends before this picture's last face"),
        ("1--Handshaking/1_c_3.jpg", NAMES[0], "line 9: .* stands in line 1 already"),
        ("1--Handshaking", "../../../etc", "line 9: .* leads out of the set's folder"),
        ("1--Handshaking", "/etc", "line 9: there is no file"),
        ("1_c_3.jpg", "1_d_3.jpg", r"line 9: there is no file .*1_d_3\.jpg"),
    ],
)
def test_faults_of_the_list(folder: Path, old: str, new: str, said: str) -> None:
    rewrite(folder, LIST.replace(old, new, 1))
    with pytest.raises(DataMissing, match=said):
        samples(folder)


def test_a_list_that_ends_within_a_picture_or_is_empty(folder: Path) -> None:
    rewrite(folder, NAMES[0])
    with pytest.raises(DataMissing, match="line 1: the list ends"):
        samples(folder)
    rewrite(folder, "")
    with pytest.raises(DataMissing, match="not one sample"):
        samples(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "WIDER_val" / "images").rename(folder / "images")
    with pytest.raises(
        DataMissing, match=r"the folder .*WIDER_val/images is missing.*shuoyang1213\.me/WIDERFACE"
    ):
        open_set("wider-face", folder)
