"""FairFace: ``fairface_label_{val,train}.csv`` with ``file,age,gender,race,service_test``, files such as ``val/1.jpg``.

Ages are ranges of completed years (``3-9``) and ``more than 70``; genders ``Male`` and ``Female``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.ages import age_range
from training_eval.data.dataset import DataSet
from training_eval.data.lists import Row, Unrepeated, malformed, rows
from training_eval.data.paths import Root
from training_eval.data.samples import DemographicSample

ABOUT = About(
    name="fairface",
    title="FairFace",
    task=Task.AGE_GENDER,
    home="the FairFace repository (github.com/joojs/fairface)",
    needs="fairface_label_val.csv and val (for training: fairface_label_train.csv and train)",
    splits=("val", "train"),
)
GENDERS = {"Male": "male", "Female": "female"}
_OLDEST = "more than 70"


def faces(folder: Path, split: str | None = None) -> DataSet[DemographicSample]:
    """The pictures of a part in the list's order.

    Args:
        folder: The set's.
        split: ``val`` (the default) or ``train``.

    Raises:
        DataMissing: The list is missing.
    """
    part = ABOUT.split(split)
    root = Root(ABOUT.folder(folder))
    path = ABOUT.file(root.folder / f"fairface_label_{part}.csv")
    return DataSet(
        name=f"{ABOUT.name}-{part}",
        task=ABOUT.task,
        kind=DemographicSample,
        root=root.folder,
        read=lambda: _samples(root, path),
    )


def _samples(root: Root, path: Path) -> Iterator[DemographicSample]:
    seen = Unrepeated(path)
    for line, row in rows(path, ("file", "age", "gender", "race")):
        seen.add(row["file"], line)
        yield _sample(root, path, line, row)


def _sample(root: Root, path: Path, line: int, row: Row) -> DemographicSample:
    years = age_range("70+" if row["age"] == _OLDEST else row["age"])
    if years is None:
        raise malformed(path, line, f"{row['age'][:40]!r} is no range of ages")
    if row["gender"] not in GENDERS or not row["race"]:
        raise malformed(path, line, "gender or race is missing")
    gender = GENDERS[row["gender"]]
    return DemographicSample(
        image=root.file(row["file"], f"{path}, line {line}"),
        age_range=years,
        gender=gender,
        groups={"gender": gender, "ethnicity": row["race"], "age": row["age"]},
    )
