"""UTKFace: age, gender and ethnicity in the name, ``[age]_[gender]_[race]_[date].jpg``.

Gender is 0 (male) or 1 (female), race 0 to 4 (White, Black, Asian, Indian, Others), age 0 to 116; aligned
pictures end in ``.jpg.chip.jpg``. A few files of the published set lack a label
(``61_1_20170109142408075.jpg``): they are left out, and the notes say how many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.catalogue.card import Task
from training_eval.data.about import About
from training_eval.data.dataset import DataSet
from training_eval.data.paths import PICTURES, Root, listed
from training_eval.data.samples import DemographicSample

PLACES = ((".",), ("UTKFace",), ("crop_part1",), ("part1", "part2", "part3"))
"""Where archives put the pictures; the first that is there is read, for the others hold the same people again."""
GENDERS = ("male", "female")
ETHNICITIES = ("White", "Black", "Asian", "Indian", "Others")
OLDEST = 116
ABOUT = About(
    name="utkface",
    title="UTKFace",
    task=Task.AGE_GENDER,
    home="the UTKFace page (susanqq.github.io/UTKFace)",
    needs="pictures named AGE_GENDER_RACE_DATE.jpg, itself or in UTKFace, crop_part1 or part1 to part3",
)
_NAME = re.compile(r"(\d{1,3})_([01])_([0-4])_\d+(?:\.jpg)?(?:\.chip)?\.(?:jpg|jpeg|png)", re.ASCII)


def faces(folder: Path) -> DataSet[DemographicSample]:
    """All pictures whose names say age, gender and ethnicity, by folder and name.

    Raises:
        DataMissing: There is no picture.
    """
    root = Root(ABOUT.folder(folder))
    found = ([root.folder / name for name in names] for names in PLACES)
    places = next((at for at in found if any(_pictures(path) for path in at)), None)
    if places is None:
        raise ABOUT.missing(f"{root.folder} holds no pictures.")
    return DataSet(
        name=ABOUT.name,
        task=ABOUT.task,
        kind=DemographicSample,
        root=root.folder,
        read=lambda: _samples(root, places),
        notes=lambda: _notes(places),
    )


def _samples(root: Root, places: Sequence[Path]) -> Iterator[DemographicSample]:
    for place in places:
        for path in _pictures(place):
            if (labels := _labels(path.name)) is not None:
                age, gender, ethnicity = labels
                yield DemographicSample(
                    image=root.inside(path),
                    age=float(age),
                    gender=gender,
                    groups={"gender": gender, "ethnicity": ethnicity},
                )


def _pictures(place: Path) -> list[Path]:
    return listed(place, PICTURES) if place.is_dir() else []


def _labels(name: str) -> tuple[int, str, str] | None:
    found = _NAME.fullmatch(name)
    if found is None or int(found[1]) > OLDEST:
        return None
    return int(found[1]), GENDERS[int(found[2])], ETHNICITIES[int(found[3])]


def _notes(places: Sequence[Path]) -> tuple[str, ...]:
    skipped = sum(_labels(path.name) is None for place in places for path in _pictures(place))
    return (f"{skipped} pictures left out: their names lack a label",) if skipped else ()
