from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training_eval.data import LivenessSample, open_set
from training_eval.errors import DataMissing

LIVE = "Data/test/1/live/000001.jpg"
SPOOF = "Data/test/1/spoof/000002.png"


def labels(attack: int, illumination: int, surroundings: int, spoof: int) -> list[int]:
    return [0] * 40 + [attack, illumination, surroundings, spoof]


LABELS = {LIVE: labels(0, 0, 0, 0), SPOOF: labels(9, 3, 2, 1)}


@pytest.fixture
def folder(tmp_path: Path, draw, write) -> Path:
    draw(LIVE, 448, 112)
    draw(SPOOF, 112, 448)
    write(LIVE.replace(".jpg", "_BB.txt"), "56 28 112 56 0.99\n")
    write("metas/intra_test/test_label.json", json.dumps(LABELS))
    return tmp_path


def relabel(folder: Path, value: object, name: str = "test_label.json") -> None:
    (folder / "metas" / "intra_test" / name).write_text(json.dumps(value))


def samples(folder: Path) -> list[LivenessSample]:
    return list(open_set("celeba-spoof", folder).of(LivenessSample))


def test_labels_and_groups(folder: Path) -> None:
    live, spoof = samples(folder)
    assert (live.image, live.live, live.attack, live.groups) == (folder / LIVE, True, None, {})
    assert (spoof.image, spoof.live, spoof.attack) == (folder / SPOOF, False, "phone")
    assert spoof.groups == {"illumination": "back", "surroundings": "outdoor"}


def test_the_box_is_in_pixels_of_the_picture(folder: Path) -> None:
    live, spoof = samples(folder)
    assert live.box is not None
    assert live.box.dtype == np.float32
    assert live.box.tolist() == [112, 14, 224, 28]
    assert spoof.box is None


def test_the_box_is_in_pixels_of_the_upright_picture(folder: Path, draw) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    draw(LIVE, 448, 112, exif=exif)
    (box,) = [sample.box for sample in samples(folder) if sample.live]
    assert box is not None
    assert box.tolist() == [28, 56, 56, 112]


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d 1", "1 2 0 4 1", "nan 1 2 3 1", "\u0661 2 3 4"])
def test_a_damaged_box_is_not_known(folder: Path, text: str) -> None:
    (folder / LIVE.replace(".jpg", "_BB.txt")).write_text(text, encoding="utf-8")
    assert samples(folder)[0].box is None


def test_a_box_from_elsewhere_is_not_read(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "box.txt"
    beside = folder / LIVE.replace(".jpg", "_BB.txt")
    beside.rename(other)
    beside.symlink_to(other)
    assert samples(folder)[0].box is None


def test_items_stand_in_where_the_labels_are_missing(folder: Path) -> None:
    (folder / "metas" / "intra_test" / "test_label.json").unlink()
    items = {
        "0": {"path": SPOOF, "labels": LABELS[SPOOF], "bbox": [112, 56, 112, 112]},
        "1": {"path": LIVE, "labels": LABELS[LIVE]},
    }
    relabel(folder, items, "items_test.json")
    spoof, live = samples(folder)
    assert (spoof.live, live.live) == (False, True)
    assert [None if box is None else box.tolist() for box in (spoof.box, live.box)] == [
        [56, 112, 56, 224],
        [112, 14, 224, 28],
    ]
    relabel(folder, {"0": {"labels": LABELS[SPOOF]}}, "items_test.json")
    with pytest.raises(DataMissing, match="entry 1: path and labels are missing"):
        samples(folder)


def test_the_folder_of_the_archive_and_the_training_part(folder: Path) -> None:
    (folder / "CelebA_Spoof").mkdir()
    for name in ("Data", "metas"):
        (folder / name).rename(folder / "CelebA_Spoof" / name)
    assert len(samples(folder)) == 2
    with pytest.raises(
        DataMissing, match=r"train_label\.json is missing.*github\.com/ZhangYuanhan-AI/CelebA-Spoof"
    ):
        open_set("celeba-spoof", folder, "train")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({LIVE: [0] * 43}, "entry 1: the labels are not 44 whole numbers"),
        ({LIVE: LABELS[LIVE], SPOOF: None}, "entry 2: the labels are not 44 whole numbers"),
        ({LIVE: [True] * 44}, "entry 1: the labels are not 44 whole numbers"),
        ({LIVE: labels(0, 0, 0, 2)}, "entry 1: the last label is neither"),
        ({SPOOF: labels(11, 0, 0, 1)}, "entry 1: there is no label 11 among photo"),
        ({SPOOF: labels(-1, 0, 0, 1)}, "entry 1: there is no label -1"),
        ({SPOOF: labels(1, 5, 0, 1)}, "entry 1: there is no label 5 among normal"),
        ({LIVE: LABELS[LIVE], "../a.jpg": LABELS[LIVE]}, "entry 2: .* leads out"),
        ({"/etc/passwd": LABELS[LIVE]}, "entry 1: .* leads out"),
        ({"Data/a.jpg": LABELS[LIVE]}, r"entry 1: there is no file .*Data/a\.jpg"),
        ([], "entry 0: '{' is missing"),
        ({}, "not one sample"),
    ],
)
def test_faults_of_the_labels(folder: Path, value: object, said: str) -> None:
    relabel(folder, value)
    with pytest.raises(DataMissing, match=said):
        samples(folder)


def test_a_picture_that_comes_twice_is_refused(folder: Path) -> None:
    one = json.dumps({LIVE: LABELS[LIVE]})
    (folder / "metas/intra_test/test_label.json").write_text(one[:-1] + "," + one[1:])
    with pytest.raises(DataMissing, match=r"entry 2: .* stands in entry 1 already"):
        samples(folder)


def test_a_picture_that_is_none_is_named(folder: Path) -> None:
    (folder / LIVE).write_bytes(b"no picture")
    with pytest.raises(DataMissing, match=r"000001\.jpg is no picture"):
        samples(folder)
