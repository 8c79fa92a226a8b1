"""Labeled Faces in the Wild: ``lfw/NAME/NAME_0001.jpg`` and ``pairs.txt``.

The layout is that of the set's README. ``pairs.txt`` begins with the number of folds and of pairs of each
kind in a fold; a fold is so many lines ``NAME N1 N2`` (one person) and then so many ``NAME1 N1 NAME2 N2``
(two people), parted by tabs. The funneled and deep-funneled pictures have the same names in folders of their
own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.lists import filled, malformed, whole
from training_eval.data.paths import PICTURES, Root, listed, subfolders
from training_eval.data.samples import IdentitySample, PairSample

VARIANTS = ("lfw", "lfw_funneled", "lfw-funneled", "lfw-deepfunneled", "lfw_deepfunneled")
_HOME = "the LFW page of the University of Massachusetts (vis-www.cs.umass.edu/lfw)"
_PEOPLE = f"one folder a person, NAME/NAME_0001.jpg, itself or in {', '.join(VARIANTS)}"
PAIRS = About(
    name="lfw",
    title="Labeled Faces in the Wild",
    task=Task.FACE_RECOGNITION,
    home=_HOME,
    needs=f"pairs.txt (ten folds) and {_PEOPLE}",
)
PEOPLE = About(
    name="lfw-people",
    title="Labeled Faces in the Wild, people",
    task=Task.FACE_RECOGNITION,
    home=_HOME,
    needs=_PEOPLE,
)


def pairs(folder: Path) -> DataSet[PairSample]:
    """The pairs of ``pairs.txt``, in its order.

    Raises:
        DataMissing: The list or the pictures are missing.
    """
    root = Root(PAIRS.folder(folder))
    people = _people_folder(PAIRS, root.folder)
    near = (root.folder, people.parent, people)
    path = PAIRS.file(
        next((place for at in near if (place := at / "pairs.txt").is_file()), near[0] / "pairs.txt")
    )
    prefix = people.relative_to(root.folder)
    return DataSet(
        name=PAIRS.name,
        task=PAIRS.task,
        kind=PairSample,
        root=root.folder,
        read=lambda: _pairs(path, root, prefix),
        notes=lambda: (f"pictures of {people.name}",),
    )


def people(folder: Path) -> DataSet[IdentitySample]:
    """All pictures, by person and number.

    Raises:
        DataMissing: The pictures are missing.
    """
    root = Root(PEOPLE.folder(folder))
    inside = _people_folder(PEOPLE, root.folder)
    return DataSet(
        name=PEOPLE.name,
        task=PEOPLE.task,
        kind=IdentitySample,
        root=root.folder,
        read=lambda: _identities(inside, root),
        notes=lambda: (f"pictures of {inside.name}",),
    )


def _people_folder(about: About, folder: Path) -> Path:
    nested = (folder / name / name for name in VARIANTS)
    candidates = (*nested, *(folder / name for name in VARIANTS), folder)
    found = next((path for path in candidates if path.is_dir() and subfolders(path)), None)
    if found is None:
        raise about.missing(f"{folder} holds no folders of people.")
    return found


def _identities(inside: Path, root: Root) -> Iterator[IdentitySample]:
    for person in subfolders(inside):
        for path in listed(person, PICTURES):
            yield IdentitySample(image=root.inside(path), person=person.name)


def _pairs(path: Path, root: Root, prefix: Path) -> Iterator[PairSample]:
    rows = filled(path)
    folds, count = _header(path, next(rows, (1, "")))
    for place in range(folds * count * 2):
        line, text = next(rows, (0, ""))
        if not line:
            raise malformed(path, 1, f"{folds * count * 2} pairs are announced, {place} follow")
        same = place // count % 2 == 0
        first, second = _names(path, line, text, same)
        yield PairSample(
            first=root.file((prefix / first).as_posix(), f"{path}, line {line}"),
            second=root.file((prefix / second).as_posix(), f"{path}, line {line}"),
            same=same,
            fold=place // (count * 2) + 1,
        )
    if (extra := next(rows, None)) is not None:
        raise malformed(path, extra[0], f"{folds * count * 2} pairs are announced, here is one more")


def _header(path: Path, row: tuple[int, str]) -> tuple[int, int]:
    parts = row[1].split()
    if len(parts) != 2:
        raise malformed(path, row[0], "the numbers of folds and of pairs are missing")
    return whole(path, row[0], parts[0], 1), whole(path, row[0], parts[1], 1)


def _names(path: Path, line: int, text: str, same: bool) -> tuple[str, str]:
    parts = text.split()
    if len(parts) != (3 if same else 4):
        expected = "NAME N1 N2" if same else "NAME1 N1 NAME2 N2"
        raise malformed(path, line, f"{text[:60]!r} is not {expected}")
    name, other = parts[0], parts[0 if same else 2]
    return _picture(path, line, name, parts[1]), _picture(path, line, other, parts[-1])


def _picture(path: Path, line: int, person: str, number: str) -> str:
    return f"{person}/{person}_{whole(path, line, number, 1):04d}.jpg"
