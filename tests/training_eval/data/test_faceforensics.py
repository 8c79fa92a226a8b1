from __future__ import annotations

from pathlib import Path

import pytest

from training_eval.data import ForgerySample, open_set
from training_eval.errors import DataMissing

VIDEOS = (
    "original_sequences/actors/c23/videos/01__exit_phone_room.mp4",
    "original_sequences/youtube/c23/videos/071.mp4",
    "original_sequences/youtube/c23/videos/183.mp4",
    "original_sequences/youtube/c40/videos/071.mp4",
    "manipulated_sequences/Deepfakes/c23/videos/054_071.mp4",
    "manipulated_sequences/Deepfakes/c23/videos/071_054.mp4",
    "manipulated_sequences/Deepfakes/c23/videos/183_253.mp4",
    "manipulated_sequences/FaceSwap/c40/videos/071_054.mp4",
)


@pytest.fixture
def folder(tmp_path: Path, write) -> Path:
    for name in (*VIDEOS, "manipulated_sequences/Deepfakes/masks/videos.txt"):
        write(name, name)
    write("splits/test.json", '[["071", "054"]]')
    return tmp_path


def names(folder: Path, split: str | None = None) -> list[str]:
    data = open_set("faceforensics", folder, split).of(ForgerySample)
    return [sample.media.relative_to(folder).as_posix() for sample in data]


def test_the_videos_of_the_test(folder: Path) -> None:
    assert names(folder) == [VIDEOS[at] for at in (1, 3, 4, 5, 7)]


def test_all_videos(folder: Path) -> None:
    assert names(folder, "all") == list(VIDEOS)


def test_labels(folder: Path) -> None:
    samples = list(open_set("faceforensics", folder).of(ForgerySample))
    assert [(s.forged, s.method, s.compression, s.video) for s in samples] == [
        (False, None, "c23", "youtube/071"),
        (False, None, "c40", "youtube/071"),
        (True, "Deepfakes", "c23", "Deepfakes/054_071"),
        (True, "Deepfakes", "c23", "Deepfakes/071_054"),
        (True, "FaceSwap", "c40", "FaceSwap/071_054"),
    ]


def test_the_list_may_lie_beside_the_videos(folder: Path) -> None:
    (folder / "splits" / "test.json").rename(folder / "val.json")
    assert len(names(folder, "val")) == 5
    with pytest.raises(DataMissing, match=r"splits/test\.json is missing.*github\.com/ondyari/FaceForensics"):
        names(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[["071", "054"], ["1"]]', r"test\.json, entry 2: this is not a pair of names"),
        ('[["071", 54]]', "entry 1: this is not a pair"),
        ("{}", "entry 1: this is not a pair"),
        ('[["071"', r"test\.json is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "not one sample"),
    ],
)
def test_faults_of_the_list(folder: Path, text: str, said: str) -> None:
    (folder / "splits" / "test.json").write_text(text)
    with pytest.raises(DataMissing, match=said):
        names(folder)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "manipulated_sequences").rename(folder / "manipulated")
    with pytest.raises(DataMissing, match="manipulated_sequences is missing"):
        names(folder)


def test_a_video_from_elsewhere_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "071.mp4"
    (folder / VIDEOS[1]).rename(other)
    (folder / VIDEOS[1]).symlink_to(other)
    with pytest.raises(DataMissing, match="leads out"):
        names(folder)
