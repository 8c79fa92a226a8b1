"""What a run said of itself, step by step, in a file beside its checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "history.ndjson"
EVERY = 20
"""Steps from one line to the next."""


@dataclass(frozen=True, slots=True)
class Point:
    """Losses and figures after a step."""

    step: int
    values: Mapping[str, float]


def note(folder: Path, step: int, values: Mapping[str, float]) -> None:
    """Add a line."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step, **values}) + "\n")


def read(folder: Path) -> tuple[Point, ...]:
    """All points in the order of their steps; of a step that a resumed run made again, the last.

    A line that a killed process left unfinished is passed over. Nothing where there is no file.
    """
    path = folder / NAME
    if not path.is_file():
        return ()
    points = {point.step: point for point in _points(path)}
    return tuple(points[step] for step in sorted(points))


def forget(folder: Path) -> None:
    """A run that begins anew begins its history anew."""
    (folder / NAME).unlink(missing_ok=True)


def _points(path: Path) -> Iterator[Point]:
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            values: dict[str, float] = json.loads(line)
            yield Point(int(values.pop("step")), values)
        except (ValueError, KeyError, AttributeError):
            continue
