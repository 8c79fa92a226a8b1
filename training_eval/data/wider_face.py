"""WIDER FACE: ``WIDER_val/images/EVENT/NAME.jpg`` and ``wider_face_split/wider_face_val_bbx_gt.txt``.

In the list each picture has a line with its name, one with the number of its faces and one a face: left, top,
width, height, blur, expression, illumination, invalid, occlusion, pose. A picture without a face has the
number 0 and yet one line of zeros. Faces marked invalid and boxes without an area are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.lists import Unrepeated, filled, malformed, numbers, whole
from training_eval.data.paths import PICTURES, Root
from training_eval.data.samples import Boxes, DetectionSample, Flags

ABOUT = About(
    name="wider-face",
    title="WIDER FACE",
    task=Task.FACE_DETECTION,
    home="the WIDER FACE page (shuoyang1213.me/WIDERFACE)",
    needs=(
        "WIDER_val/images, wider_face_split/wider_face_val_bbx_gt.txt and, for easy, medium and hard, "
        "eval_tools/ground_truth with wider_easy_val.mat, wider_medium_val.mat and wider_hard_val.mat"
    ),
    splits=("val", "train"),
)
NO_SUBSETS = "without the subsets easy, medium and hard: eval_tools/ground_truth/*.mat are not there"
_INVALID = 7
_VALUES = 10
_PLACES = ("eval_tools/ground_truth", "ground_truth", "wider_face_split")
_Row = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    name: str
    boxes: Boxes
    ignored: Flags


def faces(folder: Path, split: str | None = None) -> DataSet[DetectionSample]:
    """The pictures of a part in the list's order.

    The subsets say which faces count as easy, medium and hard (``gt_list`` of the official evaluation); they are there
    for ``val`` alone, and where its files are.

    Args:
        folder: The set's.
        split: ``val`` (the default) or ``train``.

    Raises:
        DataMissing: The list or the pictures are missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.folder(folder))
    path = ABOUT.file(root.folder / "wider_face_split" / f"wider_face_{part}_bbx_gt.txt")
    ABOUT.subfolder(root.folder / f"WIDER_{part}" / "images")
    truth = _ground_truth(root.folder) if part == "val" else None
    return DataSet(
        name=f"{ABOUT.name}-{part}",
        task=ABOUT.task,
        kind=DetectionSample,
        root=root.folder,
        read=lambda: _samples(root, path, f"WIDER_{part}/images", truth),
        notes=lambda: () if truth or part != "val" else (NO_SUBSETS,),
    )


def _ground_truth(folder: Path) -> Path | None:
    return next((folder / at for at in _PLACES if (folder / at / "wider_hard_val.mat").is_file()), None)


def _samples(root: Root, path: Path, images: str, truth: Path | None) -> Iterator[DetectionSample]:
    subsets = None
    if truth is not None:
        # SciPy is an extra, and only these files need it.
        from training_eval.data.wider_subsets import Subsets

        subsets = Subsets(truth)
    seen = Unrepeated(path)
    for entry in _entries(path):
        seen.add(entry.name, entry.line)
        where = f"{path}, line {entry.line}"
        yield DetectionSample(
            image=root.file(f"{images}/{entry.name}", where),
            boxes=entry.boxes,
            ignored=entry.ignored,
            subsets={} if subsets is None else subsets.of(entry.name, len(entry.boxes), where),
        )


def _entries(path: Path) -> Iterator[_Entry]:
    rows = filled(path)
    row = next(rows, None)
    while row is not None:
        entry, row = _entry(path, row, rows)
        yield entry


def _entry(path: Path, row: _Row, rows: Iterator[_Row]) -> tuple[_Entry, _Row | None]:
    """One picture's lines and the line after them."""
    name = row[1].strip()
    if PurePosixPath(name).suffix.lower() not in PICTURES:
        raise malformed(path, row[0], f"{name[:60]!r} is no picture; is the number of faces above wrong")
    count = whole(path, *_next(path, row, rows))
    values = np.array([_face(path, *_next(path, row, rows)) for _ in range(count)], np.float32)
    values = values.reshape(-1, _VALUES)
    following = next(rows, None)
    if count == 0 and following is not None and set(following[1].split()) == {"0"}:
        following = next(rows, None)
    ignored = (values[:, _INVALID] == 1) | (values[:, 2] <= 0) | (values[:, 3] <= 0)
    return _Entry(row[0], name, values[:, :4].copy(), ignored), following


def _face(path: Path, line: int, text: str) -> list[float]:
    return numbers(path, line, text, _VALUES)


def _next(path: Path, row: _Row, rows: Iterator[_Row]) -> _Row:
    found = next(rows, None)
    if found is None:
        raise malformed(path, row[0], "the list ends before this picture's last face")
    return found
