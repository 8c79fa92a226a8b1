"""Celeb-DF v2: ``Celeb-real``, ``YouTube-real``, ``Celeb-synthesis`` with videos, and ``List_of_testing_videos.txt``.

The list's lines are ``1 YouTube-real/00170.mp4``: 1 for a real video, 0 for a forged one. What it does not
name is for training.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.lists import Unrepeated, filled, malformed
from training_eval.data.paths import VIDEOS, Root, listed
from training_eval.data.samples import ForgerySample

FORGED = "Celeb-synthesis"
FOLDERS = ("Celeb-real", "YouTube-real", FORGED)
LIST = "List_of_testing_videos.txt"
ABOUT = About(
    name="celeb-df",
    title="Celeb-DF v2",
    task=Task.DEEPFAKE_DETECTION,
    home="the Celeb-DF repository (github.com/yuezunli/celeb-deepfakeforensics), on request",
    needs=f"{', '.join(FOLDERS)} with videos, and {LIST}",
    splits=("test", "train"),
)


def videos(folder: Path, split: str | None = None) -> DataSet[ForgerySample]:
    """The videos of a part: those for testing in the list's order, those for training by folder and name.

    Args:
        folder: The set's, or the one that ``Celeb-DF-v2`` was unpacked to.
        split: ``test`` (the default) or ``train``.

    Raises:
        DataMissing: The list or a folder is missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.base(folder, LIST, "Celeb-DF-v2"))
    for name in FOLDERS:
        ABOUT.subfolder(root.folder / name)
    path = root.folder / LIST
    return DataSet(
        name=f"{ABOUT.name}-{part}",
        task=ABOUT.task,
        kind=ForgerySample,
        root=root.folder,
        read=lambda: _listed(root, path) if part == "test" else _others(root, path),
    )


def _listed(root: Root, path: Path) -> Iterator[ForgerySample]:
    for line, name in _names(path):
        yield _sample(root.file(name, f"{path}, line {line}"), PurePosixPath(name))


def _others(root: Root, path: Path) -> Iterator[ForgerySample]:
    tested = {name for _, name in _names(path)}
    for folder in FOLDERS:
        for media in listed(root.folder / folder, VIDEOS):
            if f"{folder}/{media.name}" not in tested:
                yield _sample(root.inside(media), PurePosixPath(folder, media.name))


def _names(path: Path) -> Iterator[tuple[int, str]]:
    seen = Unrepeated(path)
    for line, text in filled(path):
        label, _, name = text.strip().partition(" ")
        folder, _, _ = name.strip().partition("/")
        if label not in ("0", "1") or folder not in FOLDERS:
            raise malformed(path, line, f"{text[:60]!r} is not 0 or 1 and the name of a video")
        if (label == "0") != (folder == FORGED):
            raise malformed(path, line, f"the label {label} contradicts the folder {folder}")
        seen.add(name.strip(), line)
        yield line, name.strip()


def _sample(media: Path, name: PurePosixPath) -> ForgerySample:
    folder = name.parts[0]
    return ForgerySample(
        media=media,
        forged=folder == FORGED,
        method=FORGED if folder == FORGED else None,
        video=str(name.with_suffix("")),
        groups={"source": folder},
    )
