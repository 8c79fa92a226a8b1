"""A set of one's own: a folder with ``manifest.csv``, one row a sample, names of files relative to the folder.

Which columns there are says what the samples are:

| columns | samples |
|---|---|
| ``path,boxes`` | faces in a picture, ``left top width height;…`` in pixels; empty for none |
| ``path,person`` | pictures of people |
| ``first,second,same`` and perhaps ``fold`` | pairs |
| ``path,live`` and perhaps ``attack``, ``box`` | live faces and attacks |
| ``path,forged`` and perhaps ``method``, ``compression``, ``video`` | genuine and forged files |
| ``path`` with ``age``, ``gender`` or both | ages (``34``, ``30-39``, ``70+``) and genders (``female``, ``male``) |

Yes and no are ``1`` and ``0``, ``true`` and ``false``, or ``yes`` and ``no``. Any column ``group:NAME`` makes
a group; an empty value says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.lists import Unrepeated, columns, malformed, rows
from training_eval.data.manifest_kinds import KINDS, Kind
from training_eval.data.manifest_rows import Record
from training_eval.data.paths import Root
from training_eval.data.samples import Sample

FILE = "manifest.csv"
GROUP = "group:"
ABOUT = About(
    name="manifest",
    title="A set of one's own",
    task=Task.FACE_DETECTION,
    home="whoever made it",
    needs=f"{FILE}, one row a sample: path and the columns of its task, and the files that it names",
)
"""Its task is that of its columns."""


def samples(folder: Path, name: str = ABOUT.name) -> DataSet[Sample]:
    """The rows of the manifest, in order.

    Args:
        folder: Holds ``manifest.csv``.
        name: As reports call the set.

    Raises:
        DataMissing: There is no manifest, or its columns do not say what it holds.
    """
    root = Root(ABOUT.folder(folder))
    path = ABOUT.file(root.folder / FILE)
    kind = _kind(path)
    return DataSet(
        name=name,
        task=kind.task,
        kind=kind.sample,
        root=root.folder,
        read=lambda: _samples(root, path, kind),
    )


def _kind(path: Path) -> Kind:
    names = columns(path)
    found = [kind for kind in KINDS if any(name in names for name in kind.telling)]
    if len(found) != 1:
        told = " and ".join(kind.telling[0] for kind in found) or "none of them"
        raise malformed(path, 1, f"the columns have to be those of one task, here are {told}")
    allowed = {*found[0].needed, *found[0].telling, *found[0].optional}
    if unknown := [name for name in names if name not in allowed and not name.startswith(GROUP)]:
        raise malformed(path, 1, f"the column {unknown[0]!r} is none of {', '.join(sorted(allowed))}")
    return found[0]


def _samples(root: Root, path: Path, kind: Kind) -> Iterator[Sample]:
    seen = Unrepeated(path)
    for line, row in rows(path, kind.needed):
        seen.add(" with ".join(row[name] for name in kind.keys), line)
        groups = {name.removeprefix(GROUP): row[name] for name in row if name.startswith(GROUP) and row[name]}
        yield kind.read(Record(root, path, line, row), groups)
