"""Celebrities in Frontal-Profile: pairs of a frontal and a profile picture (FP), or of two frontal ones (FF).

``Protocol/Pair_list_F.txt`` and ``Pair_list_P.txt`` number the pictures from 1: ``1
../Data/Images/001/frontal/01.jpg``, relative to ``Protocol``. ``Protocol/Split/FP/01..10/same.txt`` and
``diff.txt`` hold lines ``A,B``: A from the first list, B from the second. The layout is taken from public
readers of the set; its own README was not at hand.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.lists import filled, malformed, whole
from training_eval.data.paths import Root
from training_eval.data.samples import PairSample

FOLDS = 10
ABOUT = About(
    name="cfp-fp",
    title="Celebrities in Frontal-Profile",
    task=Task.FACE_RECOGNITION,
    home="the CFPW page (www.cfpw.io), on request",
    needs=(
        "Protocol/Pair_list_F.txt, Protocol/Pair_list_P.txt, Protocol/Split/FP/01 to 10 with same.txt and "
        "diff.txt, and Data/Images"
    ),
    splits=("fp", "ff"),
)
Pictures = Mapping[int, str]


def pairs(folder: Path, split: str | None = None) -> DataSet[PairSample]:
    """The pairs of all ten folds; in each those of one person first.

    Args:
        folder: The set's, or the one that ``cfp-dataset`` was unpacked to.
        split: ``fp`` (the default) or ``ff``.

    Raises:
        DataMissing: A list is missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.base(folder, "Protocol", "cfp-dataset"))
    protocol = root.folder / "Protocol"
    first = ABOUT.file(protocol / "Pair_list_F.txt")
    second = ABOUT.file(protocol / "Pair_list_P.txt") if part == "fp" else first
    lists = [
        ABOUT.file(protocol / "Split" / part.upper() / f"{fold:02d}" / name)
        for fold in range(1, FOLDS + 1)
        for name in ("same.txt", "diff.txt")
    ]
    return DataSet(
        name=f"cfp-{part}",
        task=ABOUT.task,
        kind=PairSample,
        root=root.folder,
        read=lambda: _pairs(root, lists, _pictures(first), _pictures(second)),
    )


def _pictures(path: Path) -> Pictures:
    found: dict[int, str] = {}
    for line, text in filled(path):
        number, _, name = text.strip().partition(" ")
        index = whole(path, line, number, 1)
        if not name or index in found:
            raise malformed(path, line, f"{text[:60]!r} is not a new number and the name of a picture")
        found[index] = posixpath.normpath(f"Protocol/{name.strip()}")
    return found


def _pairs(root: Root, lists: list[Path], first: Pictures, second: Pictures) -> Iterator[PairSample]:
    for path in lists:
        for line, text in filled(path):
            parts = text.split(",")
            if len(parts) != 2:
                raise malformed(path, line, f"{text[:60]!r} is not a pair of numbers, A,B")
            yield PairSample(
                first=_picture(root, path, line, parts[0], first),
                second=_picture(root, path, line, parts[1], second),
                same=path.stem == "same",
                fold=int(path.parent.name),
            )


def _picture(root: Root, path: Path, line: int, number: str, pictures: Pictures) -> Path:
    name = pictures.get(whole(path, line, number, 1))
    if name is None:
        raise malformed(path, line, f"no picture has the number {number.strip()}")
    return root.file(name, f"{path}, line {line}")
