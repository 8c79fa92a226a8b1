"""One row of a manifest becomes one sample. What cannot be read raises ``DataMissing`` with file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training_eval.data.ages import age, age_range
from training_eval.data.lists import Row, malformed, numbers, whole
from training_eval.data.paths import Root
from training_eval.data.samples import (
    Boxes,
    DemographicSample,
    DetectionSample,
    ForgerySample,
    Groups,
    IdentitySample,
    LivenessSample,
    PairSample,
)
from training_eval.errors import DataMissing

_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Record:
    """A row and where it stands."""

    root: Root
    path: Path
    line: int
    row: Row

    def file(self, column: str = "path") -> Path:
        """The file that a column names, inside the set's folder."""
        return self.root.file(self.row[column], f"{self.path}, line {self.line}")

    def text(self, column: str) -> str | None:
        """The column's value; None where it is empty or there is no such column."""
        return self.row.get(column) or None

    def flag(self, column: str) -> bool:
        """Yes or no."""
        value = self.row[column].lower()
        if value not in _YES | _NO:
            raise self.wrong(f"{column} is {value[:40]!r}, neither yes nor no")
        return value in _YES

    def box(self, text: str) -> list[float]:
        """Left, top, width and height of a box with an area."""
        values = numbers(self.path, self.line, text, 4)
        if min(values[2:]) <= 0:
            raise self.wrong(f"the box {text.strip()[:60]!r} has no area")
        return values

    def wrong(self, what: str) -> DataMissing:
        return malformed(self.path, self.line, what)


def detection(record: Record, groups: Groups) -> DetectionSample:
    """A picture and the boxes of its faces."""
    parts = [part for part in record.row["boxes"].split(";") if part.strip()]
    boxes: Boxes = np.array([record.box(part) for part in parts], np.float32).reshape(-1, 4)
    return DetectionSample(
        image=record.file(), boxes=boxes, ignored=np.zeros(len(boxes), np.bool_), groups=groups
    )


def identity(record: Record, groups: Groups) -> IdentitySample:
    """A picture of a person."""
    if (person := record.text("person")) is None:
        raise record.wrong("the person is missing")
    return IdentitySample(image=record.file(), person=person, groups=groups)


def pair(record: Record, groups: Groups) -> PairSample:
    """Two pictures."""
    fold = record.text("fold")
    return PairSample(
        first=record.file("first"),
        second=record.file("second"),
        same=record.flag("same"),
        fold=0 if fold is None else whole(record.path, record.line, fold),
        groups=groups,
    )


def liveness(record: Record, groups: Groups) -> LivenessSample:
    """A live face or an attack."""
    live, attack, box = record.flag("live"), record.text("attack"), record.text("box")
    if live and attack is not None:
        raise record.wrong(f"a live face is no attack ({attack[:40]})")
    return LivenessSample(
        image=record.file(),
        live=live,
        attack=attack,
        box=None if box is None else np.array(record.box(box), np.float32),
        groups=groups,
    )


def forgery(record: Record, groups: Groups) -> ForgerySample:
    """A genuine or forged file."""
    forged, method = record.flag("forged"), record.text("method")
    if not forged and method is not None:
        raise record.wrong(f"what is genuine has no method ({method[:40]})")
    return ForgerySample(
        media=record.file(),
        forged=forged,
        method=method,
        compression=record.text("compression"),
        video=record.text("video"),
        groups=groups,
    )


def demographic(record: Record, groups: Groups) -> DemographicSample:
    """A picture of a person of known age or gender."""
    said, gender = record.text("age"), record.text("gender")
    years = None if said is None else age(said)
    between = None if said is None or years is not None else age_range(said)
    if said is not None and years is None and between is None:
        raise record.wrong(f"{said[:40]!r} is no age")
    if gender not in (None, "female", "male"):
        raise record.wrong("gender is neither female nor male")
    if said is None and gender is None:
        raise record.wrong("age and gender are missing")
    return DemographicSample(image=record.file(), age=years, age_range=between, gender=gender, groups=groups)
