from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data import ForgerySample, open_set
from training_eval.errors import DataMissing

VIDEOS = (
    "Celeb-real/id0_0000.mp4",
    "Celeb-real/id1_0000.mp4",
    "YouTube-real/00170.mp4",
    "Celeb-synthesis/id0_id1_0000.mp4",
    "Celeb-synthesis/id1_id0_0000.mp4",
)
LIST = "1 YouTube-real/00170.mp4\n1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n"


@pytest.fixture
def folder(tmp_path: Path, write) -> Path:
    for name in VIDEOS:
        write(name, name)
    write("List_of_testing_videos.txt", LIST)
    return tmp_path


def samples(folder: Path, split: str | None = None) -> list[ForgerySample]:
    return list(open_set("celeb-df", folder, split).of(ForgerySample))


def test_the_videos_of_the_test(folder: Path) -> None:
    assert [(s.media.name, s.forged, s.method, s.video, s.groups["source"]) for s in samples(folder)] == [
        ("00170.mp4", False, None, "YouTube-real/00170", "YouTube-real"),
        ("id0_0000.mp4", False, None, "Celeb-real/id0_0000", "Celeb-real"),
        ("id0_id1_0000.mp4", True, "Celeb-synthesis", "Celeb-synthesis/id0_id1_0000", "Celeb-synthesis"),
    ]


def test_the_others_are_for_training(folder: Path) -> None:
    assert [s.media.name for s in samples(folder, "train")] == ["id1_0000.mp4", "id1_id0_0000.mp4"]


@pytest.mark.parametrize("split", ["test", "train"])
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 Celeb-real/id1_0000.mp4", "line 4: the label 0 contradicts the folder Celeb-real"),
        ("1 Celeb-synthesis/id1_id0_0000.mp4", "line 4: the label 1 contradicts"),
        ("2 Celeb-real/id1_0000.mp4", "line 4: .* is not 0 or 1"),
        ("1", "line 4: .* and the name of a video"),
        ("1 ../Celeb-real/id1_0000.mp4", "line 4: "),
        ("1 Celeb-real/id0_0000.mp4", "line 4: .* stands in line 2 already"),
    ],
)
def test_faults_of_the_list(folder: Path, split: str, line: str, said: str) -> None:
    (folder / "List_of_testing_videos.txt").write_text(f"{LIST}{line}\n")
    with pytest.raises(DataMissing, match=said):
        samples(folder, split)


@pytest.mark.parametrize("name", ["Celeb-real/../../x.mp4", "Celeb-real/none.mp4"])
def test_a_video_that_is_not_there(folder: Path, name: str) -> None:
    (folder / "List_of_testing_videos.txt").write_text(f"{LIST}1 {name}\n")
    with pytest.raises(DataMissing, match="line 4: "):
        samples(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "YouTube-real").rename(folder / "Youtube-real")
    with pytest.raises(DataMissing, match="YouTube-real is missing"):
        open_set("celeb-df", folder)
    (folder / "List_of_testing_videos.txt").unlink()
    with pytest.raises(DataMissing, match=r"List_of_testing_videos\.txt is missing.*celeb-deepfakeforensics"):
        open_set("celeb-df", folder)
