from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from models.catalogue.card import Task
from training_eval.data import DataSet, DetectionSample, IdentitySample, open_set
from training_eval.data.dataset import files
from training_eval.data.samples import PairSample
from training_eval.errors import DataMissing

ROWS = "path,person,group:light\na.png,Ann,day\nb.png,Ben,\nc.png,Ann,night\n"


@pytest.fixture
def folder(tmp_path: Path, draw, write) -> Path:
    for name in ("a.png", "b.png", "c.png"):
        draw(name)
    write("manifest.csv", ROWS)
    return tmp_path


def test_a_set_can_be_gone_through_as_often_as_wanted(folder: Path) -> None:
    data = open_set("manifest", folder)
    first, second = (
        [s.image.name for s in data.of(IdentitySample)],
        [s.image.name for s in data.of(IdentitySample)],
    )
    assert first == second == ["a.png", "b.png", "c.png"]
    assert len(data) == 3
    assert data.task is Task.FACE_RECOGNITION
    assert data.root == folder


def test_the_length_is_counted_without_a_pass_before(folder: Path) -> None:
    assert len(open_set("manifest", folder)) == 3


def test_two_passes_at_once_do_not_disturb_each_other(folder: Path) -> None:
    data = open_set("manifest", folder)
    assert [(one.groups, other.groups) for one, other in zip(data, data, strict=True)] == [
        ({"light": "day"}, {"light": "day"}),
        ({}, {}),
        ({"light": "night"}, {"light": "night"}),
    ]


def test_nothing_is_read_before_it_is_asked_for(folder: Path) -> None:
    (folder / "c.png").unlink()
    stream = iter(open_set("manifest", folder))
    assert [next(stream).groups, next(stream).groups] == [{"light": "day"}, {}]
    with pytest.raises(DataMissing, match=r"manifest\.csv, line 4: there is no file .*c\.png"):
        next(stream)


def test_a_picture_is_not_opened(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"no picture")
    assert len(list(open_set("manifest", folder))) == 3


def test_a_set_without_samples_is_an_error(folder: Path) -> None:
    (folder / "manifest.csv").write_text("path,person\n")
    data = open_set("manifest", folder)
    for use in (list, len, DataSet.digest):
        with pytest.raises(DataMissing, match="not one sample"):
            use(data)


def test_a_set_says_what_its_samples_are(folder: Path) -> None:
    data = open_set("manifest", folder)
    assert data.kind is IdentitySample
    with pytest.raises(DataMissing, match="holds samples of IdentitySample, not of PairSample"):
        data.of(PairSample)


def test_the_digest_of_a_copy_elsewhere_is_the_same(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(folder, other)
    assert open_set("manifest", folder).digest() == open_set("manifest:mine", other).digest()


@pytest.mark.parametrize(
    "changed",
    [
        ROWS.replace("b.png,Ben", "b.png,Bob"),
        ROWS.replace("night", "dusk"),
        ROWS.replace("a.png,Ann,day\nb.png,Ben,\n", "b.png,Ben,\na.png,Ann,day\n"),
        ROWS.replace("c.png,Ann,night\n", ""),
    ],
    ids=["label", "group", "order", "fewer"],
)
def test_the_digest_tells_other_labels(folder: Path, changed: str) -> None:
    before = open_set("manifest", folder).digest()
    (folder / "manifest.csv").write_text(changed)
    assert open_set("manifest", folder).digest() != before


def test_the_digest_tells_other_contents_and_names(folder: Path) -> None:
    before = open_set("manifest", folder).digest()
    content = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(content + b"\0")
    other = open_set("manifest", folder).digest()
    (folder / "b.png").rename(folder / "d.png")
    (folder / "d.png").write_bytes(content)
    (folder / "manifest.csv").write_text(ROWS.replace("b.png", "d.png"))
    assert len({before, other, open_set("manifest", folder).digest()}) == 3


def test_the_digest_tells_boxes(folder: Path) -> None:
    digests = set()
    for boxes in ("1 2 3 4", "1 2 3 5", "", "1 2 3 4;1 2 3 4"):
        (folder / "manifest.csv").write_text(f"path,boxes\na.png,{boxes}\n")
        digests.add(open_set("manifest", folder).digest())
    assert len(digests) == 4


def test_progress_counts_samples_and_each_file_once(folder: Path) -> None:
    (folder / "manifest.csv").write_text("first,second,same\na.png,b.png,1\nb.png,a.png,0\na.png,c.png,0\n")
    told: list[tuple[int, int]] = []
    open_set("manifest", folder).digest(lambda count, size: told.append((count, size)))
    a, b, c = ((folder / name).stat().st_size for name in ("a.png", "b.png", "c.png"))
    assert told == [(1, a + b), (2, a + b), (3, a + b + c)]


def test_a_sample_names_its_files(folder: Path) -> None:
    none = np.zeros(0, np.bool_)
    one = DetectionSample(image=folder / "a.png", boxes=np.zeros((0, 4), np.float32), ignored=none)
    assert files(one) == (folder / "a.png",)
    pair = PairSample(first=folder / "a.png", second=folder / "b.png", same=True)
    assert files(pair) == (folder / "a.png", folder / "b.png")
