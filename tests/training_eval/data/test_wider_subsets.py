from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

scipy_io = pytest.importorskip("scipy.io", reason="needs the extra `train`")

from training_eval.data import DetectionSample, open_set  # noqa: E402
from training_eval.errors import DataMissing  # noqa: E402

LIST = "0--A/a.jpg\n3\n" + "1 2 3 4 0 0 0 0 0 0\n" * 3 + "0--A/b.jpg\n0\n1--B/c.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n"
EASY = [[[2], []], [[1]]]
HARD = [[[1, 2, 3], []], [[1]]]


def cells(values: list[object]) -> np.ndarray:
    """A MATLAB cell of one column."""
    made = np.empty((len(values), 1), object)
    for at, value in enumerate(values):
        made[at, 0] = value
    return made


def save(
    folder: Path,
    name: str,
    faces: list[list[list[int]]],
    named: bool = True,
    last: str = "c",
    counts: tuple[tuple[int, ...], ...] = ((3, 0), (1,)),
) -> None:
    table = {
        "gt_list": cells(
            [cells([np.array(one, np.uint16).reshape(-1, 1) for one in event]) for event in faces]
        )
    }
    if named:
        table["event_list"] = cells(["0--A", "1--B"])
        table["file_list"] = cells([cells(["a", "b"]), cells([last])])
        boxes = [[np.ones((count, 4)) for count in event] for event in counts]
        table["face_bbx_list"] = cells([cells(event) for event in boxes])
    scipy_io.savemat(folder / f"wider_{name}_val.mat", table)


@pytest.fixture
def truth(tmp_path: Path, draw, write) -> Path:
    for name in ("0--A/a.jpg", "0--A/b.jpg", "1--B/c.jpg"):
        draw(f"WIDER_val/images/{name}")
    write("wider_face_split/wider_face_val_bbx_gt.txt", LIST)
    folder = tmp_path / "eval_tools" / "ground_truth"
    folder.mkdir(parents=True)
    for name, faces in (("easy", EASY), ("medium", EASY), ("hard", HARD)):
        save(folder, name, faces)
    return folder


def subsets(root: Path) -> list[dict[str, list[bool]]]:
    data = open_set("wider-face", root).of(DetectionSample)
    assert data.notes == ()
    return [{name: flags.tolist() for name, flags in sample.subsets.items()} for sample in data]


EXPECTED = [
    {"easy": [False, True, False], "medium": [False, True, False], "hard": [True, True, True]},
    {"easy": [], "medium": [], "hard": []},
    {"easy": [True], "medium": [True], "hard": [True]},
]


def test_the_faces_of_each_subset(truth: Path, tmp_path: Path) -> None:
    assert subsets(tmp_path) == EXPECTED


def test_files_without_names_take_those_of_the_whole_set(truth: Path, tmp_path: Path) -> None:
    for name, faces in (("easy", EASY), ("medium", EASY), ("hard", HARD)):
        save(truth, name, faces, named=False)
    save(truth, "face", HARD)
    truth.rename(tmp_path / "ground_truth")
    assert subsets(tmp_path) == EXPECTED


def test_files_of_other_pictures_or_faces_are_refused(truth: Path, tmp_path: Path) -> None:
    save(truth, "easy", EASY, last="d")
    with pytest.raises(DataMissing, match=r"line 8: .*wider_easy_val\.mat disagrees about 1--B/c\.jpg"):
        subsets(tmp_path)
    save(truth, "easy", [[[4], []], [[1]]])
    with pytest.raises(DataMissing, match=r"line 1: .*disagrees about 0--A/a\.jpg"):
        subsets(tmp_path)
    save(truth, "easy", EASY, counts=((4, 0), (1,)))
    with pytest.raises(DataMissing, match=r"line 1: .*disagrees about 0--A/a\.jpg"):
        subsets(tmp_path)
    save(truth, "easy", [[[0], []], [[1]]])
    with pytest.raises(DataMissing, match="disagrees"):
        subsets(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no MATLAB", b"MATLAB 5.0 MAT-file" + b"\0" * 200])
def test_files_that_are_none_are_refused(truth: Path, tmp_path: Path, content: bytes) -> None:
    (truth / "wider_medium_val.mat").write_bytes(content)
    with pytest.raises(DataMissing, match=r"wider_medium_val\.mat is not a list of WIDER FACE's evaluation"):
        subsets(tmp_path)
    (truth / "wider_medium_val.mat").unlink()
    with pytest.raises(DataMissing, match=r"wider_medium_val\.mat"):
        subsets(tmp_path)
