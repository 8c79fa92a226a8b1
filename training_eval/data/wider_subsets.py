"""Which faces count as easy, medium and hard in WIDER FACE's official evaluation (``eval_tools/ground_truth/*.mat``).

Each file holds, by event and picture, ``gt_list`` (numbers of faces from 1, in the order of the list of boxes),
``file_list`` (names without ending) and ``face_bbx_list`` (all boxes); where a file has no names and boxes of its
own, those of ``wider_face_val.mat`` hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from scipy.io import loadmat

from training_eval.data.samples import Flags
from training_eval.errors import DataMissing

NAMES = ("easy", "medium", "hard")
Numbers = Mapping[str, tuple[int, list[int]]]
"""Faces in all and those of a subset, by picture."""


class Subsets:
    """The faces of each subset, by picture.

    Raises:
        DataMissing: A file is missing or is not laid out like this.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._subsets = {name: _subset(folder, f"wider_{name}_val.mat") for name in NAMES}

    def of(self, name: str, count: int, where: str) -> dict[str, Flags]:
        """Flags [count] of each subset for the picture ``EVENT/NAME.jpg``.

        Raises:
            DataMissing: The picture is not in the files, or they number other faces than it has.
        """
        return {subset: self._flags(subset, name, count, where) for subset in NAMES}

    def _flags(self, subset: str, name: str, count: int, where: str) -> Flags:
        faces, numbers = self._subsets[subset].get(str(PurePosixPath(name).with_suffix("")), (-1, []))
        if faces != count or any(not 1 <= number <= count for number in numbers):
            raise DataMissing(f"{where}: {self._folder}/wider_{subset}_val.mat disagrees about {name}.")
        flags = np.zeros(count, np.bool_)
        flags[np.array(numbers, np.intp) - 1] = True
        return flags


def _subset(folder: Path, name: str) -> Numbers:
    try:
        table = loadmat(folder / name)
        complete = {"file_list", "face_bbx_list"} <= table.keys()
        named = table if complete else loadmat(folder / "wider_face_val.mat")
        return dict(_pictures(named, table["gt_list"]))
    except Exception as error:  # Whatever the parser throws at bytes that are no such file.
        raise DataMissing(f"{folder / name} is not a list of WIDER FACE's evaluation: {error}.") from error


def _pictures(named: Mapping[str, Any], chosen: Any) -> Iterator[tuple[str, tuple[int, list[int]]]]:
    """MATLAB's cells of cells: every level is an array with one column."""
    levels = (named["event_list"], named["file_list"], named["face_bbx_list"], chosen)
    for event, names, boxes, numbers in zip(*levels, strict=True):
        for name, faces, found in zip(names[0], boxes[0], numbers[0], strict=True):
            count = len(np.reshape(faces[0], (-1, 4)))
            yield f"{event[0][0]}/{name[0][0]}", (count, [int(number) for number in np.ravel(found[0])])
